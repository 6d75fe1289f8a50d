"""Maps with one component per job beside the floor, on the same pool, in the same run.

    python benchmarks/one_per_job.py [--repeats 5] [--sizes 100 1000]

Each repeat runs both sides, in alternating order, and checks every result. Prints a Markdown table.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import htmap

sys.path.insert(0, str(Path(__file__).parent))
from floor import run_floor
from report import heading, row, spread


def double(x):
    return 2 * x


def run_htmap(arguments):
    started = time.perf_counter()
    made = htmap.map(double, arguments)
    submitted = time.perf_counter() - started
    results = list(made)
    total = time.perf_counter() - started
    made.remove()
    return submitted, total, results


def check(results, arguments):
    expected = [double(x) for x in arguments]
    if results != expected:
        raise SystemExit(f"wrong results: {results[:5]} instead of {expected[:5]}")


def compare(size, repeats):
    """Return the times of both sides: {side: [(submitted, total), ...]}."""
    arguments = list(range(size))
    sides = {"htmap": run_htmap, "floor": lambda given: run_floor(double, given)}
    times = {side: [] for side in sides}
    for repeat in range(repeats):
        order = list(sides) if repeat % 2 == 0 else list(reversed(sides))
        for side in order:
            submitted, total, results = sides[side](arguments)
            check(results, arguments)
            times[side].append((submitted, total))
            print(f"  {size} {side}: {submitted:.3f} s, {total:.3f} s", file=sys.stderr)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 1000])
    options = parser.parse_args()
    print(f"load average at the start: {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores")

    latencies = compare(1, 10)
    print(heading("figure", "htmap", "floor", "ratio", "bound"))
    ours, floor = ([total for _, total in latencies[side]] for side in ("htmap", "floor"))
    ratio = statistics.median(ours) / statistics.median(floor)
    print(
        row(
            "1 component, ten in a row",
            spread(ours),
            spread(floor),
            f"{ratio:.2f}",
            "0.25 s, worst 0.6 s",
        )
    )
    for size in options.sizes:
        times = compare(size, options.repeats)
        ours, floor = ([total for _, total in times[side]] for side in ("htmap", "floor"))
        ratio = statistics.median(ours) / statistics.median(floor)
        print(row(f"{size} components", spread(ours), spread(floor), f"{ratio:.2f}", "1.15"))
        ours, floor = ([made for made, _ in times[side]] for side in ("htmap", "floor"))
        print(row(f"{size}: submitted", spread(ours), spread(floor), "", "0.2 s"))


if __name__ == "__main__":
    main()
