"""Which images a folder of image tests is about."""

from family import images_on


def target(folder, **contexts):
    return {
        "dockerfile": f"images/{folder}/Dockerfile",
        "tags": [f"htcondor/htc-{folder}:latest"],
        "contexts": {name: f"target:{parent}" for name, parent in contexts.items()},
    }


TARGETS = {
    "base": target("base"),
    "minimal": target("minimal", parent="base"),
    "scipy": target("scipy", parent="minimal", tools="tools"),
    "tools": target("base"),
    "test": target("test", base="base", tools="tools"),
}
BUILT = ["base", "minimal", "scipy"]


def test_a_parents_tests_run_on_its_children_and_theirs():
    assert list(images_on("base", TARGETS, BUILT)) == ["base", "minimal", "scipy"]
    assert list(images_on("minimal", TARGETS, BUILT)) == ["minimal", "scipy"]


def test_a_childs_tests_do_not_run_on_its_parents():
    assert images_on("scipy", TARGETS, BUILT) == {"scipy": "htcondor/htc-scipy:latest"}


def test_a_folder_without_an_image_is_about_none():
    assert images_on("r", TARGETS, BUILT) == {}
