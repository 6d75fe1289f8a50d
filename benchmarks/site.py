"""A site of containers: maps from a laptop beside bare HTCondor, and what waiting costs the schedd.

    python benchmarks/site.py [--repeats 5] [--only NAME ...] [--quick]

Prints a table of medians beside their bounds, and each raw number to standard error, as JSON.
Every result is checked. NAME is that of a function below; `--quick` does all of it with little, to
see whether it works. Starts the site of `tests/sites.py` by the machine's engine, and removes it.
"""

import argparse
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import docker
from report import Figure, heading, row

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "tests/images")]
import sites  # noqa: E402

# Everywhere the Python of the notebook images lies at the same path, and first on the PATH.
ASSUME = {"HTMAP_DELIVERY_METHOD": "assume"}
# Runs the other side on the access point, as a user of it. `double` travels by value.
FLOOR = """\
import json, sys
sys.path.insert(0, "/tmp")
from floor import run_floor
def double(x): return 2 * x
size = int(sys.argv[1])
submitted, seconds, results = run_floor(double, range(size), keep=0)
assert results == [2 * x for x in range(size)], results
print(json.dumps({"first": seconds, "first, submitted": submitted}))
"""


class Bench:
    """A site that runs, and who uses it."""

    def __init__(self, site, options):
        self.site = site
        self.repeats = 1 if options.quick else options.repeats
        self.divide = 10 if options.quick else 1
        self.laptop = self.another()
        put(site.ap, HERE / "floor.py")
        self.schedd = site.ap.output("pgrep", "-o", "-x", "condor_schedd")

    def another(self):
        """Return a machine of a user's."""
        laptop = self.site.laptop(environment=ASSUME)
        put(laptop, HERE / "site_client.py", HERE / "mappers.py")
        return laptop

    def does(self, *arguments):
        """Let the laptop do something; return what it tells of it."""
        return json.loads(self.laptop.output(*client(*arguments)).splitlines()[-1])

    def floor(self, size):
        """Run as many jobs by ``condor_submit`` on the access point."""
        command = "/opt/htc/bin/python", "-c", FLOOR, str(size)
        return json.loads(self.site.ap.output(*command, user="alice", workdir="/tmp"))

    def jobs(self, constraint="true"):
        """Return how many jobs there are in the queue."""
        asked = self.site.ap.output(
            "condor_q", "-allusers", "-constraint", constraint, "-af", "ProcId"
        )
        return len(asked.split())

    def cool(self):
        """Wait until no job waits or runs, and the collector knows that all slots are free."""
        free = ("condor_status", "-af", "Name", "-constraint",
                'State == "Claimed" || PartitionableSlot && Cpus < TotalSlotCpus')  # fmt: skip
        self.site.ap.wait_until(lambda: not self.jobs("JobStatus != 4 && JobStatus != 3"), 120)
        self.site.cm.wait_until(lambda: not self.site.cm.output(*free), 120)

    def cpu(self):
        """Return the seconds of processor time of the schedd and of those that answer for it."""
        # After the name, which is in parentheses: fields 14 to 17 of all.
        fields = self.site.ap.output("cat", f"/proc/{self.schedd}/stat").split()
        return sum(map(int, fields[13:17])) / os.sysconf("SC_CLK_TCK")

    def asked(self, *attributes):
        """Return numbers that the schedd itself tells of itself."""
        ask = "condor_status", "-schedd", "-direct", "ap.site", "-long", "-statistics", "DC:2"
        said = dict(line.split(" = ", 1) for line in self.site.ap.output(*ask).splitlines())
        return [float(said[each]) for each in attributes]

    def queries(self):
        """Return how many queries of jobs the schedd has been asked."""
        return sum(self.asked("DCCommand_QUERY_JOB_ADS", "DCCommand_QUERY_JOB_ADS_WITH_AUTH"))

    def busy(self, seconds):
        """Return what a while costs the schedd.

        Its duty cycle and its processor time, both in percent, and the queries a second.
        """

        def now():
            share, lives = self.asked("DaemonCoreDutyCycle", "StatsLifetime")
            return share * lives, self.cpu(), self.queries(), time.monotonic()

        before = now()
        time.sleep(seconds)
        worked, used, queries, took = (b - a for a, b in zip(before, now(), strict=True))
        return 100 * worked / took, 100 * used / took, queries / took


def put(running, *paths):
    """Copy files into a container."""
    write = 'printf %s "$1" > "$0" && chmod 644 "$0"'
    for path in paths:
        running.output("sh", "-c", write, f"/tmp/{path.name}", path.read_text())


def client(*arguments):
    return ["python3", "/tmp/site_client.py", *map(str, arguments)]


def alone(bench):
    """One component a job, beside as many jobs by ``condor_submit`` on the access point."""
    size = 100 // bench.divide
    sides = {"htmap": lambda: bench.does("call", size, 1), "floor": lambda: bench.floor(size)}
    times = {side: [] for side in sides}
    for repeat in range(bench.repeats):
        for side in list(sides) if repeat % 2 == 0 else list(reversed(sides)):
            bench.cool()
            times[side].append(sides[side]())
    for what, bound in ("first", "ratio 1.3"), ("first, submitted", ""):
        ours, floor = ([each[what] for each in times[side]] for side in ("htmap", "floor"))
        name = f"{size} components, one a job" + what.removeprefix("first")
        yield Figure(name, ours, bound, floor)


