"""htc-doctor: what works in a container, what does not, and what to do about it."""

import base64
import json
import time

import pytest

READ_BY_HTCONDOR = "/home/jovyan/.condor/tokens.d"


def lines(result, level):
    return [line for line in result.stdout.splitlines() if line.startswith(f"{level} ")]


@pytest.mark.children
def test_all_is_well_with_a_container_as_it_comes(start, image, condor_version):
    # Without the names of the hooks that an image has.
    quiet = {"JUPYTER_DOCKER_STACKS_QUIET": "1"}
    doctor = start(image, "htc-doctor", environment=quiet).wait()
    assert doctor.code == 0, doctor
    assert doctor.stderr == "", doctor
    assert lines(doctor, "ok") == doctor.stdout.splitlines(), doctor
    about = {line.split()[1] for line in doctor.stdout.splitlines()}
    assert about == {
        "mode", "pool", "clock", "versions", "limits", "files", "user", "tokens", "delivery"
    }  # fmt: skip
    assert "the pool grants READ and WRITE to jovyan@htc-notebook (FS)" in doctor.stdout
    assert f"bindings (the htcondor wheel) 25.14.1, daemons {condor_version}" in doctor.stdout


@pytest.fixture(scope="module")
def inside(start_session, default_image):
    """Start a container in which no pool was started."""
    return start_session(default_image, "-f", "/dev/null", entrypoint="tail", init=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "FAIL  pool      nothing keeps a pool running in /tmp/htc-pool-jovyan: `"),
        ({"environment": {"HTC_POOL": "yes"}}, "FAIL  mode      HTC_POOL='yes' is none of auto"),
        ({"environment": {"HTC_POOL_CPUS": "0"}}, "FAIL  limits    HTC_POOL_CPUS must be a whole"),
        ({"environment": {"HTMAP_DELIVERY_METHOD": "fax"}},
         "FAIL  delivery  there is no delivery method 'fax'"),
        ({"environment": {"HTMAP_DIR": "/proc/maps"}},
         "FAIL  files     maps (HTMAP_DIR) in /proc/maps: user 1000 cannot write to /proc ("),
        ({"user": "0"}, "warn  user      root (0:0): root, and any user in group 0, can run no"),
        ({"user": "4321"}, "FAIL  user      4321 has no name here"),
        ({"user": "33:33"}, "FAIL  user      www-data (33:33) cannot write to the home /"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line_with_what_to_do(inside, options, words):
    doctor = inside.exec("htc-doctor", **options)
    assert words in doctor.stdout, doctor
    assert doctor.code == bool(lines(doctor, "FAIL")), doctor
    assert "cannot be looked at" not in doctor.stdout, doctor
    assert (doctor.stderr, "\033" in doctor.stdout) == ("", False)


def test_a_container_that_was_to_have_no_pool_lacks_none(inside):
    doctor = inside.exec("htc-doctor", environment={"HTC_POOL": "none"})
    assert doctor.code == 0, doctor
    assert "ok    mode      HTC_POOL=none: no pool is started here" in doctor.stdout


def test_tokens_that_htcondor_would_not_read_are_told_and_none_is_shown(inside):
    def token(**claims):
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl"

    now = time.time()
    good = token(sub="alice@site", iss="site", exp=now + 86400)
    files = {
        "good": (good, "600"),
        "late": (token(sub="late@site", iss="site", exp=now - 86400), "600"),
        "open": (token(sub="open@site", iss="site"), "640"),
        "text": ("no token at all", "600"),
    }
    script = f"mkdir -p {READ_BY_HTCONDOR} && cd {READ_BY_HTCONDOR}"
    for name, (text, mode) in files.items():
        script += f" && echo '{text}' > {name} && chmod {mode} {name}"
    inside.output("sh", "-c", script)
    doctor = inside.exec("htc-doctor")
    about = [line for line in doctor.stdout.splitlines() if line.split()[1] == "tokens"]
    shown = dict(zip(sorted(files), about, strict=True))
    for level, name, words in (
        ("ok   ", "good", "alice@site by site, good until "),
        ("FAIL ", "late", "late@site by site, expired 1 day ago: ask the site for a new one"),
    ):
        assert f"{level} tokens    {READ_BY_HTCONDOR}/{name}: {words}" in shown[name]
    assert f"{READ_BY_HTCONDOR}/open has mode 0640" in shown["open"]
    assert f"chmod 600 {READ_BY_HTCONDOR}/open" in shown["open"]
    assert f"{READ_BY_HTCONDOR}/text holds no token" in shown["text"]
    assert good.split(".")[1] not in doctor.stdout
    assert good.split(".")[2] not in doctor.stdout


def test_a_pool_that_offers_more_than_there_is_is_told(start, default_image):
    doctor = start(
        default_image, "htc-doctor", mem_limit="1g", nano_cpus=1_000_000_000,
        environment={"HTC_POOL_MEMORY": "64G"}, tmpfs={"/home/jovyan": "size=9m,uid=1000"},
    ).wait()  # fmt: skip
    assert "and 65536 MB: jobs that use it all may take the notebook down" in doctor.stdout
    assert any("the home in /home/jovyan: tmpfs, " in line for line in lines(doctor, "FAIL"))
    assert doctor.code == 1


def test_a_pool_that_was_stopped_is_told_from_one_that_does_not_stay_up(start, default_image):
    running = start(default_image, "sleep", "60")
    running.output("htc-pool", "wait")
    running.output("htc-pool", "stop")
    assert "it was stopped by hand: `htc-pool start`" in running.exec("htc-doctor").stdout


def test_a_pool_that_hangs_holds_the_doctor_up_no_longer_than_five_seconds(start, default_image):
    running = start(default_image, "sleep", "60")
    running.output("htc-pool", "wait")
    running.output("pkill", "-STOP", "condor_schedd")
    began = time.monotonic()
    doctor = running.exec("htc-doctor")
    # Five by its own clock; a busy machine takes longer to start it.
    assert time.monotonic() - began < 20, doctor
    assert doctor.code == 1, doctor
    assert "the pool does not answer in time: `htc-pool logs` shows why" in doctor.stdout
    assert lines(doctor, "ok"), doctor
