"""The memory and disk that jobs ask for."""

import pytest

from htmap import MapOptions
from htmap.exceptions import InvalidMapOption
from htmap.resources import DISK, MEMORY


def test_each_has_the_names_that_htcondor_gives_it():
    assert (MEMORY.command, MEMORY.attribute) == ("request_memory", "RequestMemory")
    assert (DISK.command, DISK.attribute) == ("request_disk", "RequestDisk")


@pytest.mark.parametrize("value", [0, -1, 1.5, 1.0, "2GB", "1024", None, True, 2**63, [1]])
def test_what_is_no_whole_number_above_zero_is_refused(value):
    with pytest.raises(InvalidMapOption, match=r"memory.*MB above 0"):
        MEMORY.amount(value)
    with pytest.raises(ValueError, match=r"disk.*KB above 0"):
        DISK.amount(value)


def test_a_new_amount_takes_the_place_of_every_spelling_of_the_old_one():
    options = MapOptions(
        request_memory=["1GB", "2GB"],
        request_disk="1GB",
        request_cpus=2,
        custom_options={"RequestMemory": "77", "HTMapDefaultMemory": True},
    ).resolve(2)

    replaced = MEMORY.replaced(options, "4096")

    assert replaced.fixed == {"request_memory": "4096", "request_disk": "1GB", "request_cpus": "2"}
    assert replaced.per_component == {}
    assert "request_memory" in options.per_component
