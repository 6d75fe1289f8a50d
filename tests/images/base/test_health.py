"""The container's health: whether what is meant to run does, as the engine sees it."""

import pytest

SECOND = 1_000_000_000
# As the image has it, but quick to look again.
OFTEN = {"interval": SECOND, "timeout": 10 * SECOND, "start_period": 60 * SECOND, "retries": 1}
BROKEN_POOL = {"_CONDOR_LOG": "/proc/none"}


def probe(running, **options):
    """Return whether the probe finds all well, and what it says."""
    result = running.exec("htc-healthcheck", **options)
    if not (result.stdout or result.stderr):
        # On a busy machine the engine may lose what a command prints that ends at once.
        result = running.exec("htc-healthcheck", **options)
    assert result.stderr == "", result
    assert result.stdout.count("\n") == 1, result
    return result.code == 0, result.stdout.strip()


def says(running, *words, **options):
    """Return whether the probe says these words."""
    return all(word in probe(running, **options)[1] for word in words)


def status(running):
    running.container.reload()
    return running.container.attrs["State"]["Health"]["Status"]


def test_a_notebook_is_healthy_once_pool_and_jupyter_are_up_and_not_when_jupyter_hangs(
    start, image
):
    running = start(image, healthcheck=OFTEN)
    running.wait_until(lambda: status(running) == "healthy", timeout=60)
    assert probe(running) == (True, "the pool is up; Jupyter answers")
    # Whoever asks: the engine asks as the user that the container is configured with.
    assert probe(running, user="root") == (True, "the pool is up; Jupyter answers")
    # A proxy is for what is outside.
    proxy = {"http_proxy": "http://192.0.2.1:1", "HTTPS_PROXY": "http://192.0.2.1:1"}
    assert probe(running, environment=proxy)[0]
    # Alive, but not answering.
    running.output("pkill", "-STOP", "-f", "jupyter-lab")
    running.wait_until(lambda: status(running) == "unhealthy", timeout=60)
    assert says(running, "Jupyter does not answer at http://localhost:8888/api")
    running.output("pkill", "-CONT", "-f", "jupyter-lab")
    running.wait_until(lambda: status(running) == "healthy", timeout=60)


def test_a_pool_that_has_died_is_unhealthy_and_one_that_was_stopped_by_hand_is_not(start, image):
    running = start(image, "sleep", "600")
    running.wait_until(lambda: probe(running) == (True, "the pool is up"))
    running.output("htc-pool", "stop")
    assert probe(running) == (True, "the pool was stopped by hand")
    running.output("htc-pool", "start")
    assert probe(running) == (True, "the pool is up")
    running.output("pkill", "-STOP", "-f", "supervisord")
    running.output("pkill", "-KILL", "condor_schedd")
    running.output("pkill", "-KILL", "condor_master")
    assert not probe(running)[0]
    running.output("pkill", "-CONT", "-f", "supervisord")
    running.wait_until(lambda: probe(running) == (True, "the pool is up"))


def test_a_pool_that_does_not_stay_up_makes_a_notebook_unhealthy(start, default_image):
    running = start(
        default_image, environment=BROKEN_POOL, healthcheck={**OFTEN, "start_period": 1_000_000},
        may_say="Cannot open log file",
    )  # fmt: skip
    running.wait_until(lambda: says(running, "see `htc-pool logs`"), timeout=60)
    running.wait_until(lambda: status(running) == "unhealthy")


@pytest.mark.parametrize(
    "environment", [{"HTC_POOL": "none"}, {"_CONDOR_SCHEDD_HOST": "ap.invalid"}]
)
def test_where_no_pool_is_meant_to_run_only_jupyter_counts(start, default_image, environment):
    running = start(default_image, environment=environment)
    shell = start(default_image, "sleep", "60", environment=environment)
    shell.wait_until(lambda: probe(shell) == (True, "nothing here is looked after"))
    running.wait_until(lambda: probe(running) == (True, "Jupyter answers"), timeout=60)


CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=x -keyout /tmp/k -out /tmp/c"
    " 2> /tmp/said && exec jupyter lab --certfile=/tmp/c --keyfile=/tmp/k"
)


@pytest.mark.parametrize(
    "command",
    [
        ["jupyter", "lab", "--port=9999", "--ServerApp.base_url=/a/b", "--ip=0.0.0.0"],
        ["jupyter", "server", "--ip=::1"],
        ["jupyter-lab", "--ServerApp.sock=/tmp/jupyter.sock"],
        ["start-notebook.py", "--ServerApp.base_url=/x/"],
        ["sh", "-c", CERTIFICATE],
    ],
    ids=lambda command: " ".join(command[:3]),
)  # fmt: skip
def test_jupyter_is_found_wherever_it_listens(start, default_image, command):
    running = start(default_image, *command, environment={"HTC_POOL": "none"})
    running.wait_until(lambda: probe(running) == (True, "Jupyter answers"), timeout=60)
    assert probe(running, user="root")[0]


def test_what_an_earlier_container_left_in_the_home_is_not_taken_for_the_server(
    start, default_image
):
    folder = "/home/jovyan/.local/share/jupyter/runtime"
    stale = 'for pid in $(seq 200); do echo \'{"url": "http://localhost:1/"}\' > jpserver-$pid.json'
    script = f"mkdir -p {folder}; cd {folder}; {stale}; done; cd; exec htc-launch start-notebook.py"
    running = start(default_image, "-g", "--", "sh", "-c", script, entrypoint="tini")
    running.wait_until(lambda: says(running, "Jupyter answers"), timeout=60)


HUB = """
import http.server, json
class Hub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"version": "5.0"}).encode())
    do_POST = do_GET
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", 9999), Hub).serve_forever()
"""


def test_a_hubs_server_is_healthy_below_its_own_address(start, default_image):
    hub = {
        "JUPYTERHUB_API_TOKEN": "of-a-hub",
        "JUPYTERHUB_API_URL": "http://127.0.0.1:9999/hub/api",
        "JUPYTERHUB_SERVICE_URL": "http://0.0.0.0:8888/user/someone/",
        "JUPYTERHUB_SERVICE_PREFIX": "/user/someone/",
        "JUPYTERHUB_USER": "someone",
        "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-someone",
        "HTC_POOL": "none",
    }
    script = 'python -c "$HUB" & exec jupyterhub-singleuser'
    hub["HUB"] = HUB
    running = start(default_image, "sh", "-c", script, environment=hub, may_say=".")
    running.wait_until(lambda: probe(running) == (True, "Jupyter answers"), timeout=60)


def test_a_user_made_at_the_start_is_looked_after_by_root(start, default_image):
    someone = {"NB_USER": "alice", "NB_UID": "1234", "HTC_POOL": "none"}
    running = start(default_image, user="root", environment=someone)
    assert running.output("id", "-u") == "0"
    running.wait_until(lambda: probe(running) == (True, "Jupyter answers"), timeout=60)


def test_a_container_whose_entrypoint_is_another_is_healthy(start, default_image):
    running = start(default_image, "-f", "/dev/null", entrypoint="tail")
    assert probe(running) == (True, "nothing here is looked after")


def test_the_engine_looks_every_half_minute_and_more_often_at_the_start(engine, image):
    check = engine.images.get(image).attrs["Config"]["Healthcheck"]
    assert check["Test"] == ["CMD", "htc-healthcheck"]
    assert check["Interval"] == 30 * SECOND
    assert check["StartInterval"] == SECOND
