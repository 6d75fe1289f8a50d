"""Map options: names, values, merging, and what comes out for a map of a known size."""

import dataclasses
import itertools
import json
import numbers
from pathlib import Path

import htcondor2
import pytest

from htmap.exceptions import InvalidMapOption, MisalignedInputData, ReservedOptionKeyword
from htmap.files import TransferPath
from htmap.options import MapOptions


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("128MB", "128MB"),
        (2, "2"),
        (0.5, "0.5"),
        (True, "true"),
        (False, "false"),
        (Path("/a/b"), "/a/b"),
        ("", ""),
        ("a\tb", "a\tb"),
        ('HasDocker && Name == "x,y"', 'HasDocker && Name == "x,y"'),
    ],
)
def test_a_single_value_holds_for_the_whole_map(value, text):
    resolved = MapOptions(some_command=value).resolve(3)

    assert resolved.fixed == {"some_command": text}
    assert resolved.per_component == {}


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2", "3"],
        (1, 2, 3),
        range(1, 4),
        iter([1, 2, 3]),
        (n for n in (1, 2, 3)),
    ],
    ids=["list", "tuple", "range", "iterator", "generator"],
)
def test_any_other_iterable_has_one_value_for_each_component(values):
    resolved = MapOptions(request_cpus=values).resolve(3)

    assert resolved.fixed == {}
    assert resolved.per_component == {"request_cpus": ["1", "2", "3"]}


def test_a_number_of_another_library_is_a_number():
    class Half:  # as numpy makes its numbers known
        def __str__(self):
            return "0.5"

    numbers.Real.register(Half)

    assert MapOptions(request_cpus=Half()).resolve(2).fixed == {"request_cpus": "0.5"}
    assert MapOptions(request_cpus=[Half()]).resolve(1).per_component == {"request_cpus": ["0.5"]}


def test_options_made_from_a_generator_serve_two_maps():
    options = MapOptions(
        request_cpus=(n for n in (1, 2)), input_files=(name for name in ("/a", "/b"))
    )

    assert options.resolve(2) == options.resolve(2)
    assert options.resolve(2).per_component == {"request_cpus": ["1", "2"]}


@pytest.mark.parametrize("name", ["request_memory", "input_files"])
@pytest.mark.parametrize(
    ("given", "said"), [(0, "0"), (2, "2"), (4, "at least 4"), (9, "at least 4")]
)
def test_too_many_or_too_few_values_are_refused_with_both_numbers(name, given, said):
    options = MapOptions(**{name: ["/1"] * given})

    with pytest.raises(MisalignedInputData, match=f"{name!r} has {said} values for 3 components"):
        options.resolve(3)


def test_an_endless_iterator_does_not_hang():
    options = MapOptions(request_cpus=itertools.count(1))

    with pytest.raises(MisalignedInputData, match="at least 3 values for 2 components"):
        options.resolve(2)


@pytest.mark.parametrize("value", [None, 1j, object(), b"1GB", {"a": 1}])
def test_a_value_that_is_neither_single_nor_many_is_refused(value):
    with pytest.raises(InvalidMapOption, match="'request_memory'"):
        MapOptions(request_memory=value)


@pytest.mark.parametrize("value", [None, ["1GB"], b"1GB"])
def test_a_value_of_one_component_that_is_not_single_is_refused(value):
    with pytest.raises(InvalidMapOption, match="'request_memory' of component 1"):
        MapOptions(request_memory=["1GB", value]).resolve(2)


