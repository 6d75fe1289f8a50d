"""Who we are to a pool, by tokens that are read without being trusted."""

import base64
import json
import os
import time

import pytest

from htmap.pool import identity


def token(**claims):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@pytest.mark.parametrize("subject", ["a", "al", "ali", "alic", "alice@site"])
def test_what_a_token_says_is_read_whatever_its_length(subject):
    assert identity.claims(token(sub=subject)) == {"sub": subject}


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "a.é.c", "a.W10.c", "....", "a." + "x" * 9])
def test_what_is_no_token_says_nothing(text):
    assert identity.claims(text) == {}


@pytest.mark.parametrize(
    ("claims", "answer"),
    [({}, False), ({"exp": 99}, True), ({"exp": 100.5}, False), ({"exp": "soon"}, False)],
)
def test_a_token_expires_when_it_says_so(claims, answer):
    assert identity.expired(claims, 100) is answer


def test_files_that_htcondor_passes_over_are_passed_over(tmp_path):
    for name in (".hidden", "old~", "#new", "a.rpmsave", "site"):
        (tmp_path / name).write_text("")
    assert identity.names(tmp_path) == ["site"]


@pytest.mark.parametrize(("mode", "read"), [(0o600, True), (0o400, True), (0o640, False),
                                            (0o604, False), (0o644, False)])  # fmt: skip
def test_htcondor_reads_what_is_its_users_alone(tmp_path, mode, read):
    (tmp_path / "site").write_text(token(sub="alice@site"))
    (tmp_path / "site").chmod(mode)
    found = identity.look_at(os.fspath(tmp_path / "site"))
    assert (not found.problem) is read
    assert found.claims == [{"sub": "alice@site"}]


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Return a function that puts a token where HTCondor reads this user's."""
    monkeypatch.setattr(identity, "directory", lambda: str(tmp_path))

    def put(name, mode=0o600, **claims):
        (tmp_path / name).write_text(token(**claims))
        (tmp_path / name).chmod(mode)

    return put


def test_a_token_is_told_with_whose_it_is_by_whom_and_until_when(folder, tmp_path):
    folder("site", sub="alice@site", iss="site", exp=time.time() + 86400 * 2)
    found = identity.of_user()

    assert found.name == "alice@site"
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400 * 2))
    by = f"{tmp_path}/site (issued by site, good until {day})"
    assert found.text == f"It was asked as alice@site, by the token {by}."
    assert "c2ln" not in "".join(map(str, found))


def test_tokens_of_several_people_are_told_all(folder):
    folder("a", sub="alice@site")
    folder("b", sub="bob@site")

    assert identity.of_user().name == "alice@site or bob@site"
    assert "by the tokens " in identity.of_user().text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(60, "minutes ago"), (7300, "2 h ago"), (86500, "1 day ago"), (2 * 86400, "2 days ago")],
)
def test_an_expired_token_is_told_with_how_long_ago(folder, seconds, words):
    folder("site", sub="alice@site", exp=time.time() - seconds)
    found = identity.of_user()

    assert f"expired {words}" in found.text
    assert found.remedy.startswith("get another one")


def test_a_token_that_others_can_read_is_told_to_be_passed_over(folder, tmp_path):
    folder("open", 0o640, sub="alice@site")
    found = identity.of_user()

    assert found.name is None
    assert f"HTCondor passes over {tmp_path}/open, which has mode 0640" in found.text
    assert "chmod 600" in found.remedy


def test_without_a_token_nobody_asks_but_on_this_machine(folder, tmp_path):
    assert identity.of_user().name is None
    assert f"There is no token that HTCondor would read in {tmp_path}" in identity.of_user().text
    assert identity.of_user(here=True).name == identity.user_name()
