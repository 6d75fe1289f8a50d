"""What is in images/base, and what is not."""

import json
import re

import pytest

# Who these belong to: mount, util-linux, passwd, login, libpam; and sudo, without any rule for the
# user unless GRANT_SUDO makes one.
KNOWN_SETUID = {
    "/usr/bin/chage",
    "/usr/bin/chfn",
    "/usr/bin/chsh",
    "/usr/bin/expiry",
    "/usr/bin/gpasswd",
    "/usr/bin/mount",
    "/usr/bin/newgrp",
    "/usr/bin/passwd",
    "/usr/bin/su",
    "/usr/bin/sudo",
    "/usr/bin/umount",
    "/usr/sbin/unix_chkpwd",
}

# What it comes to is in images/base/README.md.
LARGEST = 620_000_000


@pytest.fixture(scope="module")
def built(engine, image):
    return engine.images.get(image)


@pytest.fixture(scope="module")
def inside(start_session, image):
    """Start a container of the image in which nothing runs."""
    return start_session(image, entrypoint=["sleep", "infinity"], init=True)


def python(container, code, **options):
    return container.output("python", "-c", code, **options)


def test_the_user_is_jovyan_1000_in_group_100(inside, built):
    assert inside.output("id") == "uid=1000(jovyan) gid=100(users) groups=100(users)"
    assert inside.output("sh", "-c", "echo $HOME; pwd").split() == ["/home/jovyan"] * 2
    assert built.attrs["Config"]["User"] == "1000:100"


def test_the_home_holds_nothing_that_a_volume_over_it_would_hide(inside):
    files = inside.output("find", "/home/jovyan", "-type", "f").split()
    assert {name.rsplit("/", 1)[1] for name in files} <= {".bashrc", ".bash_logout", ".profile"}


def test_the_daemons_are_of_the_version_that_the_label_says(inside, built, condor_version):
    assert f"$CondorVersion: {condor_version} " in inside.output("condor_version")
    assert built.labels["org.htcondor.condor-version"] == condor_version


def test_python_is_debians_in_an_environment_of_its_own(inside):
    code = (
        "import json, sys, htcondor2; from importlib.metadata import version;"
        "print(json.dumps([sys.version_info[:2], sys.prefix, sys.base_prefix,"
        " htcondor2.__file__.split('/lib')[0], version('htcondor')]))"
    )
    assert json.loads(python(inside, code)) == [[3, 13], "/opt/htc", "/usr", "/opt/htc", "25.14.1"]


def test_it_has_jupyterlab_4_and_the_single_user_server_of_jupyterhub_5(inside):
    assert inside.output("jupyter", "lab", "--version").startswith("4.")
    assert inside.output("jupyterhub-singleuser", "--version").startswith("5.")


def test_every_package_that_an_installed_one_needs_is_installed(inside):
    assert inside.output("pip", "check") == "No broken requirements found."


def test_importing_htmap_does_not_import_the_bindings(inside):
    code = "import sys, htmap; print({'htcondor2', 'classad2'} & sys.modules.keys() or 'neither')"
    assert python(inside, code) == "neither"


def test_maps_are_delivered_by_the_shared_path_unless_told_otherwise(inside):
    """By htmap's default and not by a variable, which would win over what a user's file says."""
    method = "import htmap; print(htmap.settings['DELIVERY_METHOD'])"
    chosen = "echo 'DELIVERY_METHOD = \"assume\"' > /tmp/.htmaprc; HOME=/tmp"
    assert python(inside, method) == "shared"
    assert inside.output("sh", "-c", f'{chosen} python -c "{method}"') == "assume"


def test_the_first_process_is_tini_which_passes_signals_to_the_group(start, image):
    running = start(image)
    assert running.output("cat", "/proc/1/comm") == "tini"
    assert running.output("cat", "/proc/1/cmdline").split("\0")[:4] == [
        "/usr/bin/tini", "-g", "--", "/usr/local/bin/start.sh"
    ]  # fmt: skip


def test_the_labels_of_the_open_container_initiative_are_filled_in(built, inside):
    prefix = "org.opencontainers.image."
    labels = {name.removeprefix(prefix): text for name, text in built.labels.items()}
    asked = {"title", "description", "vendor", "licenses", "version", "created", "base.name"}
    assert {name for name, text in labels.items() if text} >= asked
    version = python(inside, "import htmap; print(htmap.__version__)")
    assert labels["version"] == built.labels["org.htcondor.htmap-version"] == version


def test_the_certificates_of_the_machine_that_built_it_are_not_in_it(inside):
    assert inside.exec("sh", "-c", "ls -A /run/secrets").stdout == ""
    own, shipped = (
        int(inside.output("sh", "-c", f"cat {files} | grep -c 'BEGIN CERTIFICATE'"))
        for files in ("/etc/ssl/certs/ca-certificates.crt", "/usr/share/ca-certificates/*/*.crt")
    )
    assert own == shipped > 100
    assert inside.output("find", "/usr/local/share/ca-certificates", "-type", "f") == ""


def test_it_holds_no_password_token_or_private_key(inside, built):
    environment = built.attrs["Config"]["Env"]
    assert not [entry for entry in environment if re.search("password|token|secret", entry, re.I)]
    setting = "^[^#]*(password|token)[a-z_.]* *=|BEGIN [A-Z ]*PRIVATE KEY"
    folders = ["/etc/jupyter", "/etc/htc", "/etc/ssl", "/home", "/root", "/opt/htc/etc"]
    assert inside.exec("grep", "-rlsE", setting, *folders, user="root").stdout == ""
    credentials = ["/etc/condor/tokens.d", "/etc/condor/passwords.d"]
    assert inside.exec("find", *credentials, "-type", "f", user="root").stdout == ""


def test_no_program_gains_rights_beyond_those_of_every_debian(inside):
    found = inside.output("find", "/", "-xdev", "-perm", "/6000", "-type", "f", user="root")
    assert set(found.split()) <= KNOWN_SETUID


def test_nothing_outside_the_temporary_folders_can_be_written_by_everyone(inside):
    found = inside.output(
        "find", "/", "-xdev", "-perm", "-002", "!", "-type", "l", "!", "-perm", "-1000",
        "-not", "-path", "/proc/*", user="root",
    )  # fmt: skip
    assert found == ""


def test_no_cache_of_packages_is_left(inside):
    folders = ["/var/lib/apt/lists", "/var/cache/apt", "/var/cache/uv", "/root/.cache"]
    found = inside.exec("find", *folders, "-type", "f", "!", "-empty", user="root")
    assert found.stdout == ""


def test_a_user_of_the_group_can_add_packages_to_the_environment(inside):
    code = (
        "import os, sys, sysconfig as s;"
        "print([p for p in {*s.get_paths().values()} if p.startswith(sys.prefix)"
        " and os.path.isdir(p) and not os.access(p, os.W_OK)])"
    )
    assert python(inside, code) == "[]"
    assert python(inside, code, user="5000:100") == "[]"


def test_no_bytecode_is_left_to_write_when_jupyterlab_starts(inside):
    code = "import jupyterlab.labapp, ipykernel.kernelapp, jupyterhub.singleuser.app, htmap"
    assert python(inside, f"{code}; print('imported')") == "imported"
    written = inside.output("find", "/opt/htc", "-name", "*.pyc", "-newer", "/etc/hostname")
    assert written == ""


def test_the_image_is_not_larger_than_it_was(built):
    assert built.attrs["Size"] < LARGEST
