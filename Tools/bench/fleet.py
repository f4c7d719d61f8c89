"""A fleet of simulated agents against one aggregator: what it carries, and what that costs.

The agents replay scrapes of a real member, with keys, signatures, connections, member ids and phases of their own, and run
on the same cores as the aggregator.
"""

import contextlib
import json
import pathlib
import subprocess
import time

from Tools.lab.etcd import EtcdCluster
from Tools.lab.installation import ROOT, Aggregator
from Tools.lab.load import Load
from Tools.lab.processes import LabError

from .process_cost import cpu_seconds, memory, run_seconds, tree_cpu_seconds, tree_memory

# A process may hold 20,000 descriptors on many machines; an agent has a connection, and two while it reconnects.
AGENTS_PER_PROCESS = 2500
RECORDED = 40


@contextlib.contextmanager
def loaded_cluster(folder: pathlib.Path):
    """Three members with some load, whose scrapes are worth recording."""
    etcd = EtcdCluster(folder / "etcd", ROOT / ".build-tools/etcd-3.5.1/etcd", ["etcd-1", "etcd-2", "etcd-3"])
    load = Load(etcd, per_second=200)
    try:
        etcd.start()
        load.start()
        yield etcd
    finally:
        load.stop()
        etcd.stop()


def record(folder: pathlib.Path, member) -> pathlib.Path:
    """Scrapes of a member under load, as they are replayed."""
    folder.mkdir()
    for number in range(RECORDED):
        (folder / f"{number:04d}.txt").write_text(member.metrics())
        time.sleep(0.5)
    return folder


def measure(folder: pathlib.Path, binaries: pathlib.Path, count: int, scrapes: pathlib.Path, interval: float, settle: float,
            seconds: float, more_yaml: str = "", at_end=lambda aggregator: {}) -> dict:
    """What `count` agents got and cost in `seconds`, after `settle` seconds, and what `at_end` adds to it."""
    aggregator = Aggregator(folder, binaries, more_yaml="limits:\n  connections: 60000\n  connections_per_address: 60000\n"
                            + more_yaml)
    with contextlib.ExitStack() as stack:
        aggregator.start()
        stack.callback(aggregator.stop)
        swarms = []
        for first in range(0, count, AGENTS_PER_PROCESS):
            some = range(first, min(count, first + AGENTS_PER_PROCESS))
            swarm = subprocess.Popen(
                [binaries / "etcd-monitor-swarm", aggregator.url, aggregator.ca_fingerprint,
                 _tokens(folder, aggregator, some), str(first), scrapes, str(interval), str(settle), str(seconds)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.callback(_end, swarm)
            _expect(swarm, "ready")
            swarms.append(swarm)
        for swarm in swarms:
            swarm.stdin.write("go\n")
            swarm.stdin.flush()
        for swarm in swarms:
            _expect(swarm, "settled")
        before = _used(aggregator.process.pid, swarms)
        parts = [json.loads(swarm.stdout.readline()) for swarm in swarms]
        after = _used(aggregator.process.pid, swarms)
        result = _together(parts)
        result |= {key: after[key] - before[key] for key in before}
        result["pace"] = result["acknowledged"] / (count * result["seconds"] / interval)
        result["resident"] = memory(aggregator.process.pid)["VmRSS"]
        result["database_resident"] = tree_memory(aggregator.process.pid) - memory(aggregator.process.pid)["RssAnon"]
        return result | at_end(aggregator)


def sentence(count: int, point: dict) -> str:
    return (f"{count:,} nodes: {point['samples'] / point['seconds']:,.0f} samples/s, aggregator "
            f"{point['own'] / point['seconds'] * 100:.1f} % of a core, PostgreSQL "
            f"{point['database'] / point['seconds'] * 100:.1f} %, the agents {point['agents'] / point['seconds'] * 100:.1f} %; "
            f"acknowledged p50 {point['p50_seconds'] * 1000:.0f} ms, p99 {point['p99_seconds'] * 1000:.0f} ms; refused "
            f"{point['refused']}, failed {point['failed']} {point['first_failure']}".rstrip())


def _together(parts: list[dict]) -> dict:
    """The sum of several swarms; of quantiles the worst."""
    refused: dict[str, int] = {}
    for part in parts:
        for status, number in part["refused"].items():
            refused[status] = refused.get(status, 0) + number
    return ({key: sum(part[key] for part in parts) for key in ("acknowledged", "samples", "body_bytes", "failed")}
            | {key: max(part[key] for part in parts) for key in ("p50_seconds", "p99_seconds")}
            | {"refused": refused, "first_failure": next((part["first_failure"] for part in parts if part["first_failure"]), "")})


def _tokens(folder: pathlib.Path, aggregator: Aggregator, numbers: range) -> pathlib.Path:
    path = folder / f"tokens-{numbers.start}"
    with open(path, "w") as file:
        for number in numbers:
            file.write(aggregator.api("/api/v1/enrolment-tokens", "POST", {"cluster": f"cluster-{number // 3}"})["token"] + "\n")
    return path


def _expect(swarm, word: str):
    if (line := swarm.stdout.readline().strip()) != word:
        raise LabError(f"the swarm said '{line}' where it should have said '{word}'")


def _end(swarm):
    swarm.kill()
    swarm.wait()


def _used(pid: int, swarms: list) -> dict:
    """Now, and the CPU seconds of the aggregator itself, of its PostgreSQL and of the agents so far."""
    return {"seconds": time.monotonic(), "own": run_seconds(pid), "database": tree_cpu_seconds(pid) - cpu_seconds(pid),
            "agents": sum(run_seconds(swarm.pid) for swarm in swarms)}
