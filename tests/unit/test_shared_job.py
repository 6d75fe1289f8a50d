"""A job of several components: what one does to its process and place, no other sees."""

import functools
import os
import signal
import time

import pytest
from one_job import made_runner, outputs, prepare, run_job, start

from htmap.execute import packs, places


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return made_runner(tmp_path_factory.mktemp("root"))


@pytest.fixture
def job(tmp_path, runner):
    """Runs a function over inputs as a job does, and returns what came of it."""
    return functools.partial(run_job, tmp_path, runner)


def of_kind(folder, kind):
    """Component to what its record of that kind says."""
    return {c: content for c, k, content in outputs(folder) if k == kind}


def results(folder):
    return of_kind(folder, packs.RESULT)


def messages(folder):
    errors = of_kind(folder, packs.ERROR)
    return {c: report["exception"]["message"] for c, report in errors.items()}


def inputs(count):
    return [(i, i) for i in range(count)]


def test_components_that_end_their_process_are_named_and_the_others_have_results(job, tmp_path):
    def die(x):

        print("said by", x)
        if x == 1:
            os._exit(3)
        if x == 2:
            os._exit(0)
        if x == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        if x == 5:
            os.kill(os.getpid(), signal.SIGSEGV)
        return x

    done = job(die, inputs(7))

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert results(tmp_path) == {0: 0, 3: 3, 6: 6}
    said = messages(tmp_path)
    assert said[1] == "it was left with status 3, as by os._exit(3)"
    assert said[2] == "it was left with status 0, as by os._exit(0)"
    assert "signal 9 (SIGKILL)" in said[4]
    assert "memory" in said[4]
    assert said[5] == "it was killed by signal 11 (SIGSEGV)"
    printed = of_kind(tmp_path, packs.STDOUT)
    assert printed == {i: f"said by {i}\n".encode() for i in range(7)}
    with packs.PackReader(tmp_path / "output.pack") as pack:
        assert pack.is_complete


def test_thousands_of_components_are_there_in_order_and_in_the_index(job, tmp_path):
    assert job(lambda x: 2 * x, inputs(3000)).returncode == 0

    with packs.PackReader(tmp_path / "output.pack") as pack:
        assert list(pack.index.components) == list(range(3000))
        assert set(pack.index.kinds) == {packs.RESULT}
    assert results(tmp_path) == {i: 2 * i for i in range(3000)}


def test_each_component_finds_the_place_as_the_first_did(tmp_path, runner):
    (tmp_path / "sent").write_text("an input file")

    def look_and_litter(x):
        import os
        import sys
        import tempfile

        found = {
            "files": sorted(n for n in os.listdir() if not n.startswith("_htmap")),
            "component": os.environ["HTMAP_COMPONENT"],
            "environment": sorted(os.environ),
            "value": os.environ["_CONDOR_SCRATCH_DIR"],
            "folder": os.getcwd(),
            "path": list(sys.path),
            "temporary": os.path.basename(tempfile.gettempdir()),
        }
        os.makedirs("folder/deep")
        open("folder/deep/file", "w").close()
        open(".hidden", "w").close()
        os.environ["LEFT"] = "1"
        os.environ["_CONDOR_SCRATCH_DIR"] += "/elsewhere"
        os.environ.pop("HTMAP_ON_EXECUTE")
        sys.path.insert(0, "elsewhere")
        os.chdir("folder")
        if x == 2:
            os._exit(1)
        return found

    prepare(tmp_path, look_and_litter, inputs(5))
    process = start(tmp_path, runner, 5, TMPDIR=str(tmp_path))
    assert process.communicate(timeout=60) == ("", "")

    found = results(tmp_path)
    assert [found[i].pop("component") for i in (0, 1, 3, 4)] == ["0", "1", "3", "4"]
    assert found[0] == found[1] == found[3] == found[4]
    assert found[0]["files"] == ["0", "function.pack", "output.pack", "sent"]
    assert found[0]["folder"] == found[0]["value"] == str(tmp_path)
    assert found[0]["temporary"] == places.TEMPORARY
    assert "LEFT" not in found[0]["environment"]


