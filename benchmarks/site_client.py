"""What a user's machine beside a site does for `site.py`, which runs it there.

    python site_client.py ACTION [ARGUMENT ...]

Prints a line of JSON.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

from mappers import check, fresh

import htmap

# Jobs of others, as far as the schedd can tell: each client has a directory of maps of its own.
CLIENTS = Path.home() / "clients"


def call(size, chunksize):
    """From a call to all of its results, in a process that has made no map yet, and once more."""
    function, seconds = fresh(), {}
    _ = htmap.map  # which imports what it needs
    for time_of in "first", "second":
        began = time.perf_counter()
        made = htmap.map(function, range(size), chunksize=chunksize, quiet=True)
        submitted = time.perf_counter() - began
        results = made.results()
        seconds[time_of] = time.perf_counter() - began
        seconds[f"{time_of}, submitted"] = submitted
        check(results, size)
        made.remove()
        if chunksize == 1:
            break
    return seconds


def leave(tag, size, chunksize):
    """Make a map, and go."""
    htmap.map(fresh(), range(size), tag=tag, chunksize=chunksize, quiet=True)


def come_back(tag, size):
    """Load a map that nobody has looked at, and read all results."""
    began = time.perf_counter()
    made = htmap.load(tag)
    results = made.results()
    seconds = time.perf_counter() - began
    check(results, size)
    made.remove()
    return {"seconds": seconds}


def never(tag, count):
    """Make maps whose jobs never start."""
    wanted = htmap.MapOptions(requirements="false")
    for number in range(count):
        htmap.map(fresh(), [1], tag=f"{tag}-{number}", map_options=wanted, quiet=True)


def look(tag, count, pause):
    """Look once at so many maps, when a look is due."""
    maps = [htmap.load(f"{tag}-{number}") for number in range(count)]
    time.sleep(pause)
    began = time.time()
    htmap.status(maps, include_meta=False)
    return {"seconds": time.time() - began}


def forget():
    """Remove all maps of this machine."""
    for each in htmap.load_maps():
        each.remove()


def make(count, seconds):
    """Make a map for each client, of one job that takes so long."""
    for folder in _clients(count):
        with _own(folder):
            body = f"import time; time.sleep({seconds})"
            htmap.map(fresh(body), [1], tag="waits", quiet=True)


def wait(count, seconds):
    """Let each client wait for its map for a while, as `Map.wait` does."""
    _fork(count, lambda: _wait(seconds))


def _wait(seconds):
    with contextlib.suppress(TimeoutError):
        htmap.load("waits").wait(timeout=seconds)
        raise SystemExit("the map is done before its time")


def poll(count, seconds):
    """Let each client ask the schedd every second, as who knows of nothing better does."""
    _fork(count, lambda: _poll(seconds))


def _poll(seconds):
    from htmap.pool.schedd import locate

    schedd, end = locate()._schedd, time.monotonic() + seconds
    which = f'HTMapID == "{htmap.load("waits")._folder.map_id}"'
    while time.monotonic() < end:
        next_one = time.monotonic() + 1
        with contextlib.suppress(Exception):  # too busy to answer
            schedd.query(which, ["JobStatus"])
        time.sleep(max(0, next_one - time.monotonic()))


def _clients(count):
    for number in range(count):
        folder = CLIENTS / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


@contextlib.contextmanager
def _own(folder):
    htmap.settings["HTMAP_DIR"] = str(folder)
    yield


def _fork(count, act):
    """Do something in a process of each client's own."""
    children = []
    for folder in _clients(count):
        child = os.fork()
        if child == 0:
            with _own(folder):
                act()
            os._exit(0)
        children.append(child)
    ended = [os.waitpid(child, 0)[1] for child in children]
    if any(ended):
        raise SystemExit("some did not end well")


ACTIONS = {
    each.__name__: each for each in (call, leave, come_back, never, look, forget, make, wait, poll)
}


def main():
    action, *arguments = sys.argv[1:]
    numbers = [int(each) if each.isdecimal() else each for each in arguments]
    print(json.dumps(ACTIONS[action](*numbers)))


if __name__ == "__main__":
    main()
