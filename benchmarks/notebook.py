"""What the widget of a map costs and how far it lags, on maps made by hand: no pool is needed.

    python benchmarks/notebook.py [--components 100000]

The messages are those that go to the browser, which is not there: what it costs there is measured
by tests/notebook, in the browser. Prints a Markdown table of medians.
"""

import argparse
import json
import os
import queue
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from report import heading, row, spread
from watching import Made

import htmap
from htmap.notebook.packing import pack
from htmap.notebook.widget import MapWidget

SECONDS = 10


class Widget(MapWidget):
    """A widget whose messages are kept with the time at which they were sent."""

    def __init__(self, map_):
        self.sent = queue.Queue()
        super().__init__(map_)

    def send(self, content, buffers=()):
        size = len(json.dumps(content)) + sum(map(len, buffers or ()))
        self.sent.put((time.perf_counter(), content, size))

    def save(self):
        page = len(self.page())
        self.sent.put((time.perf_counter(), {"kind": "page"}, page))

    def received(self):
        """Return what was sent since the last time."""
        return [self.sent.get() for _ in range(self.sent.qsize())]


def lags(widget, made, jobs):
    """Yield the milliseconds from the write of a job's end to the message that tells of it."""
    for job in jobs:
        widget.received()
        made.end([job])
        written = time.perf_counter()
        done = job + 1
        while True:
            sent, content, _ = widget.sent.get(timeout=30)
            if content.get("counts", {}).get("COMPLETED", 0) >= done:
                yield 1000 * (sent - written)
                break
        time.sleep(random.uniform(0.05, 0.4))


def share(made, jobs):
    """Return how much of a core this process takes while ten components end in a second."""
    ended = iter(jobs)
    writing, began, cpu = 0.0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < SECONDS:
        before = time.process_time()
        made.end([next(ended)])
        writing += time.process_time() - before
        time.sleep(0.1)
    return 100 * (time.process_time() - cpu - writing) / (time.perf_counter() - began)


def measure(components):
    print(heading("figure", "htmap", "bound"))
    made = Made("ten-thousand", 10_000)
    widget = Widget(htmap.load("ten-thousand"))
    found = list(lags(widget, made, range(30)))
    print(row("10,000 components: behind the event log", spread(found, "ms"), "200 ms"), flush=True)
    name = "10,000 components, 10 end in a second"
    print(row(f"{name}, seen", spread([share(made, range(1000, 2000))], "% of a core"), ""))
    widget._hear(widget, {"kind": "view", "view": "a", "visible": False}, [])
    made.end([999])
    time.sleep(6)  # until it has seen that nobody looks
    unseen = [share(made, range(2000 + 1000 * n, 3000 + 1000 * n)) for n in range(3)]
    print(row(f"{name}, nobody looks", spread(unseen, "% of a core"), "1 %"), flush=True)
    widget.close()

    made = Made("large", components, chunksize=components // 100)
    m = htmap.load("large")
    widget = Widget(m)
    opened = len(json.dumps(widget._whole(), default=len)) + len(widget._whole()["packed"])
    total = opened + len(widget.page())
    for job in range(100):
        made.end([job])
        time.sleep(0.1)
    while m.status() and not m.is_done:
        time.sleep(0.1)
    time.sleep(1)
    total += sum(size for _, _, size in widget.received())
    name = f"{components:,} components in 100 jobs, from first to last"
    print(row(f"{name}: sent to the browser", spread([total / 1000], "kB"), "100 kB"))
    began = time.process_time()
    time.sleep(SECONDS)
    cost = 100 * (time.process_time() - began) / SECONDS
    print(row("at rest, seen", spread([cost], "% of a core"), ""))
    widget.close()
    codes = bytes(random.choices(range(10), k=components))
    size = len(pack(codes)) / 1000
    print(row(f"{components:,} statuses in any order, at once", spread([size], "kB"), "100 kB"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--components", type=int, default=100_000)
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HTMAP_DIR"] = folder + "/htmap"
        measure(parser.parse_args().components)
