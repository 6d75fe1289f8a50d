"""Files that are sent along: as arguments wherever they hang, and as options."""

import collections
import dataclasses
import http.server
import threading
from pathlib import Path

import pytest
from live import nothing_is_left

import htmap
from htmap import MapOptions, TransferPath, exceptions

Pair = collections.namedtuple("Pair", "left right")


@dataclasses.dataclass(frozen=True)
class Frozen:
    path: object
    number: int = 3


class Dict(dict):
    """A dict of the user's own, with an attribute."""


class Plain:
    def __init__(self, path):
        self.path = path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def text_at(value):
    return value.read_text()


@pytest.fixture(scope="module")
def server():
    """A web server that answers each address with itself."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{running.server_address[1]}"
        running.shutdown()


# ---- in arguments -------------------------------------------------------------------------------


def test_an_argument_is_sent_and_arrives_as_a_path_in_the_job_s_folder(tmp_path):
    file = write(tmp_path / "a.txt", "hello")

    def look(path, again=None):
        return type(path).__mro__[1] is Path, str(path), path.read_text(), again.read_text()

    m = htmap.starmap(look, [(TransferPath(file),)], [{"again": TransferPath(file)}])

    assert m.get(0, timeout=60) == (True, "a.txt", "hello", "hello")
    assert list(m.iter_inputs()) == [((Path("a.txt"),), {"again": Path("a.txt")})]


def test_paths_are_found_wherever_they_hang_and_all_else_stays_what_it_is(tmp_path):
    """B9: a namedtuple crashed, subclasses of dict became plain dicts, others were not searched."""
    path = TransferPath(write(tmp_path / "a", "here"))
    default = collections.defaultdict(list, {"x": [path]})
    mine = Dict(x=path)
    mine.extra = path
    circle = [path]
    circle.append(circle)
    values = [
        [path], (path,), {path}, frozenset([path]), {"x": {"y": [path]}}, {path: 1}, default, mine,
        collections.OrderedDict(x=path), collections.Counter({path: 2}), Pair(path, 1),
        Frozen(path), Plain(path), collections.deque([path], maxlen=3), circle,
    ]  # fmt: skip

    def look(value):
        def texts(x, seen=()):
            if id(x) in seen:
                return []
            parts = (
                [*x, *x.values()] if isinstance(x, dict)
                else [] if isinstance(x, (str, Path)) or not hasattr(x, "__iter__") else list(x)
            )  # fmt: skip
            parts += vars(x).values() if hasattr(x, "__dict__") else []
            found = [x.read_text()] if isinstance(x, Path) else []
            return found + [text for part in parts for text in texts(part, (*seen, id(x)))]

        return type(value).__name__, texts(value), getattr(value, "default_factory", None)

    m = htmap.map(look, values)

    names, texts, factories = zip(*m.iter(timeout=60), strict=True)
    assert names == tuple(type(value).__name__ for value in values)
    assert texts == tuple(["here"] * (2 if value is mine else 1) for value in values)
    assert factories[6] is list


def test_two_inputs_of_one_name_both_arrive(tmp_path):
    """B14: they overwrote each other."""
    paths = [write(tmp_path / folder / "a.txt", folder) for folder in ("one", "two", "three")]
    folders = [path.parent / "folder" for path in paths]
    for number, folder in enumerate(folders):
        write(folder / "below" / "f", str(number))
    given = [list(map(TransferPath, paths)), list(map(TransferPath, folders))]

    def look(paths, folders):
        return (
            [(path.name, path.read_text()) for path in paths],
            [(folder / "below" / "f").read_text() for folder in folders],
        )

    m = htmap.starmap(look, [given, [given[0][1:], given[1][1:]]])

    assert m.get(0, timeout=60) == (
        [("a.txt", "one"), ("a.txt", "two"), ("a.txt", "three")],
        ["0", "1", "2"],
    )
    assert m.get(1, timeout=60) == ([("a.txt", "two"), ("a.txt", "three")], ["1", "2"])
    m.rerun([1])
    assert m.get(1, timeout=60) == ([("a.txt", "two"), ("a.txt", "three")], ["1", "2"])


ODD = ["with space", "a,b", 'say "a"', "it's; a=b", "$(HOME) $1", "\u00fcml\u00e4ut \u6771", " a",
       "100%", "#a", "-x", "back\\slash", "back\\,slash", "0", "runner.pyz", "_htmap", "@=end",
       ]  # fmt: skip


@pytest.mark.parametrize("name", ["a ", "a\\;b,", "a,\\", "a\nb", "$$(X)", "\udc80"])
def test_a_name_that_nothing_carries_through_htcondor_is_refused(name, tmp_path):
    for options in (None, MapOptions(fixed_input_files=TransferPath(tmp_path / "b"))):
        with pytest.raises(exceptions.InvalidMapOption, match="another name"):
            htmap.map(len, [TransferPath(tmp_path / name)], options, tag="odd")
    with pytest.raises(exceptions.InvalidMapOption, match="another name"):
        htmap.map(len, [1], MapOptions(fixed_input_files=tmp_path / name), tag="odd")
    nothing_is_left()


def test_files_and_folders_of_any_name_arrive(tmp_path):
    files = [TransferPath(write(tmp_path / f"in, {name}" / name, name)) for name in ODD]
    folders = [
        TransferPath(write(tmp_path / "folders" / name / "a, b" / name, name).parents[1])
        for name in ODD
    ]

    def look(files, folders):
        return (
            [(path.name, path.read_text()) for path in files],
            [(path.name, (path / "a, b" / path.name).read_text()) for path in folders],
        )

    m = htmap.starmap(look, [(files, folders)])

    assert m.get(0, timeout=60) == ([(name, name) for name in ODD],) * 2


def test_a_slash_at_the_end_means_what_is_in_the_folder(tmp_path):
    write(tmp_path / "data, all" / "a", "a")
    write(tmp_path / "data, all" / "sub" / "b", "b")

    def look(path, *others):
        return (path / "a").read_text(), (path / "sub" / "b").read_text()

    m = htmap.starmap(
        look,
        [
            (TransferPath(f"{tmp_path}/data, all/"),),
            (TransferPath(tmp_path / "data, all", contents=True),),
            (Path(),),
        ],
        map_options=MapOptions(input_files=[[], [], f"{tmp_path}/data, all/"]),
    )

    assert list(m.iter(timeout=60)) == [("a", "b")] * 3


def test_urls_are_fetched_by_the_node_and_those_of_one_name_both_arrive(server):
    paths = [
        TransferPath("a/x.txt", protocol="http", location=server),
        TransferPath(f"http://{server}/b") / "x.txt",
    ]
    option = f"http://{server}/c/y.txt"

    def look(paths):
        return [path.read_text() for path in paths], Path("y.txt").read_text()

    m = htmap.map(look, [paths], map_options=MapOptions(fixed_input_files=option))

    assert m.get(0, timeout=60) == (["/a/x.txt", "/b/x.txt"], "/c/y.txt")


@pytest.mark.shared
@pytest.mark.parametrize("folders", [["one"], ["one", "two"]], ids=["by its name", "by a link"])
def test_a_missing_file_holds_the_job_which_says_so_and_goes_on_once_it_is_there(tmp_path, folders):
    paths = [tmp_path / folder / "late.txt" for folder in folders]
    m = htmap.map(lambda paths: [p.read_text() for p in paths], [list(map(TransferPath, paths))])

    with pytest.raises(exceptions.MapComponentHeld, match=r"late\.txt"):
        m.get(0, timeout=60)
    for path in paths:
        write(path, "there")
    m.release()

    assert m.get(0, timeout=60) == ["there"] * len(paths)


# ---- as options ---------------------------------------------------------------------------------


def test_one_options_object_serves_maps_with_other_files_and_stays_as_it_was(tmp_path):
    """B13: the second map got the first one's files. B10: a single TransferPath was refused."""
    options = MapOptions(fixed_input_files=TransferPath(write(tmp_path / "fixed, all", "fixed")))

    def look(path):
        return path.read_text(), sorted(p.name for p in Path().glob("*fixed*")), Path("0").exists()

    def also(paths):
        return sorted(path.name for path in Path().iterdir() if path.suffix == ".in")

    first = htmap.map(look, [TransferPath(write(tmp_path / "1.in", "1"))], map_options=options)
    second = htmap.map(also, [0, [TransferPath(write(tmp_path / "2.in", "2"))]], options)

    assert first.get(0, timeout=60) == ("1", ["fixed, all"], True)
    assert list(second.iter(timeout=60)) == [[], ["2.in"]]
    assert options.fixed_input_files == (f"{tmp_path}/fixed, all",)
    assert options.input_files is None


