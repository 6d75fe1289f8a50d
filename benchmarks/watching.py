"""What looking at a map costs, on maps whose files are made by hand: no pool is needed.

    python benchmarks/watching.py [--components 100000] [--maps 1000]

Prints a Markdown table of medians. Each figure of a new process is that of one which has imported
htmap, and its bindings, already.
"""

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from report import heading, row, spread

import htmap
from htmap.chunking import FixedSizes
from htmap.execute import packs
from htmap.options import MapOptions
from htmap.store import claims
from htmap.store.division import Division
from htmap.store.folder import MapFolder
from htmap.store.run import Run
from htmap.submission import write_run

# What HTCondor writes of a job: eight events, 1.9 KB.
HOST = "<127.0.0.1:9618?addrs=127.0.0.1-9618&alias=htc-notebook&noUDP&sock=startd_40_7c53>"
STARTS = (
    "000 ({0}.{1:03d}.000) 2026-01-01 00:00:00 Job submitted from host: " + HOST + "\n"
    "    htmap run 0\n...\n"
    "040 ({0}.{1:03d}.000) 2026-01-01 00:00:01 Started transferring input files\n"
    "\tTransferring to host: " + HOST + "\n...\n"
    "040 ({0}.{1:03d}.000) 2026-01-01 00:00:01 Finished transferring input files\n...\n"
    "001 ({0}.{1:03d}.000) 2026-01-01 00:00:02 Job executing on host: " + HOST + "\n"
    '\tSlotName: slot1_1@htc-notebook\n\tCondorScratchDir = "/var/lib/condor/execute/dir_1"\n'
    "\tCpus = 1\n\tDisk = 1048576\n\tGPUs = 0\n\tMemory = 128\n...\n"
)
ENDS = (
    "006 ({0}.{1:03d}.000) 2026-01-01 00:00:03 Image size of job updated: 97320\n"
    "\t91  -  MemoryUsage of job (MB)\n\t92612  -  ResidentSetSize of job (KB)\n...\n"
    "040 ({0}.{1:03d}.000) 2026-01-01 00:00:03 Started transferring output files\n...\n"
    "040 ({0}.{1:03d}.000) 2026-01-01 00:00:03 Finished transferring output files\n...\n"
    "005 ({0}.{1:03d}.000) 2026-01-01 00:00:04 Job terminated.\n"
    "\t(1) Normal termination (return value 0)\n"
    "\t\tUsr 0 00:00:01, Sys 0 00:00:00  -  Run Remote Usage\n"
    "\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Run Local Usage\n"
    "\t\tUsr 0 00:00:01, Sys 0 00:00:00  -  Total Remote Usage\n"
    "\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Total Local Usage\n"
    "\t512  -  Run Bytes Sent By Job\n\t40312  -  Run Bytes Received By Job\n"
    "\t512  -  Total Bytes Sent By Job\n\t40312  -  Total Bytes Received By Job\n"
    "\tPartitionable Resources :    Usage  Request Allocated \n"
    "\t   Cpus                 :     0.75        1         1 \n"
    "\t   Disk (KB)            :       40  1048576   1048576 \n"
    "\t   Memory (MB)          :       91      128       128 \n\n"
    "\tJob terminated of its own accord at 2026-01-01T00:00:04Z with exit-code 0.\n...\n"
)
ENDING_EVENTS = 4
LAST = ENDS[ENDS.index("005 (") :]

LOOK = """
import sys, time, htmap, htcondor2
import htmap.management, htmap.maps
started = time.perf_counter()
text = {what}
print(time.perf_counter() - started)
print(text.splitlines()[-1], file=sys.stderr)
"""


class Made:
    """A map of which all jobs run, on disk."""

    def __init__(self, tag, components, chunksize=1):
        claims.open_root()
        self.folder = MapFolder(uuid.uuid4().hex)
        self.folder.create()
        number, folder = self.folder.create_run()
        whole, rest = divmod(components, chunksize)
        chunks = Division([(chunksize, whole), *([(rest, 1)] if rest else [])])
        alone = Division.alone(len(chunks))
        self.run = Run(folder, number, range(components), chunks, alone)
        write_run(self.run, MapOptions().resolve(components), {}, FixedSizes(chunksize))
        self.run.record_cluster(1)
        self.folder.write_about(components)
        claims.claim(tag, self.folder.map_id)
        self._log(STARTS, range(self.run.jobs))

    def _log(self, text, jobs):
        with self.folder.events.open("a") as log:
            log.writelines(text.format(1, job) for job in jobs)

    def end(self, jobs, events=ENDS):
        for job in jobs:
            with packs.PackWriter(
                self.run.output(job), packs.versions(kind="output"), buffered=True
            ) as pack:
                for component in self.run.components_of(job):
                    pack.add(component, packs.RESULT, pickle.dumps(component), wall=0.1, cpu=0.1)
                pack.finish()
        self._log(events, jobs)