def test_what_each_prints_is_its_own_whatever_it_does_to_its_streams(job, tmp_path):
    def say(x):
        import os
        import subprocess
        import sys

        print("out", x, end="", flush=x in (0, 4, 5))
        print("err", x, file=sys.stderr)
        if x == 0:
            subprocess.run(["sh", "-c", "echo from a shell"])
        if x == 1:
            sys.stdout = None
        if x == 2:
            sys.stdout.close()
        if x == 3:
            return
        if x == 4:
            os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        if x == 5:
            os.write(1, b"\xff" * 3)
            raise ValueError("bad")
        if x == 6:
            os.close(1)

    done = job(say, inputs(8))

    assert (done.stdout, done.stderr) == ("", "")
    out, err = of_kind(tmp_path, packs.STDOUT), of_kind(tmp_path, packs.STDERR)
    assert err == {i: f"err {i}\n".encode() for i in range(8)}
    assert sorted(out.pop(0).splitlines()) == [b"out 0from a shell"]
    assert out == {i: f"out {i}".encode() + b"\xff" * 3 * (i == 5) for i in range(1, 8)}
    assert set(messages(tmp_path)) == {5}


def test_what_is_printed_when_no_component_runs_any_more_is_not_lost(job, tmp_path):
    def later(x):
        import atexit

        if x == 1:
            atexit.register(print, "at last")

    done = job(later, inputs(2))

    assert done.stdout == "at last\n"


def test_each_failure_costs_one_component(job, tmp_path):
    class Loud:
        def __reduce__(self):
            return exec, ("raise OSError('not loaded')",)

    def fail(x):
        import sys

        if x == 1:
            sys.exit("left")
        if x == 2:
            return (i for i in ())
        if x == 3:
            raise KeyboardInterrupt
        return x

    assert job(fail, [*inputs(4), (4, Loud()), (5, 5)]).returncode == 1

    assert results(tmp_path) == {0: 0, 5: 5}
    errors = of_kind(tmp_path, packs.ERROR)
    assert "sys.exit()" in errors[1]["summary"]
    assert "cannot be pickled" in errors[2]["summary"]
    assert errors[3]["exception"]["type"] == "KeyboardInterrupt"
    assert errors[4]["exception"]["message"] == "not loaded"
    assert "input could not be read" in errors[4]["summary"]


@pytest.mark.parametrize("where", ["head", "payload"])
@pytest.mark.parametrize("damaged", [0, 1])
def test_an_input_whose_record_is_damaged_costs_one_component(tmp_path, runner, where, damaged):
    prepare(tmp_path, lambda x: x, inputs(3))
    with packs.PackReader(tmp_path / "0") as pack:
        record = pack.find(damaged, packs.INPUT)
    with open(tmp_path / "0", "r+b") as file:
        file.seek(record.offset + (-10 if where == "head" else 1))
        file.write(b"\xaa\x55")

    start(tmp_path, runner, 3).communicate(timeout=60)

    assert results(tmp_path) == {i: i for i in range(3) if i != damaged}
    assert "damaged" in messages(tmp_path)[damaged]


def test_a_function_whose_loading_ends_the_process_fails_the_job_as_a_whole(job, tmp_path):
    done = job(inputs=inputs(3), function_pickle=b"cos\n_exit\n(I7\ntR.")

    assert (done.returncode, done.stderr) == (1, "")
    assert messages(tmp_path) == {
        packs.ALL_COMPONENTS: "it was left with status 7, as by os._exit(7)"
    }


def test_a_function_that_cannot_be_loaded_is_reported_once(job, tmp_path):
    done = job(inputs=inputs(3), function_pickle=b"cno_such_module\nf\n.")

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    ((component, kind, report), *_) = outputs(tmp_path)
    assert (component, kind) == (packs.ALL_COMPONENTS, packs.ERROR)
    assert report["exception"]["type"] == "ModuleNotFoundError"


