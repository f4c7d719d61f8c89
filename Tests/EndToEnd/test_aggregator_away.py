"""The aggregator is away for a minute under load: afterwards nothing is missing, checked value by value."""

import bisect
import time

import pytest
from exposition import samples
from Tools.lab.processes import await_true

AWAY_SECONDS = 60


def stored_matrix(world, instance, seconds, at):
    """{(name, labels without identity): [(time, value)]} as the aggregator has it."""
    matrix = world.aggregator.query(f'{{job="etcd",instance="{instance}"}}[{seconds}s]', at=at)
    identity = {"__name__", "job", "cluster", "instance"}
    return {
        (series["metric"]["__name__"], frozenset((k, v) for k, v in series["metric"].items() if k not in identity)):
            [(time, float(value)) for time, value in series["values"]]
        for series in matrix}


@pytest.mark.parametrize("how", ["stopped", "killed with its PostgreSQL"])
def test_no_gap_is_left(world, how):
    began = time.time()
    if how == "stopped":
        world.aggregator.stop()
    else:
        world.aggregator.process.kill()
    gone = time.monotonic()
    proxies = world.proxies
    counts = {name: len(proxy.bodies) for name, proxy in proxies.items()}
    await_true("each member was scraped often enough while nobody listened",
               lambda: time.monotonic() - gone >= AWAY_SECONDS
               and all(len(proxies[name].bodies) >= counts[name] + AWAY_SECONDS // 5 for name in counts),
               AWAY_SECONDS + 60, pause=0.5)
    world.aggregator.start()
    back = time.time()

    for member in world.etcd.members:
        instance = f"{member.name}:{proxies[member.name].port}"

        def all_there():
            end = time.time()
            [up] = world.aggregator.query(f'up{{job="etcd",instance="{instance}"}}[{int(end - began) + 1}s]', at=end)
            stored = [at for at, value in up["values"] if value == "1"]
            bodies = [at for at, _ in proxies[member.name].bodies if began < at < back]
            return all(nearest(stored, at) is not None for at in bodies)
        await_true(f"every scrape of {member.name} arrived", all_there, 120, pause=0.5)

        now = time.time()
        matrix = stored_matrix(world, instance, int(now - began) + 1, now)
        bodies = [(at, text) for at, text in proxies[member.name].bodies if began + 1 < at < back]
        assert len(bodies) >= AWAY_SECONDS // 5
        compared = compare(member, matrix, bodies)
        assert compared > 10_000


def compare(member, matrix, bodies) -> int:
    """Each value in `bodies` is in `matrix`, as it was. Returns how many there are."""
    compared = 0
    for at, text in bodies:
        for series, value in samples(text).items():
            found = nearest([moment for moment, _ in matrix.get(series, [])], at)
            assert found is not None, f"{series} of {member.name} at {at:.1f} is missing"
            stored = matrix[series][found][1]
            assert stored == value or (stored != stored and value != value), (series, at, stored, value)
            compared += 1
    return compared


def nearest(times: list[float], at: float) -> int | None:
    """The index of the stored scrape that the body answered at `at` belongs to: the last one not after it."""
    index = bisect.bisect_right(times, at) - 1
    return index if index >= 0 and at - times[index] < 2.4 else None
