"""The pytest plugin where there is no pool: what it costs, what it says, what goes by value."""

import json
import os
import subprocess
import sys
import textwrap

import pytest


def in_project(folder, *command, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "CONDOR_CONFIG": "/dev/null", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def project(tmp_path):
    """Return a function that writes a project's files (``folder_in_name``), for their root."""
    folder = tmp_path / "project"

    def write(**files):
        for name, text in files.items():
            path = folder / f"{name.replace('_in_', '/', 1)}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return folder

    return write


PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-q")


def test_tests_that_ask_for_no_fixture_of_it_import_nothing_for_it(project):
    folder = project(test_other="""
        import sys
        def test_what_is_imported():
            assert "htmap.testing" in sys.modules
            for name in ("htmap.testing.", "htmap.pool", "htmap.store", "htmap.maps",
                         "htcondor2", "cloudpickle"):
                assert not [module for module in sys.modules if module.startswith(name)]
        """)  # fmt: skip

    ran = in_project(folder, *PYTEST)

    assert ran.returncode == 0, ran.stdout


def test_a_pool_that_is_missing_is_told_within_the_time_and_not_waited_for_again(project):
    folder = project(test_maps="""
        def test_one(htmap_dir): pass
        def test_two(htmap_pool): pass
        """)  # fmt: skip
    # Without the images' commands, and with a schedd where nobody listens.
    ran = in_project(
        folder, *PYTEST, "--override-ini=htmap_pool_wait=0.5",
        PATH="/usr/bin:/bin", _CONDOR_SCHEDD_HOST="nobody@127.0.0.1",
        _CONDOR_COLLECTOR_HOST="127.0.0.1:9",
    )  # fmt: skip

    assert ran.returncode == 1
    assert "2 errors" in ran.stdout
    for words in (
        "\nthe tests have no pool: within 0.5 s, no HTCondor schedd answered",
        "the collector at 127.0.0.1:9 cannot be reached",
        "docs/testing.md shows how tests get a pool",
    ):
        assert words in ran.stdout, ran.stdout
    assert "Traceback" not in ran.stdout
    assert ran.stdout.count("\n") < 20


@pytest.mark.parametrize("value", ["soon", "-1", "inf", "nan"])
def test_a_time_that_is_none_is_named(project, value):
    folder = project(test_maps="def test_one(htmap_pool): pass")

    ran = in_project(folder, *PYTEST, f"--override-ini=htmap_pool_wait={value}")

    assert f"htmap_pool_wait = '{value}' is no number of seconds" in ran.stdout


BY_VALUE = """
import cloudpickle, json, pathlib, sys
from htmap.testing.modules import send_by_value
import {imported}
send_by_value(pathlib.Path.cwd(), [{tests}])
print(json.dumps(sorted(cloudpickle.list_registry_pickle_by_value())))
"""


def by_value(folder, imported, tests="", path="."):
    code = BY_VALUE.format(imported=imported, tests=tests)
    ran = in_project(folder, "-c", code, PYTHONPATH=os.pathsep.join([path, *sys.path]))
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_project_that_is_not_installed_goes_by_value_and_other_packages_do_not(project):
    folder = project(mine="", pack_in___init__="", pack_in_part="")

    assert by_value(folder, "mine, pack.part, numpy, htmap") == ["mine", "pack", "pack.part"]


def test_a_module_below_the_root_that_a_fresh_python_finds_stays_where_it_is(tmp_path):
    """As an environment inside the project, or a project that is installed to be edited."""
    packages = os.path.dirname(os.path.dirname(pytest.__file__))

    assert by_value(packages, "pytest, pluggy, cloudpickle") == []


def test_a_module_that_has_the_name_of_an_installed_one_goes_by_value(project):
    folder = project(test_in___init__="", test_in_here="")

    assert by_value(folder, "test.here") == ["test", "test.here"]


def test_a_test_that_is_not_below_the_root_goes_by_value_too(project, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "test_it.py").write_text("")

    assert by_value(project(mine=""), "test_it", "test_it", "../elsewhere") == ["test_it"]
