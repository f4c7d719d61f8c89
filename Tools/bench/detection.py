"""A leader is killed: how long until the aggregator knows, and until mail and webhook are delivered."""

import pathlib
import time

from Tools.lab.installation import ROOT, Installation
from Tools.lab.load import Load
from Tools.lab.processes import await_true
from Tools.lab.receivers import Inbox, WebhookReceiver

ROUNDS = 3


def run(folder: pathlib.Path, binaries: pathlib.Path):
    inbox, hook = Inbox(folder / "mail"), WebhookReceiver()
    inbox.start()
    hook.start()
    installation = Installation(folder, binaries, ROOT / ".build-tools/etcd-3.5.1/etcd", cluster="bench",
                                smtp_port=inbox.port, webhook_url=hook.url)
    load = Load(installation.etcd, per_second=50)
    try:
        installation.start()
        load.start()
        for number in range(1, ROUNDS + 1):
            leader = await_true("a leader", installation.etcd.leader)
            killed = time.time()
            leader.process.kill()
            elected = await_true("an election", lambda: installation.etcd.leader() and time.time(), pause=0.02)
            is_new = lambda thing, at: at > killed and "leader" in thing.lower()
            mailed, _ = inbox.await_mail(lambda mail: is_new(mail["subject"], _sent(inbox, mail)), 60)
            posted, _ = hook.await_body(
                lambda body: body["status"] == "firing" and any(
                    "leader" in alert["labels"]["alertname"].lower() for alert in body["alerts"])
                and _arrived(hook, body) > killed, 60)
            yield (f"leader killed, round {number}: elected {elected - killed:.1f} s, mail {mailed - killed:.1f} s, "
                   f"webhook {posted - killed:.1f} s")
            installation.etcd.restart(leader)
            await_true("all is well again, and said so", lambda: _resolved(hook, posted), 300, pause=0.5)
    finally:
        load.stop()
        installation.stop()
        inbox.stop()
        hook.stop()


def _sent(inbox, mail):
    return next(at for at, each in inbox.messages if each is mail)


def _arrived(hook, body):
    return next(at for at, each in hook.bodies if each is body)


def _resolved(hook, since) -> bool:
    return any(at > since and body["status"] == "resolved" and any(
        "leaderchanged" in alert["labels"]["alertname"].lower() for alert in body["alerts"]) for at, body in hook.bodies)
