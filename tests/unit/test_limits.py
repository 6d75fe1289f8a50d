"""What the pool of a container offers, from the files that kernels and engines really show."""

import pytest
from htc_pool import environment, limits
from htc_pool.settings import SettingError

GIB = 1 << 30
MEMINFO = "MemTotal:       24684092 kB\nMemFree:        21622872 kB\nSwapTotal:             0 kB\n"
MACHINE = 24684092 // 1024

# Docker on a machine with version 1: every controller has its mount, which begins at this group.
DOCKER_1 = (
    "9:name=systemd:/docker/5c43\n4:memory:/docker/5c43\n3:cpuset:/docker/5c43\n"
    "1:cpu,cpuacct:/docker/5c43\n0::/docker/5c43\n"
)
# Docker, containerd and podman with version 2 and a namespace for it, which is the rule.
DOCKER_2 = "0::/\n"
# The same without a namespace (`--cgroupns=host`): the whole machine's tree is seen.
PODS_2 = "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7.slice/cri-8f.scope\n"
POD = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7.slice"


@pytest.fixture
def system(tmp_path):
    """Return a function that makes the files of a system and returns its root."""

    def make(groups=DOCKER_2, **files):
        everything = {"proc/meminfo": MEMINFO, "proc/self/cgroup": groups}
        everything |= {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
        for name, text in everything.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(tmp_path)

    return make


def cpus(root, allowed=16, **environ):
    return limits.cpus(environ, root, allowed).amount


def memory(root, **environ):
    return limits.memory(environ, root).amount


def offered(total):
    """Return what is offered of so many MB, where the tenth is what is kept back."""
    return total - total // 10


# --- CPUs ---


def test_without_any_limit_the_pool_offers_the_cpus_that_it_may_run_on(system):
    assert cpus(system(), allowed=3) == 3
    assert limits.cpus({}).amount >= 1


@pytest.mark.parametrize(
    ("quota", "number"),
    [("150000 100000", 2), ("100000 100000", 1), ("5000 100000", 1), ("max 100000", 16),
     ("2500000 100000", 16)],
)  # fmt: skip
def test_a_quota_of_version_2_counts_each_part_of_a_cpu_as_one(system, quota, number):
    assert cpus(system(**{"cpu.max": quota + "\n"})) == number


@pytest.mark.parametrize(("quota", "number"), [("150000", 2), ("50000", 1), ("-1", 16)])
def test_a_quota_of_version_1_counts_each_part_of_a_cpu_as_one(system, quota, number):
    files = {"cpu/cpu.cfs_quota_us": quota + "\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert cpus(system(DOCKER_1, **files)) == number


def test_every_group_above_that_can_be_seen_has_a_word_in_it(system):
    root = system(
        PODS_2,
        **{
            f"{POD}/cri-8f.scope/cpu.max": "max 100000\n",
            f"{POD}/cpu.max": "300000 100000\n",
            "kubepods.slice/cpu.max": "1200000 100000\n",
            f"{POD}/cri-8f.scope/memory.max": f"{8 * GIB}\n",
            f"{POD}/memory.max": f"{4 * GIB}\n",
            "kubepods.slice/memory.max": f"{20 * GIB}\n",
            # Another pod's, which are none of ours.
            "kubepods.slice/other.slice/cpu.max": "100000 100000\n",
            "kubepods.slice/other.slice/memory.max": f"{GIB}\n",
        },
    )
    assert cpus(root) == 3
    assert memory(root) == offered(4096)


def test_a_group_outside_of_its_namespace_is_looked_for_nowhere_else(system):
    root = system("0::/../../user.slice\n", **{"cpu.max": "200000 100000\n"})
    assert cpus(root) == 2


@pytest.mark.parametrize(("limit", "number"), [("0.5", 1), ("2.0", 2), ("3.1", 4), ("64", 16)])
def test_what_a_hub_grants_is_a_limit_like_others(system, limit, number):
    assert cpus(system(), CPU_LIMIT=limit) == number
    assert cpus(system(**{"cpu.max": "100000 100000"}), CPU_LIMIT=limit) == 1


def test_htc_pool_cpus_wins_over_all_limits(system):
    root = system(**{"cpu.max": "100000 100000"})
    assert cpus(root, HTC_POOL_CPUS="32", CPU_LIMIT="2") == 32
    assert cpus(root, HTC_POOL_CPUS=" 02 ") == 2
    assert cpus(root, HTC_POOL_CPUS="") == 1


@pytest.mark.parametrize("text", ["two", "0", "00", "-1", "1.5", "1e2", "٣", "99999", "2 4"])
def test_what_is_no_number_of_cpus_is_refused(text):
    with pytest.raises(SettingError, match="HTC_POOL_CPUS"):
        limits.cpus({"HTC_POOL_CPUS": text})


# --- memory ---


def test_without_any_limit_a_tenth_of_the_machine_is_kept_for_the_notebook(system):
    assert memory(system()) == offered(MACHINE)


@pytest.mark.parametrize("name", ["memory.max", "memory.high"])
def test_a_memory_limit_of_version_2_is_kept(system, name):
    assert memory(system(**{name: f"{4 * GIB}\n"})) == offered(4096)
    assert memory(system(**{name: "max\n"})) == offered(MACHINE)


def test_the_lower_of_two_limits_counts(system):
    assert memory(system(**{"memory.max": f"{8 * GIB}", "memory.high": f"{4 * GIB}"})) == offered(
        4096
    )


def test_a_memory_limit_of_version_1_is_kept(system):
    name = "memory/memory.limit_in_bytes"
    assert memory(system(DOCKER_1, **{name: f"{4 * GIB}\n"})) == offered(4096)
    # What version 1 says where there is none.
    assert memory(system(DOCKER_1, **{name: "9223372036854771712\n"})) == offered(MACHINE)


@pytest.mark.parametrize("limit", ["4294967296", "4294967296.0", "4G", "4096M", "4096 MiB"])
def test_what_a_hub_grants_is_bytes_or_has_a_unit(system, limit):
    assert memory(system(), MEM_LIMIT=limit) == offered(4096)


@pytest.mark.parametrize(
    ("total", "number"), [(2560, 2304), (1024, 768), (512, 256), (300, 150), (200, 128), (100, 100)]
)
def test_a_small_container_still_offers_something(system, total, number):
    assert memory(system(**{"memory.max": str(total << 20)})) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("2048", 2048), ("2G", 2048), ("2gb", 2048), ("1.5G", 1536), ("512 MiB", 512), ("1T", 1 << 20),
     ("4096K", 4), ("48000", 48000)],
)  # fmt: skip
def test_htc_pool_memory_wins_over_all_limits_and_nothing_is_kept_back(system, text, number):
    root = system(**{"memory.max": f"{GIB}"})
    assert memory(root, HTC_POOL_MEMORY=text, MEM_LIMIT="1G") == number


