"""The site's pool, as users of a Hub have it: the one of examples/site."""

import re

import pytest
from browsers import run_in_new_notebook
from people import MAP, choose_pool, log_in, wait_for_lab
from playwright.sync_api import expect
from scripts import told


@pytest.fixture(scope="module")
def hub(site, start_hub, host_directory):
    """Return a Hub on the site's network, with a token for each of two users."""
    tokens = host_directory(
        "".join(
            f"mkdir {user} && echo '{site.token(user)}' > {user}/site;" for user in ("alice", "bob")
        )
    )
    hub = start_hub(
        HUB_NETWORK=site.network, SITE_ACCESS_POINT="ap.site", SITE_COLLECTOR="cm.site",
        SITE_TOKENS=tokens,
    )  # fmt: skip
    yield hub
    # A network that somebody is on cannot be removed.
    hub.end()


@pytest.fixture
def servers(hub):
    """Return the servers of two users who have accounts at the site, and stop them at the end."""
    both = [hub.server(hub.user(user)) for user in ("alice", "bob")]
    yield both
    for server in both:
        if server.is_known():
            server.stop()


def test_a_new_user_logs_in_and_maps_over_inputs_in_the_sites_pool(hub, site, servers, new_page):
    page = new_page()
    log_in(page, hub, "alice")
    choose_pool(page, "site")
    wait_for_lab(page)
    outputs = run_in_new_notebook(page, MAP)
    expect(outputs.last).to_have_text("[0, 1, 8, 27, 64, 125]", timeout=100_000)
    assert "attached to the access point ap.site, as alice@site" in servers[0].logs()
    expect(page.locator(".htc-pool")).to_have_text(re.compile(r"^ap\.site: (no|\d+) jobs?"))
    # It was the site that did it.
    assert site.ap.output("condor_history", "-af", "Owner", "-limit", "1") == "alice"


# Jobs that take longer than it takes to stop a server.
BEGIN = """
htmap.map(lambda x: time.sleep(4) or x, range(2), tag="slow", quiet=True)
print("null")
"""


def test_jobs_at_the_site_go_on_without_the_server_and_their_results_are_there_when_it_is_back(
    site, servers
):
    server = servers[1].start(pool="site")
    told(server, BEGIN)
    server.stop()
    ended = ("condor_q", "-allusers", "-af", "ProcId", "-constraint")
    slow = 'Owner == "bob" && JobBatchName == "slow" && JobStatus == 4'
    site.ap.wait_until(lambda: site.ap.output(*ended, slow).split() == ["0", "1"], timeout=100)
    server.start(pool="site")
    assert told(server, 'print(json.dumps(list(htmap.load("slow"))))') == [0, 1]


def test_two_users_of_the_site_see_their_own_jobs_and_cannot_touch_the_others(servers):
    alice, bob = (server.start(pool="site") for server in servers)
    (cluster,) = set(told(bob, """
htmap.remove("waits", not_exist_ok=True)
m = htmap.map(lambda x: x, range(2), tag="waits", quiet=True,
              map_options=htmap.MapOptions(custom_options={"requirements": "false"}))
until(lambda: m.component_statuses == ["IDLE", "IDLE"])
asked = ["condor_q", "-af", "ClusterId", "-constraint", 'JobBatchName == "waits"']
print(json.dumps(subprocess.run(asked, capture_output=True, text=True).stdout.split()))
"""))  # fmt: skip
    assert "waits" not in alice.run("condor_q", "-af", "JobBatchName").split()
    assert "waits" not in alice.run("htmap", "tags").split()
    # What it says depends on whether she has jobs of her own.
    removes = f"condor_rm {cluster} >/dev/null 2>&1 && echo removed || echo refused"
    assert alice.run("sh", "-c", removes) == "refused"
    statuses = 'print(json.dumps([str(s) for s in htmap.load("waits").component_statuses]))'
    assert told(bob, statuses) == ["IDLE", "IDLE"]
