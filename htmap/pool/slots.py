"""How many jobs a pool can run at once."""

from __future__ import annotations

import logging

from htmap.chunking import Slots
from htmap.exceptions import HTMapException
from htmap.pool import offers

logger = logging.getLogger(__name__)

#: One user rarely gets more of a large pool; and how many are taken to be there if nobody says.
_MOST, _UNKNOWN = 1000, 100


def for_jobs_of(cpus: str) -> Slots:
    """Return how many jobs that ask for so many cores can run at once, if nothing else runs.

    Parameters
    ----------
    cpus : str
        What ``request_cpus`` says; an expression counts as 1.
    """
    cores = int(cpus) if cpus.isdecimal() and int(cpus) else 1
    try:
        number = offers.places(cores)
    except HTMapException as error:
        logger.info("the number of slots is not known: %s", error)
        return Slots(_UNKNOWN, f"the pool does not say how many slots it has: {_UNKNOWN} assumed")
    if not number:
        return Slots(1, f"no slot of the pool has {cores} cores now")
    return Slots(min(number, _MOST), f"the pool can run {number} such jobs at once")
