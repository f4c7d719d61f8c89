"""Both packages, installed as an operator would, under a real systemd. `make deb` makes them; without, this is skipped."""

import json
import re
import shutil

import pytest
from conftest import ROOT
from Tools.lab.processes import LabError, await_true
from Tools.lab.systemd_container import SystemdContainer

AGENT, AGGREGATOR = "etcd-monitor-agent", "etcd-monitor-aggregator"
STATE = "/var/lib/etcd-monitor"
PACKAGES = [sorted((ROOT / "dist").glob(f"{name}_*.deb"))[-1:] for name in (AGENT, AGGREGATOR)]

# Signs in and prints the answer to a GET; runs in the container, where the aggregator listens.
ASK = f"""
import json, ssl, sys, urllib.request
context = ssl.create_default_context(cafile="{STATE}/aggregator/tls/ca.pem")
def call(path, body=None, **headers):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request("https://lab:8379" + path, data, {{"Content-Type": "application/json", **headers}})
    return urllib.request.urlopen(request, timeout=10, context=context)
password = open("{STATE}/aggregator/initial-password").read().strip()
answer = call("/api/v1/session", {{"username": "admin", "password": password}}, **{{"X-Requested-With": "test"}})
print(call(sys.argv[1], Cookie=answer.headers["Set-Cookie"].split(";")[0]).read().decode())
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    if not all(PACKAGES):
        pytest.skip("no packages in dist/: run `make deb` first")
    container = SystemdContainer(tmp_path_factory.mktemp("machine"))
    try:
        try:
            container.start()
        except LabError as error:
            pytest.skip(f"no systemd can run here: {error}")
        for [package] in PACKAGES:
            shutil.copy(package, container.root / "root")
        yield container
    finally:
        container.stop()


def ask(machine, path):
    return json.loads(machine.run("/usr/bin/python3", "-c", ASK, path))


def query(machine, expression):
    return ask(machine, f"/prometheus/api/v1/query?query={expression}")["data"]["result"]


def properties(machine, unit):
    return dict(line.split("=", 1) for line in machine.run("systemctl", "show", unit).splitlines())


def test_the_aggregator_runs_after_installing_with_postgresql_inside(machine):
    machine.run("dpkg", "-i", *(f"/root/{package.name}" for [package] in PACKAGES))
    machine.run("systemctl", "enable", "--now", AGGREGATOR)
    unit = properties(machine, AGGREGATOR)
    assert (unit["ActiveState"], unit["SubState"], unit["Type"]) == ("active", "running", "notify")
    assert unit["StatusText"].startswith("serving https://lab:8379") and unit["NRestarts"] == "0"
    users = machine.run("ps", "-eo", "user:32,comm").splitlines()
    assert any(line.split() == ["etcd-monitor", "postgres"] for line in users)
    # Enabled, and quiet until it is enrolled.
    unit = properties(machine, AGENT)
    assert (unit["ActiveState"], unit["UnitFileState"], unit["NRestarts"]) == ("inactive", "enabled", "0")


def test_a_host_is_enrolled_by_the_documented_commands(machine):
    as_aggregator, as_agent = ("runuser", "-u", "etcd-monitor", "--"), ("runuser", "-u", AGENT, "--")
    [token] = re.findall(r"emt_\S+", machine.run(*as_aggregator, AGGREGATOR, "token", "create", "--cluster", "prod"))
    [fingerprint] = re.findall(r"sha256:\S+", machine.run(*as_aggregator, AGGREGATOR, "ca", "show"))
    machine.run("systemctl", "start", "etcd")
    machine.run("sed", "-i", "s|https://monitor.example.org|https://lab|; s/^cluster: production/cluster: prod/", "/etc/etcd-monitor/agent.yaml")
    machine.run(AGENT, "check-config")
    machine.run(*as_agent, AGENT, "enrol", "--server", "https://lab:8379", "--ca-fingerprint", fingerprint, "--token-file", "-", given=token + "\n")
    machine.run("systemctl", "restart", AGENT)
    unit = properties(machine, AGENT)
    assert (unit["ActiveState"], unit["Type"], unit["User"]) == ("active", "notify", AGENT)
    await_true("etcd is measured", lambda: query(machine, "up{job='etcd',cluster='prod'}==1"), 60, pause=0.5)
    await_true("the cluster is healthy", lambda: ask(machine, "/api/v1/clusters")["clusters"][0]["status"] == "healthy", 60, pause=0.5)
    # What the sandbox must not take away. Files of another user's process are not to be read without a capability.
    collectors = query(machine, "node_scrape_collector_success==0")
    assert {series["metric"]["collector"] for series in collectors} <= {"etcd_process", "pressure"}


def test_the_command_line_checks_and_tests_rules(machine):
    rules = "groups:\n  - name: g\n    rules: [{alert: A, expr: up == 0}]\n"
    tests = "rule_files: [r.yaml]\ntests:\n  - input_series: [{series: up, values: 0x5}]\n"
    tests += "    alert_rule_test: [{eval_time: 1m, alertname: A, exp_alerts: [{exp_labels: {}}]}]\n"
    for name, text in {"r.yaml": rules, "t.yaml": tests}.items():
        machine.run("tee", f"/root/{name}", given=text)
    assert "well; groups: 1, alerts: 1" in machine.run("etcd-monitor", "rules", "check", "/root/r.yaml")
    assert "1 checks, 0 failed" in machine.run("etcd-monitor", "rules", "test", "/root/t.yaml")


def test_the_journal_has_fields_that_filter(machine):
    for unit in (AGGREGATOR, AGENT):
        lines = machine.run("journalctl", "-o", "json", "-u", unit, "CLUSTER=prod", "NODE=lab").splitlines()
        assert lines, f"{unit} wrote nothing with CLUSTER and NODE"
    entries = [json.loads(line) for line in machine.run("journalctl", "-o", "json", "KIND=agent-enrolled").splitlines()]
    assert len(entries) == 1
    assert entries[0]["MESSAGE_ID"] in (ROOT / "docs/operations.md").read_text()
    assert machine.run("journalctl", "-q", f"MESSAGE_ID={entries[0]['MESSAGE_ID']}").count("\n") == 1
    # Only the products' own words: no library writes beside them.
    for unit in (AGGREGATOR, AGENT):
        own = machine.run("journalctl", "-q", "-o", "json", "-u", unit, f"_COMM={unit[:15]}").splitlines()
        assert [json.loads(line)["MESSAGE"] for line in own if "LOGGER" not in line] == []


def test_both_come_back_after_restart_and_kill(machine):
    machine.run("systemctl", "restart", AGGREGATOR, AGENT)
    await_true("etcd is measured", lambda: query(machine, "up{job='etcd',cluster='prod'}==1"), 60, pause=0.5)
    before = properties(machine, AGGREGATOR)["MainPID"]
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", AGGREGATOR)

    def is_back():
        unit = properties(machine, AGGREGATOR)
        return unit["ActiveState"] == "active" and unit["MainPID"] not in ("0", before)
    await_true("systemd has started it again", is_back, 60, pause=0.5)
    await_true("etcd is measured", lambda: query(machine, "up{job='etcd',cluster='prod'}==1"), 60, pause=0.5)
    assert properties(machine, AGENT)["NRestarts"] == "0"


def test_the_sandboxes_are_as_tight_as_documented(machine, capsys):
    documented = dict(re.findall(r"^\| `(etcd-monitor-\w+)`.*\| ([\d.]+) \|$", (ROOT / "docs/operations.md").read_text(), re.M))
    assert set(documented) == {AGENT, AGGREGATOR}
    for unit, limit in documented.items():
        score = re.search(r"exposure level for \S+: ([\d.]+)", machine.run("systemd-analyze", "security", unit, "--no-pager"))[1]
        with capsys.disabled():
            print(f"\n    {unit}: exposure {score}", end=" ")
        assert float(score) <= float(limit)


def test_removing_keeps_the_data_and_purging_leaves_nothing(machine):
    machine.run("dpkg", "-r", AGENT, AGGREGATOR)
    assert machine.run("ls", STATE).split() == ["agent", "aggregator"]
    # Stopped, too.
    assert "etcd-monitor" not in machine.run("ps", "-eo", "user:32")
    machine.run("dpkg", "-P", AGENT, AGGREGATOR)
    for path in (STATE, "/etc/etcd-monitor", "/usr/share/etcd-monitor", f"/lib/systemd/system/{AGENT}.service",
                 f"/etc/systemd/system/multi-user.target.wants/{AGGREGATOR}.service"):
        assert machine.run("ls", "-d", path, check=False) == "", path
    assert "etcd-monitor" not in machine.run("getent", "passwd") + machine.run("getent", "group")
