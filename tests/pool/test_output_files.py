"""Files that components make and that travel back, home or elsewhere."""

import http.server
import os
import threading
from pathlib import Path

import pytest

import htmap
from htmap import MapOptions, TransferPath, exceptions, transfer_output_files


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


ODD = "a, b; c=d 'e' \"f\" \u00fc.txt"


def writes(number):
    Path("one.txt").write_text(f"one {number}")
    Path("sub/deep").mkdir(parents=True)
    Path("sub/deep/two").write_text("two")
    Path(ODD).write_text("odd")
    Path("left").write_text("not sent")
    htmap.transfer_output_files("one.txt", Path("sub/deep"))
    os.chdir("/")  # wherever the function went
    transfer_output_files(Path(os.environ["_CONDOR_SCRATCH_DIR"]) / ODD)
    if number == 1:
        raise ValueError("after sending")
    return (Path(os.environ["_CONDOR_SCRATCH_DIR"]) / "one.txt").exists()


def test_files_and_folders_come_home_to_each_component_s_own_folder(htmap_dir):
    m = htmap.map(writes, range(3), tag="files")

    assert m.get(0, timeout=60) is False  # it was moved
    for number in range(3):
        folder = m.output_files.get(number, timeout=60)
        assert tree(folder) == {ODD: "odd", "one.txt": f"one {number}", "sub/deep/two": "two"}
        assert folder.is_relative_to(htmap_dir)
        assert folder == m.output_files[number]
    with pytest.raises(exceptions.MapComponentError, match="after sending"):
        m.get(1)
    assert len(m.output_files) == 3
    assert 2 in m.output_files
    assert 3 not in m.output_files
    assert isinstance(m.output_files, htmap.MapOutputFiles)
    m.rerun([0])
    assert tree(m.output_files.get(0, timeout=60))["one.txt"] == "one 0"
    m.remove()
    assert not folder.exists()


def test_those_of_a_component_that_has_not_ended_are_not_found_yet():
    m = htmap.map(lambda x: x, [1], map_options=MapOptions(hold=True))
    m.release()

    assert list(m.output_files.get(0, timeout=60).iterdir()) == []
    waits = htmap.map(lambda x: x, [1], map_options=MapOptions(requirements="false"))
    with pytest.raises(FileNotFoundError):
        waits.output_files[0]
    with pytest.raises(exceptions.OutputNotFound):
        waits.output_files.get(0, timeout=0)
    with pytest.raises(TimeoutError):
        waits.output_files.get(0, timeout=0.01)
    with pytest.raises(IndexError):
        waits.output_files[1]
    waits.remove()


def tries(what):
    Path("folder").mkdir()
    Path("folder/link").symlink_to("nowhere")
    Path("real").write_text("real")
    Path("link").symlink_to("real")
    transfer_output_files({"pair": ("real", TransferPath("x"))}.get(what, what))


def test_what_cannot_be_transferred_is_an_error_of_the_component_and_not_a_held_job():
    expected = {
        "missing": (exceptions.CannotTransferFile, "there is no .*/missing"),
        "/etc/hostname": (exceptions.InvalidTransferPath, "not a file or folder below"),
        "..": (exceptions.InvalidTransferPath, "not a file or folder below"),
        ".": (exceptions.InvalidTransferPath, "not a file or folder below"),
        "_htmap": (exceptions.InvalidTransferPath, "not a file or folder below"),
        "folder": (exceptions.InvalidTransferPath, "folder/link .*no link"),
        "pair": (exceptions.InsufficientHTCondorVersion, "output_remaps"),
    }
    m = htmap.map(tries, [*expected, "link"])

    for component, (kind, message) in enumerate(expected.values()):
        with pytest.raises(exceptions.MapComponentError, match=message) as caught:
            m.get(component, timeout=60)
        assert type(caught.value.__cause__) is kind
    assert m.get(len(expected), timeout=60) is None
    assert tree(m.output_files[len(expected)]) == {"link": "real"}


