"""A leader is killed: how long until the aggregator knows, and until mail and webhook are delivered."""

import pathlib
import time

from Tools.lab.installation import ROOT, Installation
from Tools.lab.load import Load
from Tools.lab.processes import await_true
from Tools.lab.receivers import Inbox, WebhookReceiver

ROUNDS = 3


def run(folder: pathlib.Path, binaries: pathlib.Path):
    """Each round in an installation of its own: the rule looks two minutes back, and a group that has just sent waits."""
    for number in range(1, ROUNDS + 1):
        elected, mailed, posted = _round(folder / f"round-{number}", binaries)
        yield f"leader killed, round {number}: elected {elected:.1f} s, mail {mailed:.1f} s, webhook {posted:.1f} s"


def _round(folder: pathlib.Path, binaries: pathlib.Path) -> tuple[float, float, float]:
    """Seconds from the kill to a new leader, to the mail, to the webhook."""
    folder.mkdir()
    inbox, hook = Inbox(folder / "mail"), WebhookReceiver()
    inbox.start()
    hook.start()
    installation = Installation(folder, binaries, ROOT / ".build-tools/etcd-3.5.1/etcd", cluster="bench",
                                smtp_port=inbox.port, webhook_url=hook.url)
    load = Load(installation.etcd, per_second=50)
    try:
        installation.start()
        load.start()
        leader = await_true("a leader", installation.etcd.leader)
        killed = time.time()
        leader.process.kill()
        elected = await_true("an election", lambda: installation.etcd.leader() and time.time(), pause=0.02)
        mailed, _ = inbox.await_mail(
            lambda mail: _sent(inbox, mail) > killed and "leader" in mail["subject"].lower(), 60)
        posted, _ = hook.await_body(
            lambda body: body["status"] == "firing" and any(
                "leader" in alert["labels"]["alertname"].lower() for alert in body["alerts"])
            and _arrived(hook, body) > killed, 60)
        return elected - killed, mailed - killed, posted - killed
    finally:
        load.stop()
        installation.stop()
        inbox.stop()
        hook.stop()


def _sent(inbox, mail):
    return next(at for at, each in inbox.messages if each is mail)


def _arrived(hook, body):
    return next(at for at, each in hook.bodies if each is body)

