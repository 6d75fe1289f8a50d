"""Maps of many components: what is called for, from making them to reading what they returned.

    python benchmarks/chunks.py [--repeats 3] [--only NAME ...] [--divide 1]

Prints a table of medians beside their bounds, and each raw number to standard error, as JSON.
Every result is checked. NAME is that of a function below; all sizes can be divided, to see whether
all of it works.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import time
import traceback

import cloudpickle
import one_per_job
import pool
import programs
from mappers import check, double, fresh
from report import Figure, heading, row

import htmap

WORKERS = 2
# Seconds to all results in hand, of a cold pool and a warm one.
BOUNDS = {1000: (3, 0.6), 10_000: (5, 1), 100_000: (8, 3), 1_000_000: (30, None)}


def calls(options):
    """Call to all results in hand, by sizes: the curve."""
    for size in (100, 1000, 10_000, 100_000, 1_000_000):
        cold, warm = BOUNDS.get(size, (None, None))
        size //= options.divide
        times, peaks = {}, []
        for _ in range(options.repeats):
            records, problem = programs.measure(sys.executable, "htmap", WORKERS, [size], 600)
            if problem:
                raise SystemExit(f"{size} components: {problem}")
            for record in records[1:]:
                times.setdefault(record["variant"], []).append(record["seconds"])
            peaks.append(records[1]["peak"])
        bounds = {"cold": cold, "warm": warm, "warm, new function": warm}
        for variant, values in times.items():
            bound = bounds[variant]
            yield Figure(f"{size:,} components, {variant}", values, f"{bound} s" if bound else "")
        yield Figure(
            f"{size:,} components: most memory of the client, cold",
            peaks,
            "250 MB",
            unit="MB",
        )


def submitted(options):
    """Return of `htmap.map` with one component a job."""
    for size, bound in (10_000, "0.3 s"), (100_000, "1.5 s"), (1_000_000, "10 s"):
        size //= options.divide
        times, removals = [], []
        for _ in range(options.repeats):
            made, seconds = timed(htmap.map, fresh(), range(size), chunksize=1, quiet=True)
            times.append(seconds)
            removals.append(timed(made.remove)[1])
            pool.empty()
        yield Figure(f"{size:,} components, `chunksize=1`: submitted", times, bound)
        yield Figure(f"{size:,} components, `chunksize=1`: removed at once", removals)


def alone(options):
    """One component a job beside the floor, and what a job costs."""
    size = 1000 // options.divide
    cloudpickle.register_pickle_by_value(one_per_job)  # jobs cannot import it
    sides = one_per_job.compare(size, max(1, options.repeats - 1))
    ours, floor = ([total for _, total in sides[side]] for side in ("htmap", "floor"))
    name = f"{size:,} components, `chunksize=1`, beside `condor_submit`"
    yield Figure(name, ours, "ratio 1.1", floor)
    yield Figure("a job costs its slot", [total * WORKERS / size for total in ours])


def looks(options):
    """Look at a map while it runs, and load it in a new process."""
    size, wanted = 100_000 // options.divide, 1000 // options.divide
    made = htmap.map(fresh(), range(size), chunksize=1, quiet=True)
    log = made._folder.events
    quiet, busy = [], []
    deadline = time.monotonic() + 300
    with log.open("rb") as events:
        while len(busy) < 5 and time.monotonic() < deadline:
            made.status()
            for _ in range(20):
                before = log.stat().st_size
                seconds = timed(made.status)[1]
                if log.stat().st_size == before:
                    quiet.append(1000 * seconds)
                made.status()
            events.seek(0, os.SEEK_END)
            made.status()
            found = 0
            while found < wanted and time.monotonic() < deadline:
                time.sleep(0.05)
                found += events.read().count(b"\n...\n")
            if found >= wanted:
                busy.append(1000 * timed(made.status)[1])
    if not busy:
        raise TimeoutError(f"fewer than {wanted} events within 300 s")
    yield Figure(f"a look at {size:,} while they run, without news", quiet, "5 ms", unit="ms")
    yield Figure(
        f"a look at {size:,} while they run, {wanted:,} new events", busy, "50 ms", unit="ms"
    )
    loads = [float(in_new_process(LOAD, made.tag)) for _ in range(5)]
    yield Figure("loading these in a new process, and counting", loads, "0.3 s")
    made.remove()
    pool.empty()


LOAD = """\
import sys, time
import htmap
load = htmap.load
began = time.perf_counter()
load(sys.argv[1]).status()
print(time.perf_counter() - began)
"""


def sleeping(options):
    """Components that take half a second."""
    size = 200 // options.divide
    ideal = size * 0.5 / WORKERS
    times = {"cold, new function": [], "warm, known function": []}
    for _ in range(max(1, options.repeats - 1)):
        pool.cool()
        function = fresh("import time; time.sleep(0.5); return 2 * x")
        for values in times.values():
            values.append(call(function, size))
    for variant, values in times.items():
        name = f"{size} components of 0.5 s, {variant}, beside their work over the slots"
        yield Figure(name, values, "ratio 1.08", [ideal])


def reading(options):
    """All small results of a map that is done, beside unpickling as many."""
    size = 100_000 // options.divide
    made = htmap.map(fresh(), range(size), chunksize="auto", quiet=True)
    made.wait()
    pickles = [pickle.dumps(double(x), protocol=5) for x in range(size)]
    reads = {"`results()`": made.results, "`list(m)`": lambda: list(made)}
    times, plain = {how: [] for how in reads}, []
    for _ in range(options.repeats):
        unpickled = timed(lambda: [pickle.loads(data) for data in pickles])[1]
        plain.append(1e6 * unpickled / size)
        for how, read in reads.items():
            results, seconds = timed(read)
            check(results, size)
            times[how].append(1e6 * (seconds - unpickled) / size)
    made.remove()
    for how, values in times.items():
        yield Figure(f"{how}, per result, above unpickling it", values, "3 µs", unit="µs")
    yield Figure("unpickling, per result", plain, unit="µs")


def files(options):
    """How many files a map is that is done."""
    for size, chunksize in (10_000, "auto"), (100, 1):
        size //= options.divide
        made = htmap.map(fresh(), range(size), chunksize=chunksize, quiet=True)
        made.wait()
        jobs = made.chunking.jobs
        inodes = sum(len(folders) + len(names) for _, folders, names in os.walk(made._folder.path))
        made.remove()
        name = f"files and folders of {size:,} components in {jobs} jobs (`chunksize={chunksize}`)"
        yield Figure(name, [inodes], f"{4 * jobs + 10}", unit="")


def call(function, size):
    """Return the seconds from a call to all of its results."""
    began = time.perf_counter()
    made = htmap.map(function, range(size), chunksize="auto", quiet=True)
    results = made.results()
    seconds = time.perf_counter() - began
    check(results, size)
    made.remove()
    return seconds


def timed(function, *args, **kwargs):
    """Return what a function returns, and how many seconds it takes."""
    began = time.perf_counter()
    returned = function(*args, **kwargs)
    return returned, time.perf_counter() - began


def in_new_process(program, *args):
    return subprocess.run(
        [sys.executable, "-c", program, *args], check=True, capture_output=True, text=True
    ).stdout


FIGURES = {
    each.__name__: each for each in (calls, submitted, alone, looks, sleeping, reading, files)
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--divide", type=int, default=1, choices=(1, 10, 100))
    parser.add_argument("--only", nargs="+", default=list(FIGURES), choices=FIGURES, metavar="NAME")
    options = parser.parse_args()
    print(", ".join(f"{key} {value}" for key, value in pool.about().items()))
    print(heading("figure", "htmap", "bound", "beside", "ratio"))
    for name in options.only:
        try:
            for figure in FIGURES[name](options):
                print(json.dumps(figure._asdict()), file=sys.stderr, flush=True)
                print(figure, flush=True)
        except (Exception, SystemExit) as error:  # what was measured so far is worth having
            print(row(name, f"failed: {error}"), flush=True)
            traceback.print_exc()
            pool.empty()


if __name__ == "__main__":
    main()
