"""Rule files while the aggregator runs: etcd's own mixin as it is, a broken file, and what a stopped member sets off."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

from Tools.lab.processes import await_true

MIXIN = pathlib.Path(__file__).resolve().parents[1] / "Fixtures/rules/etcd-mixin.yaml"


def groups(world) -> dict:
    answer = world.aggregator.api("/prometheus/api/v1/rules")
    return {(group["file"], group["name"]): group for group in answer["data"]["groups"]}


def command(world, *words: str, role: str = "operator") -> subprocess.CompletedProcess:
    """`etcd-monitor WORDS` as a user of `role`."""
    token = world.installation.aggregator.folder / f"token-{role}"
    if not token.exists():
        token.write_text(world.aggregator.make_api_token(f"cli-{role}", role) + "\n")
    return subprocess.run(
        [world.aggregator.binary.parent / "etcd-monitor", *words, "--url", world.aggregator.url,
         "--token-file", token, "--ca-file", world.aggregator.ca_file], capture_output=True, text=True, timeout=60)


def reload(world):
    os.kill(world.aggregator.process.pid, signal.SIGHUP)


def alerts(world, name: str) -> list[dict]:
    """Pending and firing ones."""
    answer = world.aggregator.api("/prometheus/api/v1/alerts")
    return [alert for alert in answer["data"]["alerts"] if alert["labels"]["alertname"] == name]


def test_the_mixin_is_loaded_as_it_is_without_a_restart(world):
    shutil.copy(MIXIN, world.rules / "etcd-mixin.yaml")
    reload(world)
    mixin = await_true("the mixin's rules", lambda: groups(world).get(("etcd-mixin.yaml", "etcd")), 30)
    assert len(mixin["rules"]) == 15
    # Its expressions look at minutes: they need not be asked every five seconds.
    assert mixin["interval"] == 30

    def evaluated():
        rules = groups(world)["etcd-mixin.yaml", "etcd"]["rules"]
        return all(rule["health"] == "ok" for rule in rules)
    await_true("all of them evaluated", evaluated, 60)


def test_a_broken_file_keeps_the_rules_and_tells_the_line(world):
    broken = world.rules / "broken.yaml"
    broken.write_text("groups:\n  - name: mine\n    rules:\n      - alert: Mine\n        expr: up ==\n")
    reload(world)
    problems = await_true("what is wrong", lambda: world.aggregator.api("/api/v1/rules")["problems"], 30)
    assert (pathlib.Path(problems[0]["file"]).name, problems[0]["line"]) == ("broken.yaml", 5)
    assert ("etcd-mixin.yaml", "etcd") in groups(world)
    refused = command(world, "rules", "reload", role="admin")
    assert refused.returncode == 2 and "broken.yaml:5:" in refused.stderr, refused
    assert "broken.yaml:5:" in command(world, "rules", "list").stderr
    broken.unlink()
    done = command(world, "rules", "reload", role="admin")
    assert done.returncode == 0, done
    await_true("that all is well", lambda: not world.aggregator.api("/api/v1/rules")["problems"], 30)


def test_a_user_gives_a_rule_another_limit_on_one_cluster(world):
    (world.rules / "own.yaml").write_text(
        "groups:\n  - name: own\n    rules:\n      - alert: Members\n        expr: |\n"
        "          count by (cluster) (up{job=\"etcd\"})\n          > 2 # parameter members count: more than so many\n")
    assert command(world, "rules", "reload", role="admin").returncode == 0
    await_true("it fires", lambda: alerts(world, "Members"), 60)
    words = ("rules", "override", "Members", "--cluster", "prod-eu")
    refused = command(world, *words, "--disable", role="viewer")
    assert refused.returncode == 2 and "403" in refused.stderr, refused
    done = command(world, *words, "--set", "members=3", "--reason", "three are right")
    assert done.returncode == 0, done
    assert re.fullmatch(r"Members on prod-eu: members=3, by \S+ at \d{4}-\S+ \S+ UTC: three are right\n", done.stdout)
    assert done.stdout.split(": ", 1)[1] in command(world, "rules", "list", "--overridden").stdout
    await_true("its end", lambda: not alerts(world, "Members"), 60)
    audit = world.aggregator.api("/api/v1/audit?action=override-rules")["entries"]
    assert [(entry["outcome"], entry["cluster"]) for entry in audit] == [("done", "prod-eu"), ("refused", "prod-eu")]
    assert command(world, *words, "--remove").returncode == 0
    await_true("it fires again", lambda: alerts(world, "Members"), 60)
    (world.rules / "own.yaml").unlink()
    assert command(world, "rules", "reload", role="admin").returncode == 0
    await_true("its end with its file", lambda: not alerts(world, "Members"), 60)


def test_the_mixin_fires_when_members_are_stopped(world):
    first, second, _ = world.etcd.members
    first.process.kill()
    # It waits for twenty minutes before it fires: that it pends is what can be seen here.
    down = await_true("etcdMembersDown", lambda: alerts(world, "etcdMembersDown"), 90)
    assert [alert["labels"]["cluster"] for alert in down] == ["prod-eu"]
    assert not alerts(world, "etcdInsufficientMembers")
    second.process.kill()

    def without_leader():
        return [alert for alert in alerts(world, "etcdNoLeader") if alert["state"] == "firing"]
    fired = await_true("etcdNoLeader", without_leader, 180)
    assert [alert["labels"]["cluster"] for alert in fired] == ["prod-eu"]
    assert alerts(world, "etcdInsufficientMembers")
    world.etcd.restart(first)
    world.etcd.restart(second)
    await_true("its end", lambda: not alerts(world, "etcdNoLeader"), 120)