HOSTILE = ["1\nqueue 100", "1\r", "a\x00b", "a\x1fb", "a\x7f", "more\\", "more\\ ", "\\\t"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_cannot_end_its_line_or_join_the_next_one(value):
    with pytest.raises(InvalidMapOption, match="'request_memory'"):
        MapOptions(request_memory=value)
    with pytest.raises(InvalidMapOption, match="'request_memory' of component 1"):
        MapOptions(request_memory=["1GB", value]).resolve(2)
    with pytest.raises(InvalidMapOption, match=r"'MY\.note'"):
        MapOptions(custom_options={"Note": value})


# fmt: off
ODD = [
    "@=end", "@", "= x", "# x", '"', "'", "$(x)", "$$(x)", "$(", "a\tb", ": x", "(", ")", "){",
    "if", "queue 5", "include : /etc/passwd |", "\u2028", "\x85", "\\n", "a\\b", "/*",
    "`id`", "|id", "",
]
# fmt: on


@pytest.mark.parametrize("value", ODD, ids=ascii)
@pytest.mark.parametrize("name", ["some_command", "requirements", "max_idle", "+Attribute"])
def test_htcondors_own_parser_takes_an_odd_value_for_one_value(name, value):
    ((key, text),) = MapOptions(**{name: value}).resolve(1).fixed.items()

    parsed = dict(htcondor2.Submit(f"{key} = {text}\nafter = 1\nqueue 1\n").items())

    assert parsed == {key: text, "after": "1"}


@pytest.mark.parametrize("value", ODD, ids=ascii)
def test_htcondors_own_parser_takes_an_odd_value_of_a_component_for_one_value(value):
    (first, second) = MapOptions(x=[value, "2"]).resolve(2).per_component["x"]
    rows = f"0\x1f{first}\n1\x1f{second}\n"

    parsed = htcondor2.Submit(f"a = 1\nqueue component,option0 from (\n{rows})\n")

    assert list(parsed.itemdata()) == [
        {"component": "0", "option0": value},
        {"component": "1", "option0": "2"},
    ]


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a=b", "a\nqueue", "$(x)", "1a", "a.b", "a:b", "é", "+", "MY.", "+a b"]
)
def test_a_name_that_is_no_word_is_refused(name):
    with pytest.raises(InvalidMapOption, match="cannot be the name of a map option"):
        MapOptions(**{name: "1"})


def test_a_name_that_is_not_text_is_refused():
    options = MapOptions()

    with pytest.raises(InvalidMapOption, match="is a str, not 7"):
        options[7] = "1"


OLD = """
    jobbatchname universe arguments executable transfer_executable log submit_event_notes stdout
    stderr when_to_transfer_output transfer_output_files transfer_output_remaps
    transfer_input_files should_transfer_files component +component MY.component IsHTMapJob
    +IsHTMapJob MY.IsHTMapJob
"""
ALIASES = """
    output error initialdir initial_dir iwd batch_name userlog arguments2 shell queue Process DOLLAR
    MY.Cmd +Iwd MY.TransferInput HTMapID +HTMapRun option0 moreinputfiles TransferInputRemaps
    preserve_relative_paths if include
"""


@pytest.mark.parametrize("name", [*OLD.split(), *ALIASES.split()])
@pytest.mark.parametrize("case", [str, str.upper, str.lower, str.title])
def test_what_htmap_says_itself_is_refused_in_every_case_with_the_reason(name, case):
    with pytest.raises(ReservedOptionKeyword, match=r"cannot be a map option: [a-z]"):
        MapOptions(**{case(name): "x"})


@pytest.mark.parametrize("name", ["component", "+IsHTMapJob", "MY.component", "JobBatchName"])
def test_what_htmap_says_itself_is_refused_as_a_custom_option_too(name):
    with pytest.raises(ReservedOptionKeyword):
        MapOptions(custom_options={name: "x"})


def test_a_reserved_name_is_refused_when_it_is_set_later():
    options = MapOptions()

    with pytest.raises(ReservedOptionKeyword):
        options["Output"] = "x"
    with pytest.raises(ReservedOptionKeyword):
        options.update(executable="x")
    assert options.resolve(1).fixed == {}