def test_input_files_may_be_one_or_several_for_each_component(tmp_path):
    """B1: a plain list crashed."""
    for name in ("a", "b", "c,", "d"):
        write(tmp_path / name, name)

    def names(x):
        return sorted(path.name for path in Path().iterdir() if len(path.name.strip(",")) == 1)

    files = [str(tmp_path / "a"), tmp_path / "b", TransferPath(tmp_path / "c,"), [], None]
    files[4] = [tmp_path / "a", TransferPath(tmp_path / "d")]
    m = htmap.map(names, ["x"] * 5, map_options=MapOptions(input_files=files))

    assert [[n for n in found if not n.isdecimal()] for found in m.iter(timeout=60)] == [
        ["a"], ["b"], ["c,"], [], ["a", "d"],
    ]  # fmt: skip


def test_files_of_an_option_that_would_take_each_other_s_place_are_refused(tmp_path):
    one, two = (str(write(tmp_path / folder / "a", folder)) for folder in ("one", "two"))

    for options in ({"fixed_input_files": [one, two]}, {"input_files": [[one, two]]},
                    {"fixed_input_files": one, "input_files": [two]}):  # fmt: skip
        with pytest.raises(exceptions.InvalidMapOption, match=r"two files named 'a'.*TransferPath"):
            htmap.map(len, ["x"], map_options=MapOptions(**options), tag="two")
    assert htmap.get_tags() == ()
    # One that is an argument arrives elsewhere.
    m = htmap.map(
        lambda path: (path.read_text(), Path("a").read_text()),
        [TransferPath(two)],
        map_options=MapOptions(fixed_input_files=[one, one]),
    )
    assert m.get(0, timeout=60) == ("two", "one")


