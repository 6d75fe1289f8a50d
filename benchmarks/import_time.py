"""How long ``import htmap`` takes, beside a Python that imports nothing and HTCondor's bindings.

python benchmarks/import_time.py [--repeats 20]
"""

import argparse
import subprocess
import sys
import time

from report import heading, row, spread

NO_BINDINGS = "; import sys; assert 'htcondor2' not in sys.modules"
STATEMENTS = {
    "python -c pass": "pass",
    "import htmap": "import htmap" + NO_BINDINGS,
    "import htmap; htmap.map": "import htmap; htmap.map" + NO_BINDINGS,
    "import htcondor2": "import htcondor2",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    times = {name: [] for name in STATEMENTS}
    for _ in range(repeats):
        for name, statement in STATEMENTS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            times[name].append(1000 * (time.perf_counter() - started))
    bare = min(times["python -c pass"])
    print(heading("command", "whole process", "above a bare interpreter"))
    for name, values in times.items():
        print(row(name, spread(values, "ms"), spread([value - bare for value in values], "ms")))


if __name__ == "__main__":
    main()
