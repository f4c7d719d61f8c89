"""Whoever is killed, and wherever the power is cut: what an agent had an acknowledgement for is stored, once.

The aggregator with its PostgreSQL, and each agent, has a disk of its own that forgets what was never synced. In each
round one of them dies under load. ETCD_MONITOR_ROUNDS says how many rounds (5), ETCD_MONITOR_SEED which ones.
"""

import bisect
import collections
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import time

import lossy_disk
import pytest
import spool_files
from exposition import samples
from Tools.lab.etcd import EtcdCluster
from Tools.lab.installation import Agent, Aggregator
from Tools.lab.load import Load
from Tools.lab.processes import await_true
from Tools.lab.recording_proxy import RecordingProxy

ROUNDS = int(os.environ.get("ETCD_MONITOR_ROUNDS", "5"))
SEED = int(os.environ.get("ETCD_MONITOR_SEED", str(random.SystemRandom().randrange(10**6))))
INTERVAL = 2
UP = ("up", frozenset())
#: Seconds that the aggregator is away before agents sync what they keep.
SYNCED_AFTER = 30
ETCD, AGENT, NOBODY = 64101, 64102, 65534


class Host:
    """An agent on its disk, and what is known of its batches."""

    def __init__(self, agent: Agent, disk: lossy_disk.LossyDisk, proxy: RecordingProxy):
        self.agent, self.disk, self.proxy = agent, disk, proxy
        self.instance = f"{agent.member.name}:{proxy.port}"
        self.acknowledged: dict[tuple[int, int], float] = {}
        #: Spans of time of whose scrapes some may be lost: not yet in the spool, or there without a sync.
        self.excused: list[tuple[float, float]] = []

    def note_acknowledged(self) -> list[spool_files.Batch]:
        """Notes what is acknowledged; the rest is returned."""
        found = spool_files.batches(self.agent.state / "spool")
        self.acknowledged |= {(batch.epoch, batch.sequence): batch.made_at for batch in found if batch.is_acknowledged}
        return [batch for batch in found if not batch.is_acknowledged]

    def die(self, *, with_power: bool, is_synced: bool = False):
        self.agent.process.kill()
        now = time.time()
        pending = self.note_acknowledged()
        self.excused.append((now - INTERVAL, now))
        if with_power:
            self.disk.kill_everyone()
            self.disk.cut_power()
            if not is_synced:
                self.excused += [(batch.made_at - INTERVAL, batch.made_at) for batch in pending]

    def is_excused(self, at: float) -> bool:
        return any(begin <= at <= end for begin, end in self.excused)


