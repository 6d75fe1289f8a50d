"""What people give that cannot be: refused with words that help, and nothing left behind."""

import os
import signal
import threading
from pathlib import Path

import pytest
from live import nothing_is_left, run, schedd, start, until

import htmap
from htmap import MapOptions, exceptions


def double(x):
    return 2 * x


# ---- tags -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tag",
    ["", "a/b", "a\nb", "a\x07b", "a\0b", "..", "a..b", ".hidden", "x" * 300, "a b", "a$(HOME)",
     "a'b", 'a"b', "a;b", "a\\b", "\u202ea", "a\u2028b", "\udc80", 5, b"bytes"],
)  # fmt: skip
def test_a_tag_that_cannot_be_one_is_refused_before_anything_is_made(tag, htmap_dir):
    with pytest.raises(exceptions.InvalidTag, match="tag") as caught:
        htmap.map(double, iter([1]), tag=tag)

    assert len(str(caught.value)) < 500
    assert not htmap_dir.exists()


ODD_TAGS = [
    "-_.,=+@#%~(){}&^", "#comment", "@=end", "=", "-f", "(1+2)", "true", "%n", "{x}", "a,b=c",
    "\u00e9t\u00e9-\u6771\u4eac", "caf\u00e9\U0001f600", "queue", "x" * 200,
]  # fmt: skip


def test_every_odd_tag_that_is_allowed_reaches_htcondor_as_it_is():
    maps = [htmap.map(double, [number], tag=tag) for number, tag in enumerate(ODD_TAGS)]

    for number, m in enumerate(maps):
        assert m.get(0, timeout=60) == 2 * number
        constraint = f'HTMapID == "{m._folder.map_id}"'
        ads = schedd().query(constraint, ["JobBatchName"])
        ads = ads or schedd().history(constraint, ["JobBatchName"], match=1)
        assert ads[0]["JobBatchName"] == m.tag
    assert set(htmap.get_tags()) == set(ODD_TAGS)


# ---- user text near the submit language -----------------------------------------------------

ODD_FOLDERS = [
    "with spaces ", "comma, semicolon; equals=", "single ' quote", 'double " quote',
    "$(HOME)", "dollar $ENV(HOME) $1", "back\\slash", "\u00fcml\u00e4ut \u6771\u4eac",
    "percent %20 #hash", "queue 5 (x)", "[brackets] {braces} *?", "-dash",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_FOLDERS)
def test_maps_work_in_a_folder_of_any_name(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / name / "maps"))

    m = htmap.map(double, [1, 2], tag="odd")

    assert list(m.iter(timeout=60)) == [2, 4]
    m.rerun([1])
    assert list(m.iter(timeout=60)) == [2, 4]
    m.remove()
    nothing_is_left()


@pytest.mark.parametrize("name", ["new\nline", "bell\x07", "$$(X)", "$$([1+1])"])
def test_a_folder_whose_name_htcondor_would_change_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / name))

    with pytest.raises(exceptions.UnusableDirectory, match="HTMAP_DIR"):
        htmap.map(double, [1], tag="odd")
    assert not (tmp_path / name).exists()


def test_inputs_and_names_of_functions_are_data_whatever_is_in_them():
    texts = ["a\nqueue 100\n", "$(HOME) $$(X)", "'\" ; rm -rf /", "\0\x1f", "\udc80", "..."]

    def echo(text):
        return text

    echo.__name__ = echo.__qualname__ = "a\nqueue 5\n$(HOME)'\""
    m = htmap.map(echo, texts)

    assert list(m.iter(timeout=60)) == texts
    assert len(schedd().history(f'HTMapID == "{m._folder.map_id}"', ["ProcId"])) <= len(texts)


@pytest.mark.parametrize(
    "options",
    [
        {"request_memory": "1MB\nqueue 100"},
        {"environment": "A=1\r\nqueue"},
        {"environment": ["A=1", "B=2\nqueue 5"]},
        {"x\nqueue": "1"},
        {"a = b": "1"},
        {"MY.Colour\nqueue": "1"},
    ],
)
def test_an_option_that_would_be_more_than_one_is_refused(options):
    with pytest.raises(exceptions.InvalidMapOption):
        htmap.map(double, [1, 2], MapOptions(**options), tag="odd")
    assert htmap.get_tags() == ()


