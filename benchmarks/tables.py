"""Tables and pictures of large maps.

    python benchmarks/tables.py [--components 100000] [--chunk 1000] [--repeats 3]

Makes maps by hand, without a pool: one with jobs of many components, one with a job each. Checks
what is told of them. Prints a Markdown table.
"""

import argparse
import functools
import os
import pickle
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "unit")]
from hand_made import HandMade  # noqa: E402
from reading import timed  # noqa: E402
from report import heading, row, spread  # noqa: E402

import htmap  # noqa: E402
from htmap.execute import packs  # noqa: E402
from htmap.plots import PARTS, with_matplotlib  # noqa: E402

SLOTS = 200
# What HTCondor writes of a job, as far as it is read, and as many bytes more.
JOB = """\
000 ({cluster}.{job}.000) 2026-01-01 {at} Job submitted from host: <127.0.0.1:1?addrs=127.0.0.1-1>
    htmap run 0
...
040 ({cluster}.{job}.000) 2026-01-01 {at} Finished transferring input files
...
001 ({cluster}.{job}.000) 2026-01-01 {at} Job executing on host: <127.0.0.1:1?addrs=127.0.0.1-1>
\tSlotName: slot1_{slot}@node{node}
\tCondorScratchDir = "/tmp/pool/execute/dir_48"
\tCpus = 1
...
006 ({cluster}.{job}.000) 2026-01-01 {at} Image size of job updated: 150
\t{memory}  -  MemoryUsage of job (MB)
\t4612  -  ResidentSetSize of job (KB)
...
040 ({cluster}.{job}.000) 2026-01-01 {at} Finished transferring output files
...
005 ({cluster}.{job}.000) 2026-01-01 {end} Job terminated.
\t(1) Normal termination (return value 0)
\t\tUsr 0 00:00:01, Sys 0 00:00:00  -  Run Remote Usage
\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Run Local Usage
...
"""


def clock(seconds):
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def make(tag, components, chunk):
    made = HandMade(tag, *["UNMATERIALIZED"] * components, chunksize=chunk)
    envelope = packs.versions(kind="output", cloudpickle="3.1.2")
    with made.folder.events.open("a") as log:
        for job in range(made.run.jobs):
            with packs.PackWriter(made.run.output(job), envelope, buffered=True) as pack:
                for component in made.run.components_of(job):
                    data = pickle.dumps(2 * component, protocol=5)
                    wall = 1 + component % 100 / 100
                    pack.add(component, packs.RESULT, data, wall=wall, cpu=1.0)
                pack.finish()
            slot, at = job % SLOTS, 20 * (job // SLOTS)
            where = {"slot": slot % 20 + 1, "node": slot // 20, "memory": 100 + job % 50}
            times = {"at": clock(at), "end": clock(at + 15 + job % 4)}
            log.write(JOB.format(cluster=made.cluster, job=job, **where, **times))
    map_ = htmap.load(tag)
    map_.status()
    return map_


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--components", type=int, default=100_000)
    parser.add_argument("--chunk", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pictures", type=Path, help="a folder to leave the pictures in")
    options = parser.parse_args()
    print(f"load average at the start: {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores\n")
    print(heading(f"{options.components:,} components", f"{options.chunk:,} a job", "a job each"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HTMAP_DIR"] = folder
        maps = [make(f"by-{chunk}", options.components, chunk) for chunk in (options.chunk, 1)]

        def picture(map_, part):
            figure = with_matplotlib.figure(1)
            map_.plot([part], figure=figure)
            name = f"{map_.tag}-{part}.png"
            figure.savefig((options.pictures or Path(folder)) / name)

        for map_ in maps:
            table = map_.to_dataframe()
            if (
                list(table.arg0) != list(range(options.components))
                or (table.result != 2 * table.arg0).any()
            ):
                raise SystemExit(f"wrong table:\n{table}")
            if (
                table.runtime.sum().round()
                != sum(1 + i % 100 / 100 for i in table.arg0).__round__()
            ):
                raise SystemExit(f"wrong run times:\n{table}")
        ways = {
            "`m.to_dataframe()`": lambda m: m.to_dataframe(),
            "`m.to_dataframe(inputs=False, results=False)`": (
                lambda m: m.to_dataframe(inputs=False, results=False)
            ),
            **{
                f"`m.plot.{part}()`, saved as PNG": (lambda m, part=part: picture(m, part))
                for part in PARTS
            },
            '`m.plot(backend="altair").to_json()`': (lambda m: m.plot(backend="altair").to_json()),
        }
        for name, do in ways.items():
            cells = [spread(timed(functools.partial(do, m), options.repeats)) for m in maps]
            print(row(name, *cells), flush=True)


if __name__ == "__main__":
    main()
