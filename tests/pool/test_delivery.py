"""How Python reaches the execute node, for maps that run in the pool."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from live import nothing_is_left, schedd

import htmap
from htmap import MapOptions, delivery, exceptions
from htmap.delivery import packing


def double(x):
    return 2 * x


def of_job(map_, *attributes):
    """Values of attributes in the ad of a map's job, wherever it is now."""
    constraint = f'HTMapID == "{map_._folder.map_id}"'
    ads = [
        *schedd().query(constraint, list(attributes)),
        *schedd().history(constraint, list(attributes)),
    ]
    return tuple(str(ads[0].get(name)) for name in attributes)


@pytest.fixture
def registered():
    """Registers delivery methods for one test."""
    names = []

    def register(name, *functions):
        names.append(name)
        htmap.register_delivery_method(name, *functions)

    yield register
    for name in names:
        delivery.unregister_delivery_mechanism(name)


def test_delivery_by_assumption_runs_the_python_that_the_node_has(settings):
    settings["DELIVERY_METHOD"] = "assume"

    assert htmap.map(double, [4]).get(0, timeout=60) == 8


def test_a_node_without_python3_is_told_of_in_the_report():
    options = MapOptions(delivery_method="assume", environment="PATH=/nonexistent")
    m = htmap.map(double, [4], options)
    m.wait(timeout=60, errors_ok=True)

    report = m.errors[0].report()
    assert "the execute node has no python3 on its PATH, /nonexistent" in report
    assert "Python 3.9 or newer" in report
    with pytest.raises(exceptions.MapComponentError, match="no python3 on its PATH"):
        m.get(0)


def test_an_unknown_delivery_method_is_refused_before_anything_is_written(settings, htmap_dir):
    settings["DELIVERY_METHOD"] = "transplants"

    with pytest.raises(exceptions.UnknownPythonDeliveryMethod, match="mean 'transplant'"):
        htmap.map(double, [4], tag="bird")
    with pytest.raises(exceptions.UnknownPythonDeliveryMethod, match="pigeon"):
        htmap.map(double, [4], MapOptions(delivery_method="pigeon"), tag="bird")
    assert not (htmap_dir / "tags").exists() or htmap.get_tags() == ()


def test_requirements_of_delivery_settings_function_and_call_have_to_be_met_all(
    settings, registered
):
    """B7: the call's replaced those of the delivery and the settings."""
    registered("picky", lambda tag, map_dir: {"requirements": "MY.Delivery =!= 1"})
    settings["DELIVERY_METHOD"] = "picky"
    settings["MAP_OPTIONS.requirements"] = "MY.Settings =!= 1"
    mapped = htmap.mapped(MapOptions(requirements="MY.Function =!= 1 || false"))(double)

    m = mapped.map([3], map_options=MapOptions(requirements="MY.Call =!= 1"))

    assert m.get(0, timeout=60) == 6
    (requirements,) = of_job(m, "Requirements")
    for part in ("MY.Delivery", "MY.Settings", "MY.Function", "MY.Call"):
        assert part in requirements, requirements
    for who in ("Delivery", "Settings", "Function", "Call"):
        unmet = mapped.map(
            [3],
            map_options=MapOptions(requirements="MY.Call =!= 1", custom_options={who: 1}),
        )
        assert unmet.analyze().requests[0].could_run == 0, who


def test_the_image_and_universe_are_in_the_job_and_a_rerun_keeps_them(settings, tmp_path):
    settings["DOCKER.IMAGE"] = "of-the-settings:1"
    settings["SINGULARITY.IMAGE"] = "docker://of-the-settings:1"
    docker = htmap.map(double, [1], MapOptions(delivery_method="docker"))
    own = htmap.map(double, [1], MapOptions(delivery_method="docker", docker_image="own:2"))
    singularity = htmap.map(double, [1], MapOptions(delivery_method="singularity"))
    settings["DOCKER.IMAGE"] = "of-another-day:3"

    assert of_job(docker, "DockerImage", "WantDocker") == ("of-the-settings:1", "True")
    assert of_job(own, "DockerImage") == ("own:2",)
    assert of_job(singularity, "ContainerImage", "WantContainer") == (
        "docker://of-the-settings:1", "True",
    )  # fmt: skip
    (requirements,) = of_job(singularity, "Requirements")
    assert "(TARGET.HasSingularity)" in requirements
    assert "TARGET.HasDocker" in of_job(docker, "Requirements")[0]
    # What a rerun would submit is what was written down when the map was made.
    run = docker._folder.runs()[0]
    assert run.submit["fixed"]["docker_image"] == "of-the-settings:1"
    assert run.submit["delivery"]["universe"] == "docker"


def test_a_rerun_runs_the_python_that_the_map_was_made_with(settings, registered):
    paths = iter(["first", "second"])
    registered(
        "numbered",
        lambda tag, map_dir: {
            "executable": sys.executable,
            "transfer_executable": False,
            "arguments": delivery.RUNNER_ARGUMENTS,
            "environment": f"NUMBER={next(paths)}",
        },
    )

    def number():
        import os

        return os.environ["NUMBER"]

    m = htmap.starmap(number, [()], map_options=MapOptions(delivery_method="numbered"))
    assert m.get(0, timeout=60) == "first"
    delivery.unregister_delivery_mechanism("numbered")
    m.rerun()
    assert m.get(0, timeout=60) == "first"


