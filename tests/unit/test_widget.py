"""A map in a notebook, without a browser."""

import re
import threading
from html.parser import HTMLParser

import pytest
from hand_made import HELD, RELEASED, STARTED, HandMade

import htmap
from htmap.display import pages
from htmap.display.tables import Row
from htmap.notebook import mimebundle, static
from htmap.notebook.details import describe
from htmap.notebook.own import OwnHandle
from htmap.notebook.packing import pack, unpack
from htmap.notebook.picture import Picture, span, take, time_to_go
from htmap.notebook.watching import Watcher
from htmap.notebook.widget import MapWidget, widget_of
from htmap.statuses import ComponentStatus

EVERY = ("COMPLETED", "ERRORED", "HELD", "IDLE", "RUNNING", "REMOVED", "UNMATERIALIZED")


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


def own(tag):
    return OwnHandle.of(htmap.load(tag))


@pytest.mark.parametrize("components", [1, 7, 100_000])
def test_statuses_travel_as_what_has_changed(components):
    codes = bytes(i % 7 for i in range(components))
    later = bytearray(codes)
    later[components // 2] = 9

    assert unpack(pack(codes)) == codes
    assert unpack(pack(bytes(later), codes), codes) == later


def test_100_000_components_in_any_order_take_less_than_100_kb():
    import random

    random.seed(0)
    codes = bytes(random.choices(range(10), k=100_000))
    assert len(pack(codes)) < 60_000
    later = codes[:50_000] + bytes([5]) + codes[50_001:]
    assert len(pack(later, codes)) < 500


class Elements(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.names, self.text = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.names.add(tag)

    def handle_data(self, data):
        self.text += data


def test_a_page_holds_what_there_is_to_see_and_nothing_of_it_is_markup():
    made = HandMade("mixed", *EVERY)
    report = '{"exception": {"type": "ValueError", "message": "<script>alert(1)</script>"}}'
    from htmap.execute import packs

    with packs.PackWriter(made.run.output(1), packs.versions(kind="output")) as pack_:
        pack_.add(1, packs.ERROR, report.encode())
        pack_.finish()

    page = Elements(static.page(htmap.load("mixed")))

    assert page.names <= {"div", "style", "b", "svg", "rect", "path", "span"}
    assert "mixed · 7 components" in page.text
    assert "component 1: ValueError: <script>alert(1)</script>" in page.text
    assert "component 2: held: [13] no such file" in page.text
    for status in EVERY:
        assert f"{status} 1" in page.text


def test_the_page_of_many_components_is_small():
    counts = dict.fromkeys(ComponentStatus, 10_000)
    codes = bytes(i % 10 for i in range(100_000))
    page = static.body(Picture("many", counts, codes), [])
    assert len(page) < 100_000
    one = static.body(Picture("one", {ComponentStatus.COMPLETED: 100_000}, bytes([5]) * 10**5), [])
    assert len(one) < 2_000


def test_a_strip_shows_each_column_by_the_share_of_each_status():
    codes = bytes([ComponentStatus.COMPLETED.code] * 150 + [ComponentStatus.RUNNING.code] * 50)
    boxes = re.findall(
        r'<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"', pages.strip(codes)
    )
    assert boxes == [("0", "0", "450", "28"), ("450", "0", "150", "28")]
    half = bytes([ComponentStatus.COMPLETED.code, ComponentStatus.HELD.code] * 100)
    boxes = re.findall(r'<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"', pages.strip(half))
    assert boxes == [("0", "0", "600", "14"), ("0", "14", "600", "14")]


def test_the_table_of_maps_is_text_and_in_a_notebook_a_page():
    HandMade("a-map", "COMPLETED", "IDLE")
    table = htmap.status()
    assert isinstance(table, str)
    assert table.splitlines()[0].startswith("Tag    HELD")
    page = Elements(table._repr_html_())
    assert {"table", "svg"} <= page.names
    assert "a-map" in page.text
    row = Row("<b>", False, {ComponentStatus.IDLE: 1})
    assert "<b>" in Elements(pages.status_page([row])).text


def test_a_removed_map_says_so_where_it_is_shown():
    made = HandMade("gone", "COMPLETED")
    m = htmap.load("gone")
    made.folder.remove()
    assert "the map 'gone' was removed" in Elements(mimebundle(m)["text/html"]).text
    assert mimebundle(m)["text/plain"] == "Map(tag = gone)"


def test_where_there_is_no_notebook_a_map_is_its_text():
    HandMade("plain", "COMPLETED")
    with pytest.raises(NotImplementedError):  # by which IPython goes on to the text
        htmap.load("plain")._ipython_display_()
    assert repr(htmap.load("plain")) == "Map(tag = plain)"


def test_a_component_is_described_by_what_it_was_given_and_what_became_of_it():
    HandMade("each", *EVERY)
    handle = own("each")
    parts = [dict(describe(handle, component)["parts"]) for component in range(len(EVERY))]
    assert parts[0]["Input"] == "0"
    assert parts[0]["Result"] == "0"
    assert parts[0]["Standard output"] == "hello from 0\n"
    assert "ValueError: bad 1" in parts[1]["Error report"]
    assert parts[2]["Held"] == "[13] no such file"
    assert "via condor_rm" in parts[5]["Error report"]
    assert describe(handle, -1)["component"] == 6
    with pytest.raises(htmap.exceptions.NoSuchComponent, match="no component 7"):
        describe(handle, 7)


def test_the_end_is_shown_of_a_long_text_and_the_beginning_of_a_long_input():
    made = HandMade("long", "COMPLETED")
    made.run.stdout(0).write_text("first " + "é" * 5000 + " last")
    parts = dict(describe(own("long"), 0)["parts"])
    assert parts["Standard output"] == "… " + "é" * 3995 + " last"


def test_what_cannot_be_read_is_said_in_its_place():
    made = HandMade("damaged", "COMPLETED")
    handle = own("damaged")
    handle._refresh()
    made.run.output(0).write_bytes(b"garbage")
    parts = dict(describe(handle, 0)["parts"])
    assert "cannot be read" in parts["Result"]
    assert parts["Input"] == "0"


def test_the_time_to_go_is_told_where_it_is_known():
    made = HandMade("timed", *["RUNNING"] * 4, *["IDLE"] * 6)
    state = own("timed")._refresh()
    assert time_to_go(state) == ""
    made.end_job(0, "COMPLETED", seconds=60)
    state = own("timed")._refresh()
    assert time_to_go(state) == "about 3 min"  # nine of a minute each, three at a time
    for component in range(1, 10):
        made.end_job(component, "COMPLETED", seconds=60)
    assert time_to_go(own("timed")._refresh()) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 ms"), (0.5, "0.50 s"), (59.6, "60 s"), (99.6, "2 min"),
                           (5400, "90 min"), (7200, "2.0 h"), (10**6, "11.6 days")]
)  # fmt: skip
def test_times_are_told_in_a_unit_that_suits_them(seconds, words):
    assert span(seconds) == words


