"""Two aggregators over one PostgreSQL of the user's own, with TLS and the documented roles: what one takes the other shows,
and when one is killed under load nothing is missing and nothing is told twice."""

import collections
import contextlib
import json
import os
import subprocess
import threading
import time

import pytest
from Tools.lab.etcd import EtcdCluster
from Tools.lab.installation import Agent, Aggregator
from Tools.lab.load import Load
from Tools.lab.postgres import ExternalPostgres
from Tools.lab.processes import LabError, await_true
from Tools.lab.receivers import WebhookReceiver

CLUSTER = "prod-eu"


class Pair:
    """Aggregators `first` and `second`, and three agents that know both: two prefer the first, one the second."""

    def __init__(self, stage, folder):
        root = os.geteuid() == 0
        etcd_uid, agent_uid, aggregator_uid = (64101, 64102, 65534) if root else (None, None, None)
        self.hook, self.postgres = WebhookReceiver(), ExternalPostgres(folder / "postgres")
        self.etcd = EtcdCluster(folder / "etcd", stage / "etcd", ["etcd-1", "etcd-2", "etcd-3"], uid=etcd_uid)
        self.first, self.second = (
            Aggregator(folder / name, stage, webhook_url=self.hook.url, uid=aggregator_uid, dashboard=stage / "dashboard",
                       more_yaml=f"database: {self.postgres.url('etcd_monitor')}\n"
                                 "storage:\n  slot: 10s\n  window: 1m\n")
            for name in ("first", "second"))
        both = [self.first.url, self.second.url]
        self.agents = [
            Agent(folder / f"agent-{member.name}", stage, self.first, CLUSTER, member.name, member,
                  client_url=member.client_url, uid=agent_uid,
                  server_url=", ".join(both if number < 2 else reversed(both)))
            for number, member in enumerate(self.etcd.members)]
        self.load = Load(self.etcd, per_second=100)

    def start(self):
        self.hook.start()
        self.postgres.start()
        self.postgres.set_up()
        self.etcd.start()
        self.first.start()
        self.second.join(self.first)
        self.second.start()
        for agent in self.agents:
            agent.enrol()
            agent.start()
        for aggregator in (self.first, self.second):
            await_true("the cluster is healthy on both", lambda: status(aggregator) == "healthy", 90, pause=0.2)
        self.load.start()

    def stop(self):
        self.load.stop()
        for agent in self.agents:
            agent.stop()
        for part in (self.first, self.second):
            part.stop()
        self.etcd.stop()
        self.postgres.stop()
        self.hook.stop()


