"""What `import htmap` does: nothing but give names."""

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys

import pytest

import htmap


def run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_htmap_imports_nothing_heavy():
    heavy = {"htcondor2", "classad2", "cloudpickle", "numpy", "tqdm", "rich", "click", "asyncio",
             "multiprocessing", "ipywidgets", "IPython", "inotify_simple"}  # fmt: skip
    loaded = run("import htmap, sys; print(*sys.modules)").split()

    assert heavy.isdisjoint(loaded)


def test_importing_htmap_makes_no_file_and_opens_none_but_modules(tmp_path):
    code = """
import sys
opened = []
def watch(event, args):
    if event == "open" and not str(args[0]).endswith((".py", ".pyc", ".so", ".pth")):
        opened.append(args[0])
    if event in ("os.mkdir", "os.rename", "os.remove", "subprocess.Popen", "socket.connect"):
        opened.append((event, args))
sys.addaudithook(watch)
import htmap
print(opened)
"""
    assert run(code, HOME=str(tmp_path), HTMAP_DIR=str(tmp_path / "htmap")) == "[]\n"
    assert list(tmp_path.iterdir()) == []


def test_the_public_names_are_those_that_are_listed():
    for name in htmap.__all__:
        assert getattr(htmap, name) is not None
    # Those with an @ are pytest's, which rewrites the assertions of what brings a plugin for it.
    names = {name for name in vars(htmap) if not name.startswith(("_", "@"))}
    modules = {name for _, name, _ in pkgutil.iter_modules(htmap.__path__)}

    assert len(set(htmap.__all__)) == len(htmap.__all__)
    assert set(htmap.__all__) <= vars(htmap).keys()
    # What is not listed is a module of the package, or an import that its name says is private.
    assert names - set(htmap.__all__) <= modules


@pytest.mark.parametrize("name", htmap.__all__)
def test_a_public_name_is_the_same_thing_whichever_module_is_imported_first(name):
    """Some share their names with modules, which importing makes attributes of the package."""
    code = f"""
import htmap.settings, htmap.version, htmap.mapped_function, htmap.cli, htmap.exceptions
import types
thing = htmap.{name}
print(isinstance(thing, types.ModuleType) == ({name!r} == "exceptions"))
"""
    assert run(code) == "True\n"


def test_an_unknown_name_is_an_attribute_error_and_dir_lists_the_known_ones():
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = htmap.no_such_name

    assert set(htmap.__all__) <= set(dir(htmap))


def test_every_public_name_is_documented():
    for name in htmap.__all__:
        thing = getattr(htmap, name)
        if isinstance(thing, type) or callable(thing):
            assert thing.__doc__, name


MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(htmap.__path__, "htmap.")
    # Those two are programs: importing one is running it.
    if name not in ("htmap.__main__", "htmap.execute.start") and not name.startswith("htmap.cli")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL

    failed, _ = doctest.testmod(module, optionflags=flags)

    assert failed == 0
