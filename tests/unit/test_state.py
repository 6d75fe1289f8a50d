"""Where a pool's state is kept, and where it is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from htc_pool import filesystems, pool_lock, settings, space, state

NAME = settings.user_name()

# A home on each of them, as the kernel words it; the root is a container's.
ROOT = (
    "590 443 0:112 / / rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w"
)
PROC = "591 590 0:115 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw"
NFS4 = (
    "612 590 0:58 /alice /home/alice rw,relatime master:40 - nfs4 filer.example.org:/homes "
    "rw,vers=4.2,rsize=1048576,proto=tcp,sec=sys,local_lock=none,addr=192.0.2.7"
)
CIFS = "613 590 0:60 / /home/alice rw,relatime - cifs //filer.example.org/alice rw,vers=3.1.1"
LUSTRE = "614 590 0:61 / /lustre/home rw,flock - lustre 192.0.2.8@tcp:/scratch rw,flock,lazystatfs"
SSHFS = "615 590 0:62 / /home/alice rw,nosuid,nodev shared:7 - fuse.sshfs alice@example.org: rw"
VIRTIO = "616 590 0:63 / /home/alice rw,relatime - virtiofs virtiofs0 rw"
VOLUME = "617 590 254:0 /var/lib/docker/volumes/v/_data /home/alice rw,relatime - ext4 /dev/vda rw"
BLANK = r"618 590 254:1 / /mnt/my\040disk\011two rw - xfs /dev/vdb rw"


@pytest.mark.parametrize(
    ("mounts", "path", "found"),
    [
        ([], "/home/alice/pool", ("overlay", "/")),
        ([NFS4], "/home/alice/.local/state/htc-pool", ("nfs4", "/home/alice")),
        ([NFS4], "/home/alice", ("nfs4", "/home/alice")),
        ([NFS4], "/home/alicent/pool", ("overlay", "/")),
        ([CIFS], "/home/alice/pool", ("cifs", "/home/alice")),
        ([LUSTRE], "/lustre/home/alice/pool", ("lustre", "/lustre/home")),
        ([SSHFS], "/home/alice/pool", ("fuse.sshfs", "/home/alice")),
        ([VIRTIO], "/home/alice/pool", ("virtiofs", "/home/alice")),
        ([VOLUME], "/home/alice/pool", ("ext4", "/home/alice")),
        # What is mounted over another is what is seen.
        ([NFS4, VOLUME], "/home/alice/pool", ("ext4", "/home/alice")),
        ([VOLUME, NFS4], "/home/alice/pool", ("nfs4", "/home/alice")),
        ([BLANK], "/mnt/my disk\ttwo/pool", ("xfs", "/mnt/my disk\ttwo")),
    ],
)
def test_the_longest_mount_point_says_what_a_path_is_on(mounts, path, found):
    assert filesystems.find(path, "\n".join([ROOT, PROC, *mounts])) == found


def test_a_path_of_which_nothing_is_known_is_not_trusted():
    assert filesystems.find("/pool", "") == ("unknown", "")
    assert "unknown" not in filesystems.TRUSTED


@pytest.mark.parametrize(
    "kind",
    ["nfs", "nfs4", "cifs", "smb3", "lustre", "afs", "gpfs", "ceph", "9p", "virtiofs", "autofs",
     "fuse", "fuse.sshfs", "fuseblk"],
)  # fmt: skip
def test_no_network_file_system_is_trusted(kind):
    assert kind not in filesystems.TRUSTED


def test_the_state_is_in_the_home_unless_a_place_is_given():
    home = {"HOME": "/home/alice"}
    assert settings.state_dir(home) == "/home/alice/.local/state/htc-pool"
    assert settings.state_dir({**home, "HTC_POOL_DIR": ""}) == settings.state_dir(home)
    assert settings.state_dir({**home, "XDG_STATE_HOME": "/scratch"}) == "/scratch/htc-pool"
    assert settings.state_dir({**home, "XDG_STATE_HOME": "x"}) == settings.state_dir(home)
    assert settings.state_dir({**home, "HTC_POOL_DIR": "/data//pool/"}) == "/data/pool"
    assert settings.state_dir({}) == settings.state_dir({"HOME": "alice"}) == ""


@pytest.mark.parametrize("path", ["pool", "/a\nb", "/a\0b", f"/tmp/htc-pool-{NAME}/x"])
def test_a_place_that_cannot_be_one_is_refused(path):
    with pytest.raises(settings.SettingError, match="HTC_POOL_DIR"):
        settings.state_dir({"HTC_POOL_DIR": path})


@pytest.fixture
def known(tmp_path, monkeypatch):
    """Return the path by which tools know the pool, here a path of the test's own."""
    if os.getuid() == 0 or os.getgid() == 0:
        # Root cannot become someone else within a test; what it may not do is another test.
        monkeypatch.setattr(state, "_refuse_root", lambda: None)
    path = tmp_path / "known"
    monkeypatch.setattr(settings, "pool_dir", lambda environ: str(path))
    monkeypatch.setattr(pool_lock, "_held", {})
    return path


