"""How long a dashboard waits for its queries, beside Prometheus and VictoriaMetrics holding the same samples: an hour of one
metric over 102 nodes, a day of one series, and a month of a panel over 40 metrics. Everybody is asked over HTTP without TLS,
one query after the other, and nobody may answer from a cache of answers.
"""

import contextlib
import json
import pathlib
import shutil
import statistics
import subprocess
import time
import urllib.parse
import urllib.request

from Tools.lab.processes import Process, await_true, free_port

from . import victoria_metrics
from .storage import TRACE

HOUR, DAY = 3600, 86_400


def run(folder: pathlib.Path, binaries: pathlib.Path):
    if not TRACE.exists():
        yield f"skipped: the recorded hour of a cluster is not at {TRACE}; set ETCD_TRACE"
        return
    server = subprocess.Popen([binaries / "etcd-monitor-store-bench", "queries", folder], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    with contextlib.ExitStack() as stack:
        stack.callback(server.wait)
        stack.callback(server.stdin.close)
        ours = json.loads(server.stdout.readline())
        systems = {"etcd-monitor": f"127.0.0.1:{ours['port']}"}
        for name, start in (("Prometheus", _prometheus), ("VictoriaMetrics", _victoria_metrics)):
            if shutil.which({"Prometheus": "prometheus"}.get(name, "victoria-metrics")) is None:
                yield f"{name}: not installed"
                continue
            systems[name] = stack.enter_context(start(folder))
        for title, queries, repeats in _panels(folder, ours["end"]):
            figures = {}
            for name, address in systems.items():
                figures[name] = _ask_all(address, queries, repeats)
            mine = figures.pop("etcd-monitor")
            yield f"{title}: p50 {mine[0]:.1f} ms, p99 {mine[1]:.1f} ms ({mine[2]:,} values)"
            for name, (p50, p99, values) in figures.items():
                yield (f"   {name} p50 {p50:.1f} ms, p99 {p99:.1f} ms ({values:,} values): "
                       f"ratio {mine[0] / p50:.2f}, {mine[1] / p99:.2f}")


def _panels(folder: pathlib.Path, end: int):
    """(title, [(query, start, end, step)], how often each is asked)."""
    hour = (end - HOUR, end - 5, 15)
    fsync = "etcd_disk_wal_fsync_duration_seconds"
    yield ("1 h of one metric over 102 nodes",
           [('rate(etcd_server_proposals_committed_total{cluster=~"hour-.*"}[1m])', *hour)], 60)
    yield ("1 h of the WAL's p99 of one cluster, from its histogram",
           [(f'histogram_quantile(0.99, sum by (instance, le) (rate({fsync}_bucket{{cluster="hour-7"}}[1m])))', *hour)], 60)
    yield ("24 h of one series",
           [('rate(etcd_server_proposals_committed_total{cluster="day",instance="n1:2379"}[5m])', end - DAY, end - 5, 300)],
           60)
    month = (end - 30 * DAY, end - DAY - 2 * HOUR, 2 * HOUR)
    yield ("30 d of a panel over 40 metrics", [
        (f'sum by (instance) (increase({name}{{cluster="month"}}[2h]))' if name.endswith(("_total", "_count", "_sum"))
         else f'max by (instance) (max_over_time({name}{{cluster="month"}}[2h]))', *month)
        for name in _names(folder)[:40]], 8)


def _names(folder: pathlib.Path) -> list[str]:
    """The metrics of the month, as its first scrape names them."""
    names = []
    with open(folder / "samples.prom") as lines:
        first = None
        for line in lines:
            stamp = line.rsplit(" ", 1)[1]
            first = first or stamp
            if stamp != first:
                break
            name = line.split("{")[0]
            if name not in names:
                names.append(name)
    return names


def _ask_all(address: str, queries: list, repeats: int) -> tuple[float, float, int]:
    """p50 and p99 in milliseconds, and how many values all queries give together."""
    took, values = [], 0
    for query, start, end, step in queries:
        for number in range(repeats + 1):
            # nocache is VictoriaMetrics's; the others keep no answers.
            form = urllib.parse.urlencode({"query": query, "start": start, "end": end, "step": step, "nocache": 1})
            begin = time.perf_counter()
            with urllib.request.urlopen(f"http://{address}/api/v1/query_range?{form}", timeout=300) as answer:
                body = answer.read()
            if number:  # The first one warms up.
                took.append((time.perf_counter() - begin) * 1000)
        values += sum(len(series["values"]) for series in json.loads(body)["data"]["result"])
    took.sort()
    return statistics.median(took), took[min(len(took) - 1, int(len(took) * 0.99))], values


@contextlib.contextmanager
def _prometheus(folder: pathlib.Path):
    # As large as a Prometheus that keeps 90 days makes them itself.
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=162h",
                    folder / "samples.om", folder / "prometheus"], check=True, stdout=subprocess.DEVNULL)
    (folder / "prometheus.yml").write_text("{}")
    address = f"127.0.0.1:{free_port()}"
    peer = Process("prometheus", [
        shutil.which("prometheus"), f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}", f"--web.listen-address={address}",
        f"--storage.tsdb.retention.time={victoria_metrics.RETENTION}"], folder / "prometheus.log")
    peer.start()
    try:
        await_true("Prometheus", lambda: victoria_metrics.get(address, "/-/ready") is not None, 120)
        yield address
    finally:
        peer.stop()


def _victoria_metrics(folder: pathlib.Path):
    return victoria_metrics.holding(folder / "samples.prom", folder, 300)
