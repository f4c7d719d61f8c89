"""The aggregator is killed again and again while 200 alerts begin: all of them arrive, by mail and by webhook."""

import os
import random
import re
import time

from Tools.lab.installation import Aggregator
from Tools.lab.processes import LabError, await_true
from Tools.lab.receivers import Inbox, WebhookReceiver

ALERTS = 200
KILLS = 5


def _rules() -> str:
    """Alerts that begin one after another, over half a minute."""
    rules = "".join(
        f"      - alert: Alert{number:03d}\n        expr: vector(1)\n        for: {number * 30 // ALERTS}s\n"
        f"        labels: {{severity: {('critical', 'warning', 'info')[number % 3]}}}\n"
        f"        annotations: {{summary: number {number}}}\n"
        for number in range(ALERTS))
    return f"groups:\n  - name: kills\n    rules:\n{rules}"


def test_nothing_is_lost_over_kill_9(stage, capsys):
    chance = random.Random(seed := int(os.environ.get("ETCD_MONITOR_SEED", time.time())))
    folder = stage / "kills"
    folder.mkdir(mode=0o755)
    (folder / "rules.yaml").write_text(_rules())
    # Of each ten requests one is refused for now.
    inbox, hook = Inbox(folder / "mail"), WebhookReceiver(lambda path, number: 503 if number % 10 == 3 else 200)
    # What is being sent at a kill is sent again when the lease is over: after the deadline and 10 s.
    channels = (f"    - name: hook\n      deadline: 1s\n      webhook: {{url: '{hook.url}'}}\n"
                f"    - name: operators\n      deadline: 1s\n      email: {{server: '127.0.0.1:{inbox.port}', tls: none,"
                f" from: a@example.org, to: [b@example.org]}}\n")
    aggregator = Aggregator(
        folder / "aggregator", stage, more_channels=channels,
        uid=65534 if os.geteuid() == 0 else None, dashboard=stage / "dashboard",
        more_yaml=f"rules:\n  built_in: false\n  interval: 1s\n  files: [{folder}/rules.yaml]\n")
    inbox.start()
    hook.start()
    try:
        for _ in range(KILLS):
            aggregator.start()
            time.sleep(chance.uniform(0, 9))  # rules wait 5 s after a start
            aggregator.process.kill()
        aggregator.start()

        def posted() -> dict[str, set[str]]:
            """Keys of the notifications that told each alert."""
            keys: dict[str, set[str]] = {}
            for (_, body), headers in zip(list(hook.bodies), list(hook.headers)):
                for alert in body["alerts"]:
                    keys.setdefault(alert["labels"]["alertname"], set()).add(headers["Idempotency-Key"])
            return keys

        def mailed() -> dict[str, set[str]]:
            keys: dict[str, set[str]] = {}
            for _, mail in list(inbox.messages):
                for name in set(re.findall(r"Alert\d{3}", mail.get_body(("plain",)).get_content())):
                    keys.setdefault(name, set()).add(mail["Message-ID"])
            return keys

        try:
            await_true("all alerts are posted and mailed", lambda: len(posted()) == ALERTS == len(mailed()), 240, 0.5)
        except LabError as error:
            raise AssertionError(f"seed {seed}: posted {len(posted())}, mailed {len(mailed())} of {ALERTS}") from error
        # As far as a receiver can tell each was told once: what came twice came under the same key.
        twice = {name: keys for way in (posted(), mailed()) for name, keys in way.items() if len(keys) > 1}
        assert not twice, f"seed {seed}"

        def settled():
            answers = aggregator.api("/api/v1/deliveries?limit=500")["deliveries"]
            return len(answers) == 2 * ALERTS and all(answer["status"] == "delivered" for answer in answers) and answers
        ledger = await_true("the ledger knows that all are delivered", settled, 120, 0.5)
        attempts = sum(delivery["attempts"] for delivery in ledger)
        with capsys.disabled():
            print(f"\n    {KILLS} kills: {ALERTS} alerts, {attempts} attempts at {2 * ALERTS} deliveries,"
                  f" {len(hook.bodies)} posts and {len(inbox.messages)} mails taken", end=" ")
    finally:
        aggregator.stop()
        inbox.stop()
        hook.stop()
