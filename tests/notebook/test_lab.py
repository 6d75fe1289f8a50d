"""What JupyterLab itself shows: the tutorials in its launcher, the pool in its status bar."""

import re

import pytest
from browsers import run_in_new_notebook
from labs import Lab
from playwright.sync_api import expect

# One that stays for as long as the page is looked at, however many cores there are.
WORK = "import htmap, time\nm = htmap.map(time.sleep, [3600] * 50, tag='in-the-status-bar')\nm.tag"
HIDE = """hidden => {
  const state = hidden ? 'hidden' : 'visible';
  Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });
  Object.defineProperty(document, 'visibilityState', { get: () => state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
NOWHERE = {"_CONDOR_SCHEDD_HOST": "ap.invalid", "_CONDOR_COLLECTOR_HOST": "cm.invalid"}


def pool(page):
    return page.locator(".htc-pool")


@pytest.fixture(scope="module")
def tutorials(start_session, default_image):
    image = default_image.replace("htc-base-notebook", "htmap-tutorials")
    return Lab(start_session(image, *Lab.COMMAND, may_say=".", **Lab.OPTIONS))


def test_the_status_bar_follows_the_pool_and_a_dark_page_shows_it(lab, new_page):
    page = new_page()
    lab.open(page)
    expect(pool(page)).to_have_text(re.compile("^Pool: (no jobs|\\d+ job)"))
    expect(page.get_by_text("HTMap tutorials")).to_have_count(0)
    expect(run_in_new_notebook(page, WORK).last).to_contain_text("in-the-status-bar")
    try:
        expect(pool(page)).to_have_text(re.compile(r"^Pool: \d+ jobs? running, \d\d+ waiting"))
        assert re.search(r"\d of \d cores of the pool", pool(page).get_attribute("title"))
        page.get_by_text("Settings", exact=True).click()
        page.get_by_text("Theme", exact=True).hover()
        page.get_by_text("JupyterLab Dark", exact=True).click()
        expect(page.locator("body[data-jp-theme-name='JupyterLab Dark']")).to_have_count(1)
        expect(pool(page)).to_be_visible()
    finally:
        lab.running.output("htmap", "remove", "in-the-status-bar")


def test_nothing_is_asked_while_nobody_sees_the_page(lab, new_page):
    page = new_page()
    lab.open(page)
    with page.expect_request("**/htc/pool*"):
        pass
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    # A page in a browser without a window is always in front: it is told that it is not.
    page.evaluate(HIDE, True)
    page.wait_for_timeout(11_000)  # two of its intervals
    assert sum("htc/pool" in url for url in asked) <= 1, asked
    page.evaluate(HIDE, False)
    with page.expect_request("**/htc/pool*"):
        pass


def test_the_card_in_the_launcher_opens_the_first_tutorial(tutorials, new_page):
    page = new_page()
    tutorials.open(page)
    card = page.locator(".jp-LauncherCard", has_text="HTMap tutorials")
    card.click()
    expect(page.locator(".lm-TabBar-tab", has_text="01-first-steps.ipynb")).to_be_visible()
    # The others are in the file browser beside it.
    expect(page.locator(".jp-DirListing-item", has_text="02-")).to_be_visible()


def test_the_help_menu_opens_it_too_and_a_narrow_window_has_all_of_it(tutorials, new_page):
    page = new_page(viewport={"width": 600, "height": 800})
    tutorials.open(page)
    expect(pool(page)).to_have_text("Pool: no jobs")
    page.get_by_text("Help", exact=True).click()
    page.locator(".lm-Menu-item", has_text="HTMap tutorials").click()
    expect(page.locator(".lm-TabBar-tab", has_text="01-first-steps.ipynb")).to_be_visible()
    expect(pool(page)).to_be_visible()


def test_a_site_that_is_not_there_is_named_in_the_status_bar(
    start_session, default_image, new_page
):
    running = start_session(
        default_image, *Lab.COMMAND, may_say=".", environment=NOWHERE, **Lab.OPTIONS
    )
    page = new_page()
    Lab(running).open(page)
    expect(pool(page)).to_have_text("ap.invalid: cannot be had")
    assert "cannot be resolved" in pool(page).get_attribute("title")


def test_nobody_is_asked_about_news_and_none_are_fetched(lab):
    said = lab.get("lab/api/settings/@jupyterlab/apputils-extension:notification").json()
    assert said["schema"]["properties"]["fetchNews"]["default"] == "false"
