"""The image in CI services: what their files in examples/ci say, done as the services do it."""

import shlex
import subprocess

import pytest
import yaml

NAME = "htcondor/htc-base-notebook"
#: Whom a checkout belongs to on GitHub's machines.
RUNNER = 1001


@pytest.fixture(scope="module")
def files(source):
    """The workflows, read."""
    folder = source / "examples" / "ci"
    return {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}


@pytest.fixture
def checkout(volume, start, default_image, source):
    """Return a volume with a copy of the example, as whoever checked it out has it."""

    def checkout(owner):
        home = f"mkdir -p /w/home && cp -r /example /w/example && chown -R {owner} /w"
        ended = start(
            default_image, "-ec", home, entrypoint="sh", user="0",
            volumes={f"{source}/examples/ci": {"bind": "/example", "mode": "ro"},
                     volume: {"bind": "/w"}},
        ).wait()  # fmt: skip
        assert ended.code == 0, ended
        return volume

    return checkout


def steps(job):
    found = [step["run"] for step in job["steps"] if "run" in step]
    assert found
    return found


def test_githubs_job_container_whose_entrypoint_does_not_run_has_a_pool(
    checkout, start, image, files
):
    job = files["github"]["jobs"]["container"]
    assert job["container"]["image"] == NAME
    option, user = shlex.split(job["container"]["options"])
    assert option == "--user"
    running = start(
        image, "-f", "/dev/null", entrypoint="tail", user=user, working_dir="/__w/example",
        environment={"CI": "true", "GITHUB_ACTIONS": "true", "HOME": "/__w/home"},
        volumes={checkout(RUNNER): {"bind": "/__w"}},
    )  # fmt: skip
    tests, *others = steps(job)
    # Each step is a command of its own in the container, as GitHub runs a script.
    passed = running.exec("bash", "-e", "-c", tests)
    assert passed.code == 0, passed
    assert "1 passed" in passed.stdout
    assert "warning" not in passed.stdout
    # The pool is still there, for the other steps.
    assert running.output("htc-pool", "status").startswith("the pool is ready")
    for step in others:
        assert running.output("bash", "-e", "-c", step).endswith("[4, 0]")


def test_a_step_that_runs_a_container_has_a_pool(checkout, files, engine, default_image):
    (step,) = steps(files["github"]["jobs"]["docker-run"])
    assert NAME in step
    # The engine's own path of the copy, as the checkout is for a step on the machine itself.
    path = engine.volumes.get(checkout(RUNNER)).attrs["Mountpoint"]
    ran = subprocess.run(
        ["bash", "-e", "-c", f"PWD={path}/example\n{step.replace(NAME, default_image)}"],
        capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    assert ran.returncode == 0, ran
    assert "1 passed" in ran.stdout


def test_gitlabs_job_has_a_pool_before_its_script(checkout, files, default_image):
    job = files["gitlab"]["maps"]
    assert job["image"] == NAME
    # GitLab runs the entrypoint with a shell, which reads the script.
    ran = subprocess.run(
        ["docker", "run", "--rm", "--interactive", "--env", "CI=true", "--workdir", "/w/example",
         "--volume", f"{checkout('root:root')}:/w", default_image, "sh", "-c", "exec bash"],
        input="\n".join(["set -eo pipefail", "condor_status -af Name", *job["script"]]),
        capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    assert ran.returncode == 0, ran
    assert ran.stdout.startswith("slot1@htc-notebook\n")
    assert "1 passed" in ran.stdout


def test_a_user_who_gets_a_name_by_the_fixture_has_a_pool_though_the_bindings_knew_none(
    checkout, start, default_image
):
    """HTCondor's configuration, which they read when imported, goes by that name."""
    running = start(
        default_image, "-f", "/dev/null", entrypoint="tail", user="4321:100",
        working_dir="/w/example", volumes={checkout("4321:100"): {"bind": "/w"}},
    )  # fmt: skip
    code = "import htcondor2, pytest, sys; sys.exit(pytest.main())"
    passed = running.exec("python", "-c", code)
    assert passed.code == 0, passed


def test_root_is_told_at_once_whom_to_run_as(checkout, start, default_image):
    running = start(
        default_image, "-f", "/dev/null", entrypoint="tail", user="0",
        working_dir="/w/example", volumes={checkout("root:root"): {"bind": "/w"}},
    )  # fmt: skip
    failed = running.exec("pytest", "-p", "no:cacheprovider")
    assert failed.code == 1
    for words in (
        "the tests have no pool: htc-pool: a personal pool does not run as root",
        "GitHub's `options: --user 1001:100`",
    ):
        assert words in failed.stdout, failed
