"""The words for what a component is doing."""

import json
import pickle

import pytest

from htmap.statuses import ComponentStatus


@pytest.mark.parametrize("status", ComponentStatus)
def test_a_status_is_the_string_of_its_name(status):
    assert status == status.name
    assert str(status) == f"{status}" == format(status, "") == status.name
    assert hash(status) == hash(status.name)
    assert json.dumps({status: status}) == f'{{"{status.name}": "{status.name}"}}'


def test_a_status_is_padded_like_its_string():
    assert f"{ComponentStatus.IDLE:>6}|" == "  IDLE|"


def test_the_statuses_are_those_of_the_original_and_one_for_jobs_that_vanished():
    names = "UNKNOWN UNMATERIALIZED IDLE RUNNING REMOVED COMPLETED HELD SUSPENDED ERRORED LOST"

    assert [status.name for status in ComponentStatus] == names.split()


def test_summaries_show_five_statuses_in_order():
    names = [str(status) for status in ComponentStatus.display_statuses()]

    assert names == ["HELD", "ERRORED", "IDLE", "RUNNING", "COMPLETED"]


def test_a_component_has_come_to_an_end_when_it_completed_or_will_not():
    final = {status for status in ComponentStatus if status.is_final}
    failures = {status for status in ComponentStatus if status.is_failure}

    assert final == {"COMPLETED", "ERRORED", "REMOVED", "LOST"}
    assert failures == final - {"COMPLETED"}


def test_codes_never_change_because_they_are_on_disk():
    codes = {status.name: status.code for status in ComponentStatus}

    assert codes == {
        "UNKNOWN": 0,
        "UNMATERIALIZED": 1,
        "IDLE": 2,
        "RUNNING": 3,
        "REMOVED": 4,
        "COMPLETED": 5,
        "HELD": 6,
        "SUSPENDED": 7,
        "ERRORED": 8,
        "LOST": 9,
    }


@pytest.mark.parametrize("status", ComponentStatus)
def test_a_code_leads_back_to_its_status(status):
    assert ComponentStatus.from_code(status.code) is status


@pytest.mark.parametrize("code", [-1, 10, 255])
def test_a_code_that_no_status_has_is_refused(code):
    with pytest.raises(ValueError, match=f"{code} is not the code"):
        ComponentStatus.from_code(code)


def test_a_status_is_the_same_object_after_a_pickle():
    assert pickle.loads(pickle.dumps(ComponentStatus.HELD)) is ComponentStatus.HELD
