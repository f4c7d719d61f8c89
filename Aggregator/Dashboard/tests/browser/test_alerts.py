"""Alerts: acting in the row by keyboard (A9), rules with their backtest, ledger, channels; axe (A8)."""
import pytest
from conftest import NARROW, WIDE, until

pytestmark = pytest.mark.stub
LOOKS = [(theme, viewport) for theme in ("dark", "light") for viewport in (WIDE, NARROW)]
NO_QUORUM = "[data-alert=b96292794c9bce48]"


def test_an_alert_is_acknowledged_and_laid_down_in_its_row(open_page):
    page = open_page("/alerts")
    row = page.locator(NO_QUORUM)
    row.get_by_role("button", name="Acknowledge").click()
    row.get_by_text("Ack ada").wait_for()
    row.get_by_role("button", name="Lay down").click()
    row.get_by_role("button", name="Acknowledge").wait_for()


def test_an_alert_is_silenced_by_keyboard_and_the_silence_ended(open_page):
    page = open_page("/alerts")
    opener = page.locator(NO_QUORUM).get_by_role("button", name="Silence")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert page.evaluate("document.activeElement.id") == "silence-comment"
    assert dialog.get_by_label("Matches").input_value() == 'alertname="EtcdNoQuorum", cluster="ledger-prod"'
    dialog.get_by_text("Hides 1 alert").wait_for()
    page.keyboard.type("the disk is replaced")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{NO_QUORUM} .struck")
    assert "Silenced until" in page.locator(NO_QUORUM).inner_text()
    page.get_by_role("link", name="Silences").click()
    page.get_by_text("the disk is replaced").wait_for()
    page.get_by_role("button", name="End: the disk is replaced").click()
    page.wait_for_selector("[data-silence] .struck")
    page.get_by_role("navigation", name="Views of alerts").get_by_role("link", name="Active").click()
    page.wait_for_selector(NO_QUORUM)


def test_focus_returns_to_the_button_that_opened_the_dialog(open_page):
    page = open_page("/alerts")
    page.locator(NO_QUORUM).get_by_role("button", name="Silence").click()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    until(page, "document.activeElement.getAttribute('aria-label') === 'Silence EtcdNoQuorum'")


def test_what_cannot_be_a_silence_is_not_sent(open_page):
    page = open_page("/alerts")
    page.get_by_role("button", name="New silence").click()
    page.get_by_label("Why").fill("x")
    page.get_by_label("Matches").fill("cluster=~(")
    assert page.get_by_role("button", name="Silence for 1 h").is_disabled()
    page.get_by_label("Matches").fill("cluster=~led.*")
    assert page.get_by_role("button", name="Silence for 1 h").is_enabled()


def test_a_viewer_sees_no_action(open_page, server):
    server.tell("control", role="viewer")
    page = open_page("/alerts")
    page.wait_for_selector(NO_QUORUM)
    for name in ("Acknowledge", "Silence", "New silence"):
        assert page.get_by_role("button", name=name).count() == 0
    page.goto("/alerts?view=channels")
    page.wait_for_selector("[data-channel]")
    assert page.get_by_role("button", name="Send a test").count() == 0


def test_a_rule_shows_when_it_would_have_fired(open_page):
    page = open_page("/alerts?view=rules")
    page.get_by_role("link", name="EtcdNoQuorum").click()
    page.wait_for_selector("text=Would have fired 2 times in 24 h")
    assert page.locator(".backtest-strip .fired").count() == 2
    assert "ledger-2 stopped answering" in page.get_by_role("region", name="Firings").inner_text()
    page.get_by_role("button", name="30 d").click()
    page.wait_for_selector("text=Would have fired 2 times in 30 d")
    page.get_by_role("link", name="EtcdSlowFsync").click()
    page.wait_for_selector("text=Would not have fired in 24 h")


def test_a_query_of_explore_becomes_a_rule_tried_over_history(open_page):
    page = open_page("/explore?q=etcd_server_has_leader")
    page.get_by_role("link", name="Make alert").click()
    page.wait_for_selector("text=Would have fired 2 times in 24 h")
    field = page.get_by_label("Fires while this is true")
    assert field.input_value() == "etcd_server_has_leader"
    field.fill("sum(up")
    page.get_by_role("button", name="Try").click()
    page.wait_for_selector("text=The rule cannot be tried")


def test_history_tells_each_firing_with_its_length(open_page):
    page = open_page("/alerts?view=history")
    page.wait_for_selector(".history-table")
    assert page.locator(".history-table tbody tr").count() == 2
    assert page.get_by_text("fires still").count() == 1


def test_the_ledger_is_filtered_and_a_channel_tested(open_page):
    page = open_page("/alerts?view=deliveries")
    page.wait_for_selector("[data-delivery='9']")
    page.get_by_label("Outcome").select_option("retrying")
    until(page, "document.querySelectorAll('[data-delivery]').length === 1")
    assert "451 greylisted" in page.locator("[data-delivery='8']").inner_text()
    page.get_by_role("link", name="Channels").click()
    page.get_by_role("button", name="Send a test on ops-slack").click()
    page.wait_for_selector("text=Delivered in 0.4")
    page.get_by_role("button", name="Send a test on ops-mail").click()
    page.wait_for_selector("text=Not delivered, answer 451: greylisted")


@pytest.mark.parametrize("view, said", [("rules", "firing on 1"), ("history", "fires still"), ("deliveries", "retrying")])
def test_a_narrow_screen_still_says_the_state(open_page, view, said):
    page = open_page(f"/alerts?view={view}", viewport=NARROW)
    page.wait_for_selector(".alerts-table")
    assert page.get_by_text(said, exact=True).is_visible()


VIEWS = [("silences", "text=Nothing is silenced"), ("history", ".history-table"), ("rules", "[data-rule]"), ("rules&rule=builtin/etcd/EtcdNoQuorum", ".backtest-strip"),
         ("rules&expr=up", ".backtest-strip"), ("deliveries", "[data-delivery]"), ("channels", "[data-channel]"), ("dialog", "[role=dialog]"), ("more", "details[open]")]


@pytest.mark.parametrize("theme, viewport", LOOKS)
@pytest.mark.parametrize("view, shown", VIEWS)
def test_views_have_no_violation(open_page, axe, theme, viewport, view, shown):
    page = open_page("/alerts" if view in ("dialog", "more") else f"/alerts?view={view}", theme=theme, viewport=viewport)
    if view == "dialog":
        page.get_by_role("button", name="New silence").click()
    if view == "more":
        page.locator(f"{NO_QUORUM} summary").click()
    page.wait_for_selector(shown)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


@pytest.mark.parametrize("view, call", [("silences", "silences"), ("history", "query_range"), ("rules", "rules"), ("deliveries", "deliveries"), ("channels", "channels")])
@pytest.mark.parametrize("state", ["empty", "error"])
def test_states_of_views_have_no_violation(open_page, server, axe, view, call, state):
    if view == "history" and state == "empty":
        pytest.skip("the stub's past is fixed")
    server.tell("empty") if state == "empty" else server.tell("control", failing=[call])
    page = open_page(f"/alerts?view={view}")
    page.wait_for_selector(".empty" if state == "empty" else ".problem")
    assert axe(page) == []
