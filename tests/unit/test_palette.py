"""How statuses look."""

from htmap import ComponentStatus
from htmap.display.palette import BY_URGENCY, LOOKS


def test_every_status_has_a_colour_and_a_mark_that_no_other_has():
    assert LOOKS.keys() == set(ComponentStatus)
    assert set(BY_URGENCY) < LOOKS.keys()
    assert len({look.colour for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.mark for look in LOOKS.values()}) == len(LOOKS)
