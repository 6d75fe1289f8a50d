"""What docker-bake.hcl says of the images, and what belongs to each."""

import subprocess

import pytest
from family import SOURCE, bake

RELEASE = {
    "RELEASE": "true", "TAG": "latest", "HTMAP_VERSION": "1.2.3", "CREATED": "2030-01-02T03:04:05Z"
}  # fmt: skip
PUBLISHED = bake("release")["group"]["release"]["targets"]


def test_a_release_is_for_both_platforms_with_its_tags_and_attestations():
    released = bake("release", **RELEASE)
    for target in (released["target"][name] for name in released["group"]["release"]["targets"]):
        assert target["platforms"] == ["linux/amd64", "linux/arm64"]
        assert {kind.split(",")[0] for kind in target["attest"]} == {"type=sbom", "type=provenance"}
        condor = target["labels"]["org.htcondor.condor-version"]
        tags = [tag.split(":")[1] for tag in target["tags"]]
        assert tags == ["latest", "1.2.3", "2030-01-02", f"condor-{condor}"]


def test_what_runs_the_tests_is_not_released():
    assert not {"test", "hub-test", "hub", "tools", "stand-in", "overlay-stand-in"} & set(PUBLISHED)


def test_push_says_what_it_would_push_and_pushes_nothing():
    done = subprocess.run(
        ["machine/push", "base"], cwd=SOURCE, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done
    assert "nothing is pushed without --really" in done.stderr
    assert [line.split(":")[0].split("/")[-1] for line in done.stdout.splitlines()] == [
        "htc-base-notebook"
    ] * 4


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_image_has_its_readme_page_and_tests_and_a_line_in_the_manual(name):
    assert (SOURCE / "images" / name / "README.md").read_text().startswith(f"# {name}\n")
    assert (SOURCE / "docs" / "images" / f"{name}.md").exists(), "make manifests"
    assert list((SOURCE / "tests" / "images" / name).glob("test_*.py"))
    assert f"(images/{name}.md)" in (SOURCE / "docs" / "images.md").read_text()
