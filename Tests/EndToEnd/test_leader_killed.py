"""Kill the leader: an event, a new topology, a mail, and a word to each of four services."""

import json
import time

from Tools.lab.processes import await_true


def test_a_killed_leader_is_seen_mailed_and_posted(world, capsys):
    old = await_true("a leader", world.etcd.leader)
    killed = time.time()
    old.process.kill()

    def leader_changed():
        events = world.aggregator.api("/api/v1/clusters/prod-eu/events")["events"]
        return next((event for event in events if event["kind"] == "leader-changed" and event["at"] / 1000 > killed - 1),
                    None)

    await_true("the event", leader_changed, 30)
    seen = time.time()
    new = await_true("a leader among those left", world.etcd.leader)
    assert new is not old

    def drawn():
        detail = world.aggregator.api("/api/v1/clusters/prod-eu")
        return detail["leader"] and detail["leader"]["member"] == new.name
    await_true("the topology names the new leader", drawn, 30)

    mailed, mail = world.inbox.await_mail(lambda mail: "leader" in mail["subject"].lower(), 60)
    posted, hook = world.hook.await_body(
        lambda body: any("leader" in alert["labels"]["alertname"].lower() for alert in body["alerts"]), 60)
    assert "prod-eu" in mail["subject"]
    assert hook["version"] == "4"
    assert hook["status"] == "firing"
    # The same to each service in its own words.
    told, message = world.slack.await_body(lambda body: "leader changed" in body["text"].lower(), 60)
    blocks = message["attachments"][0]["blocks"]
    assert blocks[0]["type"] == "section" and "prod-eu" in json.dumps(blocks)
    paged, event = world.pagerduty.await_body(lambda body: "leader changed" in body["payload"]["summary"].lower(), 60)
    assert (event["event_action"], event["routing_key"]) == ("trigger", "routing-key-of-the-test")
    passed_on, alerts = world.alertmanager.await_body(
        lambda body: body[0]["labels"]["alertname"] == "EtcdLeaderChanged", 60)
    assert alerts[0]["labels"]["cluster"] == "prod-eu" and alerts[0]["annotations"]["summary"]
    with capsys.disabled():
        print(f"\n    leader killed → event {seen - killed:.1f} s, mail {mailed - killed:.1f} s,"
              f" webhook {posted - killed:.1f} s, Slack {told - killed:.1f} s, PagerDuty {paged - killed:.1f} s,"
              f" Alertmanager {passed_on - killed:.1f} s", end=" ")

    def one_down():
        detail = world.aggregator.api("/api/v1/clusters/prod-eu")
        states = {member["name"]: member["status"] for member in detail["members"]}
        return states[old.name] != "healthy" and detail["quorum"]["margin"] == 0
    await_true("the killed member is shown as down and the margin as 0", one_down, 60)

    _, mail = world.inbox.await_mail(lambda mail: "down" in mail["subject"].lower(), 90)
    assert old.name in mail.get_body(("plain",)).get_content()

    opened = event["dedup_key"]
    # Someone takes it up: it says so, and the incident is acknowledged under the key that opened it.
    alert = next(alert for alert in world.aggregator.api("/api/v1/alerts")["alerts"]
                 if alert["name"] == "EtcdLeaderChanged")
    world.aggregator.api(f"/api/v1/alerts/{alert['fingerprint']}/acknowledgement", "PUT", {"comment": "on it"})
    world.pagerduty.await_body(lambda body: (body["event_action"], body["dedup_key"]) == ("acknowledge", opened), 60)
    made = world.aggregator.api("/api/v1/silences", "POST", {
        "matchers": [{"name": "alertname", "value": "EtcdLeaderChanged"}], "seconds": 600, "comment": "known"})
    alert = next(alert for alert in world.aggregator.api("/api/v1/alerts")["alerts"]
                 if alert["name"] == "EtcdLeaderChanged")
    assert alert["acknowledgement"]["author"] == "admin"
    assert {reason["reason"] for reason in alert["suppressedBy"]} == {"silence", "acknowledgement"}
    assert [hidden["name"] for hidden in made["hides"]] == ["EtcdLeaderChanged"]
    world.etcd.restart(old)
    await_true("the cluster is healthy again", world.installation.is_healthy, 90)
    # The change of leader is two minutes old by then: the incident is closed under the key that opened it.
    _, closed = world.pagerduty.await_body(
        lambda body: body["event_action"] == "resolve" and body["dedup_key"] == opened, 180)
    assert "payload" not in closed
