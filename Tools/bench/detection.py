"""A leader is killed: how long until the aggregator knows, and until each channel has taken the word."""

import pathlib
import time

from Tools.lab.installation import ROOT, Installation
from Tools.lab.load import Load
from Tools.lab.processes import await_true
from Tools.lab.receivers import Inbox, WebhookReceiver

ROUNDS = 3
GOAL, LIMIT = 5, 30  # seconds from the kill to the last of the channels


def run(folder: pathlib.Path, binaries: pathlib.Path):
    """Each round in an installation of its own: the rule looks two minutes back, and a group that has just sent waits."""
    worst = 0.0
    for number in range(1, ROUNDS + 1):
        elected, delivered = _round(folder / f"round-{number}", binaries)
        worst = max(worst, *delivered.values())
        yield (f"leader killed, round {number}: elected {elected:.1f} s, "
               + ", ".join(f"{channel} {seconds:.1f} s" for channel, seconds in delivered.items()))
    yield f"breach to delivered, the worst of {ROUNDS} rounds and all channels: {worst:.1f} s (goal {GOAL}, limit {LIMIT})"


def _round(folder: pathlib.Path, binaries: pathlib.Path) -> tuple[float, dict[str, float]]:
    """Seconds from the kill to a new leader, and to each channel."""
    folder.mkdir()
    inbox = Inbox(folder / "mail")
    hook, slack, pagerduty, alertmanager = receivers = [WebhookReceiver() for _ in range(4)]
    key = folder / "pagerduty-key"
    key.write_text("key")
    channels = (f"    - name: slack\n      slack: {{url: '{slack.url}'}}\n"
                f"    - name: pager\n      pagerduty: {{url: '{pagerduty.url}', routing_key_file: {key}}}\n"
                f"    - name: alertmanager\n      alertmanager: {{urls: ['{alertmanager.origin}']}}\n")
    installation = Installation(folder, binaries, ROOT / ".build-tools/etcd-3.5.1/etcd", cluster="bench",
                                smtp_port=inbox.port, webhook_url=hook.url, more_channels=channels)
    load = Load(installation.etcd, per_second=50)
    for receiver in (inbox, *receivers):
        receiver.start()
    try:
        installation.start()
        load.start()
        leader = await_true("a leader", installation.etcd.leader)
        killed = time.time()
        leader.process.kill()
        elected = await_true("an election", lambda: installation.etcd.leader() and time.time(), pause=0.02)

        def first(receiver, matches) -> float:
            """When a body that tells of it first came after the kill."""
            def found():
                times = (at for at, body in list(receiver.bodies) if at > killed and matches(body))
                return next(times, None)
            return await_true("the word of the killed leader", found, 60, 0.02) - killed

        delivered = {
            "mail": await_true("the mail", lambda: next(
                (at for at, mail in list(inbox.messages) if at > killed and "leader" in mail["subject"].lower()), None),
                60, 0.02) - killed,
            "webhook": first(hook, lambda body: _names(body["alerts"]) and body["status"] == "firing"),
            "Slack": first(slack, lambda body: "leader changed" in body["text"].lower()),
            "PagerDuty": first(pagerduty, lambda body: "leader changed" in body["payload"]["summary"].lower()),
            "Alertmanager": first(alertmanager, _names),
        }
        return elected - killed, delivered
    finally:
        load.stop()
        installation.stop()
        for receiver in (inbox, *receivers):
            receiver.stop()


def _names(alerts) -> bool:
    return any(alert["labels"]["alertname"] == "EtcdLeaderChanged" for alert in alerts)
