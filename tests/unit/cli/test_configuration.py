"""htmap settings and htmap set."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomllib
from command import run

import htmap


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The user's settings, which do not exist yet."""
    return tmp_path / ".htmaprc"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HTMAP_DELIVERY_METHOD", raising=False)


def in_a_new_process(key: str) -> str:
    code = f"import htmap; print(repr(htmap.settings[{key!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_settings_prints_those_in_use_as_toml(htmap_dir):
    result = run("settings")
    assert result.exit_code == 0
    found: dict[str, Any] = tomllib.loads(result.stdout)
    assert found["HTMAP_DIR"] == str(htmap_dir)
    assert found["MAP_OPTIONS"] == htmap.settings["MAP_OPTIONS"]


def test_settings_of_the_user_are_the_file_as_it_is(file):
    text = "# mine\nDELIVERY_METHOD   = 'assume' # because\n"
    file.write_text(text)
    assert run("settings", "--user").stdout == text


def test_settings_can_be_told_with_where_each_comes_from(htmap_dir):
    result = run("settings", "--origin")
    found = tomllib.loads(result.stdout)
    assert found["MAP_OPTIONS"] == htmap.settings["MAP_OPTIONS"]
    assert f'HTMAP_DIR = "{htmap_dir}"  # the environment, HTMAP_DIR\n' in result.stdout
    assert 'MAP_OPTIONS.request_cpus = "1"  # the defaults\n' in result.stdout
    assert run("settings", "--origin", "--user").exit_code == 2


def test_a_file_that_is_not_there_is_an_error(file):
    result = run("settings", "--user")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr == f"ERROR: there is no {file}; `htmap set` makes it\n"


@pytest.mark.parametrize(
    ("setting", "value", "stored"),
    [
        ("WAIT_TIME", "5", "5"),
        ("WAIT_TIME", "0.5", "0.5"),
        ("DELIVERY_METHOD", "assume", "'assume'"),
        ("TRANSPLANT.ASSUME_EXISTS", "true", "True"),
        ("HTCONDOR.SCHEDULER", "7", "'7'"),
        ("MAP_OPTIONS.request_cpus", "2", "'2'"),
        ("MAP_OPTIONS.max_idle", "20", "20"),
        ("MAP_OPTIONS.rank", "0.5", "0.5"),
        ("MAP_OPTIONS.want_graceful_removal", "true", "True"),
        ("MAP_OPTIONS.requirements", 'OpSys == "LINUX"', "'OpSys == \"LINUX\"'"),
        ("MAP_OPTIONS.+ProjectName", '"Books"', "'\"Books\"'"),
        ("MAP_OPTIONS.periodic_hold", "2024-01-01", "'2024-01-01'"),
        ("MAP_OPTIONS.fixed_input_files", '["a", "b"]', "['a', 'b']"),
    ],
)
def test_a_setting_is_stored_with_the_type_that_it_has(setting, value, stored, file):
    """Everything was a text, so that `set WAIT_TIME 5` broke every wait (B25)."""
    result = run("set", setting, value)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"Set {setting} to ")
    assert in_a_new_process(setting) == stored


def test_set_keeps_comments_order_and_everything_else(file):
    file.write_text(
        "# my settings\nWAIT_TIME = 1 # short\n\n[MAP_OPTIONS] # for all\n"
        "request_memory = '1GB' # books are large\nmax_idle = 3\n"
    )
    assert run("set", "MAP_OPTIONS.request_memory", "2GB").exit_code == 0
    assert run("set", "DELIVERY_METHOD", "assume").exit_code == 0
    text = file.read_text()
    for kept in ("# my settings\nWAIT_TIME = 1 # short\n", "# for all", "# books are large"):
        assert kept in text
    assert tomllib.loads(text) == {
        "WAIT_TIME": 1,
        "DELIVERY_METHOD": "assume",
        "MAP_OPTIONS": {"request_memory": "2GB", "max_idle": 3},
    }


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("WAIT_TIME", "long", "the setting WAIT_TIME is a number, not long"),
        ("WAIT_TIME", "true", "the setting WAIT_TIME is a number, not true"),
        ("DELIVERY_METHODS", "assume", "Did you mean DELIVERY_METHOD?"),
        ("wait_time", "5", "Did you mean WAIT_TIME?"),
        ("TRANSPLANT.ASSUME_EXISTS", "yes", "is true or false, not yes"),
        ("HTCONDOR", "here", "Did you mean HTCONDOR.SCHEDULER or HTCONDOR.COLLECTOR?"),
        ("MAP_OPTIONS", "{}", "Did you mean MAP_OPTIONS.request_cpus or "),
        ("WAIT_TIME.x", "1", "there is no setting WAIT_TIME.x"),
    ],
)
def test_what_cannot_be_set_is_an_error_and_the_file_stays(setting, value, why, file):
    file.write_text("WAIT_TIME = 1\n")
    result = run("set", setting, value)
    assert (result.stdout, result.exit_code) == ("", 1)
    assert why in result.stderr
    assert file.read_text() == "WAIT_TIME = 1\n"


def test_a_file_that_is_no_toml_is_named_and_stays(file):
    file.write_text("WAIT_TIME = = 1\n")
    result = run("set", "WAIT_TIME", "2")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"ERROR: the setting WAIT_TIME cannot be written to {file}: ")
    assert "line 1" in result.stderr
    assert file.read_text() == "WAIT_TIME = = 1\n"


def test_a_setting_that_an_environment_variable_overrides_is_told(monkeypatch, htmap_dir):
    result = run("set", "HTMAP_DIR", "/data/maps")
    assert result.exit_code == 0
    assert "the environment variable HTMAP_DIR is set too" in result.stderr


def test_a_link_to_the_file_stays_a_link(file, tmp_path):
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles" / "htmaprc"
    target.write_text("WAIT_TIME = 1\n")
    file.symlink_to(target)
    assert run("set", "WAIT_TIME", "2").exit_code == 0
    assert file.is_symlink()
    assert target.read_text() == "WAIT_TIME = 2\n"
