"""Maps of people whose machine has nothing in common with the site but a network and a token."""

import json
import re

import pytest

#: What is said to Python before each program.
PRELUDE = "import htmap, os, sys, time\n"

#: Everywhere the Python of the notebook images lies at the same path, and first on the PATH.
ASSUME = {"HTMAP_DELIVERY_METHOD": "assume"}


def python(client, program, *words, **environment):
    """Run a program on somebody's machine; return what it prints."""
    return client.output(
        "python3", "-c", PRELUDE + program, *words, environment={**ASSUME, **environment}
    )


@pytest.fixture(scope="module")
def laptop(site):
    return site.laptop()


@pytest.fixture(scope="module")
def notebook(site):
    return site.notebook()


@pytest.fixture
def another(site):
    """Somebody's machine for one test."""
    return site.laptop()


def test_a_map_needs_an_address_and_a_token_and_nothing_else(laptop):
    assert python(
        laptop, "print(list(htmap.map(lambda x: 2 * x, range(4), tag='first')))"
    ).endswith("[0, 2, 4, 6]")
    said = python(laptop, "m = htmap.load('first'); print(m._folder.runs()[0].spooled, m.is_done)")
    assert said == "True True"


def test_the_addresses_may_be_in_the_settings_file(another):
    written = '[HTCONDOR]\nSCHEDULER = "ap.site"\nCOLLECTOR = "cm.site"\n'
    another.output("sh", "-c", 'printf %s "$0" > ~/.htmaprc', written)
    said = python(
        another,
        "print(list(htmap.map(abs, [-1])))",
        _CONDOR_SCHEDD_HOST="",
        _CONDOR_COLLECTOR_HOST="",
    )
    assert said.endswith("[1]")


EVERYTHING = """
import json, pathlib
from htmap import MapOptions, TransferPath
folder = pathlib.Path.home() / "everything"
folder.mkdir()
(folder / "in put").write_text("sent")

def work(x, path):
    print("said", x)
    print("warned", x, file=sys.stderr)
    if x == 2:
        raise ValueError("two")
    pathlib.Path("made").write_text(f"made {x}")
    pathlib.Path("elsewhere").write_text(f"else {x}")
    htmap.transfer_output_files("made")
    return x, path.read_text()

options = MapOptions(
    request_memory="200MB",
    output_remaps=[{"elsewhere": TransferPath(folder / f"there {x}; a=b")} for x in range(4)],
)
m = htmap.starmap(
    work, [(x, TransferPath(folder / "in put")) for x in range(4)], map_options=options, tag="all"
)
m.hold()
held = [str(s) for s in m.component_statuses]
m.set_memory(300)
m.release()
m.wait(timeout=120, errors_ok=True)
report = ["ValueError: two" in report for report in m.error_reports()]
out = {
    "held": held,
    "statuses": [str(s) for s in m.component_statuses],
    "results": [m[x] for x in (0, 1, 3)],
    "stdout": list(m.stdout),
    "stderr": m.stderr[1],
    "files": [(m.output_files[x] / "made").read_text() for x in (0, 1, 3)],
    "elsewhere": [(folder / f"there {x}; a=b").read_text() for x in (0, 1, 3)],
    "errors": report,
    # A job may be over before HTCondor has looked at it.
    "memory": any(mb > 0 for mb in m.memory_usage),
}
m.rerun([0])
m.wait(timeout=120, errors_ok=True)
out["again"] = m[0]
m.retag("renamed")
m.remove()
out["tags"] = htmap.get_tags("renamed")
print(json.dumps(out))
"""


def test_all_that_maps_do_they_do_from_afar(laptop):
    said = json.loads(python(laptop, EVERYTHING).splitlines()[-1])
    assert said == {
        "held": ["HELD"] * 4,
        "statuses": ["COMPLETED", "COMPLETED", "ERRORED", "COMPLETED"],
        "results": [[0, "sent"], [1, "sent"], [3, "sent"]],
        "stdout": [f"said {x}\n" for x in range(4)],
        "stderr": "warned 1\n",
        "files": ["made 0", "made 1", "made 3"],
        "elsewhere": ["else 0", "else 1", "else 3"],
        "errors": [True],
        "memory": True,
        "again": [0, "sent"],
        "tags": [],
    }


def test_maps_of_a_notebook_run_in_its_own_image(notebook):
    said = notebook.output(
        "python", "-c",
        PRELUDE + "here = lambda x: (os.path.exists('/etc/condor/roles'), sys.executable)\n"
        "m = htmap.map(here, [0], quiet=True)\n"
        "print(m.get(0, timeout=100), m._folder.runs()[0].submit['delivery']['universe'])",
    )  # fmt: skip
    # What the execute points have is not there.
    assert said == "(False, '/opt/htc/bin/python3') container"


def test_a_file_system_that_the_access_point_has_too_is_found_and_used(site):
    home = "/srv/homes/alice"
    site.ap.output("install", "--directory", "--owner=alice", "--mode=700", home)
    alice = site.ap.output("id", "-u", "alice")
    beside = site.laptop(
        uid=alice,
        volumes={f"{site.name}_homes": {"bind": "/srv/homes", "mode": "rw"}},
        # This user has no home in the container's list of users, where HTCondor looks.
        environment={"HOME": home, "_CONDOR_SEC_TOKEN_DIRECTORY": f"{home}/.condor/tokens.d"},
    )
    said = python(
        beside,
        "m = htmap.map(lambda x: print(x) or 2 * x, range(3), quiet=True)\n"
        "print(list(m), list(m.stdout), m._folder.runs()[0].spooled)",
    )
    assert said == "[0, 2, 4] ['0\\n', '1\\n', '2\\n'] False"