class Seen:
    """What a watcher shows."""

    def __init__(self, handle):
        self.pictures = []
        self.rests = 0
        self.news = threading.Condition()
        self.watcher = Watcher(handle, self.show, self.rest, take(handle))

    def show(self, picture):
        with self.news:
            self.pictures.append(picture)
            self.news.notify_all()

    def rest(self):
        with self.news:
            self.rests += 1
            self.news.notify_all()

    def wait_for(self, condition):
        with self.news:
            assert self.news.wait_for(lambda: condition(self), 30)

    def counts(self, **counts):
        def are_these(self):
            return (
                self.pictures
                and {
                    str(status): number
                    for status, number in self.pictures[-1].counts.items()
                    if number
                }
                == counts
            )

        self.wait_for(are_these)


def test_what_happens_is_shown_to_whoever_looks_and_again_after_the_end():
    made = HandMade("watched", "RUNNING", "RUNNING")
    seen = Seen(own("watched"))
    seen.watcher.look("a", True)
    made.complete(0)
    seen.counts(COMPLETED=1, RUNNING=1)
    made.log(HELD, 1)
    seen.counts(COMPLETED=1, HELD=1)
    made.log(RELEASED, 1)
    made.log(STARTED, 1)
    made.complete(1)
    seen.counts(COMPLETED=2)
    seen.wait_for(lambda seen: seen.rests == 1)
    assert seen.pictures[-1].at_rest

    made.folder.remove()
    seen.wait_for(lambda seen: seen.pictures[-1].removed)
    assert "was removed" in seen.pictures[-1].note
    seen.wait_for(lambda seen: seen.watcher._thread is None)
    assert seen.watcher.is_over


def test_nobody_who_looks_costs_no_look():
    made = HandMade("hidden", "RUNNING", "RUNNING")
    seen = Seen(own("hidden"))
    assert seen.watcher._thread is None
    made.complete(0)
    seen.watcher.look("a", False)
    assert seen.watcher._thread is None
    seen.watcher.look("b", True)
    seen.counts(COMPLETED=1, RUNNING=1)
    seen.watcher.look("b", False)
    made.complete(1)  # wakes it, to find that nobody looks
    seen.wait_for(lambda seen: seen.rests == 1)
    assert not seen.pictures[-1].at_rest
    seen.watcher.look("b", True)
    seen.counts(COMPLETED=2)
    seen.watcher.close()


def test_all_who_show_a_map_share_one_widget_until_that_is_closed():
    HandMade("shared", "COMPLETED")
    m = htmap.load("shared")
    widget = widget_of(m)
    assert widget_of(m) is widget
    m.retag("renamed")
    assert "renamed" in widget_of(m)._own._was_removed().args[0]
    widget.close()
    other = widget_of(m)
    assert other is not widget
    other.close()


class Sent(MapWidget):
    """A widget whose messages are kept."""

    def __init__(self, map_):
        self.messages = []
        super().__init__(map_)

    def send(self, content, buffers=None):
        self.messages.append((content, buffers))


def test_messages_add_up_to_the_state_that_a_late_page_is_given():
    made = HandMade("late", *["RUNNING"] * 5)
    widget = Sent(htmap.load("late"))
    widget._watcher.close()
    codes = unpack(widget.get_state("picture")["picture"]["packed"])
    for component in (1, 3):
        made.complete(component)
        widget._show(take(widget._own))
    for number, (content, (packed,)) in enumerate(widget.messages, start=1):
        assert (content["after"], content["number"]) == (number - 1, number)
        codes = unpack(packed, codes)
    whole = widget.get_state("picture")["picture"]
    assert whole["number"] == 2
    assert unpack(whole["packed"]) == codes == bytes(widget._own._tracker.state.codes)
    assert whole["can"] == ["hold", "remove"]
    widget.close()
