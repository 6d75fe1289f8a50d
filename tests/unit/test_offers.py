"""What a job's requirements are made of, and how an analysis says what it found."""

import time

import pytest

from htmap.analysis import Analysis
from htmap.pool.offers import Condition, Offer, Request, clauses


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("A", ["A"]),
        ("A && B && C", ["A", "B", "C"]),
        ("((A) && (B && C)) && D", ["A", "B", "C", "D"]),
        ("(A && B) || C", ["(A && B) || C"]),
        ("A && B || C", ["A && B || C"]),
        ("A && (B || C && D)", ["A", "B || C && D"]),
        ("A ? B && C : D", ["A ? B && C : D"]),
        ("(A) && (B)", ["A", "B"]),
        ('Name == "x) && (y" && f(a, "\\"&&") > {1, 2}[0]',
         ['Name == "x) && (y"', 'f(a, "\\"&&") > {1, 2}[0]']),
        ("", [""]),
    ],
)  # fmt: skip
def test_requirements_are_taken_apart_where_and_joins_them(expression, parts):
    assert clauses(expression) == parts


OFFER = Offer(3, 2, {"Cpus": 12, "Memory": 8000, "Disk": 4 * 1024**2, "GPUs": 0}, 1000)
NOW = {"Cpus": 1, "Memory": 128, "Disk": 1024**2, "GPUs": 0}


def text(request, offer=OFFER, unmade=0):
    return str(Analysis("books", "the statuses", offer, (request,), unmade, {0: "[13] no file"}))


def request(could_run=0, now=0, conditions=(), submitted=900, held=0, components=(0,)):
    return Request(components, held, NOW, conditions, could_run, now, submitted)


def test_the_pool_and_the_request_are_said_in_words():
    said = text(request())

    assert "3 slots on 2 machines: 12 CPUs, 8,000 MB of memory, 4,096 MB of disk in all" in said
    assert "Component 0: asking for 1 CPUs, 128 MB of memory, 1,024 MB of disk" in said


def test_many_components_are_ranges():
    assert "Components 0-2, 5, 7-8: asking" in text(request(components=(0, 1, 2, 5, 7, 8)))
    assert "12, ... (30 in all): asking" in text(request(components=tuple(range(0, 60, 2))))


def test_only_what_excludes_slots_is_told():
    conditions = (Condition("HasA", 3, {}), Condition("HasB", 1, {}))
    said = text(request(could_run=1, conditions=conditions))

    assert "met by 1 of 3:  HasB" in said
    assert "HasA" not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"could_run": 0}, "until the pool or their options change"),
        ({"could_run": 1, "submitted": time.time()}, "negotiator has not looked since"),
        ({"could_run": 1}, "busy: they wait for their turn"),
        ({"could_run": 1, "now": 1}, "with the next negotiation"),
        ({"held": 1}, "1 held, which ask for nothing until Map.release():\n    [13] no file"),
    ],
)
def test_what_is_to_be_expected_is_said(options, words):
    assert words in text(request(**options))


def test_a_pool_without_negotiator_slots_or_jobs_is_said_to_be_one():
    assert "No negotiator" in text(request(could_run=1), OFFER._replace(negotiated=None))
    assert "has no slots" in text(request(), Offer(0, 0, {}, None))
    assert "make 7 more jobs" in text(request(), unmade=7)
    assert "nothing to analyze" in str(Analysis("books", "", None, (), 0, {}))
