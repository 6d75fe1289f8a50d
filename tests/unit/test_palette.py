from htmap import ComponentStatus
from htmap.display.palette import LOOKS


def test_every_status_has_a_colour_of_its_own():
    assert set(LOOKS) == set(ComponentStatus)
    assert len({look.colour for look in LOOKS.values()}) == len(ComponentStatus)