def test_components_that_share_jobs_use_all_of_the_site(laptop):
    said = python(
        laptop,
        "import socket\n"
        "m = htmap.map(lambda x: (x, socket.gethostname()), range(500), chunksize=10)\n"
        "found = list(m)\n"
        "print(sum(x for x, _ in found), *sorted({host for _, host in found}))",
    )
    assert said.splitlines()[-1] == "124750 ep1.site ep2.site"


def test_a_look_at_several_maps_asks_the_schedd_once(site, another):
    def queries():
        ask = "condor_status", "-schedd", "-direct", "ap.site", "-long", "-statistics", "DC:2"
        counts = re.findall(r"(?m)^DCCommand_QUERY_JOB_ADS\w* = (\d+)$", site.ap.output(*ask))
        return sum(map(int, counts))

    never = "htmap.map(abs, [1], quiet=True, map_options=htmap.MapOptions(requirements='false'))"
    python(another, f"for _ in range(3): {never}")
    before = queries()
    assert python(another, "print(htmap.status(include_meta=False))").count(" 1 ") == 3
    assert queries() - before == 1
    python(another, "for m in htmap.load_maps(): m.remove()")


def test_two_users_have_maps_of_the_same_tag_and_do_not_meet(site, laptop):
    bob = site.laptop("bob")
    hold = "htmap.map(abs, [-1], htmap.MapOptions(hold='true'), tag='same')"
    python(laptop, hold)
    python(bob, hold)
    owners = site.ap.output(
        "condor_q", "-all", "-constraint", 'JobBatchName == "same"', "-af", "Owner"
    )
    assert sorted(owners.split()) == ["alice", "bob"]
    python(bob, "htmap.load('same').remove()")
    assert (
        python(laptop, "m = htmap.load('same'); print(*m.component_statuses); m.remove()") == "HELD"
    )


# Each component takes a while, so that a misfortune meets some of them running.
SLOW = """
def slow(x):
    time.sleep(2)
    return 2 * x
# The bindings' own lease would be 40 minutes.
m = htmap.map(slow, range(24), htmap.MapOptions(job_lease_duration=20), tag="misfortune")
print(m._folder.map_id)
"""
RESULT = "print(sum(htmap.load('misfortune').iter(timeout=150)))"
RUNNING = "print(sum(s == 'RUNNING' for s in htmap.load('misfortune').component_statuses))"


def begun(client):
    """Make a map, and wait until some of it runs; return its id."""
    map_id = python(client, SLOW).splitlines()[-1]
    client.wait_until(lambda: int(python(client, RUNNING)) > 4)
    return map_id


@pytest.mark.slow
def test_an_execute_point_that_dies_costs_no_result(site, another):
    begun(another)
    with site.killed("ep2"):
        assert python(another, RESULT) == "552"


def test_an_execute_point_that_is_cut_off_costs_no_result(site, another):
    begun(another)
    with site.cut_off("ep2"):
        pass
    assert python(another, RESULT) == "552"


def test_an_access_point_that_starts_anew_costs_no_result(site, another):
    begun(another)
    site.restart("ap")
    assert python(another, RESULT) == "552"


def test_what_ends_while_the_laptop_is_offline_is_fetched_when_it_is_back(site, another):
    jobs = ("condor_q", "-all", "-constraint", f'HTMapID == "{begun(another)}"', "-af", "JobStatus")
    with site.offline(another):
        site.ap.wait_until(lambda: set(site.ap.output(*jobs).split()) == {"4"}, timeout=90)
        offline = another.exec(
            "python3", "-c", PRELUDE + "print(htmap.load('misfortune').status())",
            # Or the bindings ask a name server for this machine's name first, which is not there.
            environment={**ASSUME, "_CONDOR_NETWORK_HOSTNAME": "laptop"},
        )  # fmt: skip
        assert "Map misfortune (24 components)" in offline.stdout, offline
        assert "cm.site" in offline.stderr, offline
    assert python(another, RESULT) == "552"


def test_a_token_that_is_revoked_is_named_and_costs_no_result(site):
    token = site.token()
    client = site.laptop(token=token)
    begun(client)
    with site.revoked(token):
        refused = client.exec("python3", "-c", PRELUDE + "htmap.map(abs, [-1])", environment=ASSUME)
        assert "htmap.exceptions." in refused.stderr, refused
        assert "alice@site" in refused.stderr, refused
        looked = client.exec(
            "python3", "-c", PRELUDE + "print(htmap.load('misfortune').status())",
            environment=ASSUME,
        )  # fmt: skip
        assert looked.code == 0, looked
    assert python(client, RESULT) == "552"


def test_an_access_point_that_does_not_answer_is_waited_for(site, another):
    begun(another)
    with site.paused("ap"):
        pass
    assert python(another, RESULT) == "552"
