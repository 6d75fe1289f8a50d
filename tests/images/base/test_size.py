"""The size of each image against the one that its page records."""

import re

import pytest

pytestmark = pytest.mark.children


def test_the_image_has_not_grown_by_more_than_a_tenth(engine, image, request, source):
    name = request.node.callspec.id.removesuffix("-condor25")
    page = source / "docs" / "images" / f"{name}.md"
    assert page.exists(), "`make manifests` writes the page of a new image"
    recorded = int(re.search(r"^Size: (\d+) MB", page.read_text(), re.M)[1]) * 1_000_000
    assert engine.images.get(image).attrs["Size"] <= 1.1 * recorded, (
        "take something out again or, if its users need it, record it with `make manifests`"
    )
