"""Call R functions in the components of a map; for R notebooks, see images/r/README.md."""


def call_r(call):
    """Call an R function with its arguments, in an R process of its own.

    Parameters
    ----------
    call : bytes
        What R's ``serialize(list(f, argument, ...), NULL)`` gives.

    Returns
    -------
    bytearray
        What R's ``serialize`` gives for what the function returns.

    Raises
    ------
    RuntimeError
        R failed. What it said is in the message.
    """
    # Inside, so that the function is all that travels.
    import pathlib
    import subprocess
    import sys
    import tempfile

    code = """
        files <- commandArgs(trailingOnly = TRUE)
        call <- unserialize(readBin(files[1], "raw", file.size(files[1])))
        writeBin(serialize(do.call(call[[1]], call[-1]), NULL), files[2])
    """
    with tempfile.TemporaryDirectory() as folder:
        given, returned = pathlib.Path(folder, "given"), pathlib.Path(folder, "returned")
        given.write_bytes(call)
        done = subprocess.run(
            ["Rscript", "-e", code, given, returned], stderr=subprocess.PIPE, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"R ended with status {done.returncode}: {done.stderr}")
        sys.stderr.write(done.stderr)
        return bytearray(returned.read_bytes())
