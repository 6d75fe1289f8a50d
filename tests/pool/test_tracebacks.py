"""What IPython shows of a component that failed in a pool."""

import socket

import pytest

import htmap
from htmap.exceptions import MapComponentError


def fails(x):
    half = x / 2
    raise ValueError(f"not {half}")


def test_the_exception_of_a_component_brings_its_lines_and_locals_home():
    m = htmap.map(fails, [3], quiet=True)

    with pytest.raises(MapComponentError) as caught:
        m.get(0, timeout=60)

    error = caught.value
    assert error.locals == {"x": "3", "half": "1.5"}
    assert error.frames[-1].function == "fails"
    assert error.component_error.exception_msg == "ValueError: not 1.5"
    shown = "\n".join(error._render_traceback_())
    assert f"Component 0 of the map {m.tag!r} on {socket.gethostname()}" in shown
    assert "-> 13     raise ValueError(" in shown
    assert "\n        x = 3\n        half = 1.5\n" in shown
    assert "Run it again with Map.rerun([0])" in shown