# ---- inputs and functions -------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: htmap.map(double, [], tag="none"),
        lambda: htmap.map(double, iter(()), tag="none"),
        lambda: htmap.starmap(double, tag="none"),
        lambda: htmap.starmap(double, [], {}, tag="none"),
        lambda: htmap.build_map(double, tag="none").__enter__().__exit__(None, None, None),
    ],
    ids=["list", "iterator", "starmap of nothing", "starmap", "builder"],
)
def test_a_map_of_no_inputs_is_refused(make):
    with pytest.raises(exceptions.EmptyMap, match="at least one"):
        make()
    nothing_is_left()


@pytest.mark.parametrize("func", [5, None, "abs"])
def test_what_is_no_function_is_refused(func):
    for make in (htmap.map, htmap.starmap):
        with pytest.raises(
            exceptions.InvalidArgument, match=f"a function to run, and got {func!r}"
        ):
            make(func, [(1,)], tag="none")
    assert htmap.get_tags() == ()


def test_what_is_not_iterable_is_refused():
    with pytest.raises(TypeError, match="iterable"):
        htmap.map(double, 5, tag="none")
    assert htmap.get_tags() == ()


def test_a_function_that_refers_to_what_cannot_be_pickled_is_refused_by_name():
    lock = threading.Lock()

    def locked(x):
        with lock:
            return x

    with pytest.raises(exceptions.CannotPickle) as caught:
        htmap.map(locked, [1], tag="locked")

    for words in ("locked", "enclosed variable 'lock'", "_thread.lock"):
        assert words in str(caught.value)
    nothing_is_left()


def test_an_input_that_cannot_be_pickled_is_refused_with_its_place():
    inputs = [{"a": 1}, {"a": 2, "deep": [0, threading.Lock()]}]

    with pytest.raises(exceptions.CannotPickle) as caught:
        htmap.map(double, inputs, tag="locked")

    assert caught.value.component == 1
    for words in ("component 1", "['deep'][1]", "lock"):
        assert words in str(caught.value)
    nothing_is_left()


def test_inputs_that_raise_while_they_are_made_leave_nothing_behind():
    def inputs():
        yield 1
        raise ZeroDivisionError("an input")

    with pytest.raises(ZeroDivisionError, match="an input"):
        htmap.map(double, inputs(), tag="half")
    nothing_is_left()


def test_ctrl_c_ends_an_endless_iterator_and_leaves_nothing_behind():
    process = start("""
        import itertools
        def inputs():
            for number in itertools.count():
                if number == 1000:
                    print("begun", flush=True)
                yield number
        try:
            htmap.map(abs, inputs(), tag="endless")
        except KeyboardInterrupt:
            print(htmap.get_tags(), sorted(os.listdir(os.environ["HTMAP_DIR"] + "/maps")))
    """)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert out == "() []\n", err
    nothing_is_left()


# ---- the directory --------------------------------------------------------------------------


def test_a_directory_that_cannot_be_written_is_said_to_be(tmp_path, monkeypatch):
    parent = tmp_path / "closed"
    parent.mkdir(mode=0o500)
    monkeypatch.setenv("HTMAP_DIR", str(parent / "maps"))

    with pytest.raises(exceptions.UnusableDirectory, match="HTMAP_DIR") as caught:
        htmap.map(double, [1], tag="none")
    assert str(parent) in str(caught.value)
    assert caught.value.path == parent / "maps"
    assert htmap.get_tags() == ()


def test_a_directory_whose_folders_cannot_be_written_is_said_to_be(htmap_dir):
    htmap.map(double, [1], tag="first")
    (htmap_dir / "maps").chmod(0o500)
    try:
        with pytest.raises(exceptions.UnusableDirectory, match="writable"):
            htmap.map(double, [1], tag="second")
    finally:
        (htmap_dir / "maps").chmod(0o700)
    assert htmap.get_tags() == ("first",)


