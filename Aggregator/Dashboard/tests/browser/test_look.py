"""What a person sees: narrow screens (A15), greyscale, contrast of the lines (A8), the policy, the size."""
import gzip
import re
from pathlib import Path

import pytest
from conftest import NARROW

DIST = Path(__file__).parents[2] / "dist"
ROUTES = ["/", "/alerts", "/events", "/agents", "/explore"]


@pytest.mark.parametrize("route", ROUTES + [pytest.param("/clusters/k8s-prod-fra1", marks=pytest.mark.stub)])
def test_a_narrow_page_does_not_scroll_sideways(open_page, route):
    page = open_page(route, viewport=NARROW)
    page.wait_for_timeout(400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    widths = page.locator("main .card, main .tile, main .verdict").evaluate_all("all => all.map((one) => one.getBoundingClientRect().width)")
    assert all(width >= 340 for width in widths)


@pytest.mark.parametrize("route", ROUTES + [pytest.param("/clusters/k8s-prod-fra1", marks=pytest.mark.stub)])
def test_everything_that_is_tapped_is_large_enough(open_page, route):
    page = open_page(route, viewport=NARROW)
    page.wait_for_timeout(400)
    small = page.locator("button, a, input, select").evaluate_all("""all => all
        .filter((one) => one.checkVisibility() && !one.classList.contains('skip') && getComputedStyle(one).display !== 'inline')
        .map((one) => [one.closest('.input') ?? one, one.outerHTML.slice(0, 80)])
        .filter(([one]) => { const box = one.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
        .map(([, html]) => html)""")
    assert small == []


@pytest.mark.stub
def test_status_is_said_in_words(open_page):
    page = open_page("/")
    for tile in page.locator(".tile").all():
        status = tile.get_attribute("class").split("is-")[1]
        assert status.capitalize() in tile.locator(".head").inner_text()
    page = open_page("/clusters/k8s-prod-fra1")
    for row in page.locator(".members-table tbody tr").all():
        assert row.locator("td").first.text_content().startswith(("Healthy", "Degraded", "Critical", "Unknown"))


def luminance(colour):
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_line_stands_out_from_its_panel(open_page, theme):
    page = open_page("/", theme=theme)
    token = lambda name: page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('{name}').trim()")
    panel = luminance(token("--panel"))
    for number in range(1, 9):
        line = luminance(token(f"--series-{number}"))
        assert (max(line, panel) + 0.05) / (min(line, panel) + 0.05) >= 3


@pytest.mark.stub
@pytest.mark.parametrize("choice, ground", [("Theme: dark", "rgb(12, 14, 17)"), ("Theme: light", "rgb(245, 246, 248)")])
def test_a_chosen_theme_stays(open_page, choice, ground):
    page = open_page("/", theme="light" if "dark" in choice else "dark")
    page.keyboard.press("Control+k")
    page.keyboard.type(choice)
    page.keyboard.press("Enter")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


@pytest.mark.stub
def test_nothing_is_styled_by_an_attribute_in_the_source(open_page):
    """Only uPlot and the browser set `style`, through the object model, which the policy allows."""
    page = open_page("/clusters/k8s-prod-fra1")
    page.wait_for_selector(".uplot")
    assert page.evaluate("[...document.querySelectorAll('[style]')].filter((one) => !one.closest('.uplot')).length") == 0


def test_the_first_load_is_small():
    html = (DIST / "index.html").read_text()
    scripts = re.findall(r'(?:modulepreload" href|script type="module" src)="/([^"?]+)', html)
    size = sum(len(gzip.compress((DIST / name).read_bytes(), 9)) for name in scripts)
    assert scripts and size <= 120_000
