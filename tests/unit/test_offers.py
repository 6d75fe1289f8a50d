"""What a job's requirements are made of, and how an analysis says what it found."""

import time

import classad2
import pytest

from htmap.analysis import Analysis
from htmap.pool.offers import Condition, Offer, Request, clauses, conditions


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
    broken = OFFER._replace(broken=("Execute directory /e is invalid",))
    assert "Some of them are broken: Execute directory /e is invalid." in text(request(), broken)
    assert "nothing to analyze" in str(Analysis("books", "", None, (), 0, {}))


# --- what a pool lacks, by ads as HTCondor 25.14.1 makes them -------------------------------------

# Of a map in a container, a file of whose inputs is at a URL.
ASKS = (
    '(TARGET.Arch == "X86_64") && (TARGET.OpSys == "LINUX") && TARGET.HasContainer && '
    "TARGET.HasDockerURL && (TARGET.Disk >= RequestDisk) && (TARGET.Memory >= RequestMemory) && "
    "(TARGET.GPUs >= RequestGPUs) && TARGET.HasDocker && TARGET.HasSingularity && TARGET.HasSIF && "
    "TARGET.HasSandboxImage && (TARGET.HasFileTransfer && "
    'stringListIMember("https",TARGET.HasFileTransferPluginMethods))'
)
REQUESTS = {"Cpus": 1, "Memory": 128, "Disk": 1024**2, "GPUs": 1}
#: A slot that has all of it, and what is said where no slot has one of these.
HAS = {
    "Arch": "X86_64", "OpSys": "LINUX", "HasContainer": True, "HasDockerURL": True,
    "HasDocker": True, "HasSingularity": True, "HasSIF": True, "HasSandboxImage": True,
    "HasFileTransfer": True, "HasFileTransferPluginMethods": "ftp,https", "Cpus": 4,
    "Memory": 4096, "Disk": 4 * 1024**2, "GPUs": 1, "Requirements": True,
}  # fmt: skip
LACKS = [
    ({"HasContainer": None}, ["no slot says HasContainer", "no slot can run containers"]),
    ({"HasContainer": False}, ["slots say HasContainer = false", "no slot can run containers"]),
    ({"HasDockerURL": None}, ["takes images of a registry (docker://)"]),
    ({"HasDocker": None}, ["no slot has Docker"]),
    ({"HasSingularity": None}, ["no slot has Singularity or Apptainer"]),
    ({"HasSIF": None}, ["no slot says that it takes image files (.sif)"]),
    ({"HasSandboxImage": None}, ["no slot says that it takes image folders"]),
    ({"HasFileTransfer": False}, ["no slot takes files with its jobs"]),
    (
        {"HasFileTransferPluginMethods": "data,ftp"},
        ["no slot can fetch files from https:// addresses", '= "data,ftp"'],
    ),
    ({"Arch": "AARCH64"}, ['the slots say Arch = "AARCH64"', "kind of machine that submits"]),
    ({"OpSys": "WINDOWS"}, ['the slots say OpSys = "WINDOWS"', "kind of machine that submits"]),
    ({"GPUs": None}, ["asked for 1 GPUs, and no slot has any: leave out request_gpus"]),
    (
        {"Memory": 64},
        ["asked for 128 MB of memory, the most in one slot is 64 MB of memory: lower request_memo"],
    ),
    ({"Disk": 1024}, ["the most in one slot is 1 MB of disk: lower request_disk"]),
]


def said_of(*slots):
    job = classad2.ClassAd({f"Request{name}": amount for name, amount in REQUESTS.items()})
    job["Requirements"] = classad2.ExprTree(ASKS)
    ads = [
        classad2.ClassAd({key: value for key, value in slot.items() if value is not None})
        for slot in slots
    ]
    asked = request(conditions=conditions(job, ads))._replace(amounts=REQUESTS)
    return text(asked, OFFER._replace(slots=len(ads)))


@pytest.mark.parametrize(("lack", "words"), LACKS, ids=lambda value: next(iter(value)))
def test_what_a_job_needs_and_the_pool_lacks_is_said_in_words(lack, words):
    said = said_of({**HAS, **lack}, {**HAS, **lack})

    for each in words:
        assert each in said
    # One hint of each, and none of what the pool has.
    assert said.count("met by 0 of 2:") == 1, said


def test_a_pool_that_has_everything_lacks_nothing():
    assert "met by" not in said_of(HAS)


def test_what_some_slots_have_is_counted_and_nothing_is_advised():
    said = said_of(HAS, {**HAS, "HasContainer": None})

    assert "met by 1 of 2:  TARGET.HasContainer" in said
    assert "no slot" not in said
