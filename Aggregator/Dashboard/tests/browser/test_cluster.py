"""Cluster: verdict, topology, and the charts (A4 to A7)."""
import re

import pytest
from conftest import median, until

DEGRADED = "/clusters/k8s-prod-fra1"
pytestmark = pytest.mark.stub


def wait_for_charts(page, at_least=2):
    until(page, f"document.querySelectorAll('.uplot canvas').length >= {at_least}")


def test_the_verdict_is_the_first_thing_said(open_page):
    page = open_page(DEGRADED)
    assert page.locator("h1").inner_text().endswith("Disk too slow on etcd-2 (leader)")
    assert "14.2 % of WAL fsyncs over 16 ms." in page.locator(".verdict p").inner_text()


def test_the_topology_draws_leader_learner_and_slow_edges(open_page):
    page = open_page(DEGRADED)
    words = page.locator(".topo").get_attribute("aria-label")
    assert "etcd-2 leads" in words and "etcd-4 learn" in words and "slow" in words
    top = page.locator(".topo [data-member] circle").evaluate_all("all => all.map((one) => Number(one.getAttribute('cy')))")
    assert min(top) == float(page.locator(".topo [data-member=etcd-2] circle").get_attribute("cy"))
    assert page.locator(".topo .edge.slow").count() == 2
    assert page.locator(".topo .edge.none").count() == 2


def test_an_unseen_cluster_is_unknown_and_not_down(open_page):
    page = open_page("/clusters/iot-gateway")
    assert "Unknown:" in page.locator("h1").text_content()
    assert page.locator(".topo .edge text").count() == 0
    assert "not seen" in page.locator(".topo").text_content()


def test_a_cluster_that_is_not_there_says_so(open_page):
    page = open_page("/clusters/nobody", wait=False)
    page.wait_for_selector("text=No cluster is called nobody")
    assert page.get_by_role("link", name="Open the fleet").is_visible()


@pytest.mark.timing
def test_fourteen_charts_of_eight_lines_paint_within_a_second_of_their_data(open_page, server):
    server.tell("control", seriesPerChart=8)
    page = open_page("/")
    page.evaluate("""() => {
        new MutationObserver(() => {
            if (window.painted === undefined && document.querySelectorAll('.uplot canvas').length === 14) {
                window.painted = null;
                requestAnimationFrame(() => { window.painted = performance.now(); });
            }
        }).observe(document.body, { subtree: true, childList: true });
    }""")
    page.set_viewport_size({"width": 1440, "height": 3000})
    page.locator("[data-cluster=k8s-prod-fra1]").click()
    until(page, "window.painted > 0", timeout=30)
    waited = page.evaluate("""() => window.painted - Math.max(...performance.getEntriesByType('resource')
        .filter((call) => call.name.includes('query_range') && call.name.includes('instance') && call.responseEnd < window.painted)
        .map((call) => call.responseEnd))""")
    assert waited < 1000


def test_no_chart_asks_for_more_than_two_points_a_pixel(open_page):
    page = open_page(DEGRADED, wait=False)
    with page.expect_request(lambda request: "query_range" in request.url) as asked:
        page.wait_for_selector(".verdict")
    start, end, step = (float(re.search(rf"{key}=([\d.]+)", asked.value.url)[1]) for key in ("start", "end", "step"))
    assert (end - start) / step <= 2 * 300


