"""A8 and A15: accessibility on every route, in both themes and widths, in every state."""
import pytest
from conftest import NARROW, WIDE

ROUTES = ["/", "/?view=table", "/alerts", "/events", "/agents", "/nowhere"]
CLUSTERS = ["/clusters/k8s-prod-fra1", "/clusters/ledger-prod", "/clusters/iot-gateway", "/clusters/k8s-prod-fra1?charts=table"]
LOOKS = [(theme, viewport) for theme in ("dark", "light") for viewport in (WIDE, NARROW)]
looks = pytest.mark.parametrize("theme, viewport", LOOKS, ids=[f"{theme} {view['width']}" for theme, view in LOOKS])
CALLS = ["/api/v1/clusters", "/api/v1/alerts", "/api/v1/events", "/api/v1/nodes", "/api/v1/stream", "query_range"]


def settle(page):
    page.wait_for_timeout(400)


@looks
@pytest.mark.parametrize("route", ROUTES)
def test_pages_have_no_violation(open_page, axe, route, theme, viewport):
    page = open_page(route, viewport=viewport, theme=theme)
    settle(page)
    assert axe(page) == []


@pytest.mark.stub
@looks
@pytest.mark.parametrize("route", CLUSTERS)
def test_clusters_have_no_violation(open_page, axe, route, theme, viewport):
    page = open_page(route, viewport=viewport, theme=theme)
    settle(page)
    assert axe(page) == []


@pytest.mark.stub
@looks
@pytest.mark.parametrize("route", ["/", "/alerts", "/events", "/agents", "/clusters/spine-prod"])
@pytest.mark.parametrize("state", ["loading", "empty", "error"])
def test_states_have_no_violation(open_page, server, axe, state, route, theme, viewport):
    if state == "loading":
        server.tell("control", delay=6000)
    if state == "empty":
        server.tell("clusters", clusters=[])
        server.tell("empty")
    if state == "error":
        server.tell("control", failing=CALLS)
    page = open_page(route, viewport=viewport, theme=theme, wait=False)
    page.wait_for_selector({"loading": "[aria-busy=true]", "empty": ".empty, .token-form", "error": ".problem"}[state])
    assert axe(page) == []


@pytest.mark.stub
@looks
@pytest.mark.parametrize("what", ["sign-in", "palette", "help", "range", "stale"])
def test_overlays_have_no_violation(open_page, server, axe, what, theme, viewport):
    if what == "range" and viewport is NARROW:
        pytest.skip("narrow screens choose the range in a select")
    if what == "sign-in":
        server.tell("control", signedIn=False)
    page = open_page("/clusters/spine-prod" if what == "range" else "/", viewport=viewport, theme=theme)
    if what in ("palette", "help"):
        page.keyboard.press({"palette": ":", "help": "?"}[what])
        page.get_by_role("dialog").wait_for()
    if what == "range":
        page.get_by_role("button", name="Last 1 h").click()
        page.get_by_label("From").wait_for()
    if what == "stale":
        server.pause()
        try:
            page.wait_for_selector(".stale")
            assert axe(page) == []
        finally:
            server.go_on()
        return
    assert axe(page) == []