def test_a_file_where_the_directory_should_be_is_said_to_be(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        monkeypatch.setenv("HTMAP_DIR", str(path))
        with pytest.raises(exceptions.UnusableDirectory, match="file"):
            htmap.map(double, [1], tag="none")
        assert htmap.get_tags() == ()


def test_a_directory_that_belongs_to_another_user_is_refused(monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", "/usr")

    for act in (lambda: htmap.map(double, [1], tag="none"), lambda: htmap.load("none")):
        with pytest.raises(exceptions.UnusableDirectory, match=r"another user.*HTMAP_DIR"):
            act()


def test_maps_that_another_user_could_have_written_are_not_loaded(htmap_dir, monkeypatch):
    htmap.map(double, [1], tag="theirs").wait(timeout=60)
    myself = os.geteuid()
    # To be somebody else takes a second user; to be told so takes a patch.
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: myself + 1)
        for act in (lambda: htmap.load("theirs"), htmap.load_maps, htmap.get_tags):
            with pytest.raises(exceptions.UnusableDirectory, match="another user"):
                act()
    htmap_dir.chmod(0o777)
    with pytest.raises(exceptions.UnusableDirectory, match="chmod 700"):
        htmap.load("theirs")
    htmap_dir.chmod(0o700)
    assert htmap.load("theirs").get(0) == 2


@pytest.fixture
def tiny(monkeypatch):
    """A file system of 512 KiB."""
    path = os.environ.get("HTMAP_TEST_TINY", "")
    assert os.path.ismount(path), (
        "this test needs a small file system: start the container with "
        "--tmpfs /tiny:size=512k,uid=1000,mode=0700 and HTMAP_TEST_TINY=/tiny"
    )
    directory = Path(path) / "htmap"
    monkeypatch.setenv("HTMAP_DIR", str(directory))
    yield directory
    import shutil

    shutil.rmtree(directory, ignore_errors=True)


def test_a_disk_that_fills_up_leaves_no_map_and_what_was_there_can_be_removed(tiny):
    first = htmap.map(double, [1], tag="first")
    assert first.get(0, timeout=60) == 2

    with pytest.raises(exceptions.UnusableDirectory, match=r"No space left.*Make room"):
        htmap.map(double, (os.urandom(10_000) for _ in range(100)), tag="large")

    assert htmap.get_tags() == ("first",)
    assert len(list((tiny / "maps").iterdir())) == 1
    assert list((tiny / "journal").iterdir()) == []
    free = os.statvfs(tiny).f_bavail * os.statvfs(tiny).f_frsize
    with open(tiny / "filler", "wb") as filler:
        filler.write(bytes(free))
    with pytest.raises(exceptions.UnusableDirectory, match="No space left"):
        first.rerun()
    assert first.get(0) == 2
    first.remove()
    assert htmap.get_tags() == ()
    assert list((tiny / "maps").iterdir()) == []


@pytest.mark.shared
@pytest.mark.parametrize("chunksize", [1, 2])
def test_results_that_find_no_room_are_told_and_arrive_once_there_is_some(tiny, chunksize):
    m = htmap.map(os.urandom, [20_000] * 2, MapOptions(hold="true"), chunksize=chunksize)
    until(lambda: len(m.holds) == 2, "both wait")
    filler = tiny / "filler"
    free = os.statvfs(tiny).f_bavail * os.statvfs(tiny).f_frsize
    filler.write_bytes(bytes(free - 16_384))  # what is left is for the event log

    m.release()

    def refused():
        return [hold.code for hold in m.holds.values()] == [12, 12]

    until(refused, "HTCondor holds both for want of room", 60)
    with pytest.raises(exceptions.MapComponentHeld, match="No space left"):
        m.wait(timeout=60)
    filler.unlink()
    m.release()
    assert [len(result) for result in m.iter(timeout=60)] == [20_000] * 2
    m.remove()


# ---- the schedd -----------------------------------------------------------------------------

TRY = """
try:
    htmap.map(abs, [-1], tag="none")
except htmap.exceptions.HTMapException as error:
    print(type(error).__name__, isinstance(error, OSError))
    print(error)
    print(htmap.get_tags(), os.listdir(os.environ["HTMAP_DIR"] + "/maps"))
"""


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({"CONDOR_CONFIG": "/dev/null"}, "COLLECTOR_HOST is not set"),
        (
            {
                "_CONDOR_SCHEDD_ADDRESS_FILE": "/nonexistent",
                "_CONDOR_SCHEDD_DAEMON_AD_FILE": "/nonexistent",
                "_CONDOR_COLLECTOR_HOST": "127.0.0.1:9",
            },
            "SCHEDD_ADDRESS_FILE is /nonexistent",
        ),
    ],
    ids=["no configuration", "not started"],
)
def test_where_no_schedd_runs_it_says_where_it_looked_and_how_to_start_one(environment, where):
    process = run(TRY, **environment)

    kind, *text, left = process.stdout.splitlines()
    assert kind == "NoScheduler True", process
    message = "\n".join(text)
    assert where in message
    assert "htc-pool start" in message
    assert left == "() []"


