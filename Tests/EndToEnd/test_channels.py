"""Channels and routes made over the API: sealed, tested, kept over a restart, and told where they cannot be reached."""

import os

from Tools.lab.installation import Aggregator
from Tools.lab.processes import await_true
from Tools.lab.receivers import WebhookReceiver

RULES = """groups:
  - name: storms
    rules:
      - {alert: Storm, expr: vector(1), labels: {severity: critical, cluster: prod-eu}}
      - {alert: Breeze, expr: vector(1), labels: {severity: warning, cluster: prod-eu}}
      - {alert: Far, expr: vector(1), labels: {severity: critical, cluster: lab}}
"""


def _names(receiver) -> set[str]:
    return {alert["labels"]["alertname"] for _, body in list(receiver.bodies) for alert in body["alerts"]}


def test_channels_are_made_tested_and_told(stage):
    folder = stage / "channels"
    folder.mkdir(mode=0o755)
    rules = folder / "rules.yaml"
    rules.write_text("groups: []\n")
    broken, chat, rest = WebhookReceiver(lambda path, number: 500), WebhookReceiver(), WebhookReceiver()
    receivers = (broken, chat, rest)
    aggregator = Aggregator(
        folder / "aggregator", stage, uid=65534 if os.geteuid() == 0 else None, dashboard=stage / "dashboard",
        more_yaml=f"rules:\n  built_in: false\n  interval: 1s\n  files: [{rules}]\n")
    for receiver in receivers:
        receiver.start()
    try:
        aggregator.start()
        secrets = [f"token-of-{name}" for name in ("pager", "chat", "rest")]
        for name, receiver, secret in zip(("chat", "rest"), receivers[1:], secrets[1:]):
            aggregator.api(f"/api/v1/channels/{name}", "PUT", {
                "kind": "webhook", "secrets": {"url": receiver.url, "bearer_token": secret}})
        answer = aggregator.api("/api/v1/channels/pager", "PUT", {
            "kind": "webhook", "secrets": {"url": f"{broken.url}/{secrets[0]}"}, "fallback": "chat",
            "fallbackAttempts": 1})
        assert (answer["target"], answer["secrets"]) == (broken.origin, ["url"])

        good = aggregator.api("/api/v1/channels/chat/test", "POST")
        assert good["delivered"] and good["code"] == 200
        assert chat.headers[0]["Authorization"] == f"Bearer {secrets[1]}"
        bad = aggregator.api("/api/v1/channels/pager/test", "POST")
        assert (bad["delivered"], bad["code"], bad["fallback"], bad["fallbackDelivered"]) == (False, 500, "chat", True)

        aggregator.api("/api/v1/alert-routes", "PUT", {"routes": [
            {"name": "pages", "match": {"severity": ["critical"], "cluster": ["prod-eu"]}, "channels": ["pager"]},
            {"name": "rest", "channels": ["rest"]}]})
        # After a restart, and without a word of it in the configuration, the alerts go where they were sent.
        aggregator.stop()
        rules.write_text(RULES)
        aggregator.start()
        await_true("the routes' alerts", lambda: _names(rest) == {"Breeze", "Far"}, 60, 0.1)
        await_true("the fallback's", lambda: "Storm" in _names(chat), 60, 0.1)
        assert _names(chat) == {"EtcdMonitorTest", "Storm"} and not broken.bodies

        shown = [aggregator.api(path) for path in ("/api/v1/channels", "/api/v1/deliveries", "/api/v1/audit")]
        aggregator.stop()
        files = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for secret in secrets:
            assert secret not in str(shown)
            assert not [path for path, content in files.items() if secret.encode() in content]
    finally:
        aggregator.stop()
        for receiver in receivers:
            receiver.stop()
