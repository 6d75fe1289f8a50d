"""Reading what jobs of many components brought back, beside unpickling the same.

    python benchmarks/reading.py [--components 100000] [--chunk 10000] [--repeats 5]

Makes maps by hand, without a pool, and checks what is read. Prints a Markdown table.
"""

import argparse
import os
import pickle
import re
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "unit")]
from hand_made import SUBMITTED, TERMINATED, HandMade  # noqa: E402
from report import heading, row, spread  # noqa: E402

import htmap  # noqa: E402
from htmap.execute import packs  # noqa: E402

MICRO = 1_000_000


def make(tag, components, chunk, record):
    """Make a map whose jobs have ended; ``record`` gives a component's pickle and buffers."""
    made = HandMade(tag, *["UNMATERIALIZED"] * components, chunksize=chunk)
    envelope = packs.versions(kind="output", cloudpickle="3.1.2")
    for job in range(made.run.jobs):
        with packs.PackWriter(made.run.output(job), envelope, buffered=True) as pack:
            for component in made.run.components_of(job):
                data, *buffers = record(component)
                pack.add(component, packs.RESULT, data, buffers=buffers, wall=1e-6, cpu=1e-6)
            pack.finish()
        made.log(SUBMITTED + TERMINATED, job)
    return htmap.load(tag)


def timed(do, repeats):
    """Return how long it took each time, in seconds."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        do()
        times.append(time.perf_counter() - started)
    return times


def small(components, chunk, repeats):
    """Print what one small result costs, by every way of reading many."""
    made = make("small", components, chunk, lambda i: [pickle.dumps(2 * i, protocol=5)])
    data = [pickle.dumps(2 * i, protocol=5) for i in range(components)]
    expected = [2 * i for i in range(components)]
    ways = {
        "`m.results()`": (made.results, "3"),
        "`list(m)`": (lambda: list(made), ""),
        "`m[:]`": (lambda: made[:], ""),
        "`list(m.iter_as_available())`": (lambda: sorted(made.iter_as_available()), ""),
        "`list(m.stdout)`": (lambda: list(made.stdout), ""),
    }
    unpickling = min(timed(lambda: [pickle.loads(each) for each in data], repeats)) / components
    print(f"\nA small result of {components:,}, {chunk:,} a job, in microseconds:\n")
    print(heading("way", "each", "above unpickling it", "bound", "ratio to unpickling"))
    print(row("`pickle.loads` alone", f"{unpickling * MICRO:.2f}", "", "", ""))
    for name, (read, bound) in ways.items():
        found = read()
        if found != expected and "stdout" not in name:
            raise SystemExit(f"wrong results of {name}: {found[:5]}")
        each = [seconds / components for seconds in timed(read, repeats)]
        above = f"{(sorted(each)[len(each) // 2] - unpickling) * MICRO:.2f}"
        cells = spread([MICRO * one for one in each], ""), above, bound
        print(row(name, *cells, f"{min(each) / unpickling:.1f}"))
    positions = range(0, components, max(1, components // 200))
    each = timed(lambda: [made[i] for i in positions], repeats)
    print(
        row("`m[i]`, anywhere", spread([MICRO * s / len(positions) for s in each], ""), "", "", "")
    )


def memory():
    """Return the bytes of this process that are no file's, now and at most."""
    status = Path("/proc/self/status").read_text()
    return tuple(
        1024 * int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M)[1])
        for name in ("RssAnon", "VmHWM")
    )


def large(megabytes, repeats):
    """Print what a large array costs, in time and memory."""
    import numpy

    def record(component):
        buffers = []
        array = numpy.full(megabytes * 125_000, component, dtype=float)
        data = pickle.dumps(array, protocol=5, buffer_callback=buffers.append)
        return [data, *(buffer.raw() for buffer in buffers)]

    made = make("large", 4, 4, record)
    made.status()
    print(f"\nAn array of {megabytes} MB, one of four of a job:\n")
    print(heading("way", "time", "memory that is no file's"))
    before = memory()[0]
    array = made[3]
    if array[-1] != 3:
        raise SystemExit("wrong results")
    grown = memory()[0] - before
    del array
    each = [1000 * seconds for seconds in timed(lambda: made[3], repeats)]
    print(row("`m[3]`", spread(each, "ms"), f"{grown / MICRO:.1f} MB"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--components", type=int, default=100_000)
    parser.add_argument("--chunk", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=100)
    options = parser.parse_args()
    print(f"load average at the start: {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HTMAP_DIR"] = folder
        small(options.components, options.chunk, options.repeats)
        large(options.megabytes, options.repeats)


if __name__ == "__main__":
    main()