def test_a_mapped_function_s_files_are_merged_with_those_of_the_call(tmp_path):
    """B11: input_files and output_remaps that were inherited got lost."""
    destination = tmp_path / "to" / "out.txt"
    inherited = MapOptions(
        input_files=[[write(tmp_path / "own", "own")]],
        output_remaps={"out.txt": TransferPath(destination)},
    )

    @htmap.mapped(map_options=inherited)
    def look(x):
        Path("out.txt").write_text("sent")
        return Path("own").read_text(), Path("fixed").read_text()

    options = MapOptions(fixed_input_files=write(tmp_path / "fixed", "fixed"))
    m = look.map([1], map_options=options)

    assert m.get(0, timeout=60) == ("own", "fixed")
    assert destination.read_text() == "sent"
    assert inherited.fixed_input_files == ()


def test_a_map_in_which_only_some_have_files_can_be_large(tmp_path):
    """The schedd makes the jobs of more than 100 components by itself, from a list."""
    file = TransferPath(write(tmp_path / 'in, "put"', "a"))
    destination = tmp_path / 'out; "put"'
    remaps = [{"out": destination} if n == 3 else {} for n in range(120)]

    def copy(x):
        if isinstance(x, Path):
            Path("out").write_text(x.read_text())
        return x

    m = htmap.map(
        copy,
        [file if n == 3 else n for n in range(120)],
        map_options=MapOptions(output_remaps=remaps),
    )

    assert m.get(3, timeout=60) == Path('in, "put"')
    assert destination.read_text() == "a"
    assert m.get(4, timeout=60) == 4
    m.remove()