@pytest.mark.parametrize("text", ["much", "0", "-1", "2X", "G", "1K", "0.5", "1e3", "2G2", "٣G"])
def test_what_is_no_amount_of_memory_is_refused(text):
    with pytest.raises(SettingError, match="HTC_POOL_MEMORY"):
        limits.memory({"HTC_POOL_MEMORY": text})


# --- both ---


@pytest.mark.parametrize("text", ["", "0", "none", "-1", "0.0", "max"])
def test_a_hubs_variable_that_is_no_limit_limits_nothing(system, text):
    root = system()
    assert cpus(root, CPU_LIMIT=text) == 16
    assert memory(root, MEM_LIMIT=text) == offered(MACHINE)


def test_a_machine_that_shows_nothing_gets_a_guess(tmp_path):
    assert cpus(str(tmp_path)) == 16
    assert memory(str(tmp_path)) == 768


def test_whose_word_a_limit_is_can_be_told(system):
    root = system(**{"cpu.max": "150000 100000", "memory.max": f"{4 * GIB}"})
    assert limits.cpus({}, root, 16) == (2, "its CPU quota")
    assert limits.cpus({"CPU_LIMIT": "1"}, root, 16) == (1, "CPU_LIMIT")
    assert limits.cpus({}, root, 1) == (1, "the CPUs it may run on")
    assert limits.memory({}, root).because == "its memory limit"
    assert limits.memory({"HTC_POOL_MEMORY": "1G"}, root).because == "HTC_POOL_MEMORY"


# --- what the daemons are started with ---

SECRETS = {
    "JUPYTERHUB_API_TOKEN": "secret",
    "JPY_API_TOKEN": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "GITHUB_TOKEN": "secret",
    "PGPASSWORD": "secret",
    "NB_USER": "alice",
    "PYTHONPATH": "/x",
    "LD_PRELOAD": "/x.so",
    "https_proxy": "http://alice:secret@proxy:3128",
}
NEEDED = {
    "PATH": "/opt/htc/bin:/usr/bin",
    "HOME": "/home/alice",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "Europe/Berlin",
    "_CONDOR_NEGOTIATOR_INTERVAL": "3",
    "_condor_startd_debug": "D_FULLDEBUG",
    "HTC_POOL_CPUS": "3",
    "HTC_POOL_MEMORY": "2G",
    "NVIDIA_VISIBLE_DEVICES": "all",
    "CUDA_VISIBLE_DEVICES": "0",
    "http_proxy": "http://proxy:3128",
}


def test_daemons_get_what_they_need_and_no_secrets():
    got = environment.of_daemons({**SECRETS, **NEEDED}, "/state")
    assert got == {
        **NEEDED, "HTC_POOL_DIR": "/state", "_CONDOR_NUM_CPUS": "3", "_CONDOR_MEMORY": "2048",
    }  # fmt: skip


def test_htcondors_own_variables_win_over_what_was_found_out():
    got = environment.of_daemons({"_condor_num_cpus": "7", "_CONDOR_MEMORY": ""}, "/state")
    assert got["_condor_num_cpus"] == "7"
    assert "_CONDOR_NUM_CPUS" not in got
    assert int(got["_CONDOR_MEMORY"]) > 0


def test_gpus_can_be_kept_from_jobs():
    name = "_CONDOR_STARTD_DETECT_GPUS"
    assert environment.of_daemons({"HTC_POOL_GPUS": "0"}, "/state")[name] == "false"
    for text in ("", "auto"):
        assert name not in environment.of_daemons({"HTC_POOL_GPUS": text}, "/state")
    with pytest.raises(SettingError, match="HTC_POOL_GPUS"):
        environment.of_daemons({"HTC_POOL_GPUS": "2"}, "/state")
