"""A map that was removed: each use of its handle says so."""

import inspect
import typing

import pytest
from live import run

import htmap
from htmap import Map, MapOptions, exceptions

# What these need beside the map. Others are called without arguments.
ARGUMENTS = {"get": (0,), "get_err": (0,), "retag": ("new",), "count": (1,), "index": (1,),
             "set_memory": (100,), "set_disk": (100,)}  # fmt: skip
# What a removed map still tells.
STILL = {"exists", "load", "tag"}
PUBLIC = sorted(name for name in dir(Map) if not name.startswith("_") and name not in STILL)
SPECIAL = {
    "[0]": lambda m: m[0],
    "[:1]": lambda m: m[:1],
    "list": list,
    "reversed": lambda m: list(reversed(m)),
    "stdout[0]": lambda m: m.stdout[0],
}


@pytest.fixture(scope="module")
def removed(module_dir):
    """A map that was removed here, and one that another process has removed."""
    maps = [htmap.map(abs, [-1], MapOptions(requirements="false"), tag=tag) for tag in "ab"]
    maps[0].remove()
    assert run("htmap.remove('b')").returncode == 0
    return maps


def use(map_, name):
    found = getattr(map_, name)
    if callable(found) and not isinstance(inspect.getattr_static(Map, name), property):
        found = found(*ARGUMENTS.get(name, ()))
    if isinstance(found, typing.Iterator):
        next(found)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_method_and_property_of_a_removed_map_says_so(removed, name):
    for m in removed:
        with pytest.raises(exceptions.MapWasRemoved, match="was removed") as caught:
            use(m, name)
        assert caught.value.tag == m.tag


@pytest.mark.parametrize("how", SPECIAL)
def test_every_other_use_of_a_removed_map_says_so(removed, how):
    for m in removed:
        with pytest.raises(exceptions.MapWasRemoved):
            SPECIAL[how](m)


def test_a_removed_map_still_tells_its_name_and_that_it_is_gone(removed):
    for m in removed:
        assert not m.exists
        assert m.tag in repr(m)
        for stream in (htmap.MapStdOut(m), htmap.MapStdErr(m)):
            with pytest.raises(exceptions.MapWasRemoved):
                next(stream.follow(0))
