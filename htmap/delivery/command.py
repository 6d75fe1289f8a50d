"""What a job runs: htmap's runner, by some Python."""

from __future__ import annotations

from htmap.execute.places import FOLDER, OUTPUT

#: The words after ``python3`` that run a job, the same for every method: the runner, the map's
#: function, a pack with the job's inputs, the output that HTCondor brings back (files in the folder
#: that the job starts in), and which of the inputs are the job's: the first, and how many.
RUNNER_ARGUMENTS = (
    f"runner.pyz function.pack $(inputpack) {FOLDER}/{OUTPUT} $(firstinput) $(inputcount)"
)


def in_shell(script: str) -> dict[str, str]:
    """Return the descriptors of a job that runs a line of ``sh``.

    Parameters
    ----------
    script : str
        One line of shell. HTCondor's ``$(...)`` in it are replaced by HTCondor, so the shell's own
        substitution of commands has to be written with backquotes.

    Examples
    --------
    >>> print(in_shell("echo 'two  words'")["arguments"])
    "-c 'echo ''two  words'''"
    """
    # (Users' manual, "Submit Description File Commands", arguments: the new syntax)
    quoted = script.replace("'", "''").replace('"', '""')
    return {
        "executable": "/bin/sh",
        "transfer_executable": "false",
        "arguments": f"\"-c '{quoted}'\"",
    }


# An image need not know the user that a job runs as: then the home is another's, and what asks for
# a name fails.
_AT_HOME = (
    '[ -w "$HOME" ] || export HOME="$PWD"; id -un > /dev/null 2>&1 || export USER="user`id -u`"; '
)


def python3_in(image: str) -> dict[str, str]:
    """Return the descriptors of a job that runs the first ``python3`` of an image.

    Parameters
    ----------
    image : str
        What kind of image, for whoever reads that it has none: "the Docker image".
    """
    return python3_of(image, _AT_HOME)


def python3_of(where: str, before: str = "") -> dict[str, str]:
    """Return the descriptors of a job that runs the first ``python3`` on the ``PATH``.

    It is the shell that looks for it, so that a node without it ends the job with a report of that,
    instead of a job that is held because it cannot be started.

    Parameters
    ----------
    where : str
        Where that is, for whoever reads that there is none: "the execute node".
    before : str
        Shell that comes before it.
    """
    return in_shell(
        f"{before}command -v python3 > /dev/null || "
        f'{{ echo "htmap: {where} has no python3 on its PATH, $PATH. It needs Python 3.9 or newer, '
        'and nothing else: choose another image or delivery method" >&2; exit 127; }; '
        f"exec python3 {RUNNER_ARGUMENTS}"
    )
