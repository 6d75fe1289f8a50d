"""The same map of a function that does nothing, by htmap and by each of its peers.

    python mappers.py NAME WORKERS SIZE ...

Runs in the environment of the peer that it is told, and prints a line of JSON for its start-up and
for each map, with what it took: seconds by the clock, and the most memory in MB until then. The
start-up begins before the peer is imported and ends when it has its workers, where it has some.
"""

import contextlib
import itertools
import json
import operator
import re
import secrets
import sys
import time
from pathlib import Path

#: Up to so many inputs are given as a ``range``; more come from a generator.
LARGEST_RANGE = 100_000


def double(x):
    return 2 * x


def fresh(body="return 2 * x"):
    """Return a function that htmap has never seen: it knows functions by their code and name."""
    name, names = f"double_{secrets.token_hex(8)}", {}
    exec(f"def {name}(x): {body}", names)
    return names[name]


def inputs(size):
    return range(size) if size <= LARGEST_RANGE else (number for number in range(size))


@contextlib.contextmanager
def htmap(workers):
    import htmap

    def run(function, size):
        made = htmap.map(function, inputs(size), chunksize="auto", quiet=True)
        # Of each map, so that none is removed while another is measured.
        after.callback(made.remove)
        return made.results()

    _ = htmap.map  # which imports what it needs
    known = fresh()
    with contextlib.ExitStack() as after:
        yield {
            "cold": lambda size: run(known, size),
            "warm, new function": lambda size: run(fresh(), size),
            "warm": lambda size: run(known, size),
        }


@contextlib.contextmanager
def condor_submit(workers):
    from floor import run_floor

    yield {"": lambda size: run_floor(double, range(size))[-1]}


@contextlib.contextmanager
def dask_jobqueue(workers):
    from dask.distributed import Client
    from dask_jobqueue import HTCondorCluster

    with HTCondorCluster(cores=1, memory="1 GB", disk="1 GB") as cluster, Client(cluster) as client:
        cluster.scale(jobs=workers)
        client.wait_for_workers(workers)
        # Not `pure`: else it first makes a key of each input, to know a call that it has seen.
        yield {"": lambda size: client.gather(client.map(double, range(size), pure=False))}


@contextlib.contextmanager
def parsl(workers):
    import parsl
    from parsl.executors import HighThroughputExecutor
    from parsl.providers import CondorProvider

    executor = HighThroughputExecutor(
        max_workers_per_node=1,
        address="127.0.0.1",  # what the nodes, which are this machine, reach it by
        provider=CondorProvider(
            cores_per_slot=1,
            init_blocks=workers,
            min_blocks=workers,
            max_blocks=workers,
            worker_init=f". {sys.prefix}/bin/activate",
        ),
    )
    app = parsl.python_app(double)
    with parsl.load(parsl.Config(executors=[executor], run_dir="/tmp/parsl")):
        while len(executor.connected_managers()) < workers:
            time.sleep(0.02)
        yield {"": lambda size: [future.result() for future in list(map(app, range(size)))]}


@contextlib.contextmanager
def joblib(workers):
    from joblib import Parallel, delayed

    with Parallel(n_jobs=workers) as parallel:
        parallel(delayed(double)(x) for x in range(workers))
        yield {"": lambda size: parallel(delayed(double)(x) for x in range(size))}


@contextlib.contextmanager
def process_pool(workers):
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(double, range(workers)))
        # Its documentation advises a large chunk size; that which `multiprocessing` would choose.
        yield {
            "": lambda size: list(
                pool.map(double, range(size), chunksize=max(1, size // (4 * workers)))
            )
        }


def peak():
    """Return the most memory that this process has had, in MB.

    That which ``getrusage`` tells begins with what the parent had when it started this process.
    """
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1000


def check(results, size):
    """Make sure that these are the results of the map, without a second list of them."""
    right = len(results) == size and all(map(operator.eq, results, itertools.count(0, 2)))
    if not right:
        raise SystemExit(f"wrong results of {size}: {len(results)}, of them {results[:5]} first")


def say(**facts):
    print(json.dumps(facts), flush=True)


def main():
    name, workers, *sizes = sys.argv[1:]
    began = time.perf_counter()
    with globals()[name](int(workers)) as runs:
        say(variant="start-up", seconds=time.perf_counter() - began, peak=peak())
        for size in map(int, sizes):
            for variant, run in runs.items():
                began = time.perf_counter()
                results = run(size)
                seconds = time.perf_counter() - began
                say(variant=variant, size=size, seconds=seconds, peak=peak())
                check(results, size)
                del results


if __name__ == "__main__":
    main()