@pytest.mark.parametrize(
    "environment",
    [
        {
            "_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS": "IDTOKENS",
            "_CONDOR_SEC_DEFAULT_AUTHENTICATION_METHODS": "IDTOKENS",
            "_CONDOR_SEC_TOKEN_DIRECTORY": "/nonexistent",
        },
    ],
    ids=["no token"],
)
def test_a_schedd_that_refuses_who_we_are_is_explained(environment):
    process = run(TRY, **environment)

    kind, *text, left = process.stdout.splitlines()
    assert kind == "SchedulerRefused True", process
    assert "token" in "\n".join(text)
    assert left == "() []"


def test_the_check_that_old_daemons_fail_is_explained_and_new_ones_pass_it():
    process = run(TRY, _CONDOR_SEC_FS_ENFORCE_CHANNEL_BINDING="true")

    if "SchedulerRefused" in process.stdout:
        assert "SEC_FS_ENFORCE_CHANNEL_BINDING = false" in process.stdout
        assert "loopback" in process.stdout
        version = run("import htcondor2; print(htcondor2.Collector().locate("
                      "htcondor2.DaemonType.Schedd)['CondorVersion'])").stdout  # fmt: skip
        assert "23.9" in version
    else:
        assert process.returncode == 0, process
        assert htmap.load("none").get(0, timeout=60) == 1


def test_maps_can_be_looked_at_without_a_schedd():
    m = htmap.map(double, [1, 2], tag="kept")
    m.wait(timeout=60)

    process = run(
        "m = htmap.load('kept'); print(list(m), m.is_done, htmap.get_tags())",
        CONDOR_CONFIG="/dev/null",
    )

    assert process.stdout == "[2, 4] True ('kept',)\n", process.stderr


def test_a_map_is_not_removed_while_no_schedd_can_take_its_jobs_out():
    m = htmap.map(double, [1], MapOptions(requirements="false"), tag="kept")
    code = """
    try:
        htmap.remove("kept")
    except htmap.exceptions.NoScheduler:
        print("no schedd")
    """

    assert run(code, CONDOR_CONFIG="/dev/null").stdout == "no schedd\n"
    assert m.exists
    assert htmap.get_tags() == ("kept",)
    assert os.listdir(Path(os.environ["HTMAP_DIR"]) / "journal") == []


def test_a_rerun_without_a_schedd_changes_nothing():
    m = htmap.map(double, [1], tag="kept")
    m.wait(timeout=60)
    code = """
    m = htmap.load("kept")
    try:
        m.rerun()
    except htmap.exceptions.NoScheduler:
        print("no schedd", m[0], m.is_done)
    """

    assert run(code, CONDOR_CONFIG="/dev/null").stdout == "no schedd 2 True\n"
    assert m.get(0) == 2
    assert len(m._folder.runs()) == 1
    m.rerun()
    assert m.get(0, timeout=60) == 2
