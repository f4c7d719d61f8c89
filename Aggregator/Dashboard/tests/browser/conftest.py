"""A browser and a server for every test.

Without settings the server is the stub in tests/stub, which answers from recorded answers. With ETCD_MONITOR_URL (and
ETCD_MONITOR_USER, ETCD_MONITOR_PASSWORD) the same tests look at a real aggregator; those that must change the fleet
(marked `stub`) are then skipped.
"""
import json
import os
import signal
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

REAL_URL = os.environ.get("ETCD_MONITOR_URL")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
STUB = Path(__file__).parent.parent / "stub" / "server.mjs"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}


def pytest_configure(config):
    config.addinivalue_line("markers", "stub: changes the fleet, so it needs the stub server")


def pytest_collection_modifyitems(items):
    for item in items:
        if REAL_URL and item.get_closest_marker("stub"):
            item.add_marker(pytest.mark.skip(reason="needs the stub server; ETCD_MONITOR_URL is set"))


class Stub:
    """The stub server's process and its switches."""

    def __init__(self):
        self.process = subprocess.Popen(["node", str(STUB)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def tell(self, verb, **body):
        request = urllib.request.Request(f"{self.url}/stub/{verb}", json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=5).read()

    def get(self, path):
        return json.load(urllib.request.urlopen(self.url + path, timeout=5))

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.go_on()
        self.process.terminate()
        self.process.wait(timeout=5)


class Real:
    """An aggregator that someone else started."""

    url = (REAL_URL or "").rstrip("/")

    def tell(self, verb, **body):
        raise AssertionError("only the stub can be told what to be")

    def stop(self):
        pass


@pytest.fixture(scope="session")
def running_server():
    server = Real() if REAL_URL else Stub()
    yield server
    server.stop()


@pytest.fixture
def server(running_server):
    if not REAL_URL:
        running_server.tell("reset")
    return running_server


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


# What the browser itself logs for an answer that a test asked for (401 before sign-in, 503 in error states).
EXPECTED_LOG = "Failed to load resource: "


@pytest.fixture
def open_page(browser, server):
    """Opens a path signed in; fails the test for anything in the console that it did not ask for."""
    contexts, wrong = [], []

    def open_at(path="/", viewport=WIDE, theme="dark", wait=True, **options):
        context = browser.new_context(
            viewport=viewport, color_scheme=theme, base_url=server.url, ignore_https_errors=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.goto(path)
        if REAL_URL:
            sign_in(page)
        if wait:
            page.wait_for_selector("main h1:not(.sr)")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert [text for text in wrong if not text.startswith(EXPECTED_LOG)] == []


def sign_in(page):
    page.wait_for_selector("main h1:not(.sr)")
    if page.locator("#password").count() == 0:
        return
    page.fill("#name", os.environ.get("ETCD_MONITOR_USER", "admin"))
    page.fill("#password", os.environ.get("ETCD_MONITOR_PASSWORD", "correct horse"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".frame main h1")


@pytest.fixture
def axe():
    def check(page):
        violations = Axe().run(page).response["violations"]
        return [f'{one["id"]}: {one["help"]}: {[node["target"] for node in one["nodes"]][:4]}' for one in violations]

    return check


def until(page, expression, timeout=10):
    """Waits for a JavaScript expression. Playwright's own wait_for_function needs eval, which the policy forbids."""
    end = time.monotonic() + timeout
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(20)


def median(values):
    return statistics.median(values)
