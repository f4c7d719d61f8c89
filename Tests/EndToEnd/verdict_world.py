"""Real clusters, a fault in each, and the aggregator that has to say whose fault it is."""

import base64
import os
import pathlib
import signal
import subprocess
import threading

import lossy_disk
from Tools.lab.delaying_proxy import DelayingProxy
from Tools.lab.etcd import EtcdCluster, Member
from Tools.lab.installation import Agent
from Tools.lab.load import Load
from Tools.lab.processes import await_true

ETCD, AGENT = 64101, 64102
# This machine's own load must not keep the probe from its work.
AGENT_YAML = os.environ.get("X_AGENT_YAML", "")
CPU = pathlib.Path("/sys/fs/cgroup/cpu")
CLOCKSHIFT = pathlib.Path(__file__).resolve().parent / "clockshift/clockshift.c"


class FaultCluster:
    """Three members, each on a disk, a network and a CPU share of its own; what each fault does and how it is healed.

    A fault is a subclass: `culprit` and `at_fault` are what the verdict has to say, None that there must be none.
    """

    culprit: str | None = None
    options: list = []

    def __init__(self, stage: pathlib.Path, folder: pathlib.Path, filesystem: pathlib.Path, aggregator):
        self.name, self.stage = type(self).__name__.lower(), stage
        self.folder, self.aggregator = folder / self.name, aggregator
        self.folder.mkdir(mode=0o755)
        names = ["etcd-1", "etcd-2", "etcd-3"]
        self.etcd = EtcdCluster(self.folder, stage / "etcd", names, token=self.name, uid=ETCD)
        self.disks: dict[str, lossy_disk.LossyDisk] = {}
        self.networks: dict[str, DelayingProxy] = {}
        for member in self.etcd.members:
            disk = lossy_disk.LossyDisk(filesystem, self.folder / member.name, ETCD)
            place = disk.mountpoint / ".etcd-monitor-probe"
            place.mkdir(mode=0o700)
            os.chown(place, AGENT, AGENT)
            member.folder, member.options = disk.mountpoint, list(self.options)
            network = DelayingProxy(member.peer_port)
            network.start()
            member.advertised_peer_port = network.port
            self.disks[member.name], self.networks[member.name] = disk, network
        self.agents = [self._agent(member) for member in self.etcd.members]
        self.load = Load(self.etcd, per_second=10)
        self.at_fault: list[str] | None = None

    def _agent(self, member: Member) -> Agent:
        return Agent(self.folder / f"agent-{member.name}", self.stage, self.aggregator, self.name, member.name, member,
                     client_url=member.client_url, uid=AGENT, interval="2s", more_yaml=AGENT_YAML)

    def start(self):
        self.etcd.start()
        for agent in self.agents:
            agent.enrol()
            agent.start()
        self.load.start()

    def stop(self):
        self.load.stop()
        for agent in self.agents:
            agent.stop()
        # A disk that is slow or a process that is stopped would not end in time, and nothing of it is wanted any more.
        for member in self.etcd.members:
            if member.process and member.process.running:
                member.process.kill()
        for network in self.networks.values():
            network.stop()
        for disk in self.disks.values():
            disk.unmount()

    def followers(self) -> list[Member]:
        return self.etcd.followers()

    def inject(self):
        """Makes it slow, and sets `at_fault`."""

    def heal(self):
        """Takes it back."""

    def verdict(self) -> dict | None:
        return self.aggregator.api(f"/api/v1/clusters/{self.name}/verdict")["verdict"]

    def is_right(self, verdict: dict | None) -> bool:
        if self.culprit is None:
            return verdict is None or verdict["culprit"] == "not-sure" or verdict["confidence"] == "low"
        return (verdict is not None and verdict["culprit"] == self.culprit and verdict["confidence"] != "low"
                and (self.at_fault is None or verdict["members"] == self.at_fault))


class Quiet(FaultCluster):
    """Nothing happens."""


class SlowLeaderDisk(FaultCluster):
    culprit = "disk"

    def inject(self):
        leader = await_true("a leader", self.etcd.leader)
        self.at_fault = [leader.name]
        self.disks[leader.name].take_for_each_sync(60)

    def heal(self):
        self.disks[self.at_fault[0]].take_for_each_sync(0)


class SlowFollowerDisk(SlowLeaderDisk):
    def inject(self):
        follower = self.followers()[0]
        self.at_fault = [follower.name]
        self.disks[follower.name].take_for_each_sync(60)


