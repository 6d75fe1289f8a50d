"""TransferPath: a path with the places that it may be in."""

import copy
import os
import pickle
from pathlib import Path

import pytest

from htmap import TransferPath, exceptions


def test_it_forwards_to_pathlib_and_gives_transfer_paths_again(tmp_path):
    folder = TransferPath(tmp_path) / "folder"
    folder.mkdir()
    file = folder / "a.txt"
    assert file.write_text("text") == 4
    (folder / "b").touch()

    assert file.read_text() == "text"
    assert file.exists()
    assert (file.name, file.suffix, file.parts[-1]) == ("a.txt", ".txt", "a.txt")
    assert sorted(folder.iterdir()) == sorted(folder.glob("*")) == [file, folder / "b"]
    for path in (file.parent, *folder.iterdir(), *file.parents, file.with_suffix(".b"),
                 file.rename(folder / "c"), TransferPath.cwd(), TransferPath.home()):  # fmt: skip
        assert type(path) is TransferPath
    with (folder / "c").open() as opened, open(folder / "c") as other:
        assert opened.read() == other.read() == "text"


def test_it_is_a_path_for_all_that_takes_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = TransferPath("a")
    Path(path).write_text("text")

    assert os.fspath(path) == str(path) == "a"
    assert os.path.getsize(path) == 4
    assert tmp_path / path == tmp_path / "a"
    assert path.as_url() == f"{tmp_path}/a"


def test_a_remote_one_keeps_where_it_is_and_cannot_be_opened_here():
    bucket = TransferPath("data", protocol="s3", location="example.org")
    file = bucket / "a" / Path("b.txt")

    assert file.as_url() == str(file) == "s3://example.org/data/a/b.txt"
    assert file.parent.parent == bucket
    assert file.name == "b.txt"
    assert TransferPath(file) == file
    assert TransferPath("https://example.org/x/y").as_url() == "https://example.org/x/y"
    assert TransferPath("/x", "file").as_url() == "file:///x"
    with pytest.raises(TypeError, match="remote"):
        os.fspath(file)
    with pytest.raises(AttributeError, match="remote has no attribute 'read_text'"):
        file.read_text()


def test_joining_goes_by_what_is_joined():
    here, there = TransferPath("a"), TransferPath("b", "https", "e.org")

    assert here / TransferPath("c") == TransferPath("a/c")  # once it forgot where it began
    assert there / TransferPath("c") == TransferPath("b/c", "https", "e.org")
    assert here / there == there
    assert here / TransferPath("/c") == TransferPath("/c")
    assert "x" / here == TransferPath("x/a")
    assert Path("x") / here == Path("x/a")


def test_it_compares_and_hashes_by_where_it_is():
    paths = [TransferPath("b"), TransferPath("a"), TransferPath("a", "https", "e.org")]
    again = TransferPath("a")

    assert paths[1] == again <= paths[1] <= paths[0]  # once `a <= a` was False
    assert len({*paths, again}) == 3
    assert sorted(paths)[0] == again
    assert again not in ("a", Path("a"))
    with pytest.raises(TypeError):
        again < "b"  # noqa: B015


def test_a_slash_at_the_end_and_contents_say_the_same():
    assert TransferPath("a/").contents
    assert TransferPath("a", contents=True) == TransferPath("a/") != TransferPath("a")
    assert (TransferPath("a") / "b/").contents
    assert not (TransferPath("a/") / "b").contents
    assert not TransferPath("/").contents


@pytest.mark.parametrize(
    "path",
    [TransferPath("a/"), TransferPath("a", "https", "e.org"), TransferPath("x://y/z")],
    ids=str,
)
def test_it_survives_pickling_and_copying_and_its_repr_makes_it(path):
    for other in (
        pickle.loads(pickle.dumps(path)),
        copy.copy(path),
        copy.deepcopy([path])[0],
        eval(repr(path)),
    ):
        assert other == path
        assert vars(other) == vars(path)


@pytest.mark.parametrize(
    "make", [lambda: TransferPath("a", location="x"), lambda: TransferPath(b"a")]
)
def test_what_is_no_path_is_refused(make):
    with pytest.raises(exceptions.InvalidTransferPath):
        make()
    with pytest.raises(ValueError, match=r"a|b"):
        make()
    with pytest.raises(TypeError):
        TransferPath(5)
