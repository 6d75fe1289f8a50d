"""The site itself: what it has, whom it lets in, and that jobs from outside run there."""

import pytest
from sites import IMAGE, NOTEBOOK


@pytest.fixture(scope="module")
def notebook(site):
    return site.notebook()


@pytest.fixture(scope="module")
def laptop(site):
    return site.laptop()


def test_both_execute_points_offer_their_slots_and_one_has_containers(notebook):
    asked = notebook.output(
        "condor_status", "-constraint", "PartitionableSlot",
        "-af", "Machine", "TotalCpus", "HasContainer", "HasDocker",
    )  # fmt: skip
    assert sorted(asked.splitlines()) == [
        "ep1.site 6.0 true true", "ep2.site 6.0 undefined undefined"
    ]  # fmt: skip


def test_the_doctor_finds_nothing_wrong_in_a_notebook_beside_it(notebook, engine):
    doctor = notebook.exec("htc-doctor")
    assert doctor.code == 0, doctor
    lines = doctor.stdout.splitlines()
    version = engine.images.get(IMAGE).labels["org.htcondor.condor-version"]
    for line in (
        "mode      attached to the access point ap.site; no pool in this container",
        "site      the access point ap.site grants READ and WRITE to alice@site (IDTOKENS)",
        "clock     that of the access point ap.site and this one agree",
        f"versions  bindings (the htcondor wheel) 25.14.1, daemons {version}",
    ):
        assert f"ok    {line}" in lines, doctor
    status = notebook.exec("htc-pool", "status")
    assert status.code == 0, status
    assert "attached to the access point ap.site" in status.stdout, status


PING = """
import htcondor2
schedd = htcondor2.Collector().locate(htcondor2.DaemonType.Schedd)
for level in "READ", "WRITE":
    answer = htcondor2.ping(schedd, level)
    print(level, *(answer[name] for name in ("MyRemoteUserName", "AuthMethods", "Encryption",
          "CryptoMethods", "Integrity", "AuthorizationSucceeded")))
"""


def test_what_is_said_is_signed_and_encrypted_for_somebody_known(laptop):
    assert laptop.output("python3", "-c", PING) == (
        "READ alice@site IDTOKENS YES AES YES True\nWRITE alice@site IDTOKENS YES AES YES True"
    )


OFF = {f"_CONDOR_SEC_CLIENT_{what}": "NEVER" for what in ("ENCRYPTION", "INTEGRITY")}


@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        ({"_CONDOR_SEC_CLIENT_ENCRYPTION": "NEVER"}, "Unable to reconcile!"),
        ({"_CONDOR_SEC_CLIENT_AUTHENTICATION": "NEVER", **OFF}, "Unable to reconcile!"),
        ({"_CONDOR_SEC_TOKEN_DIRECTORY": "/nowhere"}, "required authentication of"),
    ],
    ids=["in the clear", "without authentication", "without a token"],
)  # fmt: skip
def test_neither_central_manager_nor_access_point_answers_anybody_else(
    site, laptop, settings, refusal
):
    # By its address, for the central manager does not tell it.
    address = site.cm.output("condor_status", "-schedd", "-af", "MyAddress")
    program = (
        "import htcondor2, classad2; "
        f"ap = classad2.ClassAd({{'MyAddress': {address!r}, 'CondorVersion': ''}}); htcondor2."
    )
    asked = {
        site.cm: ("CollectorLog", "Collector().query(htcondor2.AdType.Startd)"),
        site.ap: ("SchedLog", "Schedd(ap).query()"),
    }
    for host, (log, question) in asked.items():
        refused = ("grep", "--count", refusal, f"/var/log/condor/{log}")
        before = host.exec(*refused).stdout
        answer = laptop.exec("python3", "-c", program + question, environment=settings)
        assert "HTCondorException" in answer.stderr, answer
        assert int(host.output(*refused)) > int(before), (host, answer)