class World:
    """One aggregator and three agents on four disks."""

    def __init__(self, stage: pathlib.Path, folder: pathlib.Path, program: pathlib.Path):
        self.disks = []
        self.etcd = EtcdCluster(folder / "etcd", stage / "etcd", ["etcd-1", "etcd-2", "etcd-3"], uid=ETCD)
        self.load = Load(self.etcd, per_second=100)
        self.disk = self._disk(program, folder / "aggregator/state", NOBODY)
        self.aggregator = Aggregator(folder / "aggregator", stage, uid=NOBODY, dashboard=stage / "dashboard")
        self.hosts = [self._host(stage, folder, program, member) for member in self.etcd.members]

    def _disk(self, *words) -> lossy_disk.LossyDisk:
        disk = lossy_disk.LossyDisk(*words)
        self.disks.append(disk)
        return disk

    def _host(self, stage, folder, program, member) -> Host:
        home = folder / f"agent-{member.name}"
        disk, proxy = self._disk(program, home / "state", AGENT), RecordingProxy(member.client_port)
        agent = Agent(home, stage, self.aggregator, "prod", member.name, member, uid=AGENT, interval=f"{INTERVAL}s",
                      client_url=f"http://127.0.0.1:{proxy.port}")
        return Host(agent, disk, proxy)

    def start(self):
        self.etcd.start()
        self.load.start()
        self.aggregator.start()
        for host in self.hosts:
            host.proxy.start()
            host.agent.enrol()
            host.agent.start()
        self.await_news(time.time())

    def stop(self):
        self.load.stop()
        for host in self.hosts:
            if host.agent.process.running:
                host.agent.stop()
            host.proxy.stop()
        if self.aggregator.process.running:
            self.aggregator.stop()
        for member in self.etcd.members:
            if member.process and member.process.running:
                member.process.stop()
        for disk in self.disks:
            disk.kill_everyone()
            disk.unmount()

    def settle(self):
        """Until the aggregator has everything; the agents are stopped then."""
        for host in self.hosts:
            def has_nothing_left():
                asked = time.time()
                return not host.note_acknowledged() and asked
            asked = await_true(f"{host.agent.node} has nothing left to send", has_nothing_left, 120)
            host.agent.stop()
            host.note_acknowledged()
            # What was on its way into the spool, or came since, is sent when the agent runs again, if it does.
            host.excused.append((asked - INTERVAL, time.time()))

    def await_news(self, since: float):
        """Until the aggregator tells of each member what was scraped after `since`."""
        def has_all():
            known = self.aggregator.query('timestamp(process_start_time_seconds{job="etcd"})')
            return sum(float(series["value"][1]) > since for series in known) == len(self.hosts)
        await_true("each member's latest scrape is known", has_all, 120)

    def sql(self, statement: str) -> list[list[str]]:
        settings = (self.aggregator.state / "postgres/data/postgresql.conf").read_text()
        socket = re.search(r"unix_socket_directories = '([^']*)'", settings)[1]
        done = subprocess.run(["psql", "-h", socket, "-U", "etcd_monitor", "-d", "etcd_monitor", "-AtqF", " ", "-c", statement],
                              capture_output=True, text=True, check=True, cwd="/")
        return [line.split(" ") for line in done.stdout.splitlines()]

    # -- the ways to die; each returns once everything was started again

    def kill_aggregator(self, _):
        self.aggregator.process.kill()
        self.aggregator.start()

    def kill_postgres(self, _):
        pid = (self.aggregator.state / "postgres/data/postmaster.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGKILL)

    def kill_agent(self, chance):
        host = chance.choice(self.hosts)
        host.die(with_power=False)
        host.agent.start()

    def cut_aggregator(self, _):
        self.disk.kill_everyone()
        self.aggregator.process.kill()
        self.disk.cut_power()
        self.aggregator.start()

    def cut_agent(self, chance):
        host = chance.choice(self.hosts)
        host.die(with_power=True)
        host.agent.start()


@pytest.fixture(scope="module")
def world(stage, request):
    folder = stage / "world-power-cut"
    folder.mkdir(mode=0o755)
    made = None
    try:
        try:
            made = World(stage, folder, lossy_disk.build(folder))
        except lossy_disk.Unusable as reason:
            pytest.skip(f"no disk whose power can be cut: {reason}")
        made.start()
        yield made
    finally:
        if made:
            made.stop()
        if request.session.testsfailed:
            for log in sorted(log for log in folder.rglob("*.log") if log.parent.name != "etcd"):
                print(f"\n--- {log.relative_to(folder)}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]))


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(world, capsys):
    chance, began = random.Random(SEED), time.time()
    kinds = [world.kill_aggregator, world.kill_postgres, world.kill_agent, world.cut_aggregator, world.cut_agent]
    # Each kind as often as the others, in an order of its own.
    rounds = [kind for _ in range(0, ROUNDS, len(kinds)) for kind in chance.sample(kinds, len(kinds))][:ROUNDS]
    recovery = collections.defaultdict(list)
    for die in rounds:
        time.sleep(chance.uniform(0.2, 1.5 * INTERVAL))
        died = time.time()
        die(chance)
        world.await_news(time.time())
        recovery[die.__name__.replace("_", " ")].append(time.time() - died)
    world.settle()
    sequences = check_sequences(world)
    values, excused = check_values(world, began)
    times = [seconds for some in recovery.values() for seconds in some]
    with capsys.disabled():
        print(f"\n    {len(rounds)} rounds, seed {SEED}: {sequences} acknowledged batches, {values:,} values, {excused} scrapes excused;"
              f" recovery median {statistics.median(times):.1f} s, worst {max(times):.1f} s")
        for kind, some in recovery.items():
            print(f"      {kind}: median {statistics.median(some):.1f} s, worst {max(some):.1f} s")


def test_what_agents_keep_through_an_outage_survives_their_power(world):
    began = time.time()
    for host in world.hosts:
        if not host.agent.process.running:
            host.agent.start()
    world.aggregator.process.kill()
    # From half a minute on each batch is synced, with those before it.
    for host in world.hosts:
        await_true("more than half a minute is kept", lambda: len(host.note_acknowledged()) > SYNCED_AFTER / INTERVAL + 3, 120)
    for host in world.hosts:
        host.die(with_power=True, is_synced=True)
    for program in (world.aggregator, *(host.agent for host in world.hosts)):
        program.start()
    world.await_news(time.time())
    world.settle()
    check_sequences(world)
    check_values(world, began)


def check_sequences(world) -> int:
    """Each acknowledged batch is in the ledger, and no batch is there twice."""
    numbers = {node: number for number, node in world.sql("select a.id, n.name from agent a join node n on n.id = a.node_id")}
    checked = 0
    for host in world.hosts:
        number = numbers[host.agent.node]
        known = {(int(epoch), sequence)
                 for epoch, first, end in world.sql(
                     f"select epoch, lower(r), upper(r) from ledger, unnest(ranges) r where agent_id = {number}")
                 for sequence in range(int(first), int(end))}
        missing = host.acknowledged.keys() - known
        assert not missing, f"acknowledged to {host.agent.node} and lost: {sorted(missing)[:10]}"
        checked += len(host.acknowledged)
    [[rows, different]] = world.sql("select count(*), count(distinct (agent_id, epoch, sequence)) from batch")
    assert rows == different, "a batch is stored twice"
    return checked


def check_values(world, began: float) -> tuple[int, int]:
    """Each value that etcd told is stored with its scrape, and a scrape is stored once."""
    compared = excused = 0
    for host in world.hosts:
        stored, end = {}, time.time()
        for at in range(int(began), int(end) + 60, 60):
            for series, values in matrix(world, host.instance, at):
                stored.setdefault(series, []).extend(values)
        taken, lost = set(), []
        for at, text in [body for body in host.proxy.bodies if body[0] > began + INTERVAL]:
            if host.is_excused(at) or came_too_late(stored, at):
                excused += 1
                continue
            for series, value in samples(text).items():
                scrape, found = value_at(stored.get(series, []), at)
                if found is None:
                    lost.append(f"{series} at {at:.3f}")
                    continue
                assert found == value or (found != found and value != value), (
                    f"{series} of {host.instance} was {value} at {at:.3f} and is {found} at {scrape:.3f}; " + told_around(at, host, stored))
                compared += 1
            assert scrape is None or scrape not in taken, f"two scrapes of {host.instance} are stored as one at {scrape:.3f}"
            taken.add(scrape)
        assert not lost, f"{len(lost)} values of {host.instance} are missing: {lost[:3]}; " + told_around(
            float(lost[0].split()[-1]), host, stored)
        for series, points in stored.items():
            times = [moment for moment, _ in points]
            assert all(a < b for a, b in zip(times, times[1:])), f"{series} of {host.instance} has an instant twice"
    assert compared > 10_000
    return compared, excused


def value_at(points: list[tuple[float, float]], at: float) -> tuple[float, float] | tuple[None, None]:
    """The stored scrape that a body answered at `at` belongs to, the last one not after it: its time and value."""
    index = bisect.bisect_right(points, (at, float("inf"))) - 1
    return points[index] if index >= 0 and at - points[index][0] < INTERVAL * 0.9 else (None, None)


def told_around(at: float, host: Host, stored: dict) -> str:
    """What is known of the seconds around `at`, for whoever has to find out."""
    def near(times):
        return [round(moment, 3) for moment in times if abs(moment - at) < 3 * INTERVAL]
    return (f"answered {near(moment for moment, _ in host.proxy.bodies)}, stored {near(moment for moment, _ in stored[UP])},"
            f" acknowledged {near(host.acknowledged.values())}, excused {[near(span) for span in host.excused if near(span)]}")


def came_too_late(stored: dict, at: float) -> bool:
    """Whether the agent itself says that it had no answer: a busy machine may be slower than its deadline."""
    up, told = (value_at(stored.get((name, frozenset()), []), at) for name in ("up", "scrape_duration_seconds"))
    return up[1] == 0 and up[0] == told[0]


def matrix(world, instance: str, end: float):
    """The samples of the minute that ends at `end`: ((name, labels without identity), [(time, value)])."""
    identity = {"__name__", "job", "cluster", "instance"}
    for series in world.aggregator.query(f'{{job="etcd",instance="{instance}"}}[60s]', at=end):
        labels = frozenset((key, value) for key, value in series["metric"].items() if key not in identity)
        yield (series["metric"]["__name__"], labels), [
            (moment, float(value)) for moment, value in series["values"] if end - 60 < moment <= end]