def test_a_function_may_start_processes_and_threads_and_fork(job, tmp_path):
    def fork(x):
        import multiprocessing
        import os
        import subprocess
        import threading

        threading.Thread(target=threading.Event().wait).start()
        subprocess.Popen(["sleep", "100"])
        child = os.fork()
        if not child:
            os._exit(5)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with multiprocessing.get_context("fork").Pool(1) as pool:
            return status, pool.map(abs, [-x]), os.getpgid(0)

    began = time.monotonic()
    done = job(fork, inputs(3), options=("-I", "-W", "ignore"))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = results(tmp_path)
    assert [found[i][:2] for i in range(3)] == [(5, [i]) for i in range(3)]
    assert outputs(tmp_path)[-1][:2] == (packs.ALL_COMPONENTS, packs.REMARK)
    # Nobody waits for what they have left behind, which is ended with the job.
    assert time.monotonic() - began < 50
    with pytest.raises(ProcessLookupError):
        os.killpg(found[0][2], 0)


def test_a_record_says_how_long_its_component_took(job, tmp_path):
    def work(x):
        import subprocess
        import sys
        import time

        if x == 0:
            time.sleep(0.2)
        if x == 1:
            until = time.process_time() + 0.2
            while time.process_time() < until:
                pass
        if x == 2:
            subprocess.run([sys.executable, "-c", "for i in range(10**7): pass"])
        if x == 3:
            until = time.process_time() + 0.2
            while time.process_time() < until:
                pass
            __import__("os")._exit(1)

    job(work, inputs(5))

    with packs.PackReader(tmp_path / "output.pack") as pack:
        wall = dict(zip(pack.index.components, pack.index.walls, strict=True))
        cpu = dict(zip(pack.index.components, pack.index.cpus, strict=True))
    assert wall[0] >= 0.2 > 0.15 > cpu[0]
    assert min(cpu[1], cpu[2], cpu[3]) > 0.1
    assert min(wall[1], wall[3]) >= 0.19
    assert cpu[4] < 0.1


def wait_for(path):
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting(folder):
    """Return a function that waits in component 2 for the job to be told to leave."""

    def wait(x):
        import os
        import time

        with open(f"{folder}/_htmap_called", "a") as file:
            print(x, file=file)
        print("said by", x)
        if x == 1:
            raise ValueError("bad")
        if x == 2 and not os.path.exists(f"{folder}/_htmap_again"):
            with open(f"{folder}/_htmap_child", "w") as file:
                file.write(f"{os.getpid()}")
            os.rename(f"{folder}/_htmap_child", f"{folder}/_htmap_waits")
            time.sleep(60)
        return x

    return wait


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_job_that_is_told_to_leave_ends_at_once_and_goes_on_later(tmp_path, runner, number):
    (tmp_path / places.FOLDER).mkdir()
    output = f"{places.FOLDER}/{places.OUTPUT}"
    prepare(tmp_path, waiting(tmp_path), inputs(4))
    process = start(tmp_path, runner, 4, output=output)
    wait_for(tmp_path / "_htmap_waits")

    process.send_signal(number)

    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (-number, "", "")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "_htmap_waits").read_text()), 0)
    # What is in the folder that travels is in the job's own when it begins again.
    os.rename(tmp_path / output, tmp_path / places.OUTPUT)
    (tmp_path / "_htmap_again").touch()
    process = start(tmp_path, runner, 4, output=output)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 1  # for the one that had failed before
    assert (tmp_path / "_htmap_called").read_text().split() == ["0", "1", "2", "2", "3"]
    kinds = [(c, kind) for c, kind, _ in outputs(tmp_path, output)]
    assert kinds == [
        (0, packs.STDOUT), (0, packs.RESULT),
        (1, packs.STDOUT), (1, packs.ERROR), (1, packs.EXCEPTION),
        (2, packs.STDOUT), (2, packs.RESULT),
        (3, packs.STDOUT), (3, packs.RESULT),
        (packs.ALL_COMPONENTS, packs.PACKAGES),
    ]  # fmt: skip
    with packs.PackReader(tmp_path / output) as pack:
        assert len(pack.index) == len(kinds)


def test_what_ends_because_the_job_was_told_to_leave_is_run_again(tmp_path, runner):
    def exit_when_told(x):
        import signal
        import sys
        import time

        signal.signal(signal.SIGTERM, lambda *_: sys.exit("told"))
        open("_htmap_waits", "w").close()
        time.sleep(60)

    prepare(tmp_path, exit_when_told, inputs(2))
    process = start(tmp_path, runner, 2)
    wait_for(tmp_path / "_htmap_waits")

    process.terminate()

    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGTERM
    assert outputs(tmp_path) == []


