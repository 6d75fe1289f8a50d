"""A schedd or collector that is down, slow, or does not let us in: named, with who asked."""

import base64
import json
import socket
import subprocess
import time

import htcondor2
import pytest
from live import run

from htmap import exceptions
from htmap.pool.schedd import locate

# A client on another machine, as far as HTCondor can tell: no configuration, and tokens alone.
ELSEWHERE = {
    "CONDOR_CONFIG": "/dev/null",
    "_CONDOR_SEC_DEFAULT_AUTHENTICATION_METHODS": "IDTOKENS",
    "_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS": "IDTOKENS",
    "_CONDOR_SEC_TOKEN_DIRECTORY": "/nonexistent",
}
ASK = """
import classad2, htcondor2
from htmap.exceptions import HTMapException
from htmap.pool import offers
from htmap.pool.schedd import Schedd, locate
try:
    {}
except HTMapException as error:
    print(type(error).__name__, error.address, error.identity, error, sep="\\n")
"""
LOOK = ASK.format("locate()")


def schedd_at(address):
    """Return the code of a schedd at an address."""
    ad = {"MyAddress": address, "Name": "ap.example.org", "CondorVersion": "25.14.1"}
    return f"Schedd(classad2.ClassAd({ad}))"


def asked(code, **environment):
    """Return the kind, address, identity and text of the error that code ends with."""
    ran = run(code, **environment)
    kind, address, identity, *text = ran.stdout.splitlines() or pytest.fail(ran.stderr)
    return kind, address, identity, "\n".join(text)


@pytest.fixture(scope="module")
def collector(htmap_pool):
    """Return the address of the pool's collector."""
    with open(htcondor2.param["COLLECTOR_ADDRESS_FILE"]) as file:
        return file.readline().strip()


@pytest.fixture
def port():
    """Return the port of somebody who listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def tokens(tmp_path):
    """Return a folder of tokens, and a function that puts one there, signed by nobody's key."""

    def put(name, mode=0o600, **claims):
        parts = ({"alg": "HS256", "kid": "POOL"}, {"iss": "site.example", **claims})
        encoded = [base64.urlsafe_b64encode(json.dumps(each).encode()) for each in parts]
        path = tmp_path / name
        path.write_text(b".".join([*encoded, base64.urlsafe_b64encode(bytes(32))]).decode())
        path.chmod(mode)

    return {**ELSEWHERE, "_CONDOR_SEC_TOKEN_DIRECTORY": str(tmp_path)}, put


def test_a_collector_that_is_down_is_named_with_its_address():
    kind, address, _, text = asked(
        LOOK, _CONDOR_SCHEDD_HOST="ap.example.org", _CONDOR_COLLECTOR_HOST="127.0.0.1:9"
    )

    assert (kind, address) == ("NoScheduler", "127.0.0.1:9")
    assert "the collector at 127.0.0.1:9 cannot be reached (Connection refused)" in text
    assert "COLLECTOR_HOST is 127.0.0.1:9: by _CONDOR_COLLECTOR_HOST in the environment" in text


def test_a_name_that_cannot_be_resolved_is_told():
    kind, address, _, text = asked(
        LOOK, _CONDOR_SCHEDD_HOST="ap.example.org", _CONDOR_COLLECTOR_HOST="cm.invalid"
    )

    assert (kind, address) == ("NoScheduler", "cm.invalid:9618")
    assert "the name cm.invalid cannot be resolved" in text


def test_a_schedd_that_the_collector_does_not_know_is_told():
    kind, _, _, text = asked(LOOK, HTMAP_CONDOR_SCHEDULER="nobody")

    assert kind == "NoScheduler"
    assert "knows no schedd nobody" in text
    assert "The setting HTCONDOR.SCHEDULER is nobody" in text


def test_a_schedd_without_a_collector_that_could_tell_where_it_is_is_told():
    kind, _, _, text = asked(LOOK, CONDOR_CONFIG="/dev/null", _CONDOR_SCHEDD_HOST="ap.example.org")

    assert kind == "NoScheduler"
    assert "no collector is known that could tell where the schedd ap.example.org is" in text


