"""What the tests of maps do to a site really happens to it, and it is whole again afterwards."""

import time

SLEEP = """
executable = /bin/sleep
transfer_executable = false
transfer_output_files = ""
should_transfer_files = yes
arguments = {seconds}
log = /home/alice/log
{more}
queue
"""

ON_EP2 = 'requirements = Machine == "ep2.site"'


def submit(site, seconds, more=""):
    """Submit a job on the access point itself; return its cluster."""
    write = 'echo "$0" > job; rm -f log; condor_submit -terse job'
    job = SLEEP.format(seconds=seconds, more=more)
    return site.ap.output("sh", "-c", write, job, user="alice", workdir="/home/alice").split(".")[0]


def forget(site):
    """Let no job be in the queue, whatever has become of the host that ran it."""
    site.ap.output("condor_rm", "-all")
    site.ap.exec("condor_rm", "-forcex", "-all")


def events(site):
    """Return the numbers of the events of the job that was submitted last."""
    log = site.ap.output("cat", "/home/alice/log")
    return [line[:3] for line in log.splitlines() if line[:3].isdigit()]


def test_a_job_goes_on_where_a_host_is_cut_off_for_a_while(site):
    submit(site, 6, ON_EP2)
    site.ap.wait_until(lambda: "001" in events(site))
    address = site.ap.output("getent", "hosts", "ep2.site")
    with site.cut_off("ep2"):
        # Nobody knows it any more.
        assert site.ap.exec("getent", "hosts", "ep2.site").code == 2
        time.sleep(1)
    assert site.ap.output("getent", "hosts", "ep2.site") == address
    site.ap.wait_until(lambda: "005" in events(site))
    assert events(site).count("001") == 1


def test_a_host_that_loses_its_power_loses_its_jobs_and_comes_back(site):
    submit(site, 60, ON_EP2)
    site.ap.wait_until(lambda: "001" in events(site))
    with site.killed("ep2"):
        # Once its lease is over, the job is run again.
        site.ap.wait_until(lambda: "022" in events(site))
    forget(site)


def test_the_queue_outlives_its_access_point(site):
    held = submit(site, 1, "hold = true")
    running = submit(site, 60, ON_EP2)
    site.ap.wait_until(lambda: "001" in events(site))
    site.restart("ap")
    asked = ("condor_q", "-all", "-af", "ClusterId", "JobStatus")
    site.ap.wait_until(lambda: site.ap.output(*asked).split() == [held, "5", running, "2"])
    # In another container too, for it is in a volume.
    site.replace("ap")
    assert site.ap.output(*asked).split()[:2] == [held, "5"]
    forget(site)


def test_a_token_that_is_revoked_lets_nobody_in(site):
    token = site.token()
    laptop, other = site.laptop(token=token), site.laptop()
    ask = ("python3", "-c", "import htcondor2; print(htcondor2.Schedd().query())")
    assert laptop.output(*ask) == "[]"
    with site.revoked(token):
        refused = laptop.exec(*ask)
        assert "HTCondorException" in refused.stderr, refused
        assert other.output(*ask) == "[]"
    assert laptop.output(*ask) == "[]"


def test_an_access_point_that_is_paused_answers_late_and_forgets_nothing(site):
    notebook = site.notebook()
    with site.paused("ap"):
        assert notebook.exec("timeout", "1", "condor_q").code == 124
    assert notebook.exec("timeout", "10", "condor_q").code == 0
