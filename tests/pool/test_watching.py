"""Looking at maps of several components a job, from several processes, while they run."""

from live import run, until

import htmap
from htmap.store import timings

LOOK = """
m = htmap.load("watched")
print(m.status())
print([str(status) for status in m.component_statuses])
print(sorted(m.errors), [str(hold.code) for hold in m.holds.values()])
print([list(m.iter(timeout=0, errors="skip"))])
"""


def look():
    process = run(LOOK)
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_every_process_sees_the_same_whether_it_reads_the_log_or_what_was_saved():
    def fails_on_four(x):
        if x == 4:
            raise ValueError(x)
        return 10 * x

    m = htmap.map(
        fails_on_four, range(7), htmap.MapOptions(hold="true"), tag="watched", chunksize=3
    )
    until(lambda: len(m.holds) == 7, "all components of the held jobs are listed")
    assert look().splitlines()[2] == "[] ['15', '15', '15', '15', '15', '15', '15']"
    assert len(m.analyze().requests[0].components) == 7
    m.release()
    m.wait(timeout=60, errors_ok=True)

    until(lambda: m._folder.state.exists(), "the state is saved")
    by_state = look()
    m._folder.state.unlink()
    assert by_state == look()
    assert "COMPLETED = 6" in by_state
    assert "[0, 10, 20, 30, 50, 60]" in by_state
    m.rerun([4])
    m.release()
    until(lambda: not m.is_active, "it has run again")
    by_state = look()
    m._folder.state.unlink()
    assert by_state == look()
    assert len(m.runtime) == len(m.memory_usage) == 7
    assert timings.recorded(m._folder.about["function"]).components == 6