def test_a_method_of_ones_own_sets_up_sends_files_and_loses_to_the_options(registered, tmp_path):
    """The example in the manual's page about delivery."""

    def set_up(tag, map_dir):
        (map_dir / "greeting.txt").write_text(f"hello {tag}")
        (tmp_path / "more.txt").write_text("more")

    def describe(tag, map_dir):
        return {
            "transfer_input_files": ["greeting.txt", tmp_path / "more.txt"],
            "environment": "A=method",
            "request_memory": "64MB",
        }

    registered("greeting", describe, set_up)

    def read():
        import os
        from pathlib import Path

        return Path("greeting.txt").read_text(), Path("more.txt").read_text(), os.environ["A"]

    m = htmap.starmap(
        read, [()], tag="world",
        map_options=MapOptions(delivery_method="greeting", request_memory="77MB"),
    )  # fmt: skip

    assert m.get(0, timeout=60) == ("hello world", "more", "method")
    assert of_job(m, "RequestMemory") == ("77",)


def fails(tag, map_dir):
    raise ZeroDivisionError("in the method")


@pytest.mark.parametrize(
    ("functions", "error", "words"),
    [
        ([lambda tag, map_dir: None], exceptions.InvalidMapOption, "returned None"),
        ([lambda tag, map_dir: {"log": "x"}], exceptions.ReservedOptionKeyword, "log"),
        ([lambda tag, map_dir: {"Output": "x"}], exceptions.ReservedOptionKeyword, "Output"),
        ([lambda tag, map_dir: {"arguments": "x"}], exceptions.InvalidMapOption, "executable"),
        ([lambda tag, map_dir: {"x": "a\nb"}], exceptions.InvalidMapOption, "line break"),
        ([fails], ZeroDivisionError, "in the method"),
        ([lambda tag, map_dir: {}, fails], ZeroDivisionError, "in the method"),
    ],
    ids=["none", "log", "output", "arguments alone", "line break", "raises", "set-up raises"],
)
def test_a_method_that_says_what_it_cannot_undoes_the_map(registered, functions, error, words):
    registered("wrong", *functions)

    with pytest.raises(error, match=f"(?i){words}"):
        htmap.map(double, [1], MapOptions(delivery_method="wrong"), tag="undone")

    nothing_is_left()


# --- transplants ----------------------------------------------------------------------------------

MAKE = """
import htmap, sys
assert sys.prefix == {prefix!r}, sys.prefix
def where():
    import sys, ssl, sqlite3, zlib, kept, linked
    return sys.executable, sys.prefix, sys.base_prefix, kept.__file__, linked.__file__
options = htmap.MapOptions(delivery_method="transplant", environment="PATH=/usr/bin:/bin")
m = htmap.starmap(where, [()], map_options=options, quiet=True)
(transplant,) = htmap.transplants()
print(transplant.hash, transplant.path, transplant.size, *transplant.packages)
assert htmap.transplant_info().startswith("[0] " + transplant.hash), htmap.transplant_info()
print(*m.get(0, timeout=60))
never = htmap.MapOptions(requirements="false", delivery_method="transplant")
again = htmap.map(abs, [-1], never, quiet=True)
assert htmap.transplants() == (transplant,)
transplant.remove()
transplant.remove()
assert htmap.transplants() == ()
m.rerun()
print(*m.get(0, timeout=60))
"""


@pytest.fixture
def environment(tmp_path):
    """A virtual environment with a package of its own, and one that lies elsewhere."""
    folder = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "kept.py").write_text("")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "__init__.py").write_text("")
    (site / "linked").symlink_to(tmp_path / "elsewhere")
    return folder


def test_a_transplanted_environment_runs_on_the_node_and_is_packed_once(environment, htmap_dir):
    """B17: the archive was made again for every map, and B16: what started it was not there."""
    ours = [Path(htmap.__file__).parents[1], sysconfig.get_path("purelib")]
    done = subprocess.run(
        [environment / "bin" / "python", "-c", MAKE.format(prefix=str(environment))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, ours))},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    about, *runs = (line.split() for line in done.stdout.splitlines())
    assert about[1] == str(htmap_dir / "transplants" / about[0])
    assert len(runs) == 2
    for executable, prefix, base, kept, linked in runs:
        assert prefix.endswith("/_htmap_python/env")
        assert base.endswith("/_htmap_python/base")
        assert executable == f"{prefix}/bin/python3"
        assert kept.startswith(f"{prefix}/lib/python3")
        assert linked.startswith(f"{prefix}/lib/python3")
    # Each job unpacks its own.
    assert runs[0] != runs[1]


def test_a_transplant_that_cannot_be_unpacked_on_the_node_is_told_of_in_the_report():
    options = MapOptions(delivery_method="transplant")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "fingerprint", lambda: "broken")
        patch.setattr(packing, "pack", lambda file: file.write(b"no archive"))
        m = htmap.map(double, [1], options)
    m.wait(timeout=60, errors_ok=True)

    assert "could not be unpacked on the execute node" in m.errors[0].report()


@pytest.mark.shared
def test_where_nodes_get_a_transplant_from_can_be_another_place(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "fingerprint", lambda: "0123abcd")
    settings["TRANSPLANT.ASSUME_EXISTS"] = True
    settings["TRANSPLANT.ALTERNATE_INPUT_PATH"] = f"{tmp_path}/"
    m = htmap.map(double, [1], MapOptions(delivery_method="transplant", requirements="false"))

    (inputs,) = of_job(m, "TransferInput")

    assert htmap.transplants() == ()
    assert f"{tmp_path}/0123abcd" in inputs
