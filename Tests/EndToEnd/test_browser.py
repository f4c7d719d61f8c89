"""The dashboard as a person sees it: Chromium on the real aggregator, over the real stream.

With ETCD_MONITOR_SCREENSHOTS every page is also photographed there, in both themes and widths.
"""

import os
import pathlib
import re
import time
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from Tools.lab.processes import await_true

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS = [(theme, viewport) for theme in ("dark", "light") for viewport in (WIDE, NARROW)]
CLUSTER = "/clusters/prod-eu"
PAGES = ["/", CLUSTER, f"{CLUSTER}/alerts", "/alerts", "/events", "/agents"]
# The browser's own lines for the 401 that tells it to ask for a password, and for this test's looking into a canvas.
EXPECTED_LOG = ("Failed to load resource: the server responded with a status of 401", "Canvas2D: Multiple readback")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def session(browser, world):
    """The cookies of a person who signed in by the form, and saw the fleet after it."""
    context = browser.new_context(viewport=WIDE, base_url=world.aggregator.url, ignore_https_errors=True)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(world.aggregator.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("[data-cluster=prod-eu]")
    yield context.storage_state()
    context.close()


@pytest.fixture
def open_page(browser, session, world):
    """Opens a path or URL signed in; the test fails for anything in the console that it did not ask for."""
    contexts, wrong = [], []

    def open_at(address, viewport=WIDE, theme="dark"):
        context = browser.new_context(viewport=viewport, color_scheme=theme, base_url=world.aggregator.url,
                                      ignore_https_errors=True, storage_state=session)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
        page.goto(address)
        page.wait_for_selector("main h1:not(.sr)")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert [text for text in wrong if not text.startswith(EXPECTED_LOG)] == []


def until(page, expression, deadline=30):
    """Waits for a JavaScript expression. Playwright's own wait_for_function needs eval, which the page's policy forbids."""
    return await_true(expression, lambda: page.evaluate(expression), deadline)


def check_and_photograph(page, name, theme, viewport):
    if folder := os.environ.get("ETCD_MONITOR_SCREENSHOTS"):
        file = re.sub(r"\W+", "-", name).strip("-") or "fleet"
        page.screenshot(path=pathlib.Path(folder) / f"{file}-{theme}-{viewport['width']}.png", full_page=True)
    violations = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {[node['target'] for node in one['nodes']][:4]}" for one in violations] == []
    too_wide = page.evaluate("""(width) => [...document.querySelectorAll('main *')]
        .filter((one) => document.documentElement.scrollWidth > width && one.getBoundingClientRect().right > width)
        .map((one) => one.outerHTML.slice(0, 120))""", viewport["width"])
    assert too_wide == [], "the page scrolls sideways"


def check_pages(open_page, when, looks):
    for theme, viewport in LOOKS if "ETCD_MONITOR_SCREENSHOTS" in os.environ else looks:
        page = open_page("/", viewport, theme)
        for path in PAGES:
            page.goto(path)
            page.wait_for_selector("main h1:not(.sr)")
            if path == CLUSTER:
                page.locator("[data-chart]").first.scroll_into_view_if_needed()  # charts load when they are seen
                page.wait_for_selector(".uplot canvas")
                page.evaluate("scrollTo(0, 0)")
            check_and_photograph(page, f"{when} {path}", theme, viewport)


def test_the_sign_in_refuses_a_wrong_password_and_has_no_violation(browser, world):
    for theme, viewport in LOOKS:
        context = browser.new_context(viewport=viewport, color_scheme=theme, base_url=world.aggregator.url, ignore_https_errors=True)
        page = context.new_page()
        page.goto(CLUSTER)
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("alert").wait_for()
        assert "wrong" in page.get_by_role("alert").inner_text()
        check_and_photograph(page, "sign in", theme, viewport)
        context.close()


def test_the_fleet_says_how_the_cluster_is_who_leads_and_what_it_can_lose(world, open_page):
    leader = await_true("a leader", world.etcd.leader)
    page = open_page("/?view=tiles")
    page.wait_for_selector(".top .age:has-text('Live')")
    tile = page.locator("[data-cluster=prod-eu]")
    page.wait_for_selector(f"[data-cluster=prod-eu]:has-text('{leader.name}')")
    words = tile.inner_text()
    [summary] = world.aggregator.api("/api/v1/clusters")["clusters"]
    assert summary["cause"] and summary["cause"] in words
    assert "Healthy" in words and "can lose 1" in words and "3/3" in words and "3.5.1" in words


def test_the_cluster_shows_its_members_their_leader_and_charts_that_move(world, open_page):
    leader = await_true("a leader", world.etcd.leader)
    page = open_page(f"{CLUSTER}?from=now-5m&to=now", viewport={"width": 1440, "height": 3000})
    page.wait_for_selector(f".topo[aria-label*='{leader.name} leads']")
    rows = page.locator(".members-table tbody tr")
    assert rows.count() == 3
    assert "leader" in page.locator(f"tr[data-member={leader.name}]").inner_text()
    assert sum("leader" in row for row in rows.all_inner_texts()) == 1
    # Each chart's label reads out the newest values of its lines: a number for each member.
    until(page, r"""[...document.querySelectorAll('[data-chart=memory] .canvas')]
        .some((plot) => (plot.getAttribute('aria-label').match(/etcd-\d [\d.]+/g) ?? []).length === 3)""", 60)
    until(page, "document.querySelectorAll('[data-chart] canvas').length === document.querySelectorAll('[data-chart]').length")
    assert page.locator("[data-chart]").count() > 10
    drawn = "document.querySelector('[data-chart=memory] canvas').toDataURL()"
    page.evaluate(f"window.before = {drawn}")
    until(page, f"{drawn} !== window.before")
    # Its lines are there, not only its grid: pixels in the colour of the first series.
    until(page, """(() => {
        const colour = getComputedStyle(document.documentElement).getPropertyValue('--series-1').trim();
        const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
        const canvas = document.querySelector('[data-chart=memory] canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let at = 0; at < data.length; at += 4)
            if (Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 30) found += 1;
        return found > 10;
    })()""")


def test_no_page_of_a_healthy_cluster_has_a_violation(open_page):
    check_pages(open_page, "healthy", [("dark", WIDE), ("light", NARROW)])


WATCH = """(old) => {
    window.seen = {};
    const look = () => {
        const words = document.querySelector('.topo')?.getAttribute('aria-label') ?? '';
        const leads = /(etcd-\\d) leads/.exec(words)?.[1];
        if (leads && leads !== old) window.seen.topology ??= [Date.now(), leads];
        const lane = [...document.querySelectorAll('.lane title')].map((one) => one.textContent);
        const last = lane.find((text) => /^etcd-\\d · term/.test(text) && !text.startsWith(old));
        if (last) window.seen.lane ??= [Date.now(), last];
        const alerts = document.querySelector('.tabs .n');
        if (alerts) window.seen.alert ??= [Date.now(), alerts.textContent];
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    window.sameDocument = true;
}"""


def test_a_killed_leader_is_on_the_screen_without_a_reload_and_messages_link_to_it(world, open_page, capsys):
    old = await_true("a leader", world.etcd.leader)
    page = open_page(CLUSTER)
    page.wait_for_selector(f".topo[aria-label*='{old.name} leads']")
    page.evaluate(WATCH, old.name)
    killed = time.time()
    old.process.kill()
    until(page, "window.seen.topology && window.seen.lane && window.seen.alert", 60)
    seen = page.evaluate("window.seen")
    assert page.evaluate("window.sameDocument")
    new = await_true("a leader among those left", world.etcd.leader)
    assert seen["topology"][1] == new.name and seen["lane"][1].startswith(new.name)
    with capsys.disabled():
        print("\n    leader killed → " + ", ".join(f"{what} {at / 1000 - killed:.1f} s" for what, (at, _) in seen.items()), end=" ")

    page.wait_for_selector(f"tr[data-member={old.name}]:has-text('Critical')")
    page.wait_for_selector(f"h1:has-text('{old.name}')")
    page.wait_for_selector(".facts dd:has-text('2 of 3'), .bar-facts dd:has-text('2 of 3')")

    # What was sent leads to what it is about.
    _, hook = world.hook.await_body(
        lambda body: any(alert["labels"]["alertname"] == "EtcdLeaderChanged" for alert in body["alerts"]), 60)
    assert hook["externalURL"] == world.aggregator.url
    alert = next(alert for alert in hook["alerts"] if alert["labels"]["alertname"] == "EtcdLeaderChanged")
    linked = open_page(alert["generatorURL"])
    row = linked.locator("tr[aria-current]")
    row.wait_for()
    assert row.get_attribute("data-alert") == alert["fingerprint"]
    assert "EtcdLeaderChanged" in row.inner_text() and row.is_visible()

    _, mail = world.inbox.await_mail(lambda mail: "leader" in mail["subject"].lower(), 60)
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        [link] = {link for link in re.findall(r"https://[^\s\"<]+", text) if urlsplit(link).path.startswith("/clusters/")}
        assert link == world.aggregator.url + CLUSTER
    linked = open_page(link)
    linked.wait_for_selector(f".topo[aria-label*='{new.name} leads']")

    linked = open_page("/alerts?fingerprint=0123456789abcdef")
    linked.wait_for_selector("[data-ended]")

    check_pages(open_page, "degraded", [("light", WIDE), ("dark", NARROW)])


def test_a_member_that_is_back_is_healthy_again_without_a_reload(world, open_page):
    page = open_page(CLUSTER)
    page.evaluate("window.sameDocument = true")
    [dead] = [member for member in world.etcd.members if not member.process.running]
    world.etcd.restart(dead)
    # A disk that was slow while the member came back stands in the histograms of five minutes.
    page.wait_for_selector(f"tr[data-member={dead.name}]:has-text('Healthy')", timeout=330_000)
    page.wait_for_selector(".verdict.is-healthy", timeout=330_000)
    assert page.evaluate("window.sameDocument")