def in_new_process(what, repeats=5):
    times = []
    for _ in range(repeats):
        done = subprocess.run(
            [sys.executable, "-c", LOOK.format(what=what)],
            check=True,
            capture_output=True,
            text=True,
        )
        times.append(float(done.stdout))
    return times, done.stderr.strip()


def timed(look, repeats, before=lambda _: None):
    times = []
    for repeat in range(repeats):
        before(repeat)
        started = time.perf_counter()
        look()
        times.append(1000 * (time.perf_counter() - started))
    return times


def watch_large(components):
    """Print what looks at a map of one component a job cost, of which all but 10,000 have ended."""
    made = Made("large", components)
    ended = components - 10_000
    made.end(range(ended))
    size = made.folder.events.stat().st_size / 1e6
    name = f"{components:,} components, 1 a job, {size:.0f} MB of log"
    started = time.perf_counter()
    m = htmap.load("large")
    m.status()
    first = [time.perf_counter() - started]
    print(row(f"{name}: load and status, nothing saved", spread(first), ""), flush=True)
    saved = made.folder.state.stat().st_size / 1e6
    loaded, _ = in_new_process('htmap.load("large").status()')
    print(row(f"the same, {saved:.1f} MB saved, in a new process", spread(loaded), "0.3 s"))
    print(row("status, no news", spread(timed(m.status, 20), "ms"), "5 ms"))
    jobs = 1000 // ENDING_EVENTS
    news = timed(m.status, 5, lambda n: made.end(range(ended + n * jobs, ended + (n + 1) * jobs)))
    print(row(f"status, 1,000 new events, {jobs} of them ends", spread(news, "ms"), "50 ms"))
    ended += 5 * jobs
    news = timed(m.status, 5, lambda n: made.end(range(ended + n * 1000, ended + (n + 1) * 1000)))
    print(row("status, 4,000 new events, 1,000 of them ends", spread(news, "ms"), "200 ms"))
    ended += 5 * 1000
    end = made.end
    news = timed(m.status, 3, lambda n: end(range(ended + n * 1000, ended + (n + 1) * 1000), LAST))
    print(row("status, 1,000 new events, all of them ends", spread(news, "ms"), "50 ms"))
    m._folder.remove()
    claims.release("large", made.folder.map_id)


def watch_chunks(components, chunksize):
    made = Made("chunks", components, chunksize)
    m = htmap.load("chunks")
    m.status()
    made.end(range(1))
    one = timed(m.status, 1)
    print(row(f"the end of a job of {chunksize:,}", spread(one, "ms"), ""))
    made.end(range(1, made.run.jobs))
    loaded, line = in_new_process('htmap.load("chunks").status()', repeats=1)
    name = f"{components:,} components, {chunksize:,} a job"
    print(row(f"{name}: load and status, nothing saved", spread(loaded), "0.3 s"))
    loaded, line = in_new_process('htmap.load("chunks").status()')
    assert f"COMPLETED = {components}" in line, line
    print(row("the same, saved", spread(loaded), "0.3 s"))
    m._folder.remove()
    claims.release("chunks", made.folder.map_id)


def watch_many(maps):
    for number in range(maps):
        made = Made(f"map-{number}", 10)
        made.end(range(10))
    first, _ = in_new_process("htmap.status()", repeats=1)
    print(row(f"htmap.status() of {maps:,} maps of 10, nothing saved", spread(first), ""))
    times, line = in_new_process("htmap.status()")
    assert " 10 " in line, line
    print(row("the same, saved", spread(times), "1 s"))
    times, _ = in_new_process("htmap.status(include_meta=False)")
    print(row("the same without what they take and used", spread(times), "1 s"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--components", type=int, default=100_000)
    parser.add_argument("--maps", type=int, default=1000)
    options = parser.parse_args()
    print(f"load average at the start: {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores\n")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HTMAP_DIR"] = folder
        htmap.settings["HTMAP_DIR"] = folder
        print(heading("figure", "time", "bound"), flush=True)
        watch_large(options.components)
        watch_chunks(10 * options.components, 10_000)
        watch_many(options.maps)


if __name__ == "__main__":
    main()
