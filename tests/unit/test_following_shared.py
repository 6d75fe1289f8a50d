"""What a component writes, as it is seen while its job runs it beside others."""

import os

import pytest

from htmap.execute import packs, places
from htmap.following_shared import SharedStream
from htmap.store.growing import GrowingText


class Job:
    """The folder of a job that runs components 4 and 7."""

    def __init__(self, folder):
        self.folder = folder
        (folder / places.FOLDER).mkdir()
        self.output = packs.PackWriter(
            folder / places.FOLDER / places.OUTPUT, packs.versions(kind="output")
        )
        self._stream = folder / places.STREAMS["stdout"]

    def say(self, text):
        with self._stream.open("a") as file:
            file.write(text)

    def keep(self, component):
        """Move what was written into the pack, as the job does before it says how it ended."""
        with self._stream.open("rb") as file:
            self.output.add_file(component, packs.STDOUT, file)
        os.truncate(self._stream, 0)

    def end(self, component):
        self.output.add(component, packs.RESULT, b"")


@pytest.fixture
def job(tmp_path):
    job = Job(tmp_path)
    with job.output:
        yield job


@pytest.fixture
def text():
    with GrowingText() as text:
        yield text


@pytest.mark.parametrize("moment", ["before it is looked at", "before it is read"])
def test_a_text_that_is_being_kept_goes_on_where_it_was(job, text, moment):
    seen = SharedStream(job.folder, [4, 7], 4, "stdout")
    job.say("one\n")
    assert seen.read(text) == ["one\n"]
    job.say("two\n")
    if moment == "before it is looked at":
        job.keep(4)
    else:
        read = text.read

        def keep_and_read():
            text.read = read
            job.keep(4)
            return read()

        text.read = keep_and_read
    assert seen.read(text) == ["two\n"]
    assert not seen.has_ended
    assert seen.end(100) == "one\ntwo\n"

    job.end(4)
    job.say("of the next")
    assert seen.read(text) == []
    assert seen.has_ended


def test_the_next_component_has_what_is_written_after_the_end_of_the_one_before(job, text):
    seen = SharedStream(job.folder, [4, 7], 7, "stdout")
    job.say("one\n")
    assert seen.read(text) == []
    assert seen.end(100) == ""
    job.keep(4)
    job.end(4)
    job.say("two\n")
    assert seen.read(text) == ["two\n"]
    assert seen.end(2) == "o\n"