def test_when_the_process_that_looks_after_it_is_killed_the_other_ends_too(tmp_path, runner):
    def wait(x):
        import os
        import time

        with open("_htmap_child", "w") as file:
            file.write(f"{os.getpid()}")
        os.rename("_htmap_child", "_htmap_waits")
        time.sleep(0.2)

    prepare(tmp_path, wait, inputs(1000))
    process = start(tmp_path, runner, 1000)
    wait_for(tmp_path / "_htmap_waits")
    child = int((tmp_path / "_htmap_waits").read_text())

    process.kill()

    process.communicate(timeout=10)  # it ends when nobody has its streams open any more
    deadline = time.monotonic() + 10
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(child, 0)
            time.sleep(0.05)


def ad(folder):
    (folder / ".job.ad").write_text(f'TransferCheckpoint = "{places.FOLDER}/"\n')
    return {"_CONDOR_JOB_AD": str(folder / ".job.ad"), "HTMAP_CHECKPOINT_SECONDS": "0"}


def test_a_job_asks_to_be_kept_now_and_then_and_goes_on_in_its_place(tmp_path, runner):
    def call(x):
        with open("_htmap_called", "a") as file:
            print(x, file=file)
        return x

    prepare(tmp_path, call, inputs(3))
    statuses = []
    while not statuses or statuses[-1]:
        process = start(tmp_path, runner, 3, **ad(tmp_path))
        assert process.communicate(timeout=60) == ("", "")
        statuses.append(process.returncode)
        assert list(results(tmp_path)) == list(range(len(statuses)))

    assert statuses == [places.CHECKPOINT_STATUS, places.CHECKPOINT_STATUS, 0]
    assert (tmp_path / "_htmap_called").read_text().split() == ["0", "1", "2"]


def test_a_function_cannot_leave_by_the_status_that_keeps_its_job_for_ever(tmp_path, runner):
    prepare(tmp_path, os._exit, [(0, places.CHECKPOINT_STATUS)])
    process = start(tmp_path, runner, 1, **ad(tmp_path))
    process.communicate(timeout=60)

    assert process.returncode == 1
    assert "status 85" in messages(tmp_path)[0]


@pytest.mark.parametrize("left", [b"", b"?" * 100, "another Python"])
def test_what_cannot_be_gone_on_with_is_begun_anew(tmp_path, runner, left):
    prepare(tmp_path, lambda x: x, inputs(2))
    if isinstance(left, bytes):
        (tmp_path / "output.pack").write_bytes(left)
    else:
        envelope = {**packs.versions(kind="output"), "python": "3.1.4"}
        with packs.PackWriter(tmp_path / "output.pack", envelope) as pack:
            pack.add(0, packs.RESULT, b"")
    start(tmp_path, runner, 2).communicate(timeout=60)

    assert results(tmp_path) == {0: 0, 1: 1}


def test_large_buffers_are_written_apart_from_the_pickle(job, tmp_path):
    def view(x):
        import pickle

        return pickle.PickleBuffer(bytearray(b"x" * (65536 if x else 65535)))

    job(view, inputs(2))

    with packs.PackReader(tmp_path / "output.pack") as pack:
        small, large = pack.records()
        assert not small.has_buffers
        assert large.has_buffers
        pickled, buffers = packs.split(memoryview(pack.payload(large)), large.offset)
    assert len(pickled) < 200
    assert [bytes(each) for each in buffers] == [b"x" * 65536]


def test_what_is_the_same_in_all_reports_is_written_once(job, tmp_path):
    def fail(x):
        raise ValueError(f"no {x}")

    assert job(fail, inputs(300), options=()).returncode == 1

    assert len(messages(tmp_path)) == 300
    packages = [content for _, kind, content in outputs(tmp_path) if kind == packs.PACKAGES]
    assert len(packages) == 1
    assert b"cloudpickle==" in packages[0]
    assert (tmp_path / "output.pack").stat().st_size < 300 * 2500 + len(packages[0])