@pytest.mark.parametrize(
    "name", ["ProjectName", "+ProjectName", "MY.ProjectName", "my.projectname"]
)
def test_a_custom_option_may_carry_the_mark_of_a_submit_file(name):
    assert MapOptions(custom_options={name: '"Books"'}).resolve(1).fixed == {
        "MY.projectname": '"Books"'
    }


def test_a_marked_name_among_the_commands_is_a_custom_option():
    """The way of old settings files: MAP_OPTIONS with "+ProjectName"."""
    options = MapOptions(**{"+ProjectName": '"Books"', "MY.Flavour": '"espresso"'})

    assert options.resolve(1).fixed == {"MY.projectname": '"Books"', "MY.flavour": '"espresso"'}


def test_a_custom_option_can_differ_by_component():
    options = MapOptions(custom_options={"Chapter": [1, 2]})

    assert options.resolve(2).per_component == {"MY.chapter": ["1", "2"]}


def test_names_mean_the_same_in_every_case():
    options = MapOptions(Request_CPUs="2")

    assert "REQUEST_CPUS" in options
    assert options["request_cpus"] == options["Request_Cpus"] == "2"
    options["REQUEST_CPUS"] = 3
    assert dict(options) == {"request_cpus": "3"}
    del options["Request_cpus"]
    assert not options
    assert options.get("request_cpus", "1") == "1"
    assert 7 not in options


# --- files ---


def test_input_files_become_absolute_where_the_map_is_made(tmp_path, monkeypatch):
    options = MapOptions(
        fixed_input_files=["a.txt", Path("b"), "folder/", "/c/d", "https://e.org/fg"],
        input_files=["x", ["y", Path("/z")], []],
    )
    monkeypatch.chdir(tmp_path)

    resolved = options.resolve(3)

    assert resolved.fixed_input_files == (
        f"{tmp_path}/a.txt",
        f"{tmp_path}/b",
        f"{tmp_path}/folder/",
        "/c/d",
        "https://e.org/fg",
    )
    assert resolved.input_files == [(f"{tmp_path}/x",), (f"{tmp_path}/y", "/z"), ()]


@pytest.mark.parametrize("file", ["/a", Path("/a"), ["/a"], (Path("/a"),), iter(["/a"])])
def test_fixed_input_files_may_be_one_or_many(file):
    assert MapOptions(fixed_input_files=file).resolve(1).fixed_input_files == ("/a",)