def test_a_collector_that_never_answers_is_said_to_be_slow(port):
    began = time.monotonic()
    kind, address, _, text = asked(
        LOOK,
        HTMAP_CONDOR_SCHEDULER="ap.example.org",
        HTMAP_CONDOR_COLLECTOR=f"127.0.0.1:{port}",
        _CONDOR_QUERY_TIMEOUT="6",
    )

    assert (kind, address) == ("NoScheduler", f"127.0.0.1:{port}")
    assert f"the collector at 127.0.0.1:{port} did not answer within 6 s" in text
    assert "nothing is lost" in text
    assert time.monotonic() - began < 20


def test_a_schedd_that_went_away_is_named_with_its_address():
    query = 'lambda at: at.query("false", ["ClusterId"]), "looking for jobs"'
    kind, address, _, text = asked(ASK.format(f"{schedd_at('<127.0.0.1:9>')}.call({query})"))

    assert (kind, address) == ("NoScheduler", "127.0.0.1:9")
    assert (
        "while looking for jobs: the schedd ap.example.org at 127.0.0.1:9 cannot be reached" in text
    )


def test_a_question_that_a_schedd_does_not_understand_is_no_refusal():
    with pytest.raises(exceptions.DaemonFailed, match="while asking at the schedd ") as caught:
        locate().call(lambda at: at.query("= ?", ["ClusterId"]), "asking")

    assert type(caught.value) is exceptions.DaemonFailed


def test_a_daemon_that_is_not_up_behind_the_port_it_shares_is_told(collector):
    nobody = collector.replace("sock=collector", "sock=nobody")
    kind, _, _, text = asked(
        LOOK, **ELSEWHERE, HTMAP_CONDOR_SCHEDULER="ap", HTMAP_CONDOR_COLLECTOR=nobody
    )

    assert kind == "NoScheduler"
    assert "something listens at 127.0.0.1:" in text


def test_without_a_token_it_is_said_where_one_has_to_be(collector, tmp_path):
    environment = {**ELSEWHERE, "_CONDOR_SEC_TOKEN_DIRECTORY": str(tmp_path)}
    kind, address, identity, text = asked(
        LOOK, **environment, HTMAP_CONDOR_SCHEDULER="ap", HTMAP_CONDOR_COLLECTOR=collector
    )

    assert kind == "SchedulerRefused"
    assert address == collector.strip("<>").partition("?")[0]
    assert f"There is no token that HTCondor would read in {tmp_path}" in text
    assert "condor_token_fetch" in text


def test_a_token_of_another_site_is_named_with_whose_it_is_and_by_whom(collector, tokens):
    environment, put = tokens
    put("site", sub="alice@site.example")
    put("open", 0o644, sub="bob@site.example")
    kind, address, identity, text = asked(
        LOOK, **environment, HTMAP_CONDOR_SCHEDULER="ap", HTMAP_CONDOR_COLLECTOR=collector
    )

    assert (kind, identity) == ("SchedulerRefused", "alice@site.example")
    assert f"the collector at {address} refused while looking for the schedd" in text
    assert "asked as alice@site.example, by the token " in text
    assert "site (issued by site.example, without an end)" in text
    assert "open, which has mode 0644, which others can use" in text


def test_an_expired_token_is_said_to_be_expired(tokens):
    environment, put = tokens
    put("site", sub="alice@site.example", exp=int(time.time()) - 2 * 86400 - 5)
    hold = 'lambda at: at.act(htcondor2.JobAction.Hold, "false"), "holding jobs"'
    # The bindings themselves say nothing of why that failed.
    code = ASK.format(f"{schedd_at(locate().address)}.call({hold})")
    kind, _, identity, text = asked(code, **environment)

    assert (kind, identity) == ("SchedulerRefused", "alice@site.example")
    assert "expired 2 days ago" in text
    assert "get another one, by `condor_token_fetch`" in text


def test_a_user_whom_the_schedd_knows_and_grants_nothing_is_named(tmp_path):
    made = subprocess.run(
        ["condor_token_create", "-identity", "alice@site.example"],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    (tmp_path / "site").write_text(made.stdout)
    (tmp_path / "site").chmod(0o600)
    hold = 'lambda at: at.act(htcondor2.JobAction.Hold, "false"), "holding jobs"'
    kind, _, identity, text = asked(
        ASK.format(f"{schedd_at(locate().address)}.call({hold})"),
        **{**ELSEWHERE, "_CONDOR_SEC_TOKEN_DIRECTORY": str(tmp_path)},
    )

    assert (kind, identity) == ("SchedulerRefused", "alice@site.example")
    assert "It knows us as alice@site.example, who may not do that there" in text
