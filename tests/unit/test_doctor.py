"""The doctor's judgement, without anything to judge."""

import os
import time

import pytest
from htc_pool import access, doctor, findings, health, surroundings
from htc_pool.findings import FAIL, OK, WARN, Check, Finding

from htmap.pool import reach


@pytest.mark.parametrize(
    ("theirs", "level", "words"),
    [
        (1000, OK, "agree"),
        (999, OK, "agree"),
        (1004, OK, "agree"),
        (980, WARN, "19 s ahead of"),
        (1030, WARN, "30 s behind"),
        (500, FAIL, "499 s ahead of"),
        (5000, FAIL, "4000 s behind"),
    ],
)
def test_clocks_are_compared_to_what_matters(theirs, level, words):
    found = access.clock(theirs, 1000.0, 1000.2, "the site")
    assert found.level == level
    assert words in found.text


@pytest.mark.parametrize(
    ("bindings", "daemons", "level"),
    [
        ("25.14.1", "23.9.6", OK),
        ("25.14.1", "25.14.1", OK),
        ("25.14.1", "23.0.1", WARN),
        ("25.0.10", "26.0.0", WARN),
        ("24.0.24", "23.9.6", FAIL),
    ],
)
def test_a_pair_of_versions_is_judged(bindings, daemons, level):
    words = [f"$CondorVersion: {each} 2026-07-12 PackageID $" for each in (bindings, daemons)]
    found = access.versions(*map(access.version, words))
    assert found.level == level
    assert f"{bindings}, daemons {daemons}" in found.text


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("cm.site", "cm.site", 9618),
        ("cm.site:9619", "cm.site", 9619),
        ("cm.site:0", "cm.site", 9618),
        ("alice@ap.site", "ap.site", 9618),
        ("a.site, b.site:1", "a.site", 9618),
        ("<10.0.0.1:9620?sock=collector>", "10.0.0.1", 9620),
        ("[::1]:9621", "::1", 9621),
        ("fe80::1", "fe80::1", 9618),
    ],
)
def test_an_address_as_htcondor_writes_it_is_understood(address, host, port):
    assert (reach.host(address), reach.port(address)) == (host, port)


@pytest.mark.parametrize(
    ("offered", "level"),
    [(None, OK), ([2, 1000], OK), ([1, 500], OK), ([3, 1000], WARN), ([2, 1001], WARN)],
)
def test_an_offer_beyond_what_there_is_is_warned_of(offered, level):
    assert surroundings.shared(2, 1000, "2 CPUs and 1000 MB", offered).level == level


def test_a_finding_is_one_line_with_colour_only_where_asked_for():
    found = Finding(FAIL, "pool", "is not\nthere")
    assert found.line() == "FAIL  pool      is not there"
    assert found.line(colour=True) == "\033[31mFAIL\033[0m  pool      is not there"


def hangs(environ):
    yield Finding(OK, "first", "came through")
    time.sleep(60)


def breaks(environ):
    raise ValueError("no such thing")
    yield


def asks(environ):
    yield Finding(OK, "asked", environ["A"])


def test_checks_neither_hold_up_nor_break_one_another():
    began = time.monotonic()
    found = findings.run(
        [Check("slow", hangs, "too late"), Check("bad", breaks, ""), Check("good", asks, "")],
        {"A": "answer"},
        1,
    )
    assert time.monotonic() - began < 20
    assert found == [
        Finding(OK, "first", "came through"),
        Finding(FAIL, "slow", "too late"),
        Finding(FAIL, "bad", "cannot be looked at: ValueError: no such thing"),
        Finding(OK, "asked", "answer"),
    ]


def test_every_mode_has_checks_and_each_says_what_is_late():
    for checks in (*doctor.BY_MODE.values(), doctor.EVERYWHERE):
        assert checks
        assert all(check.late for check in checks)


def test_a_setting_that_cannot_be_read_leaves_the_other_checks():
    first, *others = doctor.checks({"HTC_POOL": "yes"})
    assert [found.level for found in first.ask({})] == [FAIL]
    assert others == doctor.EVERYWHERE


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (["start-notebook.py"], True),
        (["/opt/htc/bin/python3", "-I", "/usr/local/bin/start-notebook.py", "--port=1"], True),
        (["/opt/htc/bin/python3", "/opt/htc/bin/jupyter-lab"], True),
        (["jupyter", "lab"], True),
        (["/bin/sh", "/usr/bin/run-one-constantly", "jupyter", "lab"], True),
        (["jupyterhub-singleuser"], True),
        (["jupyter", "nbconvert", "a.ipynb"], False),
        (["python", "jupyter.py"], False),
        (["bash", "-c", "jupyter lab"], False),
        (["bash"], False),
        (["pytest"], False),
        ([], False),
    ],
)
def test_a_command_that_serves_is_told_from_others(command, answer):
    assert health.serves(command) is answer


def test_what_jupyter_says_of_itself_is_read():
    info = '{\n  "port": 8888,\n  "sock": "",\n  "url": "http://localhost:8888/a/"\n}'
    assert health.field(info, "url") == "http://localhost:8888/a/"
    assert health.field(info, "sock") == health.field(info, "none") == ""


def test_the_tree_of_processes_knows_this_one_and_its_parent():
    tree = health.Tree()
    assert os.getpid() in tree.everything_below(os.getppid())
