"""Live: A2 (a change is on the screen at once) and A3 (a hung server is noticed)."""
import time

import pytest
from conftest import until

pytestmark = pytest.mark.stub

WATCH = """() => {
    window.delays = [];
    new MutationObserver(() => {
        const cause = document.querySelector('[data-cluster=spine-prod] .cause');
        const sent = /sent (\\d+)/.exec(cause?.textContent ?? '');
        if (sent && window.last !== sent[1]) { window.last = sent[1]; window.delays.push(Date.now() - Number(sent[1])); }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def test_a_change_is_on_the_screen_within_half_a_second(open_page, server):
    page = open_page("/")
    page.evaluate(WATCH)
    for _ in range(20):
        server.tell("cluster", name="spine-prod", status="degraded", cause=f"Changed, sent {int(time.time() * 1000)}.")
        page.wait_for_timeout(60)
    until(page, "window.delays.length === 20")
    delays = sorted(page.evaluate("window.delays"))
    assert delays[18] < 500 and delays[19] < 2000


def test_a_lost_member_changes_tile_verdict_and_topology_without_a_reload(open_page, server):
    page = open_page("/clusters/spine-prod")
    page.wait_for_selector(".topo [data-member=m3]")
    page.evaluate("window.sameDocument = true")
    server.tell("members", name="spine-prod", members={
        "m1": {"role": "follower"}, "m2": {"role": "leader"},
        "m3": {"role": "unknown", "status": "critical", "reason": "m3 does not answer: connection refused."}})
    leader = {"member": "m2", "id": "2", "since": int(time.time() * 1000), "term": "44"}
    server.tell("cluster", name="spine-prod", status="degraded", leader=leader, cause="m3 is down: connection refused.")
    server.tell("event", cluster="spine-prod", kind="leader-changed", member="m2", sentence="m2 leads, term 44.")
    page.wait_for_selector("h1:has-text('m3 is down')")
    page.wait_for_selector(".topo[aria-label*='m2 leads']")
    assert page.locator("tr[data-member=m2]").inner_text().count("leader") == 1
    page.wait_for_selector(".lane title:has-text('m2 · term 44')", state="attached")
    assert page.evaluate("window.sameDocument")


def test_events_arrive_live_and_once(open_page, server):
    page = open_page("/events")
    page.wait_for_selector("[data-event]")
    before = page.locator("[data-event]").count()
    server.tell("event", cluster="spine-prod", kind="member-down", severity="critical", member="m3", sentence="m3 does not answer.")
    page.wait_for_selector("text=m3 does not answer.")
    assert page.locator("[data-event]").count() == before + 1


def badge(page):
    return page.locator(".top .age").inner_text()


def test_a_hung_server_is_told_within_five_seconds_and_forgiven_within_five(open_page, server):
    page = open_page("/")
    page.wait_for_selector(".top .age:has-text('Live')")
    page.evaluate("window.sameDocument = true")
    tiles = page.locator(".tile").count()
    server.pause()
    try:
        page.wait_for_selector(".top .age.old:has-text('Old')", timeout=5000)
        page.wait_for_selector(".stale:has-text('No update for')", timeout=1000)
        page.wait_for_timeout(7000)
    finally:
        server.go_on()
    page.wait_for_selector(".top .age:has-text('Live')", timeout=5000)
    page.wait_for_selector(".stale", state="detached")
    assert page.evaluate("window.sameDocument")
    assert page.locator(".tile").count() == tiles


def test_a_refused_stream_is_opened_again(open_page, server):
    page = open_page("/")
    page.wait_for_selector(".top .age:has-text('Live')")
    server.tell("control", failing=["/api/v1/stream"])
    server.tell("drop")
    page.wait_for_selector(".top .age.lost", timeout=6000)
    server.tell("control", failing=[])
    page.get_by_role("button", name="Reconnect").first.click()
    page.wait_for_selector(".top .age:has-text('Live')", timeout=5000)
