"""Prometheus's HTTP API on a running aggregator: as Debian's promtool asks it, and as Grafana's data source does."""

import base64
import json
import os
import subprocess
import time
import urllib.parse

import pytest
from exposition import samples
from Tools.lab.processes import await_true


@pytest.fixture(scope="module")
def token(world):
    return world.aggregator.make_api_token("grafana")


def promtool(world, token, *words: str) -> str:
    """What promtool prints; it knows our authority and sends the token as the password of its owner."""
    host = world.aggregator.url.removeprefix("https://")
    server = f"https://admin:{token}@{host}/prometheus"
    words = [server if word == "SERVER" else word for word in words]
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60,
                          env=os.environ | {"SSL_CERT_FILE": str(world.aggregator.ca_file)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_promtool_asks_at_an_instant(world, token):
    lines = promtool(world, token, "query", "instant", "SERVER", 'sort(up{job="etcd"})').splitlines()
    assert len(lines) == 3
    assert all(line.startswith('up{cluster="prod-eu", instance="etcd-') and " => 1 @[" in line for line in lines)


def test_promtool_asks_over_time(world, token):
    def answer():
        return promtool(world, token, "query", "range", "SERVER", "--step=5s", f"--start={time.time() - 20:.0f}",
                        'sum(up{job="etcd"})')
    await_true("all three members are seen over time",
               lambda: answer().startswith("{} =>\n") and "\n3 @[" in answer(), 30, pause=1)


def test_promtool_lists_series_and_labels(world, token):
    text = promtool(world, token, "query", "series", "SERVER", '--match=etcd_server_is_leader{cluster="prod-eu"}')
    assert len(text.splitlines()) == 3 and 'job="etcd"' in text
    assert "prod-eu" in promtool(world, token, "query", "labels", "SERVER", "cluster").splitlines()


def test_promtool_checks_what_it_is_told(world, token):
    with pytest.raises(AssertionError, match="1:5: parse error"):
        promtool(world, token, "query", "instant", "SERVER", "sum(")


class Grafana:
    """The requests that Grafana's Prometheus data source makes, with a bearer token or a name and a password."""

    def __init__(self, aggregator, authorization: str):
        self.aggregator, self.headers = aggregator, {"Authorization": authorization}

    def get(self, path: str, **parameters):
        query = urllib.parse.urlencode(parameters, doseq=True)
        status, _, body = self.aggregator.request(
            "GET", f"/prometheus/api/v1/{path}" + (f"?{query}" if query else ""), None, self.headers)
        return status, json.loads(body)

    def post(self, path: str, **form):
        status, _, body = self.aggregator.request(
            "POST", f"/prometheus/api/v1/{path}", urllib.parse.urlencode(form, doseq=True),
            self.headers | {"Content-Type": "application/x-www-form-urlencoded"})
        return status, json.loads(body)


@pytest.fixture(scope="module", params=["bearer", "basic with a token", "basic with a password"])
def grafana(request, world, token):
    def basic(password):
        return "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()
    credentials = {"bearer": f"Bearer {token}", "basic with a token": basic(token),
                   "basic with a password": basic(world.aggregator.password)}
    return Grafana(world.aggregator, credentials[request.param])


def test_grafana_finds_a_healthy_prometheus(grafana):
    status, answer = grafana.post("query", query="1+1", time=f"{time.time():.3f}")
    assert (status, answer["data"]["result"][1]) == (200, "2")
    status, answer = grafana.get("status/buildinfo")
    assert status == 200 and answer["data"]["version"].startswith("3.")
    for kind in ("runtimeinfo", "flags", "config", "tsdb"):
        assert grafana.get(f"status/{kind}")[0] == 200, kind


def test_grafana_fills_its_variables(grafana):
    now = time.time()
    span = {"start": f"{now - 3600:.0f}", "end": f"{now:.0f}"}
    status, answer = grafana.get("label/cluster/values", **{"match[]": 'up{job="etcd"}'}, **span)
    assert (status, answer["data"]) == (200, ["prod-eu"])
    names = grafana.get("label/__name__/values", **span)[1]["data"]
    assert "etcd_server_has_leader" in names and names == sorted(names)
    assert {"__name__", "cluster", "instance", "job", "le"} <= set(grafana.post("labels", **span)[1]["data"])
    series = grafana.post("series", **{"match[]": ["etcd_server_is_leader", "etcd_server_has_leader"]}, **span)[1]["data"]
    assert len(series) == 6
    metadata = grafana.get("metadata")[1]["data"]
    assert metadata["etcd_server_has_leader"][0]["type"] == "gauge"
    assert metadata["etcd_disk_wal_fsync_duration_seconds"][0]["type"] == "histogram"


def test_grafana_draws(grafana):
    def drawn():
        now = int(time.time())
        status, answer = grafana.post(
            "query_range", query='sum by (instance) (rate(etcd_server_proposals_applied_total{cluster="prod-eu"}[1m]))',
            start=now - 60, end=now, step=15)
        assert status == 200 and answer["data"]["resultType"] == "matrix"
        return len(answer["data"]["result"]) == 3

    # Each member needs two scrapes first.
    await_true("a line for each member", drawn)
    now = int(time.time())
    status, answer = grafana.post("query_exemplars", query="up", start=now - 60, end=now)
    assert (status, answer["data"]) == (200, [])


def test_grafana_shows_rules_and_alerts(grafana):
    groups = grafana.get("rules")[1]["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["type"] for rule in rules} == {"alerting", "recording"}
    assert {rule["type"] for group in grafana.get("rules", type="alert")[1]["data"]["groups"]
            for rule in group["rules"]} == {"alerting"}
    assert isinstance(grafana.get("alerts")[1]["data"]["alerts"], list)
    targets = grafana.get("targets", state="active")[1]["data"]["activeTargets"]
    assert {target["health"] for target in targets if target["labels"]["job"] == "etcd"} == {"up"}


def test_grafana_explores(grafana):
    text = grafana.get("format_query", query="sum by(job)(rate(up[5m]))")[1]["data"]
    assert text == "sum by (job) (rate(up[5m]))"
    tree = grafana.get("parse_query", query="sum by (job) (rate(up[5m] offset 1m))")[1]["data"]
    assert (tree["type"], tree["grouping"], tree["expr"]["args"][0]["range"]) == ("aggregation", ["job"], 300_000)


@pytest.mark.parametrize("path, form, status, kind", [
    ("query", {"query": "sum("}, 400, "bad_data"),
    ("query", {}, 400, "bad_data"),
    ("query", {"query": "up * on (job) up"}, 422, "execution"),
    ("query_range", {"query": "up", "start": 1, "end": 0, "step": 1}, 400, "bad_data"),
    ("query_range", {"query": "up", "start": 0, "end": 1e6, "step": 1}, 400, "bad_data"),
    ("query_range", {"query": "up[5m]", "start": 0, "end": 60, "step": 15}, 400, "bad_data"),
    ("series", {}, 400, "bad_data"),
])
def test_errors_have_prometheus_kinds_and_codes(world, token, path, form, status, kind):
    got, answer = Grafana(world.aggregator, f"Bearer {token}").post(path, **form)
    assert (got, answer["status"], answer["errorType"]) == (status, "error", kind)


def test_nobody_asks_without_a_name(world):
    for headers in ({}, {"Authorization": "Basic " + base64.b64encode(b"admin:wrong").decode()},
                    {"Authorization": "Basic no base64"}, {"Authorization": "Bearer emu_" + "a" * 43}):
        status, _, _ = world.aggregator.request("GET", "/prometheus/api/v1/query?query=1", None, headers)
        assert status == 401, headers
    # A name and a password open Prometheus's paths only.
    basic = base64.b64encode(f"admin:{world.aggregator.password}".encode()).decode()
    status, _, _ = world.aggregator.request("GET", "/api/v1/clusters", None, {"Authorization": f"Basic {basic}"})
    assert status == 401


def test_a_query_ends_when_its_client_leaves(world, token):
    # Few samples at once, so that no limit ends it; 86,400 times the sorting of 43,200 values.
    endless = "max_over_time(quantile_over_time(0.5, vector(time())[12h:1s])[24h:1s])"
    running = "etcd_monitor_aggregator_queries_running"

    def count():
        _, _, body = world.aggregator.request("GET", "/metrics")
        return dict((name, value) for (name, _), value in samples(body.decode()).items()).get(running)

    with pytest.raises(TimeoutError):
        world.aggregator.request(
            "GET", "/prometheus/api/v1/query?" + urllib.parse.urlencode({"query": endless}), None,
            {"Authorization": f"Bearer {token}"}, deadline=2)
    await_true("the query has ended", lambda: count() == 0, 20, pause=0.2)


def test_another_prometheus_may_scrape_selected_series(world, token):
    path = "/prometheus/federate?" + urllib.parse.urlencode(
        {"match[]": ['{__name__=~"etcd_server_(is|has)_leader"}', 'up{job="etcd"}']}, doseq=True)
    status, headers, body = world.aggregator.request("GET", path, None, {"Authorization": f"Bearer {token}"})
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = body.decode().splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        "# TYPE etcd_server_has_leader untyped", "# TYPE etcd_server_is_leader untyped", "# TYPE up untyped"]
    values = [line.split() for line in lines if not line.startswith("#")]
    assert len(values) == 9
    assert all(abs(int(at) / 1000 - time.time()) < 60 for _, _, at in values)
