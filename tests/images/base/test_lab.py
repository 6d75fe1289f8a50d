"""The server's side of what JupyterLab shows of the pool: who may ask, and what they are told."""

import json

import pytest

COMMAND = ("start-notebook.py", "--IdentityProvider.token=known-to-the-test")
ASK = """
import sys, urllib.error, urllib.request
headers = {"Authorization": "token known-to-the-test"} if sys.argv[1] == "known" else {}
request = urllib.request.Request("http://127.0.0.1:8888" + sys.argv[2], headers=headers)
try:
    with urllib.request.urlopen(request, timeout=20) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""
# A site whose name servers say that there is no such thing, at once.
NOWHERE = {"_CONDOR_SCHEDD_HOST": "ap.invalid", "_CONDOR_COLLECTOR_HOST": "cm.invalid"}


def ask(running, path="/htc/pool", who="known"):
    """Ask Jupyter for something; return the status, 0 where it is not up yet, and the text."""
    asked = running.exec("python", "-c", ASK, who, path)
    status, _, text = asked.stdout.partition(" ")
    return int(status or 0), text


def state(running):
    status, text = ask(running)
    return json.loads(text) if status == 200 else {"text": ""}


def test_the_state_of_the_pool_is_told_to_who_has_the_token_and_follows_the_pool(start, image):
    # What is refused is in Jupyter's log.
    running = start(image, *COMMAND, may_say="403|Forbidden")
    running.wait_until(lambda: state(running)["text"] == "Pool: no jobs", timeout=90)
    status, text = ask(running, who="stranger")
    assert status == 403, text
    assert "Pool" not in text
    assert "in the queue of the schedd jovyan@htc-notebook" in state(running)["more"][1]
    # One that nobody has to work on.
    two = "printf 'executable=/bin/true\nhold=true\nqueue 2' | condor_submit"
    running.output("sh", "-c", two)
    running.wait_until(lambda: state(running)["text"] == "Pool: 2 jobs held")
    running.output("htc-pool", "stop")
    running.wait_until(lambda: state(running)["text"] == "Pool: stopped")
    assert state(running)["more"] == ["The pool is stopped: `htc-pool start` starts it."]


def test_a_container_of_a_site_that_is_not_there_says_which_and_why(start, default_image):
    running = start(default_image, *COMMAND, environment=NOWHERE, may_say="^htc: |^ERROR|WARNING")
    running.wait_until(lambda: ask(running)[0] == 200, timeout=90)
    told = state(running)
    assert (told["text"], told["ok"]) == ("ap.invalid: cannot be had", False)
    assert "cannot be resolved" in told["more"][0]
    assert '"htcPoolSeconds": "30"' in ask(running, "/lab")[1]


@pytest.mark.parametrize("title", ["htc-base-notebook", "htc-overlay-stand-in"])
def test_where_there_is_no_pool_and_no_tutorial_the_page_is_not_told_of_any(
    start, default_image, title
):
    without = default_image.replace("htc-base-notebook", title)
    running = start(without, *COMMAND, environment={"HTC_POOL": "none"}, may_say=".")
    running.wait_until(lambda: ask(running)[0] == 200, timeout=90)
    assert state(running)["text"] == "No pool here"
    page = ask(running, "/lab")[1]
    assert '"name": "htmap"' in page
    assert "htcPoolSeconds" not in page
    assert "htcTutorial" not in page
