"""What the environment of a container decides about its pool."""

import os
import tempfile
from pathlib import Path

import pytest
from htc_pool import launcher, settings, state

SPELLINGS = [
    "_CONDOR_SCHEDD_HOST",
    "_condor_SCHEDD_HOST",
    "_CONDOR_schedd_host",
    "_condor_schedd_host",
    "_Condor_Schedd_Host",
    "_cOnDoR_sChEdD_hOsT",
]


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_schedd_host_in_any_case_means_a_site(name):
    assert settings.site_schedd({name: "ap.example.org"}) == "ap.example.org"


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_schedd_host_means_a_pool_of_its_own(name, value):
    assert settings.site_schedd({name: value}) == ""


def test_an_empty_spelling_does_not_hide_another_that_names_a_host():
    assert settings.site_schedd({"_CONDOR_SCHEDD_HOST": "", "_condor_schedd_host": "ap"}) == "ap"


@pytest.mark.parametrize(
    "name",
    ["SCHEDD_HOST", "CONDOR_SCHEDD_HOST", "_CONDOR_COLLECTOR_HOST", "_CONDOR_SCRATCH_DIR",
     "X_CONDOR_SCHEDD_HOST", "_CONDOR_SCHEDD_HOSTS"],
)  # fmt: skip
def test_what_a_job_or_a_tool_sets_is_not_a_site(name):
    assert settings.site_schedd({name: "ap"}) == ""


def test_the_pool_has_a_directory_of_its_user_unless_one_is_given():
    assert settings.pool_dir({}) == f"/tmp/htc-pool-{settings.user_name()}"
    assert settings.pool_dir({"HTC_POOL_DIR": ""}) == settings.pool_dir({})
    assert settings.pool_dir({"HTC_POOL_DIR": "/data/pool/"}) == "/data/pool"


@pytest.mark.parametrize(
    "path", ["pool", "/a b", "/a\nb", "/a$(b)", "/a%(b)s", "/a;b", '/a"b', "/é", "/" + "a" * 60]
)
def test_a_directory_that_configuration_or_a_socket_cannot_hold_is_refused(path):
    with pytest.raises(settings.SettingError, match="HTC_POOL_DIR"):
        settings.pool_dir({"HTC_POOL_DIR": path})


@pytest.mark.parametrize("text", ["soon", "-1", "1e3", "nan", " 5", "٣"])
def test_a_wait_that_is_not_a_number_of_seconds_is_refused(text):
    with pytest.raises(settings.SettingError, match="HTC_POOL_WAIT"):
        settings.wait_seconds({"HTC_POOL_WAIT": text}, 30)


def test_a_wait_is_what_the_environment_says_or_the_default():
    assert settings.wait_seconds({}, 30) == 30
    assert settings.wait_seconds({"HTC_POOL_WAIT": ""}, 30) == 30
    assert settings.wait_seconds({"HTC_POOL_WAIT": "2.5"}, 30) == 2.5
    assert settings.stop_seconds({}) < 10


@pytest.mark.parametrize(
    ("environ", "answer"),
    [
        ({}, False),
        ({"CI": "true"}, True),
        ({"CI": "false"}, False),
        ({"CI": "true", "HTC_POOL_REQUIRED": "0"}, False),
        ({"HTC_POOL_REQUIRED": "1"}, True),
    ],
)
def test_a_pool_is_required_when_asked_for_or_in_a_ci_job(environ, answer):
    assert settings.required(environ) is answer


