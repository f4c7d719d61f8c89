"""Aggregator and quorum are gone: the agents call for help themselves, and say when it is over."""

import os

from Tools.lab.installation import Agent, Aggregator
from Tools.lab.etcd import EtcdCluster
from Tools.lab.receivers import Inbox, WebhookReceiver


def test_an_agent_calls_for_help_when_nobody_else_can(stage):
    folder = stage / "emergency"
    folder.mkdir(mode=0o755)
    inbox, hook, watcher = Inbox(folder / "mail"), WebhookReceiver(), WebhookReceiver()
    etcd_uid, agent_uid, aggregator_uid = (64101, 64102, 65534) if os.geteuid() == 0 else (None, None, None)
    etcd = EtcdCluster(folder / "etcd", stage / "etcd", ["etcd-1", "etcd-2", "etcd-3"], uid=etcd_uid)
    aggregator = Aggregator(
        folder / "aggregator", stage, uid=aggregator_uid, dashboard=stage / "dashboard",
        more_yaml=f"notifications:\n  heartbeat: {{url: '{watcher.url}', interval: 5s}}\n")
    member = etcd.members[0]
    agent = Agent(
        folder / "agent", stage, aggregator, "prod-eu", member.name, member, client_url=member.client_url,
        uid=agent_uid, more_yaml=(
            f"emergency:\n  after: 5s\n  webhook: {{url: '{hook.url}'}}\n  email:\n    to: [oncall@example.org]\n"
            f"    from: agent@example.org\n    server: 127.0.0.1:{inbox.port}\n    tls: none\n"))
    for receiver in (inbox, hook, watcher):
        receiver.start()
    try:
        etcd.start()
        aggregator.start()
        agent.enrol()
        agent.start()
        watcher.await_body(lambda body: body["status"] == "alive", 60)
        # The aggregator alone is no emergency; without a quorum it is one.
        aggregator.process.kill()
        for other in etcd.members[1:]:
            other.process.kill()
        _, body = hook.await_body(lambda body: body["status"] == "firing", 90)
        alert = body["alerts"][0]
        assert alert["labels"]["cluster"] == "prod-eu" and alert["labels"]["node"] == member.name
        assert "it knows of no leader" in alert["annotations"]["cause"]
        _, mail = inbox.await_mail(lambda mail: "no leader" in mail["subject"], 30)
        assert member.name in mail["subject"]
        aggregator.start()
        _, over = hook.await_body(lambda body: body["status"] == "resolved", 90)
        assert over["alerts"][0]["startsAt"] == alert["startsAt"]
    finally:
        agent.stop()
        aggregator.stop()
        etcd.stop()
        for receiver in (inbox, hook, watcher):
            receiver.stop()
