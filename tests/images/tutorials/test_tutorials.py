"""What images/tutorials promises: every notebook runs in it, as the user, against its pool."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[3] / "docs" / "tutorials").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tutorial_runs_from_its_first_cell_to_its_last(start, image, notebook):
    ended = start(image, "jupyter", "execute", f"tutorials/{notebook.name}", may_say=".").wait(220)
    assert ended.code == 0, ended
    assert "Traceback" not in ended.stderr, ended


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tutorial_is_kept_without_outputs_and_leads_only_to_what_is_there(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    text = "".join("".join(cell["source"]) for cell in cells)
    links = [part.split(")")[0] for part in text.split("](")[1:] if ".ipynb)" in part]
    assert all((notebook.parent / link).exists() for link in links)


@pytest.mark.parametrize("options", [
    {}, {"user": "root", "environment": {"NB_USER": "alice", "NB_UID": "1234"}},
], ids=["jovyan", "alice"])  # fmt: skip
def test_the_tutorials_are_in_the_home_and_the_persons_own(volume, start, image, options):
    script = "cd ~/tutorials && ls && echo >> 01-first-steps.ipynb && stat -c %u . 05-*"
    home = {"volumes": {volume: {"bind": "/home/alice", "mode": "rw"}}} if options else {}
    if home:
        start(image, "-c", "chown 1234 /home/alice", entrypoint="sh", user="root", **home).wait()
    ended = start(image, "sh", "-c", script, **options, **home).wait()
    uid = options.get("environment", {}).get("NB_UID", "1000")
    assert ended.stdout.split() == [*(path.name for path in NOTEBOOKS), uid, uid], ended


def test_what_a_person_has_made_of_them_stays(volume, start, image):
    home = {"volumes": {volume: {"bind": "/home/jovyan", "mode": "rw"}}}
    start(image, "rm", "tutorials/05-fitting.ipynb", **home).wait()
    ended = start(image, "ls", "tutorials", **home).wait()
    assert ended.stdout.split() == [path.name for path in NOTEBOOKS[:-1]], ended


def test_jupyterlab_opens_at_the_first(start, image):
    token = "--IdentityProvider.token=known"
    running = start(image, "start-notebook.py", token, environment={"HTC_POOL": "none"})
    first = "/lab/tree/tutorials/01-first-steps.ipynb"
    ask = (
        "import urllib.request as u; address = 'http://127.0.0.1:8888'\n"
        "page = u.urlopen(address + '/?token=known', timeout=9).geturl()\n"
        "print(page.removeprefix(address))"
    )
    running.wait_until(lambda: running.exec("python", "-c", ask).stdout.startswith(first))
    # What a Hub's server goes by, unless the Hub says otherwise.
    assert running.output("printenv", "JUPYTERHUB_DEFAULT_URL") == first


def test_a_service_like_binder_opens_them_with_its_own_command_and_group_0(
    start, engine, source, image
):
    # It adds nothing, so what is built is the image itself: not for removing.
    built, _ = engine.images.build(
        path=str(source / ".binder"), buildargs={"IMAGE": image}, rm=True
    )
    command = ["jupyter", "lab", "--IdentityProvider.token=known", "--port=8889"]
    running = start(built.id, *command, user="1000:0", may_say="group 0")
    ask = (
        "import urllib.request as u; page = 'api/contents/tutorials?token=known'; "
        "print(u.urlopen(f'http://127.0.0.1:8889/{page}', timeout=5).read().decode())"
    )
    running.wait_until(lambda: "01-first-steps" in running.exec("python", "-c", ask).stdout)