@pytest.fixture(scope="module")
def pair(stage, request):
    folder = stage / "two-aggregators"
    folder.mkdir(mode=0o755)
    pair = Pair(stage, folder)
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()
        if request.session.testsfailed:
            for log in sorted(log for log in folder.rglob("*.log") if log.parent.name != "etcd"):
                print(f"\n--- {log.relative_to(folder)}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]))


def status(aggregator):
    clusters = aggregator.api("/api/v1/clusters")["clusters"]
    return next((cluster["status"] for cluster in clusters if cluster["name"] == CLUSTER), None)


def test_what_one_takes_the_other_shows(pair, capsys):
    def newest(aggregator):
        series = aggregator.query("timestamp(up{job='etcd'})")
        return {one["metric"]["instance"]: float(one["value"][1]) for one in series}

    for aggregator, other in ((pair.first, pair.second), (pair.second, pair.first)):
        seen = newest(aggregator)
        assert len(seen) == 3
        await_true("the other has each scrape too",
                   lambda: all(newest(other).get(instance, 0) >= at for instance, at in seen.items()), 20, pause=0.1)
    lags = []
    for _ in range(5):
        here, there = newest(pair.first), newest(pair.second)
        lags.append(max(here[instance] - there[instance] for instance in here))
    with capsys.disabled():
        print(f"\n    scrapes behind, five looks: {' '.join(f'{lag:.1f} s' for lag in lags)}", end=" ")


@contextlib.contextmanager
def stream(aggregator):
    """Events that the aggregator's stream tells, as they come."""
    aggregator.api("/api/v1/clusters")
    events = []
    child = subprocess.Popen(
        ["curl", "-sN", "--cacert", aggregator.ca_file, "-H", f"Cookie: {aggregator._cookie}",
         f"{aggregator.url}/api/v1/stream"], stdout=subprocess.PIPE, text=True)

    def read():
        name = ""
        for line in child.stdout:
            if line.startswith("event: "):
                name = line[7:].strip()
            elif line.startswith("data: ") and name == "event":
                events.append(json.loads(line[6:]))
    threading.Thread(target=read, daemon=True).start()
    try:
        yield events
    finally:
        child.kill()
        child.wait()


def test_events_cross(pair):
    with stream(pair.first) as one, stream(pair.second) as other:
        leader = await_true("a leader", pair.etcd.leader)
        leader.process.kill()
        for events in (one, other):
            await_true("the stream tells of the new leader",
                       lambda: [event for event in events if event["kind"] == "leader-changed"], 30)
        pair.etcd.restart(leader)
        for events in (one, other):
            await_true("the stream tells that it is back",
                       lambda: [event for event in events if event["kind"] == "member-up"], 60)
        for events in (one, other):
            assert max(collections.Counter(event["id"] for event in events).values()) == 1
    for aggregator in (pair.first, pair.second):
        await_true("the cluster is healthy", lambda: status(aggregator) == "healthy", 90)


def test_one_is_killed_under_load(pair, capsys):
    runner, other = pair.first, pair.second
    began = time.time()
    events_path = f"/api/v1/clusters/{CLUSTER}/events"
    last_before = max(int(event["id"]) for event in other.api(events_path)["events"])
    told_before = len(pair.hook.bodies)
    # Something is to be told while it dies.
    victim = next(member for member in pair.etcd.members if member is not pair.etcd.leader())
    victim.process.kill()
    pair.hook.await_body(lambda body: any("down" in alert["labels"]["alertname"].lower() for alert in body["alerts"]), 90)
    runner.process.kill()
    killed = time.time()

    def all_heard():
        scrapes = other.query("timestamp(node_time_seconds)")
        return len(scrapes) >= 3 and all(float(scrape["value"][1]) > killed for scrape in scrapes)
    await_true("every agent is heard by the other", all_heard, 60, pause=0.2)
    with capsys.disabled():
        print(f"\n    killed → all agents heard by the other: {time.time() - killed:.1f} s", end=" ")
    pair.etcd.restart(victim)
    await_true("the cluster is healthy on the other", lambda: status(other) == "healthy", 120)
    _, resolved = pair.hook.await_body(lambda body: body["status"] == "resolved" and any(
        "down" in alert["labels"]["alertname"].lower() for alert in body["alerts"]), 120)
    ended = time.time()

    # No gap: a scrape each five seconds of each member, whoever took it.
    for member in pair.etcd.members:
        if member is victim:
            continue
        instance = f"{member.name}:{member.client_port}"
        matrix = other.query(f"process_start_time_seconds{{instance='{instance}'}}[{int(ended - began)}s]", at=ended)
        assert matrix, [(one["metric"]["instance"], one["value"]) for one in other.query("count by (instance) ({job='etcd'})")]
        times = [at for at, _ in matrix[0]["values"]]
        gaps = [later - earlier for earlier, later in zip([began, *times], [*times, ended])]
        assert max(gaps) < 7.5, (instance, gaps)

    # No duplicate: each event, each notification once.
    since = [event for event in other.api(events_path)["events"] if int(event["id"]) > last_before]
    assert max(collections.Counter((event["kind"], event["member"], event["at"]) for event in since).values()) == 1
    downs = [event for event in since if event["kind"] == "member-down" and event["member"] == victim.name]
    ups = [event for event in since if event["kind"] == "member-up" and event["member"] == victim.name]
    assert (len(downs), len(ups)) == (1, 1), [(event["at"], event["kind"], event["member"]) for event in since]
    assert not [event for event in since if event["kind"] == "agent-silent"]
    # Killed between the receiver's answer and its own note of it, one sends again: under the same key.
    told = collections.defaultdict(set)
    for (_, body), headers in list(zip(pair.hook.bodies, pair.hook.headers))[told_before:]:
        for alert in body["alerts"]:
            told[body["status"], alert["labels"]["alertname"], alert["labels"].get("instance"), alert["startsAt"],
                 alert["status"]].add(headers["Idempotency-Key"])
    assert told
    assert all(len(keys) == 1 for keys in told.values()), told

    runner.start()
    await_true("the first is back and sees the cluster", lambda: status(runner) == "healthy", 90)


def test_a_join_token_works_once(pair, stage):
    token = pair.first.command("token", "create-join")
    folder = stage / "two-aggregators" / "third"
    third = Aggregator(folder, stage, uid=pair.first.uid, more_yaml=f"database: {pair.postgres.url('etcd_monitor')}\n")
    third.command("join", "--token-file", "-", standard_input=token + "\n")
    assert third.ca_fingerprint == pair.first.ca_fingerprint
    with pytest.raises(LabError, match="already"):
        third.command("join", "--token-file", "-", standard_input=token + "\n")
    fourth = Aggregator(stage / "two-aggregators" / "fourth", stage, uid=pair.first.uid,
                        more_yaml=f"database: {pair.postgres.url('etcd_monitor')}\n")
    with pytest.raises(LabError, match="was used"):
        fourth.command("join", "--token-file", "-", standard_input=token + "\n")
    with pytest.raises(LabError, match="no such token"):
        fourth.command("join", "--token-file", "-", standard_input="emj_guess\n")
    actions = pair.postgres.query("etcd_monitor_read", "select action || ' ' || outcome from report.audit").splitlines()
    assert {"create-join-token done", "join done", "join refused"} <= set(actions)


def test_the_reader_reads_views_and_nothing_else(pair):
    postgres = pair.postgres
    views = postgres.superuser("select viewname from pg_views where schemaname = 'report' order by 1").splitlines()
    assert views == ["agents", "alerts", "audit", "clusters", "deliveries", "events", "members", "silences", "storage"]
    await_true("there are blocks", lambda: postgres.query("etcd_monitor_read", "select count(*) from report.storage") != "0",
               120, pause=1)
    for view in views:
        postgres.query("etcd_monitor_read", f"select * from report.{view} limit 1")
    for view in ("agents", "audit", "clusters", "deliveries", "events", "members"):
        assert postgres.query("etcd_monitor_read", f"select count(*) from report.{view}") != "0", view
    tables = postgres.superuser("select tablename from pg_tables where schemaname = 'public'").splitlines()
    assert len(tables) > 20
    for table in tables:
        with pytest.raises(LabError, match="permission denied"):
            postgres.query("etcd_monitor_read", f"select from public.{table}")
    for statement in ("create table public.mine (n int)", "create schema mine", "create table report.mine (n int)",
                      "delete from report.events", "set role etcd_monitor"):
        with pytest.raises(LabError, match="permission denied|cannot delete from view"):
            postgres.query("etcd_monitor_read", f"begin read write; {statement}")


def test_the_aggregators_have_no_more_rights_than_documented(pair):
    rights = pair.postgres.superuser(
        "select rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls from pg_roles"
        " where rolname like 'etcd_monitor%'").splitlines()
    assert rights == ["f", "f"]
    for statement in ("create database mine", "create role mine", "create schema mine", "select pg_read_file('PG_VERSION')"):
        with pytest.raises(LabError, match="permission denied"):
            pair.postgres.query("etcd_monitor", statement)
    used = pair.postgres.superuser(
        "select distinct s.ssl from pg_stat_ssl s join pg_stat_activity a using (pid) where a.usename = 'etcd_monitor'")
    assert used == "t"


def test_a_server_with_another_certificate_is_not_trusted(pair, stage):
    stranger = Aggregator(stage / "two-aggregators" / "stranger", stage, uid=pair.first.uid,
                          more_yaml=f"database: {pair.postgres.url('etcd_monitor', ca=pair.first.ca_file)}\n")
    with pytest.raises(LabError, match="certificate verify failed|is the aggregator running"):
        stranger.command("user", "create", "mallory", standard_input="irrelevant password\n")
