"""How many nodes one aggregator with its PostgreSQL carries on this machine, and what a node costs as the fleet grows.

The long run has its windows shortened, so that batches become blocks, blocks are merged and partitions dropped meanwhile.
"""

import os
import pathlib

from . import fleet

INTERVAL, SETTLE_SECONDS, MEASURE_SECONDS = 5, 30, 60
GROWTH = (10, 100, 1000)
# Each tried until one is not acknowledged in time; set ETCD_MONITOR_SWARM_NODES to run a number of your own alone.
STEPS = (2000, 3000, 4000, 5000, 6000, 8000, 10_000)
LONG_SECONDS = int(os.environ.get("ETCD_MONITOR_SWARM_SECONDS", 600))
SHORT_WINDOWS = "storage:\n  memory: 4GiB\n  slot: 1m\n  window: 5m\n"


def run(folder: pathlib.Path, binaries: pathlib.Path):
    with fleet.loaded_cluster(folder) as etcd:
        scrapes = fleet.record(folder / "scrapes", etcd.members[0])
    if own := os.environ.get("ETCD_MONITOR_SWARM_NODES"):
        carried = int(own)
    else:
        for count in GROWTH:
            point = fleet.measure(folder / f"fleet-{count}", binaries, count, scrapes, INTERVAL, SETTLE_SECONDS, MEASURE_SECONDS)
            yield fleet.sentence(count, point)
            yield f"   {_cost(point):.3f} µs a sample all in, {_memory(point, count)}"
        carried = GROWTH[-1]
        for count in STEPS:
            point = fleet.measure(folder / f"step-{count}", binaries, count, scrapes, INTERVAL, SETTLE_SECONDS, MEASURE_SECONDS)
            yield fleet.sentence(count, point)
            yield f"   {_cost(point):.3f} µs a sample all in, {_memory(point, count)}"
            if not _is_carried(point):
                yield f"   too many: {point['pace'] * 100:.0f} % of what they measure was acknowledged"
                break
            carried = count
    yield f"{carried:,} nodes for {LONG_SECONDS} s, in slots of a minute and windows of five:"
    point = fleet.measure(folder / "long", binaries, carried, scrapes, INTERVAL, SETTLE_SECONDS, LONG_SECONDS, SHORT_WINDOWS,
                          lambda aggregator: {"stats": aggregator.command("storage", "stats")})
    yield fleet.sentence(carried, point)
    yield f"   {_cost(point):.3f} µs a sample all in, {_memory(point, carried)}; {point['pace'] * 100:.1f} % acknowledged in time"
    for line in point["stats"].splitlines():
        yield f"   {line}"


def _is_carried(point: dict) -> bool:
    return point["pace"] > 0.98 and point["p99_seconds"] < 1 and not point["failed"] and not point["refused"]


def _cost(point: dict) -> float:
    """Aggregator and PostgreSQL, in µs of CPU a sample."""
    return (point["own"] + point["database"]) / point["samples"] * 1e6


def _memory(point: dict, count: int) -> str:
    return (f"{point['resident'] / 1e6:.0f} MB resident ({point['resident'] / count / 1e3:.0f} kB a node), PostgreSQL "
            f"{point['database_resident'] / 1e6:.0f} MB")
