"""What one glance at a pool tells: jobs and cores."""

import time

import pytest
from live import until

import htmap
from htmap.pool import glance


@pytest.mark.shared
def test_jobs_that_the_schedd_has_yet_to_make_are_waiting_too():
    m = htmap.map(time.sleep, [3600] * 2000, quiet=True)

    def seen():
        jobs, cores = glance.jobs(), glance.cores()
        assert cores.busy <= cores.total
        return jobs.running and jobs.running + jobs.waiting >= 2000 and cores.busy

    try:
        until(seen, "a glance counts all of the map's jobs")
    finally:
        m.remove()
