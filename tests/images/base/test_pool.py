"""The personal pool of a running container: kept up, closed to others, stopped in order."""

import pytest

SUBMIT = (
    "import htcondor2, sys\n"
    "job = htcondor2.Submit({'executable': '/bin/sleep', 'transfer_executable': 'false',\n"
    "    'arguments': sys.argv[1], 'log': 'log', 'transfer_output_files': ''})\n"
    "print(htcondor2.Schedd().submit(job).cluster())\n"
)
IDLE, RUNNING = "1", "2"


def job_status(running):
    return running.exec("condor_q", "-af", "JobStatus").stdout.strip()


@pytest.fixture
def notebook(start, image):
    """Return a container with a ready pool and JupyterLab."""
    running = start(image)
    running.output("htc-pool", "wait")
    return running


def test_tools_work_without_any_setting_up(notebook):
    assert notebook.output("condor_status", "-af", "Name") == "slot1@htc-notebook"
    assert notebook.exec("condor_q").code == 0
    ask = "import htcondor2; print(htcondor2.Schedd().query())"
    assert notebook.output("python", "-c", ask) == "[]"


def test_nothing_but_jupyter_listens_off_loopback(notebook):
    notebook.wait_until(lambda: "/lab?token=" in notebook.logs().stderr)
    open_to_all = set()
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for line in notebook.output("cat", f"/proc/net/{protocol}").splitlines()[1:]:
            local, _, state = line.split()[1:4]
            address, port = local.split(":")
            loopback = address in ("0100007F", "00000000000000000000000001000000")
            if (state == "0A" or protocol.startswith("udp")) and not loopback:
                open_to_all.add(int(port, 16))
    assert open_to_all == {8888}


def test_another_user_of_the_container_can_neither_submit_nor_remove_nor_read(notebook):
    cluster = notebook.output("python", "-c", SUBMIT, "600")
    address = notebook.output("condor_status", "-schedd", "-af", "MyAddress")
    # The directory is closed to them; were it not, they would still have to say who they are.
    assert notebook.exec("ls", "/tmp/htc-pool-jovyan", user="65534").code != 0
    attempt = (
        "import classad2, htcondor2, sys\n"
        "where = classad2.ClassAd({'MyAddress': sys.argv[1], 'Name': 'x', 'MyType': 'Scheduler',\n"
        "    'CondorVersion': htcondor2.version()})\n"
        "schedd = htcondor2.Schedd(where)\n"
        "sleep = htcondor2.Submit({'executable': '/bin/sleep', 'arguments': '1'})\n"
        "for attempt in (lambda: schedd.query('true'), lambda: schedd.submit(sleep),\n"
        "                lambda: schedd.act(htcondor2.JobAction.Remove, sys.argv[2])):\n"
        "    try: print(attempt())\n"
        "    except Exception as error: print('refused')\n"
    )
    arguments = ("python", "-c", attempt, address, f"ClusterId == {cluster}")
    stranger = notebook.output(*arguments, user="65534", workdir="/tmp")
    assert stranger.splitlines() == ["refused"] * 3
    # The same attempts are not refused to the owner, or they would show nothing.
    assert "refused" not in notebook.output(*arguments, workdir="/tmp")


def test_the_pool_can_be_stopped_and_started_by_hand(notebook):
    notebook.output("htc-pool", "stop")
    assert notebook.exec("htc-pool", "status").code == 1
    assert "STOPPED" in notebook.exec("htc-pool", "status").stdout
    assert notebook.exec("htc-pool", "wait").code == 1
    assert "ready" in notebook.output("htc-pool", "start")
    assert notebook.exec("htc-pool", "status").code == 0
    assert "MasterLog" in notebook.output("htc-pool", "logs")


def test_the_pool_can_be_started_where_another_entrypoint_replaced_ours(start, image):
    running = start(image, "infinity", entrypoint="sleep")
    assert running.exec("htc-pool", "status").code == 1
    assert "ready" in running.output("htc-pool", "start")
    assert running.output("condor_status", "-af", "Name") == "slot1@htc-notebook"


def test_an_attached_container_has_no_pool_to_look_after(start, image):
    running = start(image, "sleep", "60", environment={"_condor_schedd_host": "ap.invalid"})
    for command in ("status", "wait", "start", "stop"):
        assert "attached to the access point ap.invalid" in running.output("htc-pool", command)
