"""Why components wait: Map.analyze()."""

import re

import pytest
from live import run, until

import htmap
from htmap import ComponentStatus, MapOptions, exceptions
from htmap.pool import offers


def double(x):
    return 2 * x


def test_a_map_whose_jobs_match_no_machine_says_which_part_of_the_request_excludes_it():
    options = MapOptions(
        request_cpus=["1", "4096", "4096"],
        requirements='TARGET.HasNoSuchThing && (TARGET.OpSys == "LINUX" || false)',
    )
    m = htmap.map(double, range(3), options, tag="impossible")

    analysis = m.analyze()

    small, large = sorted(analysis.requests, key=lambda request: request.components)
    assert (small.components, large.components) == ((0,), (1, 2))
    assert small.could_run == large.could_run == 0
    assert not analysis.can_run
    assert analysis.offer.slots == 1
    text = str(analysis)
    assert "met by 0 of 1:  TARGET.HasNoSuchThing" in text
    assert re.search(
        r"asked for 4,096 CPUs, the most in one slot is \d+ CPUs: lower request_cpus", text
    )
    # What is met is not told.
    assert "OpSys" not in text
    assert "Components 1-2: asking for 4,096 CPUs" in text
    assert "until the pool or their options change" in text


def test_requirements_for_containers_that_the_pool_lacks_are_put_in_words():
    words = {
        "docker": "no slot has Docker",
        "singularity": "no slot has Singularity",
        "container": "no slot can run containers",
    }
    for method, word in words.items():
        m = htmap.map(double, [1], MapOptions(delivery_method=method))

        text = str(m.analyze())

        assert word in text
        assert m.analyze().requests[0].could_run == 0


def test_a_component_that_only_waits_to_be_released_is_said_to_be_able_to_run():
    m = htmap.map(double, [1], MapOptions(hold=True))
    until(lambda: m.component_statuses == [ComponentStatus.HELD], "it is held")

    analysis = m.analyze()

    (request,) = analysis.requests
    # Whole slots are asked, also while others' jobs fill this one.
    assert (request.could_run, request.held) == (1, 1)
    assert analysis.can_run
    assert "1 of 1 slot could run them" in str(analysis)


@pytest.mark.shared
def test_a_held_component_is_told_with_its_reason():
    m = htmap.map(double, [1], MapOptions(fixed_input_files="/nonexistent/file"))
    until(lambda: m.component_statuses == [ComponentStatus.HELD], "it is held")

    text = str(m.analyze())

    assert "1 held, which ask for nothing until Map.release()" in text
    assert "/nonexistent/file" in text


def test_a_finished_map_has_nothing_to_analyze():
    m = htmap.map(double, [1])
    m.wait(timeout=60)

    analysis = m.analyze()

    assert (analysis.offer, analysis.requests) == (None, ())
    assert "nothing to analyze" in str(analysis)
    assert "COMPLETED = 1" in str(analysis)


def test_a_pool_without_slots_is_told(settings):
    """A collector that knows of no startd: this pool's, asked for machines of another name."""
    m = htmap.map(double, [1], MapOptions(requirements="false"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offers, "_SLOTS", 'MyType == "Machine" && false')
        analysis = m.analyze()

    assert analysis.offer.slots == 0
    assert "no startd has told the collector of any" in str(analysis)


def test_a_collector_that_does_not_answer_is_named(settings):
    m = htmap.map(double, [1], MapOptions(requirements="false"))
    done = run(f"htmap.load({m.tag!r}).analyze()", _CONDOR_COLLECTOR_HOST="127.0.0.1:9")

    assert "asking the collector what the pool offers" in done.stderr
    assert exceptions.NoScheduler.__name__ in done.stderr
