"""How the components of a job ended, by its output pack."""

import pytest

from htmap.execute import packs
from htmap.execute.packs import ALL_COMPONENTS, ERROR, EXCEPTION, RESULT, STARTED, STDOUT
from htmap.store import endings
from htmap.store.timings import Timing

JOB = range(10, 14)
BUFFERS = RESULT | packs.WITH_BUFFERS


def write(path, *records, finish=True):
    with packs.PackWriter(path, packs.versions(kind="output")) as pack:
        for component, kind in records:
            pack.add(component, kind, b"{}", wall=component, cpu=component / 2)
        if finish:
            pack.finish()
    return path


@pytest.fixture(params=["at once", "in parts"])
def path(request, tmp_path, monkeypatch):
    """Where a pack is, which is read in either way."""
    if request.param == "in parts":
        monkeypatch.setattr(endings, "_FIRST_READ", 16)
    return tmp_path / "0"


@pytest.mark.parametrize("finish", [True, False], ids=["complete", "without an index"])
@pytest.mark.parametrize(
    ("records", "kinds", "running"),
    [
        ([(i, RESULT) for i in JOB], [RESULT] * 4, None),
        ([(i, kind) for i in JOB for kind in (STARTED, RESULT)], [RESULT] * 4, None),
        ([(10, BUFFERS), *((i, RESULT) for i in JOB[1:])], [BUFFERS, *[RESULT] * 3], None),
        ([(10, RESULT), (10, STDOUT), (11, ERROR), (11, EXCEPTION)], [RESULT, ERROR, 0, 0], 12),
        ([(12, RESULT), (10, RESULT)], [RESULT, 0, RESULT, 0], 11),
        ([(10, ERROR), (10, RESULT)], [RESULT, 0, 0, 0], 11),
        ([(ALL_COMPONENTS, ERROR)], [ERROR] * 4, None),
        ([(11, RESULT), (ALL_COMPONENTS, ERROR)], [ERROR, RESULT, ERROR, ERROR], None),
        ([(10, STARTED)], [0] * 4, 10),
        ([], [0] * 4, 10),
        ([(3, RESULT), (4, RESULT)], [0] * 4, 10),
    ],
)
def test_the_last_end_of_each_component_counts(path, records, kinds, running, finish):
    found = endings.endings(write(path, *records, finish=finish), JOB)

    assert list(found.kinds) == kinds
    assert found.running == running


def test_what_those_that_returned_took_is_summed(path):
    write(path, (10, RESULT), (11, ERROR), (12, RESULT), (13, BUFFERS))
    found = endings.endings(path, JOB)

    assert found.timing == Timing(3, 35.0, 13.0)
    assert list(found.cpu) == [5.0, 5.5, 6.0, 6.5]


def test_a_pack_that_is_gone_or_none_tells_nothing(path):
    assert endings.endings(path, JOB).kinds == bytes(4)
    assert endings.endings(path, JOB).running is None
    path.write_bytes(b"\0" * 300)
    assert endings.endings(path, JOB).kinds == bytes(4)


def test_wherever_a_pack_is_damaged_or_cut_off_no_end_is_made_up(path):
    write(path, *((i, RESULT) for i in JOB))
    data = path.read_bytes()
    for position in range(len(data)):
        for changed in (data[:position], bytearray(data)):
            if len(changed) == len(data):
                changed[position] ^= 0x55
            path.write_bytes(changed)
            found = endings.endings(path, JOB)
            assert set(found.kinds) <= {0, RESULT}
    # A damaged index costs nothing: the records are there.
    cut = data[: data.rindex(b"HTMAPEND") - 20] + bytes(20) + data[data.rindex(b"HTMAPEND") :]
    path.write_bytes(cut)
    assert endings.endings(path, JOB).kinds == bytes([RESULT] * 4)
