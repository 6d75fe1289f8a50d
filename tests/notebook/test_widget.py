"""The widget of a map, as people see it."""

import json

import pytest
from browsers import outputs
from playwright.sync_api import expect

# What is waited for here is jobs, which other tests may keep from running.
expect.set_options(timeout=60_000)

#: Waits for a file, which the tests make; one component fails until another file is there.
GATED = """\
import htmap, pathlib, time
home = pathlib.Path.home()
def gated(x):
    print("waiting", x, flush=True)
    while not (home / "{tag}-gate").exists():
        time.sleep(0.05)
    if x == 2 and not (home / "{tag}-mended").exists():
        raise ValueError(f"bad <b>{{x}}</b>")
    print("hello from", x)
    return 10 * x
m = htmap.map(gated, range(4), tag="{tag}")
m"""

#: Keeps the kernel busy until a file is there.
BUSY = "while not (home / 'busy-over').exists(): time.sleep(0.05)"

RECORD_FRAMES = """
window.frames_ms = [];
let last = performance.now();
const frame = (now) => {
  window.frames_ms.push(now - last);
  last = now;
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""


def touch(lab, name):
    lab.running.output("touch", f"/home/jovyan/{name}")


def open_and_run(lab, page, name, *cells):
    """Open a notebook of these cells, and run them one after another."""
    lab.write_notebook(name, cells)
    lab.open(page, name)
    for number in range(len(cells)):
        lab.run(page, number)


def widget(page, cell=0):
    return outputs(page, cell).locator(".htmap-map")


def legend(page, text, cell=0):
    return widget(page, cell).locator(".htmap-legend button", has_text=text)


def test_a_map_moves_through_its_states_and_its_failure_is_read_and_run_again(lab, new_page):
    page = new_page()
    open_and_run(lab, page, "states.ipynb", GATED.format(tag="states"), "m")
    for cell in (0, 1):
        expect(widget(page, cell).locator(".htmap-tag")).to_have_text("states")
        expect(legend(page, "RUNNING", cell)).to_be_visible()
    expect(page.locator(".htmap-page")).to_have_count(2)
    expect(page.locator(".htmap-page:visible")).to_have_count(0)

    touch(lab, "states-gate")
    for cell in (0, 1):
        expect(legend(page, "COMPLETED 3", cell)).to_be_visible()
        expect(legend(page, "ERRORED 1", cell)).to_be_visible()
    legend(page, "ERRORED").click()
    # Both are of one map, and show the same.
    for cell in (0, 1):
        shown = widget(page, cell).locator(".htmap-component")
        expect(shown).to_contain_text("ValueError: bad <b>2</b>")
        expect(shown).to_contain_text("Local variables:")
        expect(shown).to_contain_text("x = 2")

    touch(lab, "states-mended")
    widget(page).get_by_role("button", name="Rerun failed").click()
    for cell in (0, 1):
        expect(legend(page, "COMPLETED 4", cell)).to_be_visible()
        # What is looked at is shown anew, once it is another.
        expect(widget(page, cell).locator(".htmap-component")).to_contain_text("hello from 2")
    expect(widget(page).get_by_role("button", name="Rerun failed")).to_be_disabled()

    typed = widget(page).get_by_label("Number of a component")
    typed.fill("7")
    typed.press("Enter")
    expect(widget(page).get_by_text("has no component 7: it has 4")).to_be_visible()
    marks = widget(page).locator(".htmap-marks")
    marks.focus()
    marks.press("ArrowRight")
    marks.press("Enter")
    expect(widget(page).locator(".htmap-component")).to_contain_text("Component 1 COMPLETED")
    expect(widget(page).get_by_text("has no component 7")).to_have_count(0)
    marks.click(position={"x": 3 * 18 + 9, "y": 9})
    expect(widget(page).locator(".htmap-component")).to_contain_text("Component 3 COMPLETED")


def test_a_map_is_held_released_and_after_a_question_removed(lab, new_page):
    page = new_page()
    open_and_run(lab, page, "acts.ipynb", GATED.format(tag="acts"))
    expect(legend(page, "RUNNING")).to_be_visible()
    widget(page).get_by_role("button", name="Hold").click()
    expect(legend(page, "HELD 4")).to_be_visible()
    legend(page, "HELD").click()
    expect(widget(page).locator(".htmap-component")).to_contain_text("for the owner of the map")
    widget(page).get_by_role("button", name="Release").click()
    expect(legend(page, "HELD")).to_have_count(0)

    widget(page).get_by_role("button", name="Remove…").click()
    widget(page).get_by_role("button", name="Keep it").click()
    assert lab.running.output("htmap", "tags").split().count("acts") == 1
    widget(page).get_by_role("button", name="Remove…").click()
    widget(page).get_by_role("button", name="Remove for good").click()
    expect(widget(page).get_by_text("the map 'acts' was removed")).to_be_visible()
    assert "acts" not in lab.running.output("htmap", "tags").split()


def test_it_goes_on_and_answers_while_a_cell_runs(lab, new_page):
    page = new_page()
    open_and_run(lab, page, "busy.ipynb", GATED.format(tag="busy"), BUSY)
    prompt = page.locator(".jp-Notebook .jp-Cell").nth(1).locator(".jp-InputPrompt")
    expect(prompt).to_have_text("[*]:")
    expect(legend(page, "RUNNING")).to_be_visible()
    legend(page, "RUNNING").click()
    expect(widget(page).locator(".htmap-component")).to_contain_text("waiting")
    touch(lab, "busy-gate")
    expect(legend(page, "COMPLETED 3")).to_be_visible()
    expect(widget(page).locator(".htmap-component")).to_contain_text("hello from")
    widget(page).get_by_role("button", name="Remove…").click()
    widget(page).get_by_role("button", name="Remove for good").click()
    expect(widget(page).get_by_text("the map 'busy' was removed")).to_be_visible()
    expect(prompt).to_have_text("[*]:")
    touch(lab, "busy-over")
    expect(prompt).to_have_text("[2]:")


def test_a_saved_notebook_without_its_kernel_shows_the_last_state_and_so_does_its_export(
    lab, new_page
):
    page = new_page()
    touch(lab, "saved-gate")
    open_and_run(lab, page, "saved.ipynb", GATED.format(tag="saved"))
    expect(legend(page, "COMPLETED 3")).to_be_visible()
    expect(page.locator(".htmap-page")).to_contain_text("component 2: ValueError: bad <b>2</b>")
    page.keyboard.press("Control+s")
    lab.running.wait_until(lambda: "bad &lt;b&gt;2" in json.dumps(lab.read_notebook("saved.ipynb")))
    page.goto("about:blank")
    for session in lab.get("api/sessions").json():
        if session["path"] == "saved.ipynb":
            lab.delete(f"api/sessions/{session['id']}")

    again = new_page()
    lab.open(again, "saved.ipynb")
    shown = outputs(again, 0).locator(".htmap-page")
    expect(shown).to_be_visible()
    expect(shown).to_contain_text("COMPLETED 3")
    expect(again.locator(".jp-OutputArea-output.jupyter-widgets")).to_have_text(
        "Error displaying widget: model not found"
    )
    expect(again.get_by_text("Error displaying widget")).to_be_hidden()

    html = lab.running.output("jupyter", "nbconvert", "--to", "html", "--stdout", "saved.ipynb")
    exported = new_page(offline=True, color_scheme="dark")
    exported.set_content(html, wait_until="domcontentloaded")
    expect(exported.locator(".htmap-page")).to_contain_text("ERRORED 1")
    expect(exported.locator(".htmap-page rect[fill='#009E73']").first).to_be_visible()


def test_a_map_of_100_000_components_does_not_freeze_the_page(lab, new_page, screenshots):
    page = new_page()
    page.add_init_script(RECORD_FRAMES)
    code = "import htmap\nhtmap.map(abs, range(100_000), chunksize=2000, tag='large')"
    open_and_run(lab, page, "large.ipynb", code)
    expect(widget(page)).to_be_visible()
    page.evaluate("frames_ms.length = 0")
    expect(legend(page, "COMPLETED 100,000")).to_be_visible(timeout=120_000)
    widget(page).locator(".htmap-marks").click(position={"x": 100, "y": 4})
    expect(widget(page).locator(".htmap-component")).to_contain_text("Result")
    frames = sorted(page.evaluate("frames_ms"))
    told = {"frames": len(frames), "median": frames[len(frames) // 2], "longest": frames[-1]}
    (screenshots / "frames-of-100000-components.json").write_text(json.dumps(told))
    assert frames[-1] < 5000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_page_holds_it_on_light_and_dark_ground(lab, new_page, scheme):
    lab.set("@jupyterlab/apputils-extension:themes", {"adaptive-theme": True})
    page = new_page(color_scheme=scheme, viewport={"width": 560, "height": 1000})
    tag = f"narrow-{scheme}"
    touch(lab, f"{tag}-gate")
    open_and_run(lab, page, f"{tag}.ipynb", GATED.format(tag=tag))
    is_light = str(scheme == "light").lower()
    expect(page.locator(f"body[data-jp-theme-light={is_light}]")).to_be_attached()
    legend(page, "ERRORED").click()
    shown = widget(page).locator(".htmap-component")
    expect(shown).to_contain_text("ValueError")
    assert widget(page).evaluate("e => e.scrollWidth <= e.clientWidth")
    shown.scroll_into_view_if_needed()
