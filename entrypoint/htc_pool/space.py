"""Room for the pool: on a full disk every daemon ends at once, and so does whatever restarts it."""

import errno
import os
import time

from htc_pool import voice

#: What the daemons need for their logs and the next transactions of the queue.
NEEDED = 1 << 20
#: A supervisord of so many seconds was not started with the container just now.
YOUNG = 5


def is_there(directory):
    """Say whether something can be written in `directory`."""
    # A full disk (or quota) shows itself when there is something to write, and only then.
    path = os.path.join(directory, f".probe-{os.getpid()}")
    try:
        with open(path, "wb") as file:
            file.write(bytes(NEEDED))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return False
        raise
    finally:
        if os.path.lexists(path):
            os.unlink(path)
    return True


def lack(directory):
    """Return the sentence for a full directory."""
    return f"{os.path.realpath(directory)} is full: the pool starts when there is space again"


def wait(directory):
    """Wait until there is room in `directory`, and say so if there is none."""
    if is_there(directory):
        return
    if voice.age(os.getppid()) > YOUNG:
        # Sooner, who started it has said so.
        voice.tell(directory, lack(directory))
    pause = 0.25
    while not is_there(directory):
        # The kernel tells nobody of space that becomes free.
        time.sleep(pause)
        pause = min(2 * pause, 4)
    voice.tell(directory, f"there is space again in {os.path.realpath(directory)}")
