"""A container beside a site's access point: a real one, which knows people by their tokens."""

import time
import uuid

import pytest
from containers import TOKENS, write_secret

READ_BY_HTCONDOR = "/home/jovyan/.condor/tokens.d"
SITE = {"_CONDOR_SCHEDD_HOST": "ap.site", "_CONDOR_COLLECTOR_HOST": "ap.site"}
# A site whose name servers say that there is no such thing, at once.
NOWHERE = {"_CONDOR_SCHEDD_HOST": "ap.invalid", "_CONDOR_COLLECTOR_HOST": "cm.invalid"}


class AccessPoint:
    """A running access point and the network on which it is called ap.site."""

    def __init__(self, running, network):
        self.running = running
        self.network = network

    def token(self, identity="alice@site", *options):
        return self.running.output("condor_token_create", "-identity", identity, *options)


@pytest.fixture(scope="module")
def access_point(engine, default_image, source, start_session):
    network = engine.networks.create(f"htc-test-{uuid.uuid4().hex[:12]}")
    running = None
    try:
        running = start_session(
            default_image,
            "-g", "--", "sh", "-c", "useradd --create-home alice && exec condor_master -f",
            entrypoint="tini", user="root", hostname="ap.site", network=network.name,
            networking_config={
                network.name: engine.api.create_endpoint_config(aliases=["ap.site"])
            },
            healthcheck={"test": ["NONE"]},
            volumes={
                str(source / "tests/images/base/access-point.conf"): {
                    "bind": "/etc/condor/config.d/50-htc-personal-pool.conf", "mode": "ro",
                }
            },
        )  # fmt: skip
        # It answers, and so it has the key that it signs tokens with.
        running.wait_until(lambda: running.exec("condor_q", user="root").code == 0)
        yield AccessPoint(running, network.name)
    finally:
        if running:
            network.disconnect(running.container, force=True)
        network.remove()


def at(site, volume, **more):
    """Return the options of a container at a site with its tokens mounted."""
    return {
        "environment": SITE,
        "network": site.network,
        "volumes": {volume: {"bind": TOKENS, "mode": "ro"}},
        **more,
    }


def said(running):
    return [line for line in running.logs().stderr.splitlines() if line.startswith("htc: ")]


def test_a_token_as_kubernetes_mounts_it_lets_condor_q_in(access_point, secret, start, image):
    options = at(access_point, secret(image, site=access_point.token()))
    running = start(image, "sleep", "60", **options)
    running.wait_until(lambda: said(running))
    assert said(running) == [
        "htc: no personal pool here: attached to the access point ap.site, as alice@site"
    ]
    answer = running.output("condor_q", "-af", "ClusterId")
    assert answer == ""
    files = running.output("find", READ_BY_HTCONDOR, "-printf", r"%m %u %f\n")
    assert set(files.splitlines()) == {
        "700 jovyan tokens.d", "600 jovyan site", "600 jovyan .copied-by-htc"
    }  # fmt: skip
    # Nobody but the mode lets it in: with the mode that the secret has, HTCondor says nothing else.
    running.output("chmod", "644", f"{READ_BY_HTCONDOR}/site")
    refused = running.exec("condor_q")
    assert refused.code != 0, refused
    doctor = running.exec("htc-doctor")
    assert doctor.code == 1, doctor
    assert f"FAIL  tokens    {READ_BY_HTCONDOR}/site has mode 0644" in doctor.stdout, doctor
    assert f"chmod 600 {READ_BY_HTCONDOR}/site" in doctor.stdout, doctor
    # An unreadable token is copied anew when the container starts again.
    running.container.restart(timeout=1)
    running.wait_until(lambda: running.exec("condor_q").code == 0)
    assert access_point.token().split(".")[1] not in running.logs().stderr


def test_the_doctor_of_an_attached_container_says_who_may_do_what(
    access_point, secret, start, image
):
    options = at(access_point, secret(image, site=access_point.token()))
    doctor = start(image, "htc-doctor", **options).wait()
    assert doctor.code == 0, doctor
    lines = doctor.stdout.splitlines()
    assert (
        "ok    mode      attached to the access point ap.site; no pool in this container" in lines
    )
    assert (
        "ok    site      the access point ap.site grants READ and WRITE to alice@site (IDTOKENS)"
        in lines
    )
    assert "ok    clock     that of the access point ap.site and this one agree" in lines
    assert any("daemons 23.9.6" in line for line in lines), doctor
    assert not [line for line in lines if line.startswith("FAIL")], doctor


