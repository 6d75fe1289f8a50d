"""The overlay, on what has the names that jupyter/docker-stacks documents (stand-in/)."""

import pytest
from jobs import ONE_JOB


@pytest.fixture(scope="session")
def overlaid(default_image):
    return default_image.replace("htc-base-notebook", "htc-overlay-stand-in")


@pytest.mark.parametrize("user", ["1000:100", "root"])
def test_a_command_of_theirs_finds_a_pool_and_htmap(start, overlaid, user):
    program = (
        "import htmap, sys; m = htmap.map(lambda x: (x + 1, sys.executable), [1], quiet=True)\n"
        "print(*m.get(0, timeout=60))"
    )
    ended = start(overlaid, "python", "-c", program, user=user).wait()
    assert ended.stdout == "2 /opt/conda/bin/python\n", ended
    ended = start(overlaid, "python", "-c", ONE_JOB, "id -un", user=user).wait()
    assert ended.stdout == "jovyan\n", ended


def test_their_notebook_starts_beside_the_pool_and_both_are_healthy(start, overlaid):
    running = start(overlaid, may_say=".")
    healthy = "the pool is up; Jupyter answers"
    running.wait_until(
        lambda: running.exec("htc-healthcheck").stdout.strip() == healthy, timeout=60
    )
    assert running.stop() < 5


def test_the_doctor_finds_nothing_wrong(start, overlaid):
    ended = start(overlaid, "htc-doctor").wait()
    assert ended.code == 0, ended


def test_their_environment_is_still_consistent(start, overlaid):
    ended = start(overlaid, "python", "-m", "pip", "check", environment={"HTC_POOL": "none"}).wait()
    assert ended.code == 0, ended