@pytest.fixture
def prepare(tmp_path, known):
    """Return what prepares a pool in ``there`` and hands out what it said."""

    def prepare(place="there", **environ):
        said = []
        environ = {"HTC_POOL_DIR": str(tmp_path / place), **environ}
        assert state.prepare(environ, said.append) == str(known)
        return said

    return prepare


@pytest.fixture
def other_container(tmp_path):
    """Return what takes a directory as another container does; it gives it back at the end."""
    started = []

    def take(directory, code="pool_lock._container = lambda: 'other'"):
        code = (
            f"import sys; from htc_pool import pool_lock; {code}\n"
            "pool_lock.take(sys.argv[1]); print('taken', flush=True); sys.stdin.read()"
        )
        env = {**os.environ, "PYTHONPATH": str(Path(state.__file__).parents[1])}
        started.append(
            subprocess.Popen([sys.executable, "-c", code, directory], env=env, text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )  # fmt: skip
        assert started[-1].stdout.readline() == "taken\n"
        return started[-1]

    yield take
    for process in started:
        process.communicate()


def test_the_state_is_reached_by_a_link_and_is_its_users_alone(known, tmp_path, prepare):
    assert prepare("a b/é/pool") == []
    assert os.readlink(known) == str(tmp_path / "a b/é/pool")
    assert os.stat(known).st_mode & 0o777 == 0o700
    assert {path.name for path in known.iterdir()} == {"log", ".in-use"}


def test_a_place_that_was_open_to_others_is_closed(known, tmp_path, prepare):
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(0o777)
    prepare()
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o700


def test_a_link_of_an_earlier_life_is_replaced(known, tmp_path, prepare):
    known.symlink_to(tmp_path / "gone")
    assert prepare() == []
    assert os.readlink(known) == str(tmp_path / "there")


def test_addresses_of_an_earlier_life_go_and_the_queue_stays(known, tmp_path, prepare):
    spool, log = tmp_path / "there" / "spool", tmp_path / "there" / "log"
    for folder in (spool, log):
        folder.mkdir(parents=True)
    (spool / "job_queue.log").write_text("107 1 CreationTimestamp 1\n")
    (spool / ".schedd_address").write_text("<127.0.0.1:1>")
    (log / ".collector_address").write_text("<127.0.0.1:1>")
    assert prepare() == []
    assert [path.name for path in spool.iterdir()] == ["job_queue.log"]
    assert [path.name for path in log.iterdir()] == []


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("/etc")])
def test_what_another_user_left_at_the_known_path_is_refused(known, prepare, monkeypatch, make):
    make(known)
    owner = os.lstat(known).st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(state.StateError, match=f"belongs to user {owner}.*: it has to go"):
        prepare()
    assert os.path.lexists(known)


def test_a_file_at_the_known_path_is_refused(known, prepare):
    known.write_text("mine")
    with pytest.raises(state.StateError, match="neither a directory nor a link"):
        prepare()
    assert known.read_text() == "mine"


def ephemeral(known, said):
    (line,) = said
    assert "\n" not in line
    assert line.startswith(f"the pool's state is in {known} and ends with this container: ")
    assert known.is_dir()
    assert not known.is_symlink()
    return line


def test_a_file_in_its_place_makes_the_state_ephemeral(known, tmp_path, prepare):
    (tmp_path / "there").write_text("mine")
    assert f"{tmp_path}/there cannot be used (File exists)" in ephemeral(known, prepare())


