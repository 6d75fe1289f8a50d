"""One job without a pool: the runner as HTCondor starts it, with packs made by hand."""

import json
import pickle
import subprocess
import sys

import cloudpickle

from htmap.execute import packs
from htmap.store.runner import runner_path


def made_runner(root):
    (root / "runners").mkdir()
    return runner_path(root)


def prepare(
    folder, function=None, inputs=(), *, function_pickle=None, envelope=None, input_envelope=None
):
    data = cloudpickle.dumps(function) if function_pickle is None else function_pickle
    with packs.PackWriter(folder / "function.pack", envelope or packs.versions()) as pack:
        pack.add(packs.ALL_COMPONENTS, packs.FUNCTION, data)
    with packs.PackWriter(folder / "0", input_envelope or packs.versions()) as pack:
        for component, value in inputs:
            pack.add(component, packs.INPUT, cloudpickle.dumps(((value,), {})))
        pack.finish()


def start(
    folder, runner, count, *, input_path="0", options=("-I",), output="output.pack", **environment
):
    return subprocess.Popen(
        [sys.executable, *options, runner, "function.pack", input_path, output, "0", str(count)],
        cwd=folder,
        env={"_CONDOR_SCRATCH_DIR": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_job(
    folder, runner, function=None, inputs=(), *, input_path="0", options=("-I",), **more
):  # fmt: skip
    """Run a function over pairs of component and input; return what the runner said and left."""
    prepare(folder, function, inputs, **more)
    process = start(folder, runner, len(inputs) or 1, input_path=input_path, options=options)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def outputs(folder, name="output.pack"):
    """What the output pack holds: component, kind, and the content of its payload."""
    found = []
    with packs.PackReader(folder / name) as pack:
        for record in pack.records():
            content = pack.payload(record)
            if record.kind == packs.RESULT:
                content = pickle.loads(content)
            elif record.kind == packs.ERROR:
                content = json.loads(content)
            elif record.kind in (packs.STARTED, packs.EXCEPTION, packs.REMARK):
                content = None
            found.append((record.component, record.kind, content))
    return found
