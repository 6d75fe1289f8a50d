"""What the environment of a container decides about its pool."""

import pytest
from htc_pool import launcher, settings

from htmap.settings import is_attached

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
    # htmap decides for itself, and in the same way.
    assert is_attached({name: "ap.example.org", "HTMAP_IMAGE": "us"})
    assert not is_attached({name: "ap.example.org", "HTMAP_IMAGE": ""})


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_schedd_host_means_a_pool_of_its_own(name, value):
    assert settings.site_schedd({name: value}) == ""
    assert not is_attached({name: value, "HTMAP_IMAGE": "us"})


def test_an_empty_spelling_does_not_hide_another_that_names_a_host():
    environ = {"_CONDOR_SCHEDD_HOST": "", "_condor_schedd_host": "ap", "HTMAP_IMAGE": "us"}
    assert settings.site_schedd(environ) == "ap"
    assert is_attached(environ)


@pytest.mark.parametrize(
    "name",
    ["SCHEDD_HOST", "CONDOR_SCHEDD_HOST", "_CONDOR_COLLECTOR_HOST", "_CONDOR_SCRATCH_DIR",
     "X_CONDOR_SCHEDD_HOST", "_CONDOR_SCHEDD_HOSTS"],
)  # fmt: skip
def test_what_a_job_or_a_tool_sets_is_not_a_site(name):
    assert settings.site_schedd({name: "ap"}) == ""
    assert not is_attached({name: "ap", "HTMAP_IMAGE": "us"})


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
