"""Which Pythons can be sent to an execute node."""

import sys

import pytest

from htmap import exceptions
from htmap.delivery import packing


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("platform", "win32", "win32 cannot be sent"),
        ("executable", "", "does not say where it is"),
        ("executable", "/no/such/python", "does not say where it is"),
    ],
)
def test_a_python_that_cannot_be_sent_is_refused(monkeypatch, name, value, message):
    monkeypatch.setattr(sys, name, value)

    with pytest.raises(exceptions.CannotTransplantPython, match=message):
        packing.check()


def test_the_system_s_python_is_refused_and_one_in_a_folder_like_it_is_not(monkeypatch):
    """B17: a user named usra has a home with `usr` in its path."""
    for prefix in ("/usr", "/home/usra/python"):
        monkeypatch.setattr(sys, "prefix", prefix)
        monkeypatch.setattr(sys, "base_prefix", prefix)
        if prefix == "/usr":
            with pytest.raises(exceptions.CannotTransplantPython, match="venv"):
                packing.check()
        else:
            packing.check()
