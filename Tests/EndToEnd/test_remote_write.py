"""Remote-write with others: Debian's prometheus sends to us, we send to Debian's victoria-metrics."""

import json
import os
import shutil
import urllib.parse
import urllib.request

import pytest
from Tools.lab.installation import Installation
from Tools.lab.processes import Process, await_true, free_port

pytestmark = pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed")


def ask(url: str, **form) -> dict:
    with urllib.request.urlopen(url + "?" + urllib.parse.urlencode(form), timeout=10) as answer:
        return json.loads(answer.read())


@pytest.fixture(scope="module")
def installation(stage):
    """One that passes on what it gets of etcd to a port where something may listen."""
    folder = stage / "remote-write"
    folder.mkdir(mode=0o755)
    receiver = free_port()
    lab = Installation(
        folder, stage, stage / "etcd", cluster="prod-eu", dashboard=stage / "dashboard",
        more_yaml="storage:\n  slot: 10s\n  window: 1m\nremote_write:\n  max_age: 10m\n  endpoints:\n"
        f"    - name: victoria\n      url: http://127.0.0.1:{receiver}/api/v1/write\n"
        "      match: ['{job=\"etcd\"}', 'up']\n      labels: {region: eu}\n",
        unprivileged=os.geteuid() == 0)
    lab.receiver_port, lab.folder = receiver, folder
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


def test_prometheus_sends_to_us(installation, tmp_path):
    aggregator = installation.aggregator
    (tmp_path / "token").write_text(aggregator.make_api_token("sender", role="operator"))
    member, port = installation.etcd.members[0], free_port()
    (tmp_path / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "1s", "external_labels": {"cluster": "prod-eu", "replica": "a"}},
        "scrape_configs": [
            {"job_name": "etcd-elsewhere", "static_configs": [{"targets": [f"127.0.0.1:{member.client_port}"]}]},
            {"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]},
        ],
        "remote_write": [{
            "url": f"{aggregator.url}/prometheus/api/v1/write",
            "authorization": {"credentials_file": str(tmp_path / "token")},
            "tls_config": {"ca_file": str(aggregator.ca_file)},
            "metadata_config": {"send_interval": "1s"},
        }],
    }))
    prometheus = Process("prometheus", [
        "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}"], tmp_path / "prometheus.log")
    prometheus.start()
    try:
        there = f"http://127.0.0.1:{port}/api/v1"
        selector = '{job="etcd-elsewhere"}'
        await_true("series from prometheus", lambda: len(aggregator.query(selector)) > 1000, 60, pause=0.5)

        # The same instant on both sides: every series of the target, value by value.
        def both():
            at = float(ask(f"{there}/query", query=f"timestamp(up{selector}) - 2")["data"]["result"][0]["value"][1])
            theirs = {key(one): one["value"] for one in ask(f"{there}/query", query=selector, time=at)["data"]["result"]}
            ours = {key(one): one["value"] for one in aggregator.query(selector, at)}
            return len(ours) > 1000 and {name: value[1] for name, value in ours.items()} == {
                name: value[1] for name, value in theirs.items()}

        def key(one):
            # Our enrolled cluster speaks for itself: of others' series the label is exposed. External labels are
            # added by Prometheus when it sends.
            metric = {name: value for name, value in one["metric"].items()
                      if name not in ("exported_cluster", "replica")}
            return tuple(sorted(metric.items()))

        await_true("the same values on both sides", both, 60, pause=1)
        [up] = aggregator.query('up{job="etcd-elsewhere"}')
        assert (up["metric"]["exported_cluster"], up["metric"]["replica"]) == ("prod-eu", "a")
        assert "cluster" not in up["metric"]
        await_true("metadata", lambda: aggregator.api(
            "/prometheus/api/v1/metadata?metric=prometheus_tsdb_head_series")["data"], 30)
    finally:
        prometheus.stop()


def test_hostile_bodies_are_refused(installation):
    aggregator = installation.aggregator
    token = aggregator.make_api_token("hostile", role="operator")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}

    def post(body, **more):
        return aggregator.request("POST", "/prometheus/api/v1/write", body, headers | more)[0]

    assert post(b"") == 400
    assert post(b"\xff" * 100) == 400
    # Ten bytes that say they hold 2 GiB.
    assert post(b"\xff\xff\xff\xff\x07" + b"\x00" * 5) == 413
    # 20 bytes that say they hold 20 MiB.
    assert post(b"\x80\x80\x80\x0a" + b"\xfe\x01\x00" * 5) == 400
    assert post(b"x" * (9 << 20)) == 413
    assert post(b"\x00", **{"Content-Encoding": "gzip"}) == 415
    assert post(b"\x00", **{"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}) == 415
    viewer = aggregator.make_api_token("reader", role="viewer")
    assert post(b"\x00", Authorization=f"Bearer {viewer}") == 403
    assert post(b"\x00") == 204


@pytest.mark.skipif(not shutil.which("victoria-metrics"), reason="victoria-metrics is not installed")
def test_we_send_to_victoria_metrics_whatever_happens(installation, tmp_path):
    aggregator, port = installation.aggregator, installation.receiver_port
    victoria = Process("victoria-metrics", [
        "victoria-metrics", f"-storageDataPath={tmp_path}/data", f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=1y"], tmp_path / "victoria.log")

    def theirs(query, **form):
        return ask(f"http://127.0.0.1:{port}/api/v1/query", query=query, **form)["data"]["result"]

    # Nobody has listened until now: what was received since the start is still there for it.
    first = min(float(one["value"][1]) for one in aggregator.query('min_over_time(timestamp(up{job="etcd"})[10m:5s])'))
    victoria.start()
    try:
        await_true("series at victoria-metrics", lambda: len(theirs('up{job="etcd",region="eu"}')) == 3, 120, pause=1)
        # The aggregator dies, and goes on from its place.
        aggregator.process.kill()
        aggregator.start()
        end = float(aggregator.query('max(timestamp(up{job="etcd"}))')[0]["value"][1])
        await_true("samples of after the restart",
                   lambda: min(float(one["value"][1]) for one in theirs('timestamp(up{job="etcd"})')) >= end, 120, pause=1)

        span = f"[{int(end - first)}s]"
        query = f'count_over_time(etcd_server_has_leader{{job="etcd"}}{span})'
        ours = {result["metric"]["instance"]: int(float(result["value"][1])) for result in aggregator.query(query, end)}
        await_true("every sample there", lambda: ours == {
            result["metric"]["instance"]: int(float(result["value"][1])) for result in theirs(query, time=end)}, 60, pause=1)
        # What was not selected is not there.
        assert not theirs('node_load1')
    finally:
        victoria.stop()
