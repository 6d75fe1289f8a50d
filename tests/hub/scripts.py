"""Python scripts that run in a user's server, beside what its user does in a browser."""

import json

# What they have in common.
TOOLS = """
import json, os, subprocess, time
import htmap

def when(path):
    import os, time
    while not os.path.exists(path):
        time.sleep(0.05)
    return "seen"

def until(ready):
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end, [m.status() for m in htmap.load_maps()]
        time.sleep(0.05)

subprocess.run(["htc-pool", "wait", "--quiet"], check=True, stdout=subprocess.DEVNULL)
"""


def told(server, script, **options):
    """Run a script in a server's container; return what it printed as JSON."""
    return json.loads(server.python(TOOLS + script, **options))
