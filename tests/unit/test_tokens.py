"""Tokens: read without being trusted, copied so that HTCondor reads them."""

import base64
import json
import os

import pytest
from htc_pool import attached, tokens

from htmap.pool import identity


def token(**claims):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def modes(folder):
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.fixture
def source(tmp_path):
    """Return a directory as Kubernetes mounts a secret."""
    (tmp_path / "secret" / "..now").mkdir(parents=True)
    (tmp_path / "secret" / "..data").symlink_to("..now")
    (tmp_path / "secret" / "..now" / "site").write_text(token(sub="alice@site"))
    (tmp_path / "secret" / "site").symlink_to("..data/site")
    return tmp_path / "secret"


def test_tokens_are_copied_for_this_user_alone(source, tmp_path):
    target = tmp_path / "home" / "tokens.d"
    assert tokens.copy(source, target) == []
    assert target.stat().st_mode & 0o777 == 0o700
    assert modes(target) == {"site": 0o600, ".copied-by-htc": 0o600}
    assert [found.identities for found in identity.look(target)] == [["alice@site"]]
    assert attached.whom(identity.look(target)) == ", as alice@site"


def test_a_copy_follows_its_source_and_nothing_else_is_touched(source, tmp_path):
    target = tmp_path / "tokens.d"
    target.mkdir()
    (target / "own").write_text("mine")
    (target / "own").chmod(0o644)
    tokens.copy(source, target)
    untouched = (target / "site").stat().st_ino
    tokens.copy(source, target)
    assert (target / "site").stat().st_ino == untouched
    (target / "site").chmod(0o644)
    (source / "other").write_text("second")
    tokens.copy(source, target)
    assert modes(target)["site"] == 0o600
    (source / "..now" / "site").write_text("changed")
    (source / "other").unlink()
    assert tokens.copy(source, target) == []
    assert (target / "site").read_text() == "changed"
    assert modes(target) == {"site": 0o600, ".copied-by-htc": 0o600, "own": 0o644}


def test_a_file_of_the_same_name_that_is_no_copy_is_left_and_told(source, tmp_path):
    target = tmp_path / "tokens.d"
    target.mkdir()
    (target / "site").write_text("my own")
    assert tokens.copy(source, target) == [
        f"{target}/site is not a copy of {source}/site: it is left as it is"
    ]
    assert (target / "site").read_text() == "my own"
    # Nor is a link followed to what it leads to.
    (target / "site").unlink()
    (target / "site").symlink_to(tmp_path / "elsewhere")
    assert len(tokens.copy(source, target)) == 1
    assert not (tmp_path / "elsewhere").exists()


def test_a_copy_that_somebody_changed_is_theirs_from_then_on(source, tmp_path):
    target = tmp_path / "tokens.d"
    tokens.copy(source, target)
    (target / "site").write_text("renewed by hand")
    (source / "..now" / "site").write_text("changed")
    assert len(tokens.copy(source, target)) == 1
    assert (target / "site").read_text() == "renewed by hand"


def test_no_source_is_no_trouble_and_leaves_nothing(tmp_path):
    assert tokens.copy(tmp_path / "none", tmp_path / "tokens.d") == []
    assert not (tmp_path / "tokens.d").exists()


@pytest.mark.parametrize("name", ["_CONDOR_SEC_TOKEN_DIRECTORY", "_condor_sec_token_directory"])
def test_where_htcondor_reads_tokens_can_be_named(monkeypatch, name):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert tokens.directory({name: "/somewhere"}) == "/somewhere"
