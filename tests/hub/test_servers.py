"""Users' servers: each with a pool of its own, which outlives them, and none of another's."""

import requests
from scripts import told

# More components than there are CPUs: one runs, others wait in the queue.
BEGIN = """
m = htmap.map(when, ["/home/jovyan/gate"] * 4, tag="gate", quiet=True)
until(lambda: "RUNNING" in m.component_statuses)
print(json.dumps(sorted({str(status) for status in m.component_statuses})))
"""
GO_ON = """
m = htmap.load("gate")
before = [str(status) for status in m.component_statuses]
open("/home/jovyan/gate", "w").close()
print(json.dumps([before.count("COMPLETED"), list(m)]))
"""


def test_a_server_that_is_stopped_and_started_again_goes_on_with_its_map(hub):
    server = hub.server(hub.user("erin")).start(pool="personal")
    assert told(server, BEGIN) == ["IDLE", "RUNNING"]
    server.stop()
    server.start()
    assert told(server, GO_ON) == [0, ["seen"] * 4]


def test_a_server_that_is_culled_loses_no_map(hub):
    server = hub.server(hub.user("olaf")).start(pool="personal")
    assert told(server, BEGIN) == ["IDLE", "RUNNING"]
    hub.start(HUB_CULL_AFTER="2")
    server.wait_for_end()
    assert "Culling server olaf" in hub.logs()
    hub.start(HUB_CULL_AFTER="3600")
    server.start()
    assert told(server, GO_ON) == [0, ["seen"] * 4]


def test_the_pool_offers_what_the_hub_grants(hub):
    server = hub.server(hub.user("frank")).start(pool="personal")
    server.run("htc-pool", "wait")
    offered = server.run("condor_status", "-af", "TotalSlotCpus", "TotalSlotMemory").splitlines()[0]
    # 2 CPUs, and of 4 GB what is left after the notebook's tenth.
    assert offered == "2 3687"
    assert server.run("sh", "-c", 'echo "$CPU_LIMIT $MEM_LIMIT"') == "2.0 4294967296"


def test_two_users_at_once_see_nothing_of_each_other(hub):
    servers = [hub.server(hub.user(name)).start(pool="personal") for name in ("grace", "heidi")]
    seen = [
        told(server, f"""
m = htmap.map(when, ["/home/jovyan/gate"], tag="{server.user}s", quiet=True)
until(lambda: m.component_statuses == ["RUNNING"])
jobs = subprocess.getoutput("condor_q -allusers -global -af JobBatchName").splitlines()
machines = subprocess.getoutput("condor_status -af Machine").splitlines()
print(json.dumps([list(htmap.get_tags()), sorted(set(jobs)), sorted(set(machines))]))
""") for server in servers]  # fmt: skip
    for server, (tags, jobs, machines) in zip(servers, seen, strict=True):
        assert tags == [f"{server.user}s"]
        assert jobs == [f"{server.user}s"]
        assert len(machines) == 1

    # From the other's container there is Jupyter alone, and it does not let in.
    grace, heidi = servers
    reached = grace.python(f"""
import socket, urllib.request, urllib.error
there = socket.gethostbyname("{heidi.container}")
ports = []
for port in range(1, 65536):
    with socket.socket() as s:
        s.settimeout(1)
        if s.connect_ex((there, port)) == 0:
            ports.append(port)
print(ports)
""")
    assert reached == "[8888]"
    # Nor through the Hub: who logs in as one has no right to the other's server.
    session = requests.Session()
    form = {"username": "grace", "password": hub.password}
    session.get(f"{hub.url}/hub/login", timeout=30)
    form["_xsrf"] = session.cookies["_xsrf"]
    assert session.post(f"{hub.url}/hub/login", data=form, timeout=30).ok
    assert session.get(f"{hub.url}/user/grace/api/status", timeout=30).status_code == 200
    refused = session.get(f"{hub.url}/user/heidi/api/status", timeout=30)
    assert refused.status_code in (403, 404), refused.text


def test_a_named_server_has_a_pool_of_its_own_and_the_same_home(hub):
    first = hub.server(hub.user("ivan")).start(pool="personal")
    second = hub.server("ivan", "big").start(pool="personal")
    for server, tag in ((first, "one"), (second, "two")):
        told(server, f"""
m = htmap.map(when, ["/home/jovyan/gate-{tag}"], tag="{tag}", quiet=True)
until(lambda: m.component_statuses == ["RUNNING"])
print("null")
""")  # fmt: skip
    queues = [server.run("condor_q", "-af", "JobBatchName") for server in (first, second)]
    assert queues == ["one", "two"]
    # One stops without the other; its map waits for it, and both can be seen from either.
    second.stop()
    assert told(first, """
statuses = {m.tag: [str(status) for status in m.component_statuses] for m in htmap.load_maps()}
print(json.dumps(statuses))
""") == {"one": ["RUNNING"], "two": ["IDLE"]}  # fmt: skip
    second.start()
    for server, tag in ((first, "one"), (second, "two")):
        gate = f'open("/home/jovyan/gate-{tag}", "w").close()'
        assert told(server, f'{gate}\nprint(json.dumps(list(htmap.load("{tag}"))))') == ["seen"]


def test_a_pool_that_is_no_choice_is_refused(hub):
    user = hub.user("mia")
    assert hub.api("POST", f"users/{user}/server", json={"pool": "site"}).status_code == 403
    unknown = hub.api("POST", f"users/{user}/server", json={"pool": "moon"})
    assert unknown.status_code == 400
    assert "There is no pool 'moon' here: choose one of personal, site" in unknown.text


def test_people_with_accounts_work_as_themselves_in_their_own_homes(start_hub, host_directory):
    homes = host_directory("install -d -m 700 -o 4321 -g 8765 lena")
    hub = start_hub(HUB_CONFIG="system_users.py", HUB_HOMES=homes)
    hub.compose("exec", "hub", "groupadd", "--gid", "8765", "lena")
    hub.compose("exec", "hub", "useradd", "--uid", "4321", "--gid", "8765", "lena")
    server = hub.server(hub.user("lena")).start(pool="personal")
    assert told(server, """
m = htmap.map(lambda _: [os.getuid(), os.getgid(), os.path.expanduser("~")], range(1), quiet=True)
print(json.dumps(list(m) + [os.stat("/home/lena/.htmap").st_uid]))
""", user="lena") == [[4321, 8765, "/home/lena"], 4321]  # fmt: skip
    # The home may be on a network; the queue is not.
    assert server.run("readlink", "-f", "/tmp/htc-pool-lena") == "/var/lib/htc-pool/default"


def test_servers_outlive_the_hub(hub):
    server = hub.server(hub.user("kate")).start(pool="personal")
    hub.compose("restart", "hub")
    hub.start()
    assert server.is_known()
    assert requests.get(f"{hub.url}/user/kate/api", timeout=30).json()["version"]