def test_another_users_place_makes_the_state_ephemeral(known, tmp_path, prepare, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").touch()
    real, owner = os.stat, os.getuid()

    def stat(path, **options):
        found = real(path, **options)
        if path != str(tmp_path / "there"):
            return found
        return os.stat_result([*found[:4], owner + 1, *found[5:10]])

    monkeypatch.setattr(os, "stat", stat)
    assert f"belongs to user {owner + 1}, not to this one" in ephemeral(known, prepare())


def test_a_network_file_system_makes_the_state_ephemeral_by_name(
    known, tmp_path, prepare, monkeypatch
):
    monkeypatch.setattr(filesystems, "find", lambda path: ("nfs4", "/home"))
    line = ephemeral(known, prepare())
    assert f"{tmp_path}/there is on a file system (nfs4, mounted at /home)" in line
    assert "HTC_POOL_DIR" in line
    # Nothing is left on it.
    assert not (tmp_path / "there").exists()


def test_a_full_disk_makes_a_new_state_ephemeral(known, tmp_path, prepare, monkeypatch):
    monkeypatch.setattr(space, "is_there", lambda directory: directory == str(known))
    assert f"{tmp_path}/there is full" in ephemeral(known, prepare())


def test_a_queue_on_a_full_disk_waits_for_space(known, tmp_path, prepare, monkeypatch):
    (tmp_path / "there" / "spool").mkdir(parents=True)
    (tmp_path / "there" / "spool" / "job_queue.log").touch()
    monkeypatch.setattr(space, "is_there", lambda directory: False)
    assert prepare() == [f"{tmp_path}/there is full: the pool starts when there is space again"]
    assert known.is_symlink()


def test_where_everything_is_full_there_is_no_pool(known, prepare, monkeypatch):
    monkeypatch.setattr(space, "is_there", lambda directory: False)
    with pytest.raises(state.StateError, match=f"{known} cannot hold .* full"):
        prepare()


def test_a_full_disk_is_noticed_by_writing_and_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert space.is_there(str(tmp_path)) is False
    assert list(tmp_path.iterdir()) == []


def test_a_home_in_the_containers_own_layer_is_nothing_to_speak_of(
    known, tmp_path, prepare, monkeypatch
):
    home = {"HTC_POOL_DIR": "", "HOME": str(tmp_path / "home")}
    (tmp_path / "home").touch()
    monkeypatch.setattr(filesystems, "find", lambda path: ("overlay", "/"))
    assert prepare(**home) == []
    assert known.is_dir()
    assert prepare(HTC_POOL_DIR="", HOME="") == []


def test_a_volume_as_home_that_cannot_be_written_is_told(known, tmp_path, prepare, monkeypatch):
    (tmp_path / "home").touch()
    monkeypatch.setattr(filesystems, "find", lambda path: ("ext4", "/home/alice"))
    said = prepare(HTC_POOL_DIR="", HOME=str(tmp_path / "home"))
    assert "cannot be used (Not a directory)" in ephemeral(known, said)


def test_a_place_that_another_container_has_is_left_to_it(
    known, tmp_path, prepare, other_container
):
    (tmp_path / "there").mkdir()
    other_container(str(tmp_path / "there"))
    line = ephemeral(known, prepare())
    holder = json.loads((tmp_path / "there" / ".in-use").read_text())
    assert line.endswith(f"of container {holder['host']} since {holder['since']}")


def test_a_place_is_free_when_who_had_it_has_ended(known, tmp_path, prepare, other_container):
    (tmp_path / "there").mkdir()
    process = other_container(str(tmp_path / "there"))
    process.kill()
    process.wait()
    assert prepare() == []
    assert known.is_symlink()


def test_a_second_pool_in_one_container_is_refused(known, tmp_path, prepare, other_container):
    (tmp_path / "there").mkdir()
    other_container(str(tmp_path / "there"), "pass")
    with pytest.raises(state.RunningError, match="a pool starts in this container already"):
        prepare()
    assert not known.exists()
    # Another place does not make it another pool.
    known.symlink_to(tmp_path / "there")
    with pytest.raises(state.RunningError, match="a pool runs in this container already"):
        prepare("elsewhere")
    assert os.readlink(known) == str(tmp_path / "there")


def test_a_queue_that_a_container_began_in_tmp_stays_its_queue(known, tmp_path, prepare):
    (known / "spool").mkdir(parents=True)
    (known / "spool" / "job_queue.log").touch()
    assert "this container began it there when" in ephemeral(known, prepare())
    # Another may have the place.
    pool_lock.take(str(tmp_path / "there"))


def test_what_a_failed_start_left_in_tmp_makes_way(known, tmp_path, prepare):
    (known / "log").mkdir(parents=True)
    assert prepare() == []
    assert known.is_symlink()


@pytest.mark.parametrize("who", ["getuid", "getgid"])
def test_root_and_group_0_are_refused(tmp_path, monkeypatch, who):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(os, "getgid", lambda: 100)
    monkeypatch.setattr(os, who, lambda: 0)
    with pytest.raises(state.StateError, match="group 0"):
        state.prepare({"HTC_POOL_DIR": str(tmp_path / "pool")})
    assert not (tmp_path / "pool").exists()
