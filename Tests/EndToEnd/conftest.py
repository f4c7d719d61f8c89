"""End to end on the built programs: real etcd, real PostgreSQL, a real mail conversation, a real browser.

As root, etcd, agent and aggregator each run as a user of their own, as packages install them.
"""

import os
import pathlib
import shutil
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from Tools.lab.installation import Installation  # noqa: E402
from Tools.lab.load import Load  # noqa: E402
from Tools.lab.receivers import Inbox, WebhookReceiver  # noqa: E402
from Tools.lab.recording_proxy import RecordingProxy  # noqa: E402


@pytest.fixture(scope="session")
def stage():
    """Programs, etcd and dashboard where any user can reach them; the clone may be in a closed home directory."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="etcd-monitor-e2e-", dir="/tmp"))
    folder.chmod(0o755)
    binaries = pathlib.Path(os.environ.get("ETCD_MONITOR_BINARIES", ROOT / ".build/debug"))
    for program in ("etcd-monitor-agent", "etcd-monitor-aggregator", "etcd-monitor"):
        shutil.copy(binaries / program, folder / program)
    shutil.copy(ROOT / ".build-tools/etcd-3.5.1/etcd", folder / "etcd")
    shutil.copytree(ROOT / "Aggregator/Dashboard/dist", folder / "dashboard")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class World:
    """An installation with everything around it."""

    def __init__(self, stage: pathlib.Path, folder: pathlib.Path):
        self.inbox, self.hook = Inbox(folder / "mail"), WebhookReceiver()
        self.slack, self.pagerduty, self.alertmanager = (WebhookReceiver() for _ in range(3))
        # What a test puts here counts once the aggregator has reloaded.
        self.rules = folder / "rules"
        self.rules.mkdir(mode=0o755)
        self.proxies = {}
        self.installation = Installation(
            folder, stage, stage / "etcd", cluster="prod-eu", smtp_port=self.inbox.port, webhook_url=self.hook.url,
            more_channels=self._channels(folder),
            # Batches become blocks within a minute: every test meets each kind of storage.
            more_yaml=f"storage:\n  slot: 10s\n  window: 1m\nrules:\n  files: ['{self.rules}/*.yaml']\n",
            unprivileged=os.geteuid() == 0, dashboard=stage / "dashboard", client_urls=self._proxied)
        self.load = Load(self.installation.etcd, per_second=100)
        self.etcd, self.aggregator = self.installation.etcd, self.installation.aggregator

    def _channels(self, folder: pathlib.Path) -> str:
        key = folder / "pagerduty-key"
        key.write_text("routing-key-of-the-test")
        return (f"    - name: slack\n      slack: {{url: '{self.slack.url}'}}\n"
                f"    - name: pager\n      pagerduty: {{url: '{self.pagerduty.url}', routing_key_file: {key}}}\n"
                f"    - name: alertmanager\n      alertmanager: {{urls: ['{self.alertmanager.origin}']}}\n")

    def _proxied(self, member):
        proxy = self.proxies[member.name] = RecordingProxy(member.client_port)
        proxy.start()
        return f"http://127.0.0.1:{proxy.port}"

    def start(self):
        self.inbox.start()
        for receiver in (self.hook, self.slack, self.pagerduty, self.alertmanager):
            receiver.start()
        self.installation.start()
        self.load.start()

    def stop(self):
        self.load.stop()
        self.installation.stop()
        self.inbox.stop()
        for receiver in (self.hook, self.slack, self.pagerduty, self.alertmanager):
            receiver.stop()
        for proxy in self.proxies.values():
            proxy.stop()


@pytest.fixture(scope="module")
def world(stage, request):
    folder = stage / f"world-{request.module.__name__}"
    folder.mkdir(mode=0o755)
    world = World(stage, folder)
    try:
        world.start()
        yield world
    finally:
        world.stop()
        if request.session.testsfailed:
            for log in sorted(log for log in folder.rglob("*.log") if log.parent.name != "etcd"):
                print(f"\n--- {log.relative_to(folder)}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]))
