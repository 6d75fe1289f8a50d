"""What lies where in a job's folder on the execute node; the submit side names it by this, too."""

from __future__ import annotations

import functools
import os

#: A folder that arrives empty. What is in it when the job ends, or is evicted, travels back: a file
#: that HTCondor was told of by its own name would hold the job whenever it is missing.
FOLDER = "_htmap"

#: The output pack, in that folder.
OUTPUT = "_htmap_output"

# Files in the job's folder, where it has several components: what the one that runs has written.
STREAMS = {"stdout": "_htmap_stdout", "stderr": "_htmap_stderr"}

#: A folder for temporary files, where the job has several components: libraries keep files there
#: for longer than a component lasts.
TEMPORARY = "_htmap_tmp"

#: The status by which a job of several components asks HTCondor to keep what it has done so far,
#: and to let it go on.
CHECKPOINT_STATUS = 85

# Folders in that folder. Back on the node after an eviction, they are in the job's folder itself.
FILES = "_htmap_files"  # by component: what the function had transferred
REMAPPED = "_htmap_remapped"  # COMPONENT-NUMBER: what goes somewhere else
CHECKPOINTS = "_htmap_checkpoints"  # by component, then by number

#: The event log of a job whose files travel over the network, with a dot and the job's number.
EVENTS = "_htmap_events"

#: Where inputs arrive whose own names are taken in the job's folder.
INPUTS = "_htmap_inputs"

#: The attribute of the job that lists the names of the files that go somewhere else.
PROMISED = "HTMapOutputs"


def is_on_node() -> bool:
    """Tell whether this process runs a component of a map."""
    return os.environ.get("HTMAP_ON_EXECUTE") == "1"


def component() -> str:
    """Return the number of the component that this process runs."""
    return os.environ["HTMAP_COMPONENT"]


@functools.lru_cache(maxsize=None)
def job_ad() -> str:
    """Return the text of the job's ad; nothing where there is none."""
    try:
        with open(os.environ["_CONDOR_JOB_AD"], errors="replace") as file:
            return file.read()
    except (KeyError, OSError):
        return ""


def may_checkpoint() -> bool:
    """Tell whether HTCondor keeps what the job has done so far when it leaves by that status."""
    return f'TransferCheckpoint = "{FOLDER}/"' in job_ad()


def scratch(*names: str) -> str:
    """Return the path of the job's folder, or of something in it, wherever the function went."""
    return os.path.join(os.path.realpath(os.environ["_CONDOR_SCRATCH_DIR"]), *names)


def name_in_scratch(path: str | os.PathLike[str]) -> str:
    """Return the path of a file relative to the job's folder; outside, it begins with ``..``."""
    folder, name = os.path.split(os.path.abspath(os.fspath(path)))
    return os.path.relpath(os.path.join(os.path.realpath(folder), name), scratch())


def is_outside(name: str) -> bool:
    """Tell whether a relative path leads out of the folder, or to the whole of it."""
    return name == os.curdir or name.split(os.sep)[0] == os.pardir or os.path.isabs(name)
