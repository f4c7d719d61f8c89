"""What was measured becomes blocks, and blocks are merged, while all goes on: checked value by value."""

import re
import time

from test_aggregator_away import compare, stored_matrix
from Tools.lab.processes import await_true

MERGED_WINDOWS = 2


def merged_blocks(world) -> int:
    found = re.search(r"blocks: (\d+) merged", world.aggregator.command("storage", "stats"))
    return int(found[1]) if found else 0


def test_samples_stay_what_they_were(world):
    began = time.time()
    # Each member, host and agent has a block or more for each window.
    await_true("windows were merged", lambda: merged_blocks(world) >= 9 * MERGED_WINDOWS, 400, pause=2)
    now = time.time()
    compared = 0
    for member in world.etcd.members:
        proxy = world.proxies[member.name]
        matrix = stored_matrix(world, f"{member.name}:{proxy.port}", int(now - began) + 1, now)
        compared += compare(member, matrix, [(at, text) for at, text in proxy.bodies if began + 1 < at < now - 10])
    print(f"{compared:,} values compared after {now - began:.0f} s")
    assert compared > 50_000


def test_everything_can_be_read(world):
    words = world.aggregator.command("storage", "check")
    assert words.endswith("0 damaged"), words
    stats = world.aggregator.command("storage", "stats")
    assert "bytes a sample" in stats.splitlines()[0]
    assert "etcd_" in stats.split("metric\n")[1]


def test_a_restart_reads_blocks(world):
    at = time.time()
    query = 'count_over_time(up{job="etcd"}[5m])'
    before = {series["metric"]["instance"]: float(series["value"][1]) for series in world.aggregator.query(query, at=at)}
    world.aggregator.stop()
    world.aggregator.start()
    after = {series["metric"]["instance"]: float(series["value"][1]) for series in world.aggregator.query(query, at=at)}
    assert after == before and len(after) == 3
