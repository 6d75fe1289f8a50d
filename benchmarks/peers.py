"""htmap beside its peers: a function that does nothing, on the same pool, in the same run.

    python benchmarks/peers.py [--repeats 3] [--sizes 100 1000 10000 100000] [--only NAME ...]

Installs each peer into an environment of its own and runs all of them in turn, every time in
another order, on a pool where nothing is left of the one before. Every result is checked. Raw
numbers go to standard error, as lines of JSON; the table of them, to standard output.

    python benchmarks/peers.py --table FILE

makes the table again from such lines.
"""

import argparse
import collections
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from report import heading, row, spread


class Peer(NamedTuple):
    """What is measured.

    Attributes
    ----------
    title : str
    mapper : str
        The function in ``mappers.py``.
    lock : str
        What is installed for it, of ``peers/``; nothing if empty.
    largest : int
        The most that it is asked for.
    apart : bool
        Whether each size is on a pool of its own that has come to rest.
    """

    title: str
    mapper: str
    lock: str = ""
    largest: int = 100_000
    apart: bool = False


PEERS = [
    Peer('htmap, chunksize="auto"', "htmap", apart=True),
    Peer("dask-jobqueue", "dask_jobqueue", "dask"),
    Peer("Parsl, HTEX", "parsl", "parsl"),
    Peer("condor_submit", "condor_submit", largest=1000),
    Peer("joblib, local", "joblib", "joblib"),
    Peer("ProcessPoolExecutor, local", "process_pool"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [peer.mapper for peer in PEERS]
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--only", nargs="+", default=names, choices=names, metavar="NAME")
    parser.add_argument("--workers", type=int, default=2, help="as many as the pool has slots")
    parser.add_argument("--dear", type=float, default=60, help="seconds; such a map is made once")
    parser.add_argument("--patience", type=float, default=300, help="seconds for a peer's maps")
    parser.add_argument("--table", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.table:
        lines = options.table.read_text().splitlines()
        records = [json.loads(line) for line in lines if line.startswith("{")]
    else:
        records = []
        for record in measured(options):
            records.append(record)
            print(json.dumps(record), file=sys.stderr, flush=True)
    print(table(records))


# ---- measuring -----------------------------------------------------------------------------------


def measured(options):
    """Yield all that is found out, as records."""
    # They need a pool, and a table that is made again needs none.
    import pool
    import programs

    yield {"what": "pool", **pool.about()}
    pythons, peers = {}, []
    for peer in PEERS:
        if peer.mapper in options.only:
            try:
                pythons[peer] = environment(peer)
            except subprocess.CalledProcessError as error:
                yield problem(peer, f"cannot be installed: {error.output.splitlines()[-1]}")
                continue
            if peer.lock:
                packages = re.findall(r"(?m)^\S+==\S+", lock_of(peer).read_text())
                yield {"what": "packages", "peer": peer.title, "packages": packages}
            peers.append(peer)
    dear = set()
    for repeat in range(options.repeats):
        # Another begins each time, so that what else the machine does falls on all alike.
        turn = repeat * len(peers) // options.repeats
        for peer in peers[turn:] + peers[:turn]:
            sizes = [n for n in options.sizes if n <= peer.largest and (peer, n) not in dear]
            for group in [[n] for n in sizes] if peer.apart else [sizes] if sizes else []:
                found, why = programs.measure(
                    pythons[peer], peer.mapper, options.workers, group, options.patience
                )
                for record in found:
                    yield {"what": "time", "peer": peer.title, "repeat": repeat, **record}
                    if "size" in record and record["seconds"] > options.dear:
                        dear.add((peer, record["size"]))
                if why:
                    missing = set(group) - {record.get("size") for record in found}
                    dear.update((peer, size) for size in missing)
                    yield problem(peer, why, repeat=repeat, sizes=sorted(missing))


def problem(peer, why, **facts):
    return {"what": "problem", "peer": peer.title, "why": why, **facts}


def lock_of(peer):
    return Path(__file__).parent / "peers" / f"{peer.lock}.txt"


def environment(peer):
    """Install what a peer's lock says into an environment of its own; return its interpreter."""
    if not peer.lock:
        return sys.executable
    folder = Path.home() / "peers" / peer.lock
    python = folder / "bin/python"
    for command in (
        [sys.executable, "-m", "venv", folder],
        [python, "-m", "pip", "install", "--require-hashes", "-r", lock_of(peer)],
    ):
        subprocess.run(
            command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    return python


# ---- the table -----------------------------------------------------------------------------------


def table(records):
    """Return the Markdown of what the records say."""
    times = collections.defaultdict(list)
    for record in records:
        if record["what"] == "time":
            variant = "" if record["variant"] == "start-up" else record["variant"]
            times[record["peer"], variant, record.get("size")].append(record["seconds"])
    sizes = sorted({size for *_, size in times if size})
    rows = list(dict.fromkeys((peer, variant) for peer, variant, size in times if size))
    about = [f"{key} {value}" for key, value in records[0].items() if key != "what"]
    lines = [", ".join(about), ""]
    lines.append(heading("seconds", "start-up", *(f"{size:,}" for size in sizes)))
    for peer, variant in rows:
        cells = [times.get((peer, "", None)), *(times.get((peer, variant, n)) for n in sizes)]
        title = f"{peer} ({variant})" if variant else peer
        lines.append(row(title, *(spread(cell, "").strip() if cell else "" for cell in cells)))
    lines += ["", *ratios(times, rows, sizes)]
    for record in records:
        if record["what"] == "problem":
            of = ", ".join(f"{size:,}" for size in record.get("sizes", []))
            lines.append(f"\n{record['peer']}{' of ' + of if of else ''}: {record['why']}")
    return "\n".join(lines)


def ratio(theirs, ours):
    ratio = theirs / ours
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}"


def ratios(times, rows, sizes):
    """Yield the lines of a table that divides each peer's time by that of htmap."""
    ours = PEERS[0].title
    if not any(peer == ours for peer, _ in rows):
        return
    yield heading("times as long as htmap", "", *(f"{size:,}" for size in sizes))
    for peer, variant in rows:
        if peer == ours:
            continue
        for words, own, starts in (
            ("with its start-up, beside a cold pool", "cold", True),
            ("without, beside a warm pool", "warm, new function", False),
        ):
            cells = []
            for size in sizes:
                sides = [times.get((peer, variant, size)), times.get((ours, own, size))]
                if not all(sides):
                    cells.append("")
                    continue
                theirs, mine = map(statistics.median, sides)
                if starts:
                    theirs += statistics.median(times[peer, "", None])
                    mine += statistics.median(times[ours, "", None])
                cells.append(ratio(theirs, mine))
            yield row(peer, words, *cells)


if __name__ == "__main__":
    main()
