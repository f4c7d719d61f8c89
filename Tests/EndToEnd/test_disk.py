"""The disk under a real cluster: probed all the time, checked on request, as its own user, slow and fast."""

import json
import os
import time

import lossy_disk
import pytest
from Tools.lab.etcd import EtcdCluster
from Tools.lab.installation import Agent, Aggregator
from Tools.lab.processes import await_true

ETCD, AGENT, NOBODY = 64101, 64102, 65534
NAMES = ["etcd-1", "etcd-2", "etcd-3"]
CHECKS = "/api/v1/clusters/prod/disk-checks"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


class World:
    """Three members on one filesystem whose syncs take as long as told; an agent each, the third allows nothing."""

    def __init__(self, stage, folder):
        self.disk = lossy_disk.LossyDisk(lossy_disk.build(folder), folder / "etcd", ETCD)
        self.etcd = EtcdCluster(folder / "etcd", stage / "etcd", NAMES, uid=ETCD)
        place = folder / "etcd/.etcd-monitor-probe"
        place.mkdir(mode=0o700)
        os.chown(place, AGENT, AGENT)
        self.aggregator = Aggregator(folder / "aggregator", stage, uid=NOBODY, dashboard=stage / "dashboard")
        # This machine's own load must not keep the probe from its work.
        yaml = "disk_probe:\n  interval: 500ms\n  daily_limit: 16GiB\n  io_pressure_limit: 100\n"
        self.agents = [
            Agent(folder / f"agent-{member.name}", stage, self.aggregator, "prod", member.name, member,
                  client_url=member.client_url, uid=AGENT, interval="2s",
                  more_yaml=yaml + ("commands: [disk-check]\n" if member.name != "etcd-3" else ""))
            for member in self.etcd.members]

    def start(self):
        self.etcd.start()
        self.aggregator.start()
        for agent in self.agents:
            agent.enrol()
            agent.start()

    def stop(self):
        for agent in self.agents:
            agent.stop()
        self.aggregator.stop()
        self.etcd.stop()
        self.disk.unmount()

    def value(self, expression: str) -> float | None:
        found = self.aggregator.query(expression)
        return float(found[0]["value"][1]) if found else None

    def check(self, number: str) -> dict:
        return self.aggregator.api(f"{CHECKS}/{number}")

    def has_margin(self) -> bool:
        return self.aggregator.api("/api/v1/clusters/prod")["quorum"]["margin"] >= 1


@pytest.fixture(scope="module")
def prod(stage):
    folder = stage / "world-disk"
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


def test_the_probe_runs_on_each_member_and_says_where(prod):
    await_true("all probes run", lambda: len(prod.aggregator.query(
        'etcd_monitor_wal_probe_state{state="running"} == 1')) == 3, 120)
    counts = await_true("records of both sizes", lambda: [series for series in prod.aggregator.query(
        "etcd_monitor_wal_probe_fsync_duration_seconds_count >= 3") if True][5:] or None, 120)
    assert counts
    labels = prod.aggregator.query('etcd_monitor_wal_probe_fsync_quantile_seconds{quantile="0.99"}')[0]["metric"]
    assert set(labels) == {"__name__", "job", "cluster", "instance", "quantile", "record_bytes"}
    assert labels["job"] == "etcd"


def test_a_disk_that_becomes_slow_is_seen_by_the_probe(prod):
    prod.disk.take_for_each_sync(30)
    over = ("min(increase(etcd_monitor_wal_probe_fsync_duration_seconds_count[30s]) "
            "- on(instance, record_bytes) increase(etcd_monitor_wal_probe_fsync_duration_seconds_bucket{le=\"0.02\"}[30s]))")
    await_true("records of each probe took more than 20 ms", lambda: (prod.value(over) or 0) >= 1, 180)
    prod.disk.take_for_each_sync(0)


def test_disks_are_checked_on_request_followers_first(prod):
    await_true("the cluster may lose a member", prod.has_margin, 60)
    leader = await_true("a leader", prod.etcd.leader).name
    asked = prod.aggregator.api(CHECKS, "POST", {"profile": "etcd", "runs": 1})["checks"]
    assert [check["node"] for check in asked] == NAMES
    ids = {check["node"]: check["id"] for check in asked}
    final = {"done", "refused", "failed", "cancelled", "expired"}
    await_true("all checks are over", lambda: all(prod.check(id)["state"] in final for id in ids.values()), 600)
    checks = {node: prod.check(id) for node, id in ids.items()}
    assert checks["etcd-3"]["state"] == "refused", checks["etcd-3"]
    assert "commands:" in checks["etcd-3"]["words"]
    for node in ("etcd-1", "etcd-2"):
        check = checks[node]
        assert check["state"] == "done", check
        assert check["progress"] == 1
        assert check["result"]["facts"]["filesystem"].startswith("fuse")
        assert check["result"]["grade"] in {"not-ready", "marginal", "ready", "fast"}
        assert "network-filesystem" in {advice["code"] for advice in check["result"]["advice"]}
    last = max(checks.values(), key=lambda check: check["startedAt"])
    assert last["node"] == leader
    listed = prod.aggregator.api(CHECKS)
    assert {baseline["node"] for baseline in listed["baselines"]} == {"etcd-1", "etcd-2"}
    entries = prod.aggregator.api("/api/v1/audit?action=run-disk-check")["entries"]
    assert entries[0]["actor"] == "admin"


def test_a_check_that_runs_is_followed_and_cancelled(prod):
    await_true("the cluster may lose a member", prod.has_margin, 60)
    prod.disk.take_for_each_sync(10)
    path = "/api/v1/clusters/prod/nodes/etcd-1/disk-checks"
    [asked] = prod.aggregator.api(path, "POST", {})["checks"]
    await_true("it runs and says how far it is", lambda: prod.check(asked["id"])["progress"] > 0
               and prod.check(asked["id"])["state"] == "running", 120)
    assert prod.check(asked["id"])["words"].startswith("run 1 of 3")
    with pytest.raises(LookupError, match="409"):
        prod.aggregator.api(path, "POST", {})
    prod.aggregator.api(f"{CHECKS}/{asked['id']}", "DELETE")
    began = time.monotonic()
    await_true("it is over", lambda: prod.check(asked["id"])["state"] == "cancelled", 60)
    print(f"cancelled after {time.monotonic() - began:.1f} s")
    place = prod.disk.mountpoint / ".etcd-monitor-probe"
    assert not [path for path in place.iterdir() if "disk-check" in path.name]
    prod.disk.take_for_each_sync(0)


def test_nothing_is_checked_when_no_member_may_be_lost(prod):
    follower = prod.etcd.followers()[0]
    follower.process.kill()
    await_true("the margin is gone", lambda: not prod.has_margin(), 60)
    with pytest.raises(LookupError, match="409"):
        prod.aggregator.api(CHECKS, "POST", {})
    await_true("probes rest", lambda: len(prod.aggregator.query(
        'etcd_monitor_wal_probe_state{state="resting",reason=~"degraded_quorum|member_unreachable"} == 1')) == 3, 120)
    prod.etcd.restart(follower)
    await_true("probes run again", lambda: len(prod.aggregator.query(
        'etcd_monitor_wal_probe_state{state="running"} == 1')) == 3, 180)


def test_the_journal_of_the_agents_has_no_surprise(prod):
    for agent in prod.agents:
        for line in agent.process.log.read_text().splitlines():
            assert "error" not in line.split(" ")[:3], line