JOB = """
executable = /bin/sh
transfer_executable = false
arguments = "-c 'id -u; hostname; cat greeting; command -v python3; ls -d /etc/condor/roles'"
transfer_input_files = greeting
transfer_output_files = ""
should_transfer_files = yes
output = said
error = wrong
request_memory = 256MB
"""
IN_CONTAINER = f"""
universe = container
container_image = docker://{NOTEBOOK}
docker_override_entrypoint = true
"""


def run(notebook, job):
    """Return what a job prints, submitted with the files of a folder of the notebook."""
    folder = notebook.output("mktemp", "--directory")
    notebook.output("sh", "-c", 'echo hello > greeting; echo "$0" > job', job, workdir=folder)
    submitted = notebook.output("condor_submit", "-spool", "-terse", "job", workdir=folder)
    cluster = submitted.split(".")[0]

    def done():
        status, reason = notebook.output(
            "condor_q", cluster, "-af:,", "JobStatus", "HoldReasonCode"
        ).split(", ")
        # While its files are on their way it is held, for this reason.
        assert status != "5" or reason == "16", notebook.output("condor_q", cluster, "-hold")
        return status == "4"

    notebook.wait_until(done)
    notebook.output("condor_transfer_data", cluster, workdir=folder)
    said = notebook.output("cat", "wrong", "said", workdir=folder)
    notebook.output("rm", "-r", folder)
    return said.splitlines()


def test_a_job_submitted_from_a_notebook_runs_as_its_user_and_brings_its_files_home(notebook):
    user, host, *rest = run(notebook, f"{JOB} queue")
    assert (user, host) in {("1001", "ep1.site"), ("1001", "ep2.site")}
    assert rest == ["hello", "/opt/htc/bin/python3", "/etc/condor/roles"]


def test_a_job_runs_in_the_notebooks_own_image(notebook):
    wrong, user, host, *rest = run(notebook, f"{JOB}{IN_CONTAINER} queue")
    # What the execute points have is not there.
    assert "cannot access '/etc/condor/roles'" in wrong
    assert (user, host.endswith("-ep1.site")) == ("1001", True)
    assert rest == ["hello", "/opt/htc/bin/python3"]


FROM_AFAR = r"""
import pathlib, shutil, time
import htcondor2
assert not shutil.which("condor_submit")
schedd = htcondor2.Schedd()
job = schedd.submit(htcondor2.Submit({
    "executable": "/bin/sh",
    "transfer_executable": "false",
    "arguments": "\"-c 'hostname > $(Process)'\"",
    "transfer_output_files": "$(Process)",
    "should_transfer_files": "yes",
}), count=3, spool=True)
schedd.spool(job)
mine = f"ClusterId == {job.cluster()}"
while any(ad["JobStatus"] != 4 for ad in schedd.query(mine, ["JobStatus"])):
    time.sleep(0.1)
schedd.retrieve(mine)
print({pathlib.Path(name).read_text().strip().split(".")[1] for name in "012"})
while any(ad.eval("LeaveJobInQueue") for ad in schedd.query(mine)):
    time.sleep(0.1)
"""


def test_what_was_submitted_from_a_laptop_comes_home_and_may_leave_the_queue(laptop):
    folder = laptop.output("mktemp", "--directory")
    said = laptop.output("timeout", "40", "python3", "-c", FROM_AFAR, workdir=folder)
    assert said == "{'site'}"


def test_a_user_sees_the_jobs_of_another_and_cannot_touch_them(site, notebook, laptop):
    held = laptop.output(
        "python3", "-c",
        "import htcondor2; print(htcondor2.Schedd().submit(htcondor2.Submit("
        "{'executable': '/bin/true', 'transfer_executable': 'false', 'hold': 'true'})).cluster())",
    )  # fmt: skip
    bob = site.notebook("bob")
    assert bob.output("condor_q", "-all", held, "-af", "Owner") == "alice"
    refused = bob.exec("condor_rm", held)
    assert refused.code != 0, refused
    assert bob.output("condor_q", "-all", held, "-af", "JobStatus") == "5"
    notebook.output("condor_rm", held)