class StarvedCPU(FaultCluster):
    culprit = "cpu"

    def inject(self):
        follower = self.followers()[0]
        self.at_fault = [follower.name]
        self.group = CPU / f"etcd-monitor-test-{os.getpid()}"
        self.group.mkdir(exist_ok=True)
        (self.group / "cpu.cfs_period_us").write_text("100000")
        (self.group / "cpu.cfs_quota_us").write_text("1500")
        (self.group / "cgroup.procs").write_text(str(follower.process.pid))

    def heal(self):
        for pid in (self.group / "cgroup.procs").read_text().split():
            (CPU / "cgroup.procs").write_text(pid)
        self.group.rmdir()

    def stop(self):
        super().stop()
        if hasattr(self, "group") and self.group.exists():
            self.group.rmdir()


class StoppedProcess(FaultCluster):
    """SIGSTOP for a second out of two."""

    culprit = "cpu"

    def inject(self):
        follower = self.followers()[0]
        self.at_fault = [follower.name]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._stop_and_go, args=(follower.process.pid,), daemon=True)
        self._thread.start()

    def _stop_and_go(self, pid: int):
        while not self._over.wait(1):
            os.kill(pid, signal.SIGSTOP)
            self._over.wait(1)
            os.kill(pid, signal.SIGCONT)

    def heal(self):
        self._over.set()
        self._thread.join(5)

    def stop(self):
        if hasattr(self, "_over"):
            self.heal()
        super().stop()


class DelayedNetwork(FaultCluster):
    culprit = "network"
    disturbance = {"delay": 0.15}

    def inject(self):
        follower = self.followers()[0]
        self.at_fault = [follower.name]
        self.networks[follower.name].disturb(**self.disturbance)

    def heal(self):
        self.networks[self.at_fault[0]].disturb()


class LossyNetwork(DelayedNetwork):
    disturbance = {"delay": 0.05, "cuts_per_second": 4}


class FullQuota(FaultCluster):
    culprit = "configuration"
    options = ["--quota-backend-bytes", str(16 << 20)]

    def inject(self):
        # Each member raises the alarm for itself, but it holds for all.
        for number in range(40):
            try:
                self.etcd.members[0].put(f"fill/{number}", "x" * 1_000_000)
            except (OSError, ValueError):
                return

    def heal(self):
        revision = self.etcd.members[0].status()["header"]["revision"]
        for number in range(40):
            self.etcd.members[0].call("/v3/kv/deleterange", {"key": _base64(f"fill/{number}")})
        self.etcd.members[0].call("/v3/kv/compaction", {"revision": revision, "physical": True}, deadline=30)
        for member in self.etcd.members:
            member.call("/v3/maintenance/defragment", {}, deadline=60)
        for alarm in self.etcd.members[0].call("/v3/maintenance/alarm", {"action": "GET"}).get("alarms", []):
            self.etcd.members[0].call("/v3/maintenance/alarm", alarm | {"action": "DEACTIVATE"})


class Drift(FaultCluster):
    """One member that campaigns much sooner than the leader's heartbeats come."""

    culprit = "configuration"
    options = ["--heartbeat-interval", "500", "--election-timeout", "5000", "--pre-vote=false"]

    def inject(self):
        follower = self.followers()[0]
        self.at_fault = [follower.name]
        self._set(follower, ["--heartbeat-interval", "10", "--election-timeout", "100", "--pre-vote=false"])

    def heal(self):
        member = next(member for member in self.etcd.members if member.name == self.at_fault[0])
        self._set(member, self.options)

    def _set(self, member: Member, options: list):
        member.process.stop(10)
        member.options = list(options)
        member.start(self.etcd.initial_cluster, self.etcd.token)


class ClockStep(FaultCluster):
    """An agent's clock goes a minute ahead: nobody's fault."""

    def _agent(self, member: Member) -> Agent:
        agent = super()._agent(member)
        if member is self.etcd.members[0]:
            self.clock, library = self.folder / "clock", self.folder / "clockshift.so"
            self.clock.write_text("0\n")
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", CLOCKSHIFT, "-o", library], check=True)
            agent.process.set_environment(LD_PRELOAD=str(library), CLOCKSHIFT_FILE=str(self.clock))
        return agent

    def inject(self):
        self.clock.write_text("60\n")

    def heal(self):
        self.clock.write_text("0\n")


class LargeRanges(FaultCluster):
    culprit = "load"

    def inject(self):
        victim = self.followers()[0]
        self.at_fault = [victim.name]
        for number in range(40):
            victim.put(f"large/{number:03d}", "x" * 500_000)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(victim,), daemon=True) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def _read(self, member: Member):
        command = [self.stage / "etcdctl", "--endpoints", member.client_url, "get", "--prefix", "large/"]
        while not self._over.is_set():
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)

    def heal(self):
        self._over.set()
        for thread in self._threads:
            thread.join(60)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
