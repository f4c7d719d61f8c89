"""Whose fault is it? Each fault is injected into a real cluster of its own; the verdict has to name culprit and member.

`ETCD_MONITOR_VERDICT_ROUNDS` repeats it and prints the confusion table: `make bench-verdict`.
"""

import os
import time

import lossy_disk
import pytest
import verdict_world as faults
from Tools.lab.installation import Aggregator
from Tools.lab.processes import LabError, await_true

NOBODY = 65534
ROUNDS = int(os.environ.get("ETCD_MONITOR_VERDICT_ROUNDS", "1"))
# Half a minute of readings: enough for a scrape each two seconds, and soon forgotten.
WINDOW = 20

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")

KINDS = [faults.Quiet, faults.SlowLeaderDisk, faults.SlowFollowerDisk, faults.StoppedProcess, faults.DelayedNetwork,
         faults.LossyNetwork, faults.FullQuota, faults.Drift]
if (faults.CPU / "cpu.cfs_quota_us").parent.exists():
    KINDS.append(faults.StarvedCPU)
if faults.FAKETIME:
    KINDS.append(faults.ClockStep)


class World:
    def __init__(self, stage, folder):
        filesystem = lossy_disk.build(folder)
        self.aggregator = Aggregator(folder / "aggregator", stage, uid=NOBODY, dashboard=stage / "dashboard",
                                     more_yaml=f"verdict_window: {WINDOW}s\n")
        self.clusters = [kind(stage, folder, filesystem, self.aggregator) for kind in KINDS]
        # Its load leaves the others nothing of this machine, so it runs when they are done.
        self.loaded = faults.LargeRanges(stage, folder, filesystem, self.aggregator)

    def start(self):
        self.aggregator.start()
        for cluster in self.clusters:
            cluster.start()

    def stop(self):
        for cluster in [*self.clusters, self.loaded]:
            cluster.stop()
        self.aggregator.stop()


@pytest.fixture(scope="module")
def world(stage):
    folder = stage / "verdict"
    folder.mkdir(mode=0o755)
    try:
        world = World(stage, folder)
    except lossy_disk.Unusable as reason:
        pytest.skip(str(reason))
    try:
        world.start()
        yield world
    finally:
        world.stop()


def quiet(cluster) -> bool:
    return faults.FaultCluster.is_right(cluster, cluster.verdict()) if cluster.culprit is None else cluster.verdict() is None


def describe(verdict: dict | None) -> str:
    if verdict is None:
        return "no verdict"
    lines = [f"{verdict['culprit']} {verdict['members']} ({verdict['confidence']}): {verdict['sentence']}"]
    lines += [f"  symptom: {one['text']}" for one in verdict["symptoms"]]
    lines += [f"  +{one['weight']} {one['text']}" for one in verdict["evidence"]]
    lines += [f"  -{one['weight']} {one['text']}" for one in verdict["against"]]
    lines += [f"  or {one['culprit']} of {one['member']}: {one['score']}" for one in verdict["alternatives"]]
    return "\n".join(lines)


def judged(clusters, deadline: float) -> dict:
    """The first right verdict on each within `deadline` seconds, or its last wrong one. Clusters that are to have none are
    asked until the others are judged."""
    found: dict = {}
    end = time.monotonic() + deadline
    while time.monotonic() < end and any(cluster.culprit and not cluster.is_right(found.get(cluster)) for cluster in clusters):
        for cluster in clusters:
            if cluster.culprit and cluster.is_right(found.get(cluster)):
                continue
            if cluster.culprit is None and cluster in found and not cluster.is_right(found[cluster]):
                continue  # one false verdict is one too many
            found[cluster] = cluster.verdict()
        time.sleep(1)
    return found


def test_each_fault_gets_its_culprit_and_quiet_clusters_get_none(world, capsys):
    table = []
    for number in range(ROUNDS):
        for cluster in world.clusters:
            await_true(f"{cluster.name} is quiet", lambda: quiet(cluster), 150)
        for cluster in world.clusters:
            cluster.inject()
        found = judged(world.clusters, 120)
        table += [(cluster, found.get(cluster)) for cluster in world.clusters]
        for cluster in world.clusters:
            cluster.heal()
    wrong = [(cluster, verdict) for cluster, verdict in table if not cluster.is_right(verdict)]
    with capsys.disabled():
        print_table(table)
    assert not wrong, "\n\n".join(f"{cluster.name} (at fault: {cluster.at_fault}): {describe(verdict)}" for cluster, verdict in wrong)


def test_what_clients_ask_is_load(world):
    for cluster in world.clusters:
        cluster.load.stop()
    world.loaded.start()
    await_true("the cluster is quiet", lambda: quiet(world.loaded), 60)
    world.loaded.inject()
    found = judged([world.loaded], 90)
    world.loaded.heal()
    assert world.loaded.is_right(found[world.loaded]), describe(found[world.loaded])


def print_table(table):
    """How often each fault was blamed on what."""
    culprits = ["disk", "cpu", "network", "load", "peer", "configuration", "not-sure", "none"]
    kinds = list(dict.fromkeys(cluster.name for cluster, _ in table))
    print("\n" + f"{'fault':18}" + "".join(f"{culprit:>14}" for culprit in culprits) + f"{'right':>14}")
    for kind in kinds:
        rows = [(cluster, verdict) for cluster, verdict in table if cluster.name == kind]
        said = [verdict["culprit"] if verdict else "none" for _, verdict in rows]
        right = sum(cluster.is_right(verdict) for cluster, verdict in rows)
        print(f"{kind:18}" + "".join(f"{said.count(culprit) or '·':>14}" for culprit in culprits) + f"{right:>10}/{len(rows)}")