def thousands(bench):
    """Many short components, from the call to all results."""
    size = 10_000 // bench.divide
    for chunksize in "auto", size // 10:
        times = []
        for _ in range(bench.repeats):
            bench.cool()
            times.append(bench.does("call", size, chunksize))
        name = f"{size:,} components, `chunksize={chunksize}`"
        yield Figure(f"{name}, new process and function", [each["first"] for each in times], "8 s")
        yield Figure(f"{name}, once more", [each["second"] for each in times], "8 s")


def reconnecting(bench):
    """All results of a map that has finished while nobody looked, in a new process."""
    for size, chunksize, bound in (10_000, "auto", "10 s"), (1000, 1, ""):
        size //= bench.divide
        times = []
        for repeat in range(bench.repeats if chunksize == "auto" else 1):
            tag = f"left-{chunksize}-{repeat}"
            bench.does("leave", tag, size, chunksize)
            bench.site.ap.wait_until(lambda: not bench.jobs("JobStatus != 4"), 280)
            times.append(bench.does("come_back", tag, size)["seconds"])
        name = f"back to {size:,} finished components, `chunksize={chunksize}`"
        yield Figure(name, times, bound)


def looks(bench):
    """How many queries a look at maps is, however many they are."""
    most = 100 // bench.divide
    bench.does("never", "never", most)
    for maps in sorted({1, 10, most}):
        before = bench.queries()
        took = bench.does("look", "never", maps, 20)
        yield Figure(f"queries of a look at {maps} maps", [bench.queries() - before], "1", unit="")
        yield Figure(f"a look at {maps} maps", [took["seconds"]])
    bench.does("forget")


def waiting(bench):
    """Clients that wait for a map each: what they cost the schedd, beside asking each second."""
    machines = 4
    each = 200 // bench.divide // machines
    laptops = [bench.another() for _ in range(machines)]
    clients = each * machines

    def together(*arguments):
        """Let all machines do something; return what waits until they have done it."""
        api = bench.site.engine.api
        command = client(*arguments)
        started = [api.exec_create(laptop.container.id, command)["Id"] for laptop in laptops]
        for one in started:
            api.exec_start(one, detach=True)

        def is_over():
            said = [api.exec_inspect(one) for one in started]
            if any(one["ExitCode"] for one in said):
                raise SystemExit(f"some clients failed: {arguments}")
            return not any(one["Running"] for one in said)

        return lambda: bench.laptop.wait_until(is_over, 280)

    def busy(seconds, who, bound=""):
        duty, cpu, queries = bench.busy(seconds // bench.divide)
        yield Figure(f"{who}: duty cycle of the schedd", [duty], bound, unit="%")
        yield Figure(f"{who}: processor time, with query workers", [cpu], unit="% of a core")
        yield Figure(f"{who}: queries", [queries], unit="/s")

    bench.cool()
    yield from busy(60, "no job")
    together("make", each, 3600)()
    time.sleep(10)
    yield from busy(60, f"{clients} jobs, nobody waits")
    over = together("wait", each, 560 // bench.divide)
    for minute, pause in (1, 0), (2, 0), (5, 120), (9, 180):
        time.sleep(pause // bench.divide)
        yield from busy(60, f"{clients} clients wait, minute {minute}", "10 %")
    over()
    over = together("poll", each, 90 // bench.divide)
    time.sleep(15 // bench.divide)
    yield from busy(60, f"{clients} clients ask every second")
    over()
    bench.site.ap.output("condor_rm", "-all")


FIGURES = {each.__name__: each for each in (alone, thousands, reconnecting, looks, waiting)}


def about(site):
    version = site.ap.output("condor_version").split()[1]
    slots = site.cm.output("condor_status", "-af", "TotalSlotCpus").split()
    return {
        "date": time.strftime("%F %R UTC", time.gmtime()),
        "load": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "slots": " + ".join(slots),
        "daemons": version,
        "image": sites.IMAGE,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", default=list(FIGURES), choices=FIGURES, metavar="NAME")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    # What was started is removed then, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with sites.running(docker.from_env(timeout=110)) as site:
        said = {**about(site), "load": round(load, 2)}
        print(", ".join(f"{key} {value}" for key, value in said.items()))
        bench = Bench(site, options)
        print(heading("figure", "htmap", "bound", "beside", "ratio"), flush=True)
        for name in options.only:
            try:
                for figure in FIGURES[name](bench):
                    print(json.dumps(figure._asdict()), file=sys.stderr, flush=True)
                    print(figure, flush=True)
            except (Exception, SystemExit) as error:  # what was measured so far is worth having
                print(row(name, f"failed: {error}"), flush=True)
                traceback.print_exc()
                site.ap.output("condor_rm", "-all")


if __name__ == "__main__":
    main()