def test_here_it_does_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("here").write_text("stays")

    transfer_output_files("here", "missing")
    htmap.checkpoint("here", "missing")

    assert Path("here").read_text() == "stays"


# ---- output_remaps ------------------------------------------------------------------------------


def sends(number):
    Path("sub").mkdir()
    Path("sub/out.txt").write_text(f"out {number}")
    Path("home.txt").write_text("home")
    transfer_output_files("home.txt")
    if number:
        transfer_output_files("sub/out.txt")  # as HTMap 0.6 asked for


def test_an_output_goes_to_a_destination_of_any_name_for_each_component(tmp_path):
    # In folders that do not exist yet.
    destinations = [tmp_path / f"to {n}" / f"a, b; c=d 'e' \"f\" $(X) {n}" for n in range(3)]
    options = MapOptions(
        output_remaps=({"sub/out.txt": TransferPath(to)} for to in destinations), request_cpus=1
    )

    for _ in range(2):
        m = htmap.map(sends, range(3), map_options=options)
        m.wait(timeout=60)
        for number, destination in enumerate(destinations):
            assert destination.read_text() == f"out {number}"
            assert tree(m.output_files[number]) == {"home.txt": "home"}
            destination.unlink()
    m.rerun([2])
    m.wait(timeout=60)
    assert destinations[2].read_text() == "out 2"


def test_one_dict_holds_for_every_component_and_a_url_is_a_destination():
    received = {}

    class Store(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            received[self.path] = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(201)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = TransferPath("bucket/o.txt", "http", f"127.0.0.1:{server.server_address[1]}")
        m = htmap.map(sends, [0, 1], map_options=MapOptions(output_remaps={"sub/out.txt": there}))
        m.wait(timeout=60)
        server.shutdown()

    assert received in ({"/bucket/o.txt": "out 0"}, {"/bucket/o.txt": "out 1"})


def test_a_promised_output_that_was_not_made_is_a_report_and_nothing_is_sent(tmp_path):
    destination = tmp_path / "out.txt"
    destination.write_text("of yesterday")
    options = MapOptions(output_remaps={"out.txt": destination})

    m = htmap.map(lambda x: x, [1], map_options=options)

    with pytest.raises(exceptions.MapComponentError, match=r"out\.txt.*has not written") as caught:
        m.get(0, timeout=60)
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert destination.read_text() == "of yesterday"


def test_a_destination_whose_folder_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(exceptions.InvalidMapOption, match="cannot be made"):
        htmap.map(len, ["x"], map_options=MapOptions(output_remaps={"a": tmp_path / "file" / "a"}))
    assert htmap.get_tags() == ()


# ---- where htmap is not installed ---------------------------------------------------------------


def on_a_bare_node(path):
    import sys

    Path("out").mkdir()
    (htmap.TransferPath("out") / "copy").write_text(path.read_text())
    transfer_output_files("out")
    htmap.checkpoint(path)
    try:
        htmap.map  # noqa: B018
    except AttributeError as error:
        said = str(error)
    return "runner.pyz" in htmap.__file__, said, "htcondor2" in sys.modules, sys.executable


def test_all_of_it_works_on_a_node_without_htmap_or_the_bindings(tmp_path, settings):
    (tmp_path / "in, put").write_text("text")
    settings["DELIVERY_METHOD"] = "assume"
    options = MapOptions(
        environment='"PATH=/usr/bin:/bin"', output_remaps={"out/copy": tmp_path / "copy"}
    )

    m = htmap.map(on_a_bare_node, [TransferPath(tmp_path / "in, put")], map_options=options)

    is_stand_in, said, has_bindings, python = m.get(0, timeout=60)
    assert (is_stand_in, has_bindings, python) == (True, False, "/usr/bin/python3")
    assert "htmap is not installed here" in said
    assert (tmp_path / "copy").read_text() == "text"
