"""machine/apt-source: another suite from the mirrors that a machine already uses."""

import os
import subprocess

import pytest

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # a note
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64,arm64 signed-by=/keys/debian.gpg] http://security.example bookworm-security main
deb [ trusted=yes ] http://docker.example/linux bookworm stable
deb http://postgresql.example bookworm-pgdg main
deb http://mirror.example/debian bookworm-backports main
"""

STANZAS = """\
Types: deb deb-src
# A comment.
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main non-free-firmware
Signed-By: /keys/debian.gpg

Types: deb
URIs: http://security.example
Suites: bookworm-security
Components: main
Enabled: no

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main"""


def stanzas(text):
    return [
        dict(line.split(": ", 1) for line in stanza.splitlines())
        for stanza in text.strip().split("\n\n")
        if stanza
    ]


@pytest.fixture
def apt(tmp_path, source):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "os-release").write_text("ID=debian\nVERSION_CODENAME=bookworm\n")

    def apt_source(name, text):
        (tmp_path / name).write_text(text)
        environment = {"OS_RELEASE": f"{tmp_path}/os-release", "APT_FOLDER": str(tmp_path)}
        command = [source / "machine" / "apt-source", "trixie"]
        found = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, **environment}
        )
        assert found.stderr == ""
        return stanzas(found.stdout)

    return apt_source


def test_one_line_sources_keep_their_mirror_and_options(apt):
    assert apt("sources.list", ONE_LINE) == [
        {
            "Types": "deb",
            "URIs": "http://mirror.example/debian",
            "Suites": "trixie",
            "Components": "main contrib",
        },
        {
            "Types": "deb",
            "URIs": "http://security.example",
            "Suites": "trixie-security",
            "Components": "main",
            "Architectures": "amd64 arm64",
            "signed-by": "/keys/debian.gpg",
        },
    ]


def test_of_stanzas_those_that_are_enabled_and_binary_are_taken(apt):
    assert apt("sources.list.d/debian.sources", STANZAS) == [
        {
            "Types": "deb",
            "URIs": "http://mirror.example/debian",
            "Suites": "trixie trixie-updates",
            "Components": "main non-free-firmware",
            "Signed-By": "/keys/debian.gpg",
        }
    ]


def test_a_machine_without_debians_own_source_gets_nothing(apt):
    assert apt("sources.list", "deb http://docker.example/linux bookworm stable\n") == []
