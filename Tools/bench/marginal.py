"""What one more sample costs: the slope of CPU time between 100 and 1,000 nodes, so that fixed cost cancels out.

The aggregator and its PostgreSQL are measured under a swarm of agents that replay real scrapes with keys, signatures and
TLS of their own. The agent's share is the slope of a real agent between a scrape each 5 s and each second.
"""

import json
import pathlib
import subprocess
import time

from Tools.lab.etcd import EtcdCluster
from Tools.lab.installation import ROOT, Agent, Aggregator
from Tools.lab.load import Load
from Tools.lab.processes import LabError

from .process_cost import cpu_seconds, tree_cpu_seconds

INTERVAL, MEASURE_SECONDS, RECORDED = 5, 60, 48
COUNTS = (100, 1000)


def run(folder: pathlib.Path, binaries: pathlib.Path):
    etcd = EtcdCluster(folder / "etcd", ROOT / ".build-tools/etcd-3.5.1/etcd", ["etcd-1", "etcd-2", "etcd-3"])
    load = Load(etcd, per_second=200)
    try:
        etcd.start()
        load.start()
        scrapes = _record(folder / "scrapes", etcd.members[0])
        agent, agent_fixed = _agent_share(folder, binaries, etcd)
    finally:
        load.stop()
        etcd.stop()
    yield f"agent: {agent * 1e6:.3f} µs a sample, and {agent_fixed * 100:.2f} % of a core whatever the interval"
    points = [_swarm(folder, binaries, count, scrapes) for count in COUNTS]
    for count, point in zip(COUNTS, points):
        yield (f"{count} nodes at {INTERVAL} s: {point['samples'] / point['seconds']:,.0f} samples/s, aggregator + PostgreSQL "
               f"{point['cpu'] / point['seconds'] * 100:.1f} % of a core, acknowledged p50 {point['p50_seconds'] * 1000:.0f} ms, "
               f"p99 {point['p99_seconds'] * 1000:.0f} ms, refused {point['refused']}, failed {point['failed']} "
               f"{point['first_failure']}")
    low, high = points
    slope = (high["cpu"] / high["seconds"] - low["cpu"] / low["seconds"]) / (
        high["samples"] / high["seconds"] - low["samples"] / low["seconds"])
    fixed = low["cpu"] / low["seconds"] - slope * low["samples"] / low["seconds"]
    yield f"aggregator + PostgreSQL: {slope * 1e6:.3f} µs a sample, and {fixed * 100:.1f} % of a core whatever the fleet"
    yield f"together, scrape to committed row: {(slope + agent) * 1e6:.3f} µs a sample (goal 0.5)"


def _record(folder: pathlib.Path, member) -> pathlib.Path:
    """Scrapes of a member under load, as the swarm replays them."""
    folder.mkdir()
    for number in range(RECORDED):
        (folder / f"{number:04d}.txt").write_text(member.metrics())
        time.sleep(0.5)
    return folder


def _agent_share(folder: pathlib.Path, binaries: pathlib.Path, etcd) -> tuple[float, float]:
    """(CPU seconds a sample, CPU seconds a second besides)."""
    aggregator = Aggregator(folder / "aggregator-agent", binaries)
    rates = []
    try:
        aggregator.start()
        for interval in (5, 1):
            agent = Agent(folder / f"agent-{interval}", binaries, aggregator, "bench", f"node-{interval}", etcd.members[0],
                          client_url=etcd.members[0].client_url, interval=f"{interval}s")
            agent.enrol()
            agent.start()
            try:
                time.sleep(10)
                began, cpu = time.monotonic(), cpu_seconds(agent.process.pid)
                time.sleep(MEASURE_SECONDS)
                rate = (cpu_seconds(agent.process.pid) - cpu) / (time.monotonic() - began)
                series = len(aggregator.query(f'{{instance=~"node-{interval}(:.*)?"}}'))
                rates.append((series / interval, rate))
            finally:
                agent.stop()
    finally:
        aggregator.stop()
    (slow_samples, slow), (fast_samples, fast) = rates
    slope = (fast - slow) / (fast_samples - slow_samples)
    return slope, slow - slope * slow_samples


def _swarm(folder: pathlib.Path, binaries: pathlib.Path, count: int, scrapes: pathlib.Path) -> dict:
    aggregator = Aggregator(folder / f"aggregator-{count}", binaries)
    swarm = None
    try:
        aggregator.start()
        tokens = folder / f"tokens-{count}"
        aggregator.sign_in()
        with open(tokens, "w") as file:
            for number in range(count):
                body = {"cluster": f"cluster-{number // 3}"}
                file.write(aggregator.api("/api/v1/enrolment-tokens", "POST", body)["token"] + "\n")
        swarm = subprocess.Popen(
            [binaries / "etcd-monitor-swarm", aggregator.url, aggregator.ca_fingerprint, tokens, scrapes, str(INTERVAL),
             str(MEASURE_SECONDS + 2 * INTERVAL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if swarm.stdout.readline().strip() != "ready":
            raise LabError("the swarm did not enrol")
        swarm.stdin.write("go\n")
        swarm.stdin.flush()
        began, cpu = time.monotonic(), tree_cpu_seconds(aggregator.process.pid)
        result = json.loads(swarm.stdout.readline())
        result["seconds"] = time.monotonic() - began
        result["cpu"] = tree_cpu_seconds(aggregator.process.pid) - cpu
        return result
    finally:
        if swarm is not None:
            swarm.kill()
            swarm.wait()
        aggregator.stop()
