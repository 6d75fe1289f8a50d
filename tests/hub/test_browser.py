"""People in a browser: the login, the form, JupyterLab, a notebook that maps."""

from browsers import run_in_new_notebook
from people import MAP, choose_pool, log_in, wait_for_lab
from playwright.sync_api import expect


def test_a_new_user_logs_in_and_maps_over_inputs_in_a_pool_of_their_own(hub, new_page):
    page = new_page()
    log_in(page, hub, "alice")
    choose_pool(page, "personal")
    wait_for_lab(page)
    outputs = run_in_new_notebook(page, MAP)
    expect(outputs.last).to_have_text("[0, 1, 8, 27, 64, 125]", timeout=60_000)

    server = hub.server("alice")
    assert server.run("htmap", "tags") == "cubes"
    assert "cubes" not in server.run("condor_q", "-af", "JobBatchName")


def test_a_user_without_a_token_reads_who_puts_it_where_and_can_choose_again(hub, new_page):
    page = new_page()
    log_in(page, hub, "judy")
    choose_pool(page, "site")
    expect(page.get_by_text("judy has no token for ap.invalid: ask whoever")).to_be_visible()
    expect(page.locator("input[name=pool][value=personal]")).to_be_visible()


def test_whoever_has_not_logged_in_sees_the_login_and_nothing_else(hub, new_page):
    hub.server(hub.user("dora")).start(pool="personal")
    page = new_page()
    page.goto(f"{hub.url}/user/dora/lab")
    expect(page.locator("#username_input")).to_be_visible()
    page.goto(f"{hub.url}/hub/home")
    expect(page.locator("#username_input")).to_be_visible()
    for path in ("hub/api/users", "hub/api/users/dora", "user/dora/api/contents", "hub/api/proxy"):
        assert page.request.get(f"{hub.url}/{path}").status == 403, path

    log_in(page, hub, "dora", password="not the password")
    expect(page.get_by_text("Invalid username or password")).to_be_visible()


def test_the_example_lets_nobody_in_until_it_is_configured(start_hub, new_page):
    shipped = start_hub(TEST_CONFIG="/etc/jupyterhub/jupyterhub_config.py")
    page = new_page()
    for name in ("root", "alice"):
        log_in(page, shipped, name)
        expect(page.get_by_text("Invalid username or password")).to_be_visible()
