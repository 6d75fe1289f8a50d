"""How soon a container is useful, what it costs at rest, and how soon it is gone.

    python benchmarks/container.py [--repeats 5] [--idle 60] IMAGE ...

Prints a table of medians, with the lowest and highest in parentheses. Times are seconds of this
machine's clock from just before the container is asked for.
"""

import argparse
import os
import statistics
import time
import urllib.request

import docker

NOW = "import time; print(time.time())"
FIRST_MAP = (
    "import htmap, time\n"
    "assert list(htmap.map(lambda x: 2 * x, [21])) == [42]\n"
    "print(time.time())\n"
)
SLEEP = (
    "import htcondor2\n"
    "sleep = htcondor2.Submit({'executable': '/bin/sleep', 'transfer_executable': 'false',\n"
    "    'arguments': '600', 'transfer_output_files': ''})\n"
    "htcondor2.Schedd().submit(sleep)\n"
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--idle", type=float, default=60, metavar="SECONDS")
    options = parser.parse_args()
    client = docker.from_env()
    measures = {
        "`docker run` to a ready pool [s]": ready,
        "`docker run` to a first map's result [s]": first_map,
        "`docker run` to JupyterLab answering [s]": jupyter,
        f"pool and JupyterLab idle, over {options.idle:g} s [% of a core]": (
            lambda *of: idle(*of, options.idle)
        ),
        "`docker stop`, idle [s]": lambda *of: stop(*of, job=False),
        "`docker stop`, a job running [s]": lambda *of: stop(*of, job=True),
    }
    print(f"load before: {os.getloadavg()[0]:.2f}; cores: {os.cpu_count()}\n")
    print("| measure |", " | ".join(options.images), "|")
    print("|---|" + "---|" * len(options.images))
    for name, measure in measures.items():
        results = {image: [] for image in options.images}
        for _ in range(options.repeats):
            # In turns, so that what else the machine does falls on all alike.
            for image in options.images:
                results[image].append(measure(client, image))
        print(f"| {name} |", " | ".join(map(summary, results.values())), "|", flush=True)


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


class Notebook:
    """A container with JupyterLab, removed at the end of the ``with`` block."""

    def __init__(self, client, image):
        self.began = time.time()
        self.container = client.containers.run(
            image, detach=True, ports={"8888/tcp": ("127.0.0.1", None)}
        )
        self.container.reload()
        self.port = self.container.ports["8888/tcp"][0]["HostPort"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.container.remove(force=True)

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
        """Wait until JupyterLab and the pool are there."""
        self.answered()
        code, said = self.container.exec_run(["htc-pool", "wait"])
        assert code == 0, said

    def cpu_seconds(self):
        """Return the processor time that the container has used."""
        usage = self.container.stats(stream=False, one_shot=True)["cpu_stats"]["cpu_usage"]
        return usage["total_usage"] / 1e9


def jupyter(client, image):
    with Notebook(client, image) as notebook:
        return notebook.answered()


def idle(client, image, seconds):
    with Notebook(client, image) as notebook:
        notebook.settled()
        # JupyterLab's own start takes a little longer than its first answer.
        time.sleep(10)
        used, began = notebook.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        return 100 * (notebook.cpu_seconds() - used) / (time.monotonic() - began)


def stop(client, image, job):
    with Notebook(client, image) as notebook:
        notebook.settled()
        if job:
            assert notebook.container.exec_run(["python", "-c", SLEEP]).exit_code == 0
            while notebook.container.exec_run(["condor_q", "-af", "JobStatus"]).output != b"2\n":
                time.sleep(0.05)
        began = time.monotonic()
        notebook.container.stop(timeout=10)
        return time.monotonic() - began


if __name__ == "__main__":
    main()
