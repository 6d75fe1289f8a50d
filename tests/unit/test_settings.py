"""Settings: where they come from, which of them counts, and what a file may say."""

import importlib
import os
import subprocess
import sys

import pytest

from htmap.exceptions import InvalidSettings, MissingSetting
from htmap.options import MapOptions

settings_module = importlib.import_module("htmap.settings")
Settings = settings_module.Settings

VARIABLES = [
    ("HTMAP_DIR", "HTMAP_DIR"),
    ("HTMAP_DELIVERY_METHOD", "DELIVERY_METHOD"),
    ("HTMAP_CONTAINER_IMAGE", "CONTAINER.IMAGE"),
    ("HTMAP_DOCKER_IMAGE", "DOCKER.IMAGE"),
    ("HTMAP_SINGULARITY_IMAGE", "SINGULARITY.IMAGE"),
    ("HTMAP_CONDOR_SCHEDULER", "HTCONDOR.SCHEDULER"),
    ("HTMAP_CONDOR_COLLECTOR", "HTCONDOR.COLLECTOR"),
    ("HTMAP_SCHEDD_FILE_SYSTEM", "SCHEDD.FILE_SYSTEM"),
]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for variable in (*(name for name, _ in VARIABLES), "HTMAP_IMAGE", "_CONDOR_SCHEDD_HOST"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(settings_module, "SITE_FILE", str(tmp_path / "site.toml"))
    return tmp_path


@pytest.fixture
def fresh(home):
    """Give a way to make the settings as a new process finds them."""

    def make(text=None, site=None):
        if text is not None:
            (home / ".htmaprc").write_text(text)
        if site is not None:
            (home / "site.toml").write_text(site)
        return Settings.from_settings(
            Settings(),
            Settings._of(settings_module._Environment()),
            Settings._of(settings_module._Layer(settings_module._user_file, "~/.htmaprc")),
            Settings._of(settings_module._Layer(settings_module._site_file, "the site's")),
            Settings._of(settings_module._Layer(settings_module._defaults, "the defaults")),
        )

    return make


# --- where they come from ---


def test_the_defaults_are_those_of_the_documentation(fresh, home):
    image = f"python:3.{sys.version_info.minor}-slim"
    assert fresh().to_dict() == {
        "HTMAP_DIR": f"{home}/.htmap",
        "DELIVERY_METHOD": "shared",
        "CONTAINER": {"IMAGE": f"docker://{image}"},
        "DOCKER": {"IMAGE": image},
        "SINGULARITY": {"IMAGE": f"docker://{image}"},
        "TRANSPLANT": {"DIR": None, "ALTERNATE_INPUT_PATH": None, "ASSUME_EXISTS": False},
        "WAIT_TIME": 1,
        "CLI": {"IS_CLI": False, "SPINNERS_ON": True},
        "SCHEDD": {"FILE_SYSTEM": "auto"},
        "HTCONDOR": {"SCHEDULER": None, "COLLECTOR": None},
        "MAP_OPTIONS": {
            "request_cpus": "1",
            "request_memory": "128MB",
            "request_disk": "1GB",
            "keep_claim_idle": "30",
        },
    }


def test_a_default_is_told_from_the_same_value_that_somebody_chose(fresh):
    settings = fresh('[MAP_OPTIONS]\nrequest_disk = "1GB"\n')
    assert settings.is_default("MAP_OPTIONS.request_memory")
    assert not settings.is_default("MAP_OPTIONS.request_disk")
    assert not settings.is_default("MAP_OPTIONS.request_gpus")
    settings["MAP_OPTIONS.request_memory"] = "128MB"
    assert not settings.is_default("MAP_OPTIONS.request_memory")


def test_a_map_marks_the_requests_that_nobody_chose(fresh, monkeypatch):
    mapping = importlib.import_module("htmap.mapping")
    monkeypatch.setattr(mapping, "settings", fresh('[MAP_OPTIONS]\nrequest_disk = "1GB"\n'))
    memory = {"MY.htmapdefaultmemory": "true"}
    assert dict(mapping._marks_of_defaults(MapOptions())) == memory
    assert dict(mapping._marks_of_defaults(MapOptions(request_cpus=2))) == memory
    for options in (
        {"request_memory": "128MB"},
        {"Request_Memory": ["1GB"]},
        {"+RequestMemory": 9},
    ):
        assert dict(mapping._marks_of_defaults(MapOptions(**options))) == {}


@pytest.mark.parametrize(("variable", "key"), VARIABLES)
def test_the_program_wins_over_the_environment_over_the_file_over_the_default(
    fresh, monkeypatch, variable, key
):
    table, _, name = key.rpartition(".")
    settings = fresh((f"[{table}]\n" if table else "") + f'{name} = "from the file"\n')

    assert settings[key] == "from the file"
    monkeypatch.setenv(variable, "from the environment")
    assert settings[key] == "from the environment"
    settings[key] = "from the program"
    assert settings[key] == "from the program"


def test_the_environment_is_looked_at_each_time(fresh, monkeypatch):
    settings = fresh()
    default = settings["HTMAP_DIR"]

    monkeypatch.setenv("HTMAP_DIR", "/a")
    assert settings["HTMAP_DIR"] == "/a"
    monkeypatch.setenv("HTMAP_DIR", "/b")
    assert settings["HTMAP_DIR"] == "/b"
    monkeypatch.setenv("HTMAP_DIR", "")
    assert settings["HTMAP_DIR"] == default


def test_none_set_in_the_program_wins_over_the_file(fresh):
    settings = fresh('[HTCONDOR]\nSCHEDULER = "ap.example.org"\n')
    settings["HTCONDOR.SCHEDULER"] = None

    assert settings["HTCONDOR.SCHEDULER"] is None


def test_a_file_adds_to_the_default_map_options(fresh):
    settings = fresh('[MAP_OPTIONS]\nrequest_memory = "250MB"\n"+ProjectName" = "\\"Books\\""\n')

    assert settings["MAP_OPTIONS"] == {
        "request_cpus": "1",
        "request_memory": "250MB",
        "request_disk": "1GB",
        "keep_claim_idle": "30",
        "+ProjectName": '"Books"',
    }


def test_importing_settings_reads_no_file(home):
    (home / ".htmaprc").write_text("this is not TOML")
    program = """
import sys
import htmap.settings
print("tomllib" in sys.modules)
try:
    sys.modules["htmap.settings"].settings["HTMAP_DIR"]
except ValueError as error:
    print(type(error).__name__)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert run.stdout.split() == ["False", "InvalidSettings"], run.stderr


def test_the_user_settings_and_the_settings_share_what_is_changed(fresh):
    below = Settings({"a": 1})
    above = Settings.from_settings(Settings(), below)

    assert above["a"] == 1
    below["a"] = 2
    assert above["a"] == 2
    above["a"] = 3
    assert below["a"] == 2


def test_looking_up_merges_nothing_again_while_nothing_changes(fresh, monkeypatch):
    settings = fresh()
    settings["HTMAP_DIR"]

    def refuse(*_):
        raise AssertionError("merged again")

    monkeypatch.setattr(settings_module, "_merged", refuse)
    settings["HTMAP_DIR"]
    settings["MAP_OPTIONS.request_cpus"]
    settings["WAIT_TIME"] = 2
    with pytest.raises(AssertionError):
        settings["WAIT_TIME"]


# --- as a mapping ---


@pytest.mark.parametrize("key", ["X", "HTMAP_DIR.X", "HTCONDOR.X", "", ".", "MAP_OPTIONS."])
def test_a_setting_that_is_not_there_is_missing_by_name(fresh, key):
    settings = fresh()

    with pytest.raises(MissingSetting) as caught:
        settings[key]
    assert f"there is no setting {key!r}" in str(caught.value)
    assert isinstance(caught.value, KeyError)
    assert settings.get(key) is None
    assert settings.get(key, 7) == 7
    assert key not in settings


def test_setting_a_dotted_key_makes_its_tables():
    settings = Settings()
    settings["a.b.c"] = 1

    assert settings.to_dict() == {"a": {"b": {"c": 1}}}
    assert settings["a.b"] == {"c": 1}
    assert "a.b.c" in settings


def test_a_key_below_a_value_is_refused():
    settings = Settings({"a": 1})

    with pytest.raises(InvalidSettings, match="'a' in it is no table"):
        settings["a.b"] = 2


def test_the_first_dict_wins_and_tables_are_merged():
    settings = Settings({"a": {"b": 1}, "x": 1}, {"a": {"b": 2, "c": 3}, "x": {"y": 2}})

    assert settings.to_dict() == {"a": {"b": 1, "c": 3}, "x": 1}


def test_what_is_given_and_what_is_returned_can_be_changed_without_effect():
    given = {"a": {"b": [1]}}
    settings = Settings(given)
    given["a"]["b"].append(2)
    settings["a"]["b"].append(3)
    settings.to_dict()["a"]["b"].append(4)

    assert settings["a.b"] == [1]


def test_settings_can_be_put_above_below_and_in_place_of_others():
    settings = Settings({"a": 1})
    settings.append({"a": 2, "b": 2})
    assert settings.to_dict() == {"a": 1, "b": 2}
    settings.prepend(Settings({"a": 0}))
    assert settings.to_dict() == {"a": 0, "b": 2}
    settings["b"] = 3
    assert settings["b"] == 3
    settings.replace(Settings({"c": 4}))
    assert settings.to_dict() == {"c": 4}


def test_settings_are_equal_when_what_counts_is():
    assert Settings({"a": 1}, {"a": 2, "b": 3}) == Settings({"a": 1, "b": 3})
    assert Settings({"a": 1}) != Settings({"a": 2})
    assert Settings({"a": 1}) != {"a": 1}


# --- files ---


def test_what_is_saved_is_loaded_again(tmp_path):
    values = {
        "text": 'a "quoted" \\ back\nslash\ttab \x7f é 数',
        "number": -7,
        "real": 1e300,
        "yes": True,
        "no": False,
        "list": ["a", 1, [True]],
        "a key": {"+ProjectName": '"x"', "deep.er": {"z": 1.5, "empty": {}}, "last": "value"},
        "": "no name",
    }
    Settings(values).save(tmp_path / "file")

    assert Settings.load(tmp_path / "file").to_dict() == values


def test_only_the_first_dict_is_saved_and_none_left_out(tmp_path):
    Settings({"a": 1, "n": None}, {"b": 2}).save(tmp_path / "file")

    assert (tmp_path / "file").read_text() == "a = 1\n"


def test_a_path_is_saved_as_text(tmp_path):
    Settings({"HTMAP_DIR": tmp_path}).save(tmp_path / "file")

    assert Settings.load(tmp_path / "file")["HTMAP_DIR"] == str(tmp_path)


def test_dates_of_somebody_elses_file_survive(tmp_path):
    (tmp_path / "file").write_text("a = 2026-11-21T09:54:11Z\nb = 2026-11-21\nc = 09:54:11\n")
    settings = Settings.load(tmp_path / "file")
    settings.save(tmp_path / "again")

    assert Settings.load(tmp_path / "again") == settings


def test_as_text_settings_are_toml():
    assert str(Settings({"a": {"b": "x"}, "c": 1})) == 'c = 1\n\n[a]\nb = "x"\n'


def test_a_value_that_toml_cannot_hold_is_refused_and_the_old_file_stays(tmp_path):
    Settings({"a": 1}).save(tmp_path / "file")

    with pytest.raises(InvalidSettings, match="setting b cannot be written"):
        Settings({"b": object()}).save(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "a = 1\n"
    assert os.listdir(tmp_path) == ["file"]


def test_saving_through_a_link_keeps_the_link(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept" / "file")
    Settings({"a": 1}).save(tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept" / "file").read_text() == "a = 1\n"


def test_loading_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        Settings.load(tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "where"),
    [("a = 1\nb = nothing\n", "line 2"), ("a = 1\na = 2\n", "line 2"), ('x = "open\n', "line 1")],
)
def test_a_file_that_is_not_toml_is_named_with_the_line(fresh, home, text, where):
    settings = fresh(text)

    with pytest.raises(InvalidSettings, match=where) as caught:
        settings["HTMAP_DIR"]
    assert f"{home}/.htmaprc" in str(caught.value)
    assert caught.value.path == home / ".htmaprc"


def test_a_file_that_is_no_text_is_named(fresh, home):
    settings = fresh()
    (home / ".htmaprc").write_bytes(b"a = '\xff'")

    with pytest.raises(InvalidSettings, match=r"\.htmaprc are not valid TOML"):
        settings["HTMAP_DIR"]


def test_a_folder_in_place_of_the_file_is_named(fresh, home):
    (home / ".htmaprc").mkdir()

    with pytest.raises(InvalidSettings, match=r"\.htmaprc cannot be read: Is a directory"):
        fresh()["HTMAP_DIR"]


def test_a_file_that_was_corrected_is_read(fresh, home):
    settings = fresh("broken")
    with pytest.raises(InvalidSettings):
        settings["HTMAP_DIR"]
    (home / ".htmaprc").write_text('HTMAP_DIR = "/data"')

    assert settings["HTMAP_DIR"] == "/data"


@pytest.mark.parametrize(
    ("text", "key", "got", "expected"),
    [
        ("HTMAP_DIR = 7", "HTMAP_DIR", "7", "text in quotes"),
        ("DELIVERY_METHOD = true", "DELIVERY_METHOD", "True", "text in quotes"),
        ("HTCONDOR = 'ap'", "HTCONDOR", "'ap'", r"a table \(\[HTCONDOR\]\)"),
        ("HTCONDOR.SCHEDULER = ['a']", r"HTCONDOR\.SCHEDULER", r"\['a'\]", "text in quotes"),
        ("MAP_OPTIONS = 1", "MAP_OPTIONS", "1", r"a table \(\[MAP_OPTIONS\]\)"),
        ("WAIT_TIME = 'long'", "WAIT_TIME", "'long'", "a number"),
        ("WAIT_TIME = true", "WAIT_TIME", "True", "a number"),
        ("TRANSPLANT.ASSUME_EXISTS = 1", r"TRANSPLANT\.ASSUME_EXISTS", "1", "true or false"),
        ("DOCKER.IMAGE = 1", r"DOCKER\.IMAGE", "1", "text in quotes"),
        ("[HTMAP_DIR]\nx = 1", "HTMAP_DIR", "{'x': 1}", "text in quotes"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_what_it_should_be(fresh, text, key, got, expected):
    with pytest.raises(
        InvalidSettings, match=rf"{key} in .*htmaprc is {got}.* has to be {expected}"
    ):
        fresh(text)["HTMAP_DIR"]


def test_numbers_that_the_old_command_wrote_as_text_are_numbers(fresh):
    assert fresh('WAIT_TIME = "5"')["WAIT_TIME"] == 5.0


def test_a_key_that_nobody_knows_is_kept_and_warned_of_with_what_was_meant(fresh, home):
    settings = fresh(
        'HTMAP_DIRR = "/data"\ndocker.image = "x"\n[HTCONDOR]\nPORT = 9618\n[mine.own]\nx = 1\n'
    )
    with pytest.warns(UserWarning, match="not known to htmap") as said:
        assert settings["HTMAP_DIRR"] == "/data"

    messages = [str(each.message) for each in said]
    assert len(messages) == 4
    assert f"the setting HTMAP_DIRR in {home}/.htmaprc is not" in messages[0]
    assert messages[0].endswith("Did you mean 'HTMAP_DIR'?")
    assert messages[1].endswith("Did you mean 'DOCKER'?")
    assert "HTCONDOR.PORT" in messages[2]
    # Of a table that nobody knows, its name is enough.
    assert "the setting mine in" in messages[3]


def test_a_setting_that_is_not_there_is_told_with_the_one_that_may_be_meant(fresh):
    with pytest.raises(MissingSetting, match="Did you mean 'DELIVERY_METHOD'"):
        fresh()["DELIVERY_METHODS"]
    with pytest.raises(MissingSetting, match=r"Did you mean 'DOCKER\.IMAGE'"):
        fresh()["docker.image"]


def test_an_image_can_say_its_own_name_which_loses_to_every_choice(fresh, monkeypatch):
    monkeypatch.setenv("HTMAP_IMAGE", "own:1")
    assert fresh()["DOCKER.IMAGE"] == "own:1"
    assert fresh()["SINGULARITY.IMAGE"] == fresh()["CONTAINER.IMAGE"] == "docker://own:1"
    assert fresh().is_default("DOCKER.IMAGE")
    assert fresh('DOCKER.IMAGE = "file:1"')["DOCKER.IMAGE"] == "file:1"
    monkeypatch.setenv("HTMAP_DOCKER_IMAGE", "variable:1")
    assert fresh()["DOCKER.IMAGE"] == "variable:1"


def test_in_an_image_that_is_attached_to_a_site_jobs_run_in_the_same_image(fresh, monkeypatch):
    monkeypatch.setenv("_condor_SCHEDD_HOST", "ap.example.org")
    assert fresh()["DELIVERY_METHOD"] == "shared"  # no image
    monkeypatch.setenv("HTMAP_IMAGE", "own:1")
    assert fresh()["DELIVERY_METHOD"] == "container"
    assert fresh().is_default("DELIVERY_METHOD")
    assert fresh(site='DELIVERY_METHOD = "docker"')["DELIVERY_METHOD"] == "docker"
    assert fresh('DELIVERY_METHOD = "assume"')["DELIVERY_METHOD"] == "assume"
    monkeypatch.setenv("HTMAP_DELIVERY_METHOD", "shared")
    assert fresh()["DELIVERY_METHOD"] == "shared"


def test_a_sites_file_wins_over_the_defaults_and_loses_to_the_users(fresh):
    settings = fresh(
        '[HTCONDOR]\nSCHEDULER = "user"\n', '[HTCONDOR]\nSCHEDULER = "site"\nCOLLECTOR = "cm"\n'
    )

    assert settings["HTCONDOR"] == {"SCHEDULER": "user", "COLLECTOR": "cm"}
    assert not settings.is_default("HTCONDOR.COLLECTOR")


def test_a_bad_file_of_a_site_is_named(fresh, home):
    with pytest.raises(InvalidSettings, match=rf"{home}/site\.toml are not valid TOML"):
        fresh(site="= ?")["HTMAP_DIR"]
    with pytest.warns(UserWarning, match=rf"DELIVERY in {home}/site\.toml is not known"):
        fresh(site='DELIVERY = "x"')["HTMAP_DIR"]


def test_it_can_be_asked_where_a_setting_comes_from(fresh, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", "/data")
    settings = fresh('DOCKER.IMAGE = "x:1"', 'DELIVERY_METHOD = "docker"')
    settings["HTCONDOR.SCHEDULER"] = "ap"

    assert settings.origin("HTCONDOR.SCHEDULER") == "the program"
    assert settings.origin("HTMAP_DIR") == "the environment, HTMAP_DIR"
    assert settings.origin("DOCKER.IMAGE") == "~/.htmaprc"
    assert settings.origin("DELIVERY_METHOD") == "the site's"
    assert settings.origin("MAP_OPTIONS.request_cpus") == "the defaults"
    with pytest.raises(MissingSetting):
        settings.origin("NONE.SUCH")


@pytest.mark.parametrize("text", ["true", '"true"', '"True"'])
def test_true_and_false_may_be_text_as_the_old_command_wrote_it(fresh, text):
    assert fresh(f"TRANSPLANT.ASSUME_EXISTS = {text}")["TRANSPLANT.ASSUME_EXISTS"] is True


def test_map_options_may_be_anything_without_a_warning(fresh):
    settings = fresh(
        "[MAP_OPTIONS]\nrequest_cpus = 2\nx = [1, 2]\n[MAP_OPTIONS.custom_options]\ny = 1\n"
    )

    assert settings["MAP_OPTIONS.request_cpus"] == 2
    assert settings["MAP_OPTIONS.x"] == [1, 2]
    assert settings["MAP_OPTIONS.custom_options.y"] == 1


def test_a_home_that_nobody_knows_does_not_matter_until_it_is_needed(fresh, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", "/data")
    monkeypatch.setenv("HOME", "/nonexistent")

    assert fresh()["HTMAP_DIR"] == "/data"