def hover(page, chart, part):
    over = page.locator(f"[data-chart={chart}] .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)


def test_one_crosshair_for_all_charts(open_page):
    page = open_page(DEGRADED, viewport={"width": 1440, "height": 2600})
    wait_for_charts(page, 14)
    before = page.locator("[data-chart=memory] .legend").inner_text()
    hover(page, "fsync-share", 0.4)
    page.wait_for_selector(".cross-time")
    parts = page.locator(".u-over").evaluate_all("""all => all.map((over) => {
        const line = over.querySelector('.u-cursor-x').getBoundingClientRect();
        const box = over.getBoundingClientRect();
        return (line.right - box.left) / box.width;
    })""")
    assert len(parts) == 14
    assert max(parts) - min(parts) < 0.01
    assert page.locator("[data-chart=memory] .legend").inner_text() != before


def test_drag_zooms_every_chart_and_back_undoes_it(open_page, browser, server):
    page = open_page(DEGRADED, viewport={"width": 1440, "height": 2600})
    wait_for_charts(page, 14)
    entries = page.evaluate("history.length")
    hover(page, "commit-p99", 0.3)
    page.mouse.down()
    hover(page, "commit-p99", 0.6)
    page.mouse.up()
    page.wait_for_url(re.compile(r"from=\d{13}&to=\d{13}"))
    assert page.evaluate("history.length") == entries + 1
    zoomed = page.url
    other = open_page(zoomed, viewport={"width": 1440, "height": 2600})
    wait_for_charts(other, 14)
    label = page.get_by_role("group", name="Time range").get_by_role("button").nth(1).inner_text()
    assert label == other.get_by_role("group", name="Time range").get_by_role("button").nth(1).inner_text()
    page.go_back()
    page.wait_for_selector("button:has-text('Last 1 h')")
    assert "from=" not in page.url


@pytest.mark.timing
def test_panning_keeps_up_with_the_pointer(open_page, server):
    server.tell("control", seriesPerChart=8)
    page = open_page(DEGRADED)
    wait_for_charts(page)
    page.evaluate("""() => {
        window.frames_ = []; let last = performance.now();
        const step = (now) => { window.frames_.push(now - last); last = now; window.panning && requestAnimationFrame(step); };
        window.panning = true; requestAnimationFrame(step);
    }""")
    hover(page, "fsync-share", 0.7)
    page.keyboard.down("Shift")
    page.mouse.down()
    for index in range(40):
        hover(page, "fsync-share", 0.7 - index * 0.01)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.wait_for_url(re.compile(r"from=\d{13}"))
    frames = page.evaluate("() => { window.panning = false; return window.frames_.slice(5); }")
    assert sorted(frames)[int(len(frames) * 0.95)] <= 34, "two frames at 60 Hz"
    assert median(frames) <= 20


def test_a_frozen_range_is_absolute(open_page):
    page = open_page(DEGRADED)
    page.keyboard.press("t")
    page.keyboard.press("a")
    page.wait_for_url(re.compile(r"from=\d{13}&to=\d{13}"))


def test_a_chart_is_read_by_arrows_and_as_a_table(open_page):
    page = open_page(DEGRADED)
    wait_for_charts(page)
    plot = page.locator("[data-chart=fsync-share] .canvas")
    assert re.search(r"etcd-2 \d+(\.\d)?\u202f%", plot.get_attribute("aria-label"))
    plot.focus()
    page.keyboard.press("ArrowLeft")
    first = page.locator(".cross-time").inner_text()
    page.keyboard.press("Shift+ArrowLeft")
    assert page.locator(".cross-time").inner_text() != first
    page.get_by_role("button", name="Table").click()
    assert page.url.endswith("charts=table")
    rows = page.locator("[data-chart=fsync-share] tbody tr")
    assert 10 < rows.count() <= 61


def test_a_failed_chart_keeps_its_old_values_with_their_age(open_page, server):
    page = open_page(DEGRADED)
    wait_for_charts(page)
    server.tell("control", failing=["query_range"])
    page.wait_for_selector(".chart-error:has-text('query_range answered 503')", timeout=20_000)
    card = page.locator(".chart-error").first
    assert card.locator("canvas").count() == 1
    assert "Shown below is what was here" in card.inner_text()


def test_missing_data_is_a_gap(open_page, server):
    page = open_page(DEGRADED, viewport={"width": 1440, "height": 2600})
    now = page.evaluate("Date.now() / 1000")
    server.tell("control", gap=[now - 1800, now - 1200])
    page.goto(DEGRADED + "?charts=table&from=now-6h")
    page.wait_for_selector("[data-chart=memory] tbody tr")
    assert "–" in page.locator("[data-chart=memory] tbody").inner_text()


def test_tabs_keep_the_time_range(open_page):
    page = open_page(DEGRADED + "?from=now-6h")
    page.get_by_role("navigation", name="Cluster").get_by_role("link", name="Events").click()
    assert page.url.endswith("/clusters/k8s-prod-fra1/events?from=now-6h")
    page.wait_for_selector("[data-event]")
