"""How soon a container is useful, what it costs at rest, how soon it is gone and comes back.

    python benchmarks/container.py [--repeats 5] [--idle 60] [--only WORDS] IMAGE ...

Prints a table of medians, with the lowest and highest in parentheses. Times are seconds of this
machine's clock from just before a container is asked for something.
"""

import argparse
import contextlib
import os
import statistics
import time
import urllib.request

import docker
from report import heading, row

NOW = "import time; print(time.time())"
FIRST_MAP = (
    "import htmap, time\n"
    "assert list(htmap.map(lambda x: 2 * x, [21])) == [42]\n"
    "print(time.time())\n"
)
# Two jobs, one a core: `sleep` ends when it is asked to, a shell with a trap goes on.
SUBMIT = """\
import htcondor2, sys
job = htcondor2.Submit({'executable': '/bin/sh', 'transfer_executable': 'false',
    'arguments': f'''"-c '{sys.argv[1]}'"''', 'transfer_output_files': '', 'log': 'log'})
htcondor2.Schedd().submit(job, count=2)
"""
SLEEP = "exec sleep 600"
STUBBORN = "trap : TERM; while :; do sleep 1; done"
# A kernel that neither an interrupt nor a request ends.
KERNEL = """\
import glob, json, os, time, urllib.request
from jupyter_client import BlockingKernelClient, find_connection_file
runtime = os.path.expanduser('~/.local/share/jupyter/runtime')
server = json.load(open(glob.glob(runtime + '/jpserver-*.json')[0]))
ask = urllib.request.Request('http://127.0.0.1:8888/api/kernels', b'{}',
    {'Authorization': 'token ' + server['token']}, method='POST')
name = find_connection_file(json.load(urllib.request.urlopen(ask))['id'])
client = BlockingKernelClient(connection_file=name)
client.load_connection_file()
client.start_channels()
client.execute('''
import time
open('/tmp/busy', 'w').close()
while True:
    try: time.sleep(600)
    except KeyboardInterrupt: pass
''')
while not os.path.exists('/tmp/busy'): time.sleep(0.05)
"""
# Kills the master, and prints the seconds until the pool of another one takes jobs.
KILL_MASTER = """\
import os, signal, subprocess, time
from htc_pool import readiness, settings
def master():
    said = subprocess.run(['pgrep', '-x', 'condor_master'], capture_output=True, text=True).stdout
    return int(said or 0)
directory, old = settings.pool_dir(os.environ), master()
began = time.time()
os.kill(old, signal.SIGKILL)
while master() in (0, old): time.sleep(0.01)
readiness.wait(directory, 60)
print(time.time() - began)
"""
# Prints the mean of twenty.
PROBES = """\
import resource, subprocess
for _ in range(20):
    subprocess.run(['htc-healthcheck'], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print((used.ru_utime + used.ru_stime) * 1000 / 20)
"""
# The shared memory of the pool's processes is divided among all that share it.
MEMORY = """\
import glob, re
total = 0
for path in glob.glob('/proc/[0-9]*'):
    try:
        said = open(path + '/cmdline').read()
        if re.search('^(?!tini).*(supervisord|/pool-|htc-launch|condor_)', said):
            used = open(path + '/smaps_rollup').read()
            total += int(re.search(r'(?m)^Pss: +(\\d+)', used)[1])
    except FileNotFoundError: pass
print(total / 1000)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--idle", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--only", default="", metavar="WORDS", help="measures with these words")
    options = parser.parse_args()
    client = docker.from_env()
    print(f"load before: {os.getloadavg()[0]:.2f}; cores: {os.cpu_count()}\n")
    print(heading("measure", "bound", *options.images))
    for name, (bound, measure) in measures(options.idle).items():
        if options.only not in name:
            continue
        results = {image: [] for image in options.images}
        for _ in range(options.repeats):
            # In turns, so that what else the machine does falls on all alike.
            for image in options.images:
                results[image].append(measure(client, image))
        print(row(name, bound, *map(summary, results.values())), flush=True)


def measures(seconds):
    """Return what is measured, with its bound: a name, and what measures it once."""
    over = f"idle over {seconds:g} s [% of a core]"
    return {
        "`docker run` to a ready pool [s]": ("3", ready),
        "`docker run` to a first map's result [s]": ("6", first_map),
        "`docker run` to JupyterLab answering [s]": ("6", jupyter),
        f"the pool alone, {over}": ("1", lambda *of: idle(*of, seconds, "sleep", "infinity")),
        f"pool and JupyterLab, {over}": ("2", lambda *of: idle(*of, seconds)),
        "a health check [ms of processor time]": ("20", probe),
        "the pool's memory (PSS) [MB]": ("60", memory),
        "`docker stop`, idle [s]": ("3", stop),
        "`docker stop`, two jobs running [s]": ("3", lambda *of: stop(*of, job=SLEEP)),
        "`docker stop`, two jobs that ignore it [s]": ("3", lambda *of: stop(*of, job=STUBBORN)),
        "`docker stop`, these and a kernel that ignores it [s]": (
            "3",
            lambda *of: stop(*of, job=STUBBORN, kernel=True),
        ),
        "`kill -9` of the master to a ready pool [s]": ("10", kill_master),
        "`docker kill`, start, until two jobs run again [s]": ("40", kill),
    }


def summary(numbers):
    return f"{statistics.median(numbers):.2f} ({min(numbers):.2f} to {max(numbers):.2f})"


def until_printed(client, image, program):
    """Return the seconds from asking for a container to the time that `program` prints last."""
    began = time.time()
    printed = client.containers.run(image, ["python", "-c", program], remove=True)
    return float(printed.split()[-1]) - began


def ready(client, image):
    return until_printed(client, image, NOW)


def first_map(client, image):
    return until_printed(client, image, FIRST_MAP)


class Started:
    """A container, with JupyterLab or another command, removed when the ``with`` block ends."""

    def __init__(self, client, image, *command):
        self.began = time.time()
        self.jupyter = not command
        self.container = client.containers.run(
            image, list(command) or None, detach=True, ports={"8888/tcp": ("127.0.0.1", None)}
        )
        self.container.reload()
        self.port = self.container.ports["8888/tcp"][0]["HostPort"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.container.remove(force=True)

    def output(self, *command):
        """Return what a command in the container prints, which must succeed."""
        code, said = self.container.exec_run(list(command))
        assert code == 0, said
        return said.decode()

    def answered(self):
        """Wait for JupyterLab's first answer and return the seconds since the start."""
        while time.time() - self.began < 60:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api", timeout=1) as page:
                    if page.status == 200:
                        return time.time() - self.began
            except OSError:
                time.sleep(0.01)
        raise TimeoutError("JupyterLab did not answer within 60 s")

    def settled(self):
        """Wait until the pool, and JupyterLab where there is one, are there."""
        if self.jupyter:
            self.answered()
        self.output("htc-pool", "wait")

    def runs(self, command):
        """Submit two jobs and wait until both run."""
        self.output("python", "-c", SUBMIT, command)
        self.until_started(2)

    def until_started(self, count):
        """Wait until jobs have been started so many times."""
        began = time.monotonic()
        while self.container.exec_run(["grep", "-c", "^001 ", "log"]).output != b"%d\n" % count:
            assert time.monotonic() - began < 120, self.output("cat", "log")
            time.sleep(0.05)

    def cpu_seconds(self):
        """Return the processor time that the container has used."""
        usage = self.container.stats(stream=False, one_shot=True)["cpu_stats"]["cpu_usage"]
        return usage["total_usage"] / 1e9


