"""The pack: what was written is read, and what is not what was written is noticed."""

import pytest

from htmap.execute import packs

RECORDS = [(0, packs.INPUT, b"first"), (1, packs.INPUT, b""), (7, packs.RESULT, bytes(range(256)))]


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "a.pack"
    with packs.PackWriter(path, packs.versions(kind="test")) as writer:
        for record in RECORDS:
            writer.add(*record)
    return path


def read(path):
    with packs.PackReader(path) as reader:
        records = list(reader.records())
        return [(record.component, record.kind, reader.payload(record)) for record in records]


def test_what_was_written_is_read(pack):
    assert read(pack) == RECORDS
    with packs.PackReader(pack) as reader:
        assert reader.envelope == {"format": 2, "python": packs.PYTHON, "kind": "test"}


def test_the_last_record_of_a_component_and_kind_counts(tmp_path):
    path = tmp_path / "a.pack"
    with packs.PackWriter(path, packs.versions()) as writer:
        writer.add(0, packs.RESULT, b"old")
        writer.add(0, packs.RESULT, b"new")
    with packs.PackReader(path) as reader:
        assert reader.payload(reader.find(0, packs.RESULT)) == b"new"
        assert reader.find(0, packs.ERROR) is None
        assert reader.find(1, packs.RESULT) is None


def test_a_record_can_be_read_as_soon_as_it_was_added(tmp_path):
    path = tmp_path / "a.pack"
    with packs.PackWriter(path, packs.versions()) as writer:
        writer.add(0, packs.RESULT, b"x" * 100)
        assert read(path) == [(0, packs.RESULT, b"x" * 100)]


def test_a_pack_that_was_cut_off_anywhere_has_fewer_records_or_is_said_to_be_damaged(pack):
    data = pack.read_bytes()
    with packs.PackReader(pack) as reader:
        ends = [record.offset + record.length for record in reader.records()]
    start = ends[0] - len(b"first") - 29  # of the first record: its head has 25 and 4 bytes

    for size in range(len(data)):
        pack.write_bytes(data[:size])
        if size < start:
            with pytest.raises(packs.DamagedPackError, match=str(pack)):
                read(pack)
        else:
            assert read(pack) == RECORDS[: sum(end <= size for end in ends)]


def test_no_flipped_bit_anywhere_goes_unnoticed(pack):
    data = bytearray(pack.read_bytes())

    for position in range(len(data)):
        for bit in (0, 7):
            data[position] ^= 1 << bit
            pack.write_bytes(data)
            with pytest.raises(packs.DamagedPackError):
                read(pack)
            data[position] ^= 1 << bit


@pytest.mark.parametrize("data", [b"", b"HTMAPACK", b"\0" * 1000, b"some text\n" * 100])
def test_what_is_no_pack_is_said_not_to_be_one(data, tmp_path):
    path = tmp_path / "other"
    path.write_bytes(data)

    with pytest.raises(packs.DamagedPackError, match="not a pack"):
        packs.PackReader(path)


def test_zeros_behind_the_records_as_a_crash_leaves_them_are_damage(pack):
    pack.write_bytes(pack.read_bytes() + bytes(100))

    with pytest.raises(packs.DamagedPackError, match="damaged at byte"):
        read(pack)


def test_a_pack_of_another_format_is_explained(tmp_path):
    path = tmp_path / "a.pack"
    packs.PackWriter(path, {**packs.versions(), "format": 3}).close()

    with pytest.raises(packs.DamagedPackError, match=r"format 3.*reads format 2"):
        packs.PackReader(path)


def test_a_large_record_is_written_whole(tmp_path):
    path = tmp_path / "a.pack"
    payload = bytes(range(256)) * 20_000
    with packs.PackWriter(path, packs.versions()) as writer:
        writer.add(3, packs.RESULT, payload)
    assert read(path) == [(3, packs.RESULT, payload)]


def test_only_its_owner_may_read_a_pack(pack):
    assert pack.stat().st_mode & 0o777 == 0o600


def test_a_component_is_found_also_where_they_are_not_in_order(tmp_path):
    path = tmp_path / "a.pack"
    with packs.PackWriter(path, packs.versions()) as writer:
        for component in (5, 3, 9, 1):
            writer.add(component, packs.STDOUT, b"printed %d" % component)
            writer.add(component, packs.RESULT, b"%d" % component)
        writer.finish()
    with packs.PackReader(path) as reader:
        for component in (1, 3, 5, 9):
            record = reader.find(component, packs.RESULT)
            assert reader.payload(record) == b"%d" % component
            assert reader.payload(reader.find(component, packs.STDOUT)).startswith(b"printed")
            assert reader.find(component, packs.ERROR) is None
        assert reader.find(2, packs.RESULT) is None
        assert len(reader.index.span(2)) == 0
        assert reader.index.span(3) == range(2, 4)


def test_one_of_many_records_is_found_by_reading_little(tmp_path):
    path = tmp_path / "a.pack"
    with packs.PackWriter(path, packs.versions(), buffered=True) as writer:
        for component in range(100_000):
            writer.add(component, packs.RESULT, b"%d" % component)
        writer.finish()
    with packs.PackReader(path) as reader:
        assert reader.payload(reader.find(70_000, packs.RESULT)) == b"70000"
        assert reader._index is None
        for component in (0, 99_999):
            assert reader.payload(reader.find(component, packs.RESULT)) == b"%d" % component
        assert len(reader.index) == 100_000


def test_a_record_is_found_whatever_is_damaged_in_the_index(tmp_path):
    path = tmp_path / "a.pack"
    with packs.PackWriter(path, packs.versions()) as writer:
        for component in range(3):
            writer.add(component, packs.RESULT, b"%d" % component)
        writer.finish()
    whole = path.read_bytes()
    with packs.PackReader(path) as reader:
        records = list(reader.records())
    end = records[-1].offset + records[-1].length
    for position in range(end, len(whole)):
        data = bytearray(whole)
        data[position] ^= 0x80
        path.write_bytes(data)
        with packs.PackReader(path) as reader:
            for component in (1, 0, 2):
                record = reader.find(component, packs.RESULT)
                assert reader.payload(record) == b"%d" % component