def test_a_tilde_is_the_home_of_whoever_makes_the_map(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")

    files = MapOptions(fixed_input_files="~/data").resolve(1).fixed_input_files

    assert files == ("/home/somebody/data",)


@pytest.mark.parametrize("name", ["a\nb", "a\x00", "", " ", "$$(X)", "\udc80"])
def test_a_file_name_that_htcondor_would_misread_is_refused(name):
    with pytest.raises(InvalidMapOption, match="input file"):
        MapOptions(fixed_input_files=name)
    with pytest.raises(InvalidMapOption, match="input file"):
        MapOptions(input_files=[name]).resolve(1)
    with pytest.raises(InvalidMapOption, match="output file"):
        MapOptions(output_remaps={name: "/a"})
    with pytest.raises(InvalidMapOption, match="destination"):
        MapOptions(output_remaps={"a": name})


def test_a_single_transfer_path_is_a_file_as_any_other():
    """B10."""
    local, remote = TransferPath("/a/"), TransferPath("b", "https", "example.org")

    assert MapOptions(fixed_input_files=local).resolve(1).fixed_input_files == ("/a/",)
    assert MapOptions(fixed_input_files=remote).fixed_input_files == ("https://example.org/b",)
    assert MapOptions(input_files=[local, [remote]]).resolve(2).input_files == [
        ("/a/",),
        ("https://example.org/b",),
    ]


@pytest.mark.parametrize("files", [7, [7], b"a", [b"a"], {"a": "b"}, [None]])
def test_what_is_no_file_is_refused(files):
    with pytest.raises(InvalidMapOption, match="neither a path"):
        MapOptions(fixed_input_files=files)


@pytest.mark.parametrize("files", ["a.txt", Path("a.txt"), {"a": "b"}, 7])
def test_input_files_have_to_be_one_item_for_each_component(files):
    with pytest.raises(InvalidMapOption, match=r"'?input_files'? is"):
        MapOptions(input_files=files)


# --- merging ---


def test_the_leftmost_value_wins():
    merged = MapOptions.merge(
        MapOptions(request_cpus=4),
        MapOptions(request_cpus=[1, 2], request_disk="1GB"),
        MapOptions(request_cpus=9, request_disk="9GB", max_idle=3),
    )

    assert dict(merged) == {"request_cpus": "4", "request_disk": "1GB", "max_idle": "3"}


def test_a_custom_option_wins_over_itself_in_another_spelling():
    merged = MapOptions.merge(
        MapOptions(custom_options={"projectname": '"A"'}), MapOptions(**{"+ProjectName": '"B"'})
    )

    assert dict(merged) == {"MY.projectname": '"A"'}


def test_all_requirements_have_to_be_met():
    merged = MapOptions.merge(
        MapOptions(requirements="a || b"),
        MapOptions(),
        MapOptions(requirements="c"),
        MapOptions(requirements="  "),
        MapOptions(requirements="c"),
    )

    assert merged["requirements"] == "(a || b) && (c)"


def test_requirements_of_one_place_alone_stay_as_they_are():
    assert MapOptions.merge(MapOptions(), MapOptions(requirements="a"))["requirements"] == "a"


def test_requirements_that_differ_by_component_are_joined_one_by_one():
    merged = MapOptions.merge(
        MapOptions(requirements=(text for text in ("a", "b"))), MapOptions(requirements="c")
    )

    assert merged.resolve(2).per_component["requirements"] == ["(a) && (c)", "(b) && (c)"]
    assert merged.resolve(2) == merged.resolve(2)
    with pytest.raises(MisalignedInputData, match="has 2 values for 3"):
        merged.resolve(3)


def test_fixed_input_files_are_all_sent_once():
    merged = MapOptions.merge(
        MapOptions(fixed_input_files=["/a", "/b"]), MapOptions(fixed_input_files=["/c", "/a"])
    )

    assert merged.resolve(1).fixed_input_files == ("/a", "/b", "/c")


def test_input_files_are_inherited_and_the_leftmost_win():
    inherited = MapOptions.merge(MapOptions(), MapOptions(input_files=["/a"]))
    both = MapOptions.merge(MapOptions(input_files=["/b"]), MapOptions(input_files=["/a"]))

    assert inherited.resolve(1).input_files == [("/a",)]
    assert both.resolve(1).input_files == [("/b",)]


def test_merging_and_resolving_change_nothing_of_what_was_given():
    cpus, files = [1, 2], ["/a"]
    first = MapOptions(request_cpus=cpus, fixed_input_files=files, requirements="a")
    second = MapOptions(fixed_input_files="/b", requirements="b", input_files=["/c", "/d"])

    merged = MapOptions.merge(first, second)
    merged.resolve(2)
    merged["request_cpus"] = 9

    assert dict(first) == {"request_cpus": [1, 2], "requirements": "a"}
    assert (first.fixed_input_files, first.input_files) == (("/a",), None)
    assert (second.fixed_input_files, second.input_files) == (("/b",), ["/c", "/d"])
    assert dict(second) == {"requirements": "b"}
    assert (cpus, files) == ([1, 2], ["/a"])


def test_merging_nothing_is_nothing():
    assert MapOptions.merge().resolve(1) == MapOptions().resolve(1)


def test_resolved_options_can_be_written_as_json():
    resolved = MapOptions(
        request_cpus=[1],
        fixed_input_files="/a",
        input_files=["/b"],
        output_remaps={"a": "/c"},
        max_idle=1,
    ).resolve(1)

    assert json.loads(json.dumps(dataclasses.asdict(resolved))) == {
        "fixed": {"max_idle": "1"},
        "per_component": {"request_cpus": ["1"]},
        "fixed_input_files": ["/a"],
        "input_files": [["/b"]],
        "arrivals": {},
        "fixed_output_remaps": {"a": "/c"},
        "output_remaps": None,
    }


def test_a_copy_is_independent():
    options = MapOptions(request_cpus=1, fixed_input_files="/a")
    copy = options.copy()
    copy["request_cpus"] = 2

    assert options["request_cpus"] == "1"
    assert copy.resolve(1).fixed_input_files == ("/a",)


# --- outputs ---


def test_outputs_go_to_one_place_or_to_one_for_each_component(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = MapOptions(output_remaps={Path("sub/./a"): TransferPath("b"), "c": "https://e.org/d"})
    each = MapOptions(output_remaps=({"a": TransferPath(f"/b{n}")} for n in range(2)))

    assert one.resolve(2).fixed_output_remaps == {
        "sub/a": f"{tmp_path}/b",
        "c": "https://e.org/d",
    }
    for _ in range(2):
        assert each.resolve(2).output_remaps == [{"a": "/b0"}, {"a": "/b1"}]
    with pytest.raises(MisalignedInputData, match="'output_remaps'"):
        each.resolve(3)


@pytest.mark.parametrize(
    "remaps",
    ["a", 7, [7], {"a": 7}, {7: "a"}, {"/a": "/b"}, {"../a": "/b"}, {".": "/b"}, {"a": "/b/"},
     {"a": "/b\\;c"}],
)  # fmt: skip
def test_what_is_no_destination_is_refused(remaps):
    with pytest.raises(InvalidMapOption, match=r"output_remaps|destination|file name"):
        MapOptions(output_remaps=remaps).resolve(1)


def test_output_remaps_are_inherited_and_the_leftmost_win():
    """B11."""
    a, b = (MapOptions(output_remaps={"a": to}) for to in ("/1", "/2"))

    assert MapOptions.merge(MapOptions(), a).resolve(1).fixed_output_remaps == {"a": "/1"}
    assert MapOptions.merge(b, a).resolve(1).fixed_output_remaps == {"a": "/2"}


# --- delivery and requirements ---


def test_the_delivery_method_of_the_first_options_that_name_one_wins():
    none, docker, shared = (MapOptions(delivery_method=m) for m in (None, "docker", "shared"))

    assert MapOptions.merge(none, docker, shared).delivery_method == "docker"
    assert MapOptions.merge(none, none).delivery_method is None
    assert "delivery_method" not in docker.resolve(1).fixed


@pytest.mark.parametrize("method", [["docker", "shared"], 7, b"docker"])
def test_a_delivery_method_that_is_no_name_is_refused(method):
    with pytest.raises(InvalidMapOption, match="delivery_method"):
        MapOptions(delivery_method=method)


@pytest.mark.parametrize("nothing", ["", " "])
def test_empty_requirements_leave_those_of_others_as_they_are(nothing):
    merged = MapOptions.merge(
        MapOptions(requirements=nothing), MapOptions(requirements="HasGPU"), MapOptions()
    )

    assert merged.resolve(1).fixed == {"requirements": "HasGPU"}


def test_empty_requirements_of_one_component_leave_those_of_others_as_they_are():
    merged = MapOptions.merge(
        MapOptions(requirements=["", "A"]), MapOptions(requirements="B"), MapOptions()
    )

    assert merged.resolve(2).per_component == {"requirements": ["(B)", "(A) && (B)"]}


def test_a_request_is_the_same_in_both_of_its_spellings():
    merged = MapOptions.merge(MapOptions(RequestMemory="2GB"), MapOptions(request_memory="128MB"))

    assert merged.resolve(1).fixed == {"request_memory": "2GB"}
    assert "RequestCpus" in MapOptions(request_cpus=1)