@pytest.mark.parametrize(
    ("environ", "mode"),
    [
        ({}, "personal"),
        ({"_condor_SCHEDD_HOST": "ap"}, "attached"),
        ({"HTC_POOL": ""}, "personal"),
        ({"HTC_POOL": "Auto", "_CONDOR_SCHEDD_HOST": "ap"}, "attached"),
        ({"HTC_POOL": "personal"}, "personal"),
        ({"HTC_POOL": "personal", "_CONDOR_SCHEDD_HOST": ""}, "personal"),
        ({"HTC_POOL": "attached", "_CONDOR_SCHEDD_HOST": "ap"}, "attached"),
        ({"HTC_POOL": "none"}, "none"),
        ({"HTC_POOL": "none", "_CONDOR_SCHEDD_HOST": "ap"}, "none"),
    ],
)
def test_the_mode_is_what_was_asked_for_or_what_the_schedd_host_says(environ, mode):
    assert settings.mode(environ) == mode


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"HTC_POOL": "yes"}, "'yes' is none of auto, personal, attached, none"),
        ({"HTC_POOL": "attached"}, "_CONDOR_SCHEDD_HOST names no access point"),
        ({"HTC_POOL": "personal", "_condor_schedd_host": "ap"}, "_CONDOR_SCHEDD_HOST=ap is set"),
    ],
)
def test_a_mode_that_cannot_be_is_refused_by_name(environ, words):
    with pytest.raises(settings.SettingError, match=words):
        settings.mode(environ)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (["start-notebook.py"], True),
        (["jupyter", "lab"], True),
        (["/opt/htc/bin/jupyterhub-singleuser", "--port=1"], True),
        (["bash"], False),
        (["python", "jupyter.py"], False),
        (["pytest"], False),
    ],
)
def test_only_what_serves_notebooks_starts_beside_the_pool(command, answer):
    assert launcher.is_jupyter(command) is answer


@pytest.fixture
def not_root(monkeypatch):
    # Root cannot become someone else within a test; what it may not do is another test.
    if os.getuid() == 0 or os.getgid() == 0:
        monkeypatch.setattr(state, "_refuse_root", lambda: None)


@pytest.fixture
def place():
    """Return an empty directory whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="htc-") as made:
        yield Path(made)


@pytest.mark.usefixtures("not_root")
class TestState:
    def test_a_directory_is_made_for_its_user_alone(self, place):
        state.prepare({"HTC_POOL_DIR": str(place / "a" / "pool")})
        assert (place / "a" / "pool").stat().st_mode & 0o777 == 0o700
        assert [path.name for path in (place / "a" / "pool").iterdir()] == ["log"]

    def test_a_directory_that_was_open_to_others_is_closed(self, place):
        place.chmod(0o777)
        state.prepare({"HTC_POOL_DIR": str(place)})
        assert place.stat().st_mode & 0o777 == 0o700

    def test_a_link_is_refused(self, place):
        (place / "there").mkdir()
        (place / "pool").symlink_to(place / "there")
        with pytest.raises(state.StateError, match="not a plain directory"):
            state.prepare({"HTC_POOL_DIR": str(place / "pool")})

    def test_a_file_in_its_place_is_refused(self, place):
        (place / "pool").write_text("")
        with pytest.raises(state.StateError, match="HTC_POOL_DIR"):
            state.prepare({"HTC_POOL_DIR": str(place / "pool")})

    def test_another_users_directory_is_refused(self, place, monkeypatch):
        owner = place.stat().st_uid
        monkeypatch.setattr(os, "getuid", lambda: owner + 1)
        with pytest.raises(state.StateError, match=f"belongs to user {owner}"):
            state.prepare({"HTC_POOL_DIR": str(place)})

    def test_a_full_disk_is_told_by_its_name_and_leaves_nothing(self, place, monkeypatch):
        def full(descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(state.StateError, match="No space left on device"):
            state.prepare({"HTC_POOL_DIR": str(place)})
        assert [path.name for path in place.iterdir()] == ["log"]


@pytest.mark.parametrize("who", ["getuid", "getgid"])
def test_root_and_group_0_are_refused(place, monkeypatch, who):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(os, "getgid", lambda: 100)
    monkeypatch.setattr(os, who, lambda: 0)
    with pytest.raises(state.StateError, match="group 0"):
        state.prepare({"HTC_POOL_DIR": str(place / "pool")})
    assert not (place / "pool").exists()
