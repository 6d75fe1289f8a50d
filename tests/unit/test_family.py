"""Which images a folder of image tests is about."""

from family import images_of, images_on


def image(name, parent=None, *, folder=None):
    """Return the two targets of an image: its software, and that finished."""
    software = {"dockerfile": f"images/{folder or name}/Dockerfile"}
    if parent:
        software["contexts"] = {"parent": f"target:{parent}-software", "tools": "target:tools"}
    finished = {
        "dockerfile": "images/finish/Dockerfile",
        "tags": [f"htcondor/htc-{name}:latest"],
        "contexts": {"library": "target:library", "parent": f"target:{name}-software"},
    }
    return {f"{name}-software": software, name: finished}


TARGETS = {
    **image("base"),
    **image("base-condor25", folder="base"),
    **image("minimal", "base"),
    **image("scipy", "minimal"),
    **image("test", "base"),
    "tools": {"dockerfile": "images/base/Dockerfile"},
    "library": {"dockerfile": "images/library/Dockerfile", "contexts": {"tools": "target:tools"}},
}
BUILT = ["base", "base-condor25", "minimal", "scipy"]


def test_tests_run_on_every_image_that_is_built_from_their_dockerfile():
    assert list(images_of("base", TARGETS, BUILT)) == ["base", "base-condor25"]
    assert images_of("scipy", TARGETS, BUILT) == {"scipy": "htcondor/htc-scipy:latest"}


def test_what_is_marked_for_children_runs_on_theirs_too():
    assert list(images_on("base", TARGETS, BUILT)) == BUILT
    assert list(images_on("minimal", TARGETS, BUILT)) == ["minimal", "scipy"]


def test_a_childs_tests_do_not_run_on_its_parents():
    assert list(images_on("scipy", TARGETS, BUILT)) == ["scipy"]


def test_a_folder_without_an_image_is_about_none():
    assert images_of("r", TARGETS, BUILT) == images_on("r", TARGETS, BUILT) == {}
