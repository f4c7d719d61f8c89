"""Explore: by keyboard alone (A9), the address is the view (A7), completion and errors at their place (A12), axe (A8)."""
import pytest
from conftest import NARROW, WIDE, until

pytestmark = pytest.mark.stub
LOOKS = [(theme, viewport) for theme in ("dark", "light") for viewport in (WIDE, NARROW)]
RESULT = "/explore?q=etcd_server_has_leader"


def editor(page):
    page.wait_for_selector(".CodeMirror")
    page.get_by_label("PromQL query").focus()


def test_a_query_is_written_completed_and_run_by_keyboard(open_page):
    page = open_page("/explore")
    editor(page)
    page.keyboard.type("etcd_server_ha")
    page.wait_for_selector(".CodeMirror-hint:has-text('Whether or not a leader exists.')")
    assert "gauge" in page.locator(".CodeMirror-hint").first.inner_text()
    page.keyboard.press("Tab")
    page.keyboard.type("{clu")
    page.wait_for_selector(".CodeMirror-hint:has-text('cluster')")
    page.keyboard.press("Tab")
    page.keyboard.type('="k8s-prod')
    page.wait_for_selector(".CodeMirror-hint:has-text('k8s-prod-fra1')")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-chart=explore] .uplot")
    assert "q=etcd_server_has_leader%7Bcluster" in page.url


def test_enter_never_replaces_what_was_typed(open_page):
    page = open_page("/explore")
    editor(page)
    page.keyboard.type("etcd_server_ha")
    page.wait_for_selector(".CodeMirror-hint")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()") == "etcd_server_ha\n"


def test_tab_leaves_the_editor(open_page):
    page = open_page(RESULT)
    editor(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Run")


def test_an_error_is_marked_at_its_place(open_page):
    page = open_page("/explore?q=sum(up")
    page.wait_for_selector(".query-wrong")
    assert page.locator(".query-wrong").inner_text() == "("
    assert "unclosed left parenthesis" in page.get_by_role("alert").inner_text()
    editor(page)
    page.keyboard.press("End")
    page.keyboard.type(" ")
    until(page, "document.querySelectorAll('.query-wrong').length === 0")


@pytest.mark.parametrize("view, shown", [("", ".uplot"), ("table", ".explore-table"), ("raw", "pre.raw")])
def test_the_view_is_in_the_address(open_page, view, shown):
    page = open_page(f"{RESULT}&view={view}&step=60&from=now-6h&to=now")
    page.wait_for_selector(shown)
    assert page.locator("select", has_text="Step: auto").input_value() == "60"
    assert page.get_by_role("button", name="Last 6 h").count() == 1


def test_back_returns_to_the_query_before(open_page):
    page = open_page(RESULT)
    editor(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("nothing")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=no series matches")
    page.go_back()
    page.wait_for_selector("[data-chart=explore] .uplot")
    assert page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()") == "etcd_server_has_leader"
    assert page.get_by_label("Queries run before").locator("option", has_text="nothing").count() == 1


def test_too_many_lines_are_told(open_page):
    page = open_page("/explore?q=etcd_server_has_leader%20or%20many")
    page.wait_for_selector("text=The 8 largest of 12 series are drawn")


@pytest.mark.parametrize("theme, viewport", LOOKS)
@pytest.mark.parametrize("address, shown", [
    ("/explore", ".examples"), (RESULT, ".uplot"), (RESULT + "&view=table", ".explore-table"), (RESULT + "&view=raw", "pre.raw"),
    ("/explore?q=nothing", "text=no series matches"), ("/explore?q=sum(up", ".query-wrong"), ("hints", ".CodeMirror-hint")])
def test_explore_has_no_violation(open_page, axe, theme, viewport, address, shown):
    page = open_page("/explore" if address == "hints" else address, theme=theme, viewport=viewport)
    page.wait_for_selector(".CodeMirror")
    if address == "hints":
        editor(page)
        page.keyboard.type("etcd_")
    page.wait_for_selector(shown)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
