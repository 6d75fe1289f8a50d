"""Whether packs of inputs would travel faster compressed: below which speed of a link.

    python benchmarks/compression.py [--books FOLDER]

Both sides run in one run: what it takes to send a pack as it is, and to compress, send and expand
it (zlib at its quickest). A link that is slower than the last column gains from it.
"""

import argparse
import array
import pickle
import random
import time
import zlib
from pathlib import Path

from report import heading, row

MB = 1e6


def quickest(call, repeats=5):
    """Return the result, and the least of several times in seconds."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - started)
    return result, min(times)


def contents(books):
    """Return examples of what inputs are: {name: bytes of a pack's payloads}."""
    chance = random.Random(0)
    floats = array.array("d", (chance.random() for _ in range(250_000)))
    found = {
        "small integers": b"".join(pickle.dumps(((i,), {}), protocol=5) for i in range(50_000)),
        "random floats": floats.tobytes(),
        "keywords and floats": b"".join(
            pickle.dumps(((), {"alpha": chance.random(), "beta": i}), protocol=5)
            for i in range(50_000)
        ),
    }
    texts = sorted(Path(books).glob("*.txt")) if books else []
    if texts:
        found["books"] = b"".join(path.read_bytes() for path in texts)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--books", help="a folder of plain text, as another kind of input")
    options = parser.parse_args()
    print(heading("inputs", "compressed to", "compress", "expand", "pays on links slower than"))
    for name, data in contents(options.books).items():
        packed, compressing = quickest(lambda data=data: zlib.compress(data, 1))
        _, expanding = quickest(lambda packed=packed: zlib.decompress(packed))
        saved = len(data) - len(packed)
        link = max(saved, 0) / (compressing + expanding) / MB
        print(
            row(
                name,
                f"{100 * len(packed) / len(data):.0f} %",
                f"{len(data) / compressing / MB:.0f} MB/s",
                f"{len(data) / expanding / MB:.0f} MB/s",
                f"{link:.0f} MB/s",
            )
        )


if __name__ == "__main__":
    main()
