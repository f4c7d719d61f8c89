"""The whole job by keyboard (A9)."""
import pytest
from conftest import until

pytestmark = pytest.mark.stub


def focus_is_visible(page):
    return page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'")


def test_the_palette_opens_a_cluster_and_gives_the_focus_back(open_page):
    page = open_page("/")
    page.locator(".brand").focus()
    page.keyboard.press("Control+k")
    page.wait_for_selector("[role=combobox]:focus")
    page.keyboard.type("queue")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "brand"
    page.keyboard.press(":")
    page.keyboard.type("queue")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('All 3 members healthy')")
    assert page.url.endswith("/clusters/queue-prod")


def test_the_palette_keeps_the_focus_inside(open_page):
    page = open_page("/")
    page.keyboard.press("Control+k")
    for _ in range(3):
        page.keyboard.press("Tab")
        assert page.evaluate("!!document.activeElement.closest('[role=dialog]')")


def test_two_keys_go_to_pages_and_help_lists_them(open_page):
    page = open_page("/")
    for key, path in [("a", "/alerts"), ("e", "/events"), ("n", "/agents"), ("f", "/")]:
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url("**" + path)
    page.keyboard.press("?")
    assert "Fleet" in page.get_by_role("dialog", name="Keys").inner_text()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_typing_in_a_field_is_typing(open_page):
    page = open_page("/")
    page.keyboard.press("/")
    page.keyboard.type("g a ? [")
    assert page.locator(".filter input").input_value() == "g a ? ["
    assert page.get_by_role("dialog").count() == 0


def test_every_stop_of_the_tab_key_shows_its_focus(open_page):
    page = open_page("/clusters/k8s-prod-fra1")
    page.wait_for_selector(".canvas")
    seen = 0
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert focus_is_visible(page), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        seen += 1
    assert seen > 20


def test_steps_in_time_by_brackets(open_page):
    page = open_page("/clusters/spine-prod")
    page.keyboard.press("[")
    until(page, "location.search.includes('from=')")
    page.go_back()
    assert "from=" not in page.url


def test_signing_in_and_out_by_keyboard(open_page, server):
    server.tell("control", signedIn=False)
    page = open_page("/")
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse")
    page.keyboard.press("Enter")
    page.wait_for_selector(".tile")
    page.keyboard.press("Control+k")
    page.keyboard.type("sign out")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Sign in')")
