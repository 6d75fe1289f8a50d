"""The schedd's queue on disk, and what to do where it is damaged.

The schedd (23.9.6 and 25.14.1, measured) reads job_queue.log record by record, one a line. What
was being written when the power went is at the end, and it drops that by itself. Elsewhere

- a record that it cannot read, before the end of any transaction, makes it give up, again and
  again: no pool;
- a NUL or an empty line is the end for it: what follows is lost, and nobody is told.

Here both mean that the file is set aside, with the files that its jobs brought, and the schedd
starts with an empty queue that counts on from where the old one was.
"""

import mmap
import os
import re
import time

#: A record that the schedd can read, as far as its shape tells; what is of another shape it cannot.
_RECORD = (
    rb"[ \t]*0*(?:"
    rb"101(?:[ \t]+[^\s\0]+){3}"  # a new ad, and its two types
    rb"|102[ \t]+[^\s\0]+"  # an ad is gone
    rb"|103(?:[ \t]+[^\s\0]+){2}[ \t]+[^\s\0]"  # an attribute, and its value
    rb"|104(?:[ \t]+[^\s\0]+){2}"  # an attribute is gone
    rb"|10[567]"  # a transaction begins, it ends; the header
    rb")[^\n\0]*+\n"
)
_RECORDS = re.compile(rb"(?:" + _RECORD + rb")*+")
_ANY_RECORD = re.compile(rb"(?m)^" + _RECORD)
_BEGIN_OR_END = re.compile(rb"(?m)^[ \t]*0*10([56])[ \t\n]")
_END = re.compile(rb"(?m)^[ \t]*0*106[ \t\n]")
_TORN_HEADER = re.compile(rb"(?:1|10|107[^\n\0]*)?")
_CLUSTER = re.compile(
    rb"(?m)^10[1-4] 0*([0-9]{1,9})\.-?[0-9]|^103 0\.0 NextClusterNum ([0-9]{1,9})$"
)
_SCHEDDS_WORD = re.compile(
    r"corrupt log record (\d+) \(byte offset \d+\) occurred inside closed transaction"
)


def mend(directory):
    """Set a damaged queue aside, and say so in a sentence; the empty string if there is none.

    Nobody may have the queue open.

    Parameters
    ----------
    directory : str
        The pool's directory.
    """
    spool = os.path.join(directory, "spool")
    path = os.path.join(spool, "job_queue.log")
    where = damage(path) or _schedds_word(directory, path)
    if not where:
        return ""
    # Not in spool: condor_preen removes there what it does not know.
    kept = os.path.join(directory, time.strftime("damaged-queue-%Y-%m-%dT%H%M%SZ", time.gmtime()))
    os.makedirs(kept, mode=0o700, exist_ok=True)
    number = _next_cluster(path)
    for name in os.listdir(spool):
        if name.isdecimal() or name.startswith("job_queue.log."):
            os.rename(os.path.join(spool, name), os.path.join(kept, name))
    os.rename(path, os.path.join(kept, "job_queue.log"))
    _begin(path, number)
    return (
        f"the queue {os.path.realpath(path)} is damaged ({where}): it is kept in "
        f"{os.path.realpath(kept)}, and the pool starts with an empty one"
    )


def damage(path):
    """Say where a queue is damaged so that jobs are lost; the empty string if it is not."""
    try:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return ""
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
                return _damage(text)
    except FileNotFoundError:
        return ""


def _damage(text):
    good = _RECORDS.match(text).end()
    if good == len(text):
        return ""
    if good == 0:
        # Nothing was ever in a file that ends within its header.
        return "" if _TORN_HEADER.fullmatch(text) else "no record of it can be read"
    where = f"at byte {good} of {len(text)}"
    # The line itself may hold what was torn; what comes after it would not be there.
    rest = _line_end(text, good)
    if _END.search(text, rest):
        return where
    if _in_transaction(text, good):
        # Never finished, whatever is in it.
        return ""
    return where if _ANY_RECORD.search(text, rest) else ""


def _line_end(text, position):
    found = text.find(b"\n", position)
    return len(text) if found < 0 else found + 1


def _in_transaction(text, end):
    marks = []
    start, step = end, 1 << 16
    # Backwards in growing steps: a transaction is short, a queue may not be.
    while start and not marks:
        start, step = max(0, end - step), step * 8
        marks = _BEGIN_OR_END.findall(text, start, end)
    return marks[-1:] == [b"5"]


def _schedds_word(directory, path):
    """Say what the last schedd that could not read its queue said of it."""
    log = os.path.join(directory, "log", "SchedLog")
    try:
        if os.stat(path).st_mtime_ns >= os.stat(log).st_mtime_ns:
            # Said of another one, which is set aside by now.
            return ""
        with open(log, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 65536))
            said = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    found = _SCHEDDS_WORD.search(said.rpartition(" STARTING UP")[2])
    return f"at its record {found[1]}, says the schedd" if found else ""


def _next_cluster(path):
    number = 1
    with open(path, "rb") as file:
        for line in file:
            found = _CLUSTER.match(line)
            if found:
                number = max(number, int(found[2]) if found[2] else int(found[1]) + 1)
    return number


def _begin(path, number):
    # As the schedd itself begins one, so that no two jobs of a map's life have one number.
    text = (
        f"107 1 CreationTimestamp {int(time.time())}\n"
        f"101 0.0 Job Machine\n103 0.0 NextClusterNum {number}\n"
    )
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="ascii", opener=_private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)


def _private(path, flags):
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