@contextlib.contextmanager
def settled(client, image, *command):
    """Give a container in which everything is there, and what its start did is over."""
    with Started(client, image, *command) as started:
        started.settled()
        # Both starts take a little longer than their first answers.
        time.sleep(10)
        yield started


def jupyter(client, image):
    with Started(client, image) as notebook:
        return notebook.answered()


def idle(client, image, seconds, *command):
    with settled(client, image, *command) as started:
        used, began = started.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        return 100 * (started.cpu_seconds() - used) / (time.monotonic() - began)


def probe(client, image):
    with Started(client, image) as started:
        started.settled()
        return float(started.output("python", "-c", PROBES))


def memory(client, image):
    with settled(client, image, "sleep", "infinity") as started:
        return float(started.output("python", "-c", MEMORY))


def stop(client, image, job="", kernel=False):
    with Started(client, image) as notebook:
        notebook.settled()
        if job:
            notebook.runs(job)
        if kernel:
            notebook.output("python", "-c", KERNEL)
        began = time.monotonic()
        notebook.container.stop(timeout=10)
        return time.monotonic() - began


def kill_master(client, image):
    # A master that died before it lived for ten seconds is a start that failed, and waits longer.
    with settled(client, image, "sleep", "infinity") as started:
        started.runs(SLEEP)
        return float(started.output("/opt/htc/bin/python", "-c", KILL_MASTER))


def kill(client, image):
    with Started(client, image, "sleep", "infinity") as started:
        started.settled()
        started.runs(SLEEP)
        began = time.monotonic()
        started.container.kill()
        started.container.start()
        started.until_started(4)
        return time.monotonic() - began


if __name__ == "__main__":
    main()
