"""The dashboards in packaging/grafana: every panel's every query gives data on a running installation."""

import json
import re

import pytest
from conftest import ROOT
from Tools.lab.processes import await_true

FILES = sorted((ROOT / "packaging/grafana").glob("*.json"))
VARIABLES = {"cluster": "prod-eu", "node": "etcd-1", "__rate_interval": "20s", "datasource": "us"}


def filled(text: str) -> str:
    """The text with variables replaced, as Grafana does it."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: VARIABLES[match[1]], text)


def queries(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["refId"], filled(target["expr"])


def test_there_are_three_dashboards():
    assert [file.stem for file in FILES] == ["etcd-cluster", "etcd-fleet", "etcd-node"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dashboard_is_whole(file):
    dashboard = json.loads(file.read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) and dashboard["uid"].startswith("etcd-monitor-")
    names = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)\}?", file.read_text())) - {"__rate_interval"}
    assert used <= names
    for panel in dashboard["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["type"] == "row" or panel["targets"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_variables_have_values(world, file):
    for variable in json.loads(file.read_text())["templating"]["list"]:
        if variable["type"] != "query":
            continue
        selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", filled(variable["definition"])).groups()
        assert any(label in series["metric"] for series in world.aggregator.query(selector)), variable["name"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_panel_has_data(world, file):
    dashboard = json.loads(file.read_text())

    def empty():
        return [f"{title} {ref}: {query}" for title, ref, query in queries(dashboard)
                if not world.aggregator.query(query)]

    # Rates need two scrapes, and the cluster has only just come up.
    try:
        await_true("data in every panel", lambda: not empty(), 90, pause=2)
    finally:
        assert not empty()