def test_an_identity_without_write_access_is_told_so(access_point, secret, start, default_image):
    options = at(access_point, secret(default_image, site=access_point.token("bob@site")))
    running = start(default_image, "sleep", "60", **options)
    running.wait_until(lambda: len(said(running)) == 2)
    assert "knows you as bob@site, who may look at jobs there and submit none" in said(running)[1]


def test_a_token_that_changed_is_copied_again_and_a_persons_own_is_left_alone(
    access_point, secret, engine, start, default_image
):
    own = access_point.token("carol@site")
    volume = secret(default_image, site=access_point.token("bob@site"), own=access_point.token())
    running = start(default_image, "sleep", "60", **at(access_point, volume))
    running.wait_until(lambda: said(running))
    assert "as alice@site or bob@site" in said(running)[0]
    running.output(
        "bash", "-c", f"umask 077; cd {READ_BY_HTCONDOR}; rm own; echo {own} | tee own mine"
    )
    changed = {"site": access_point.token("dora@site"), "own": "other"}
    write_secret(engine, default_image, volume, changed)
    running.container.restart(timeout=1)
    running.wait_until(lambda: any("carol@site or dora@site" in line for line in said(running)))
    told = f"{READ_BY_HTCONDOR}/own is not a copy of {TOKENS}/own: it is left as it is"
    running.wait_until(lambda: any(told in line for line in said(running)))
    assert running.output("cat", f"{READ_BY_HTCONDOR}/own", f"{READ_BY_HTCONDOR}/mine") == (
        f"{own}\n{own}"
    )


def test_a_container_starts_and_is_examined_whatever_htmap_somebody_put_there(start, default_image):
    where = "import htmap; print(htmap.__path__[0])"
    library = start(default_image, "-c", where, entrypoint="python").wait().stdout.strip()
    options = {"tmpfs": {library: ""}, "environment": {**NOWHERE, "HTC_POOL": "attached"}}
    started = start(default_image, "sh", "-c", "echo started; htc-doctor", **options).wait()

    assert started.stdout.startswith("started\n"), started
    assert "tokens are not copied, for htmap cannot be imported" in started.stderr
    assert "FAIL  tokens    cannot be looked at: ModuleNotFoundError" in started.stdout


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"_condor_schedd_host": "ap.invalid"}, "no collector is named"),
        (NOWHERE, "the name of the collector, cm.invalid, cannot be resolved"),
        ({**SITE, "_CONDOR_COLLECTOR_HOST": "127.0.0.1", "_CONDOR_SCHEDD_HOST": "localhost"},
         "the collector 127.0.0.1 cannot be reached (Connection refused)"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_in_a_line_each_and_nothing_waits_for_it(
    start, default_image, environment, words
):
    running = start(default_image, "sleep", "60", environment=environment)
    running.wait_until(lambda: any(words in line for line in said(running)))
    lines = said(running)
    assert any("there is no token that HTCondor would read" in line for line in lines), lines
    # A further one may tell that the name has no domain.
    assert len(lines) <= 4, lines
    doctor = running.exec("htc-doctor")
    assert doctor.code == 1, doctor
    assert words in doctor.stdout, doctor


def test_an_access_point_that_never_answers_holds_neither_jupyter_nor_the_doctor_up(
    access_point, start, default_image
):
    # An address of that network which nobody has: no answer, not even a refusal.
    subnet = access_point.running.output("hostname", "-i").rpartition(".")[0]
    silent = f"{subnet}.250"
    environment = {"_CONDOR_SCHEDD_HOST": silent, "_CONDOR_COLLECTOR_HOST": silent}
    running = start(default_image, environment=environment, network=access_point.network)
    running.wait_until(lambda: "/lab?token=" in running.logs().stderr)
    running.wait_until(lambda: any("cannot be reached" in line for line in said(running)))
    began = time.monotonic()
    doctor = running.exec("htc-doctor")
    assert time.monotonic() - began < 15, doctor
    assert doctor.code == 1, doctor
    assert f"the collector {silent} cannot be reached" in doctor.stdout, doctor


def test_a_home_that_cannot_be_written_is_told_unless_tmp_takes_its_place(
    access_point, secret, start, default_image
):
    options = at(access_point, secret(default_image, site=access_point.token()), read_only=True)
    told = "WARNING: (no write access to|neither) /home/jovyan"
    running = start(default_image, "sleep", "60", may_say=told, **options)
    words = f"the tokens in {TOKENS} cannot be copied to {READ_BY_HTCONDOR} (Read-only file system)"
    running.wait_until(lambda: any(words in line for line in said(running)))
    asked = start(
        default_image, "condor_q", "-af", "Owner", may_say=told, tmpfs={"/tmp": ""}, **options
    ).wait()
    assert asked.code == 0, asked
    assert "attached to the access point ap.site, as alice@site\n" in asked.stderr
