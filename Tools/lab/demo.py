"""The demo: a real cluster, its agents and an aggregator, until Ctrl-C. Started by run.sh."""

import pathlib
import shutil
import signal
import sys
import threading

from .installation import ROOT, Installation
from .load import Load
from .processes import LabError, await_true
from .receivers import Inbox, WebhookReceiver

FOLDER = ROOT / ".demo"


def say(text: str):
    print(f"\033[1m· {text}\033[0m", flush=True)


def environment(installation: Installation, hook: WebhookReceiver) -> str:
    """Shell variables for scripts that use the demo."""
    aggregator = installation.aggregator
    lines = {
        "ETCD_MONITOR_URL": aggregator.url,
        "ETCD_MONITOR_TOKEN": aggregator.make_api_token("demo", "admin"),
        "ETCD_MONITOR_CA": str(aggregator.ca_file),
        "ETCD_MONITOR_USER": "admin",
        "ETCD_MONITOR_PASSWORD": aggregator.password,
        "ETCD_MONITOR_CLUSTER": installation.cluster_name,
        "ETCD_MONITOR_AGGREGATOR_PID": aggregator.process.pid,
        "ETCD_MONITOR_AGENT_PIDS": " ".join(str(agent.process.pid) for agent in installation.agents),
        "ETCDCTL_ENDPOINTS": ",".join(member.client_url for member in installation.etcd.members),
        "ETCD_PIDS": " ".join(str(member.process.pid) for member in installation.etcd.members),
        "ETCD_LEADER_PID": await_true("a leader", installation.etcd.leader).process.pid,
        "ETCD_MONITOR_WEBHOOK": hook.url,
    }
    for number, (member, agent) in enumerate(zip(installation.etcd.members, installation.agents), 1):
        lines[f"ETCD_{number}_URL"] = member.client_url
        lines[f"ETCD_{number}_PID"] = member.process.pid
        lines[f"ETCD_MONITOR_AGENT_{number}_PID"] = agent.process.pid
    return "".join(f"export {name}='{value}'\n" for name, value in lines.items())


def main() -> int:
    binaries = pathlib.Path(sys.argv[1]).resolve()
    etcd = pathlib.Path(shutil.which("etcd") or ROOT / ".build-tools/etcd-3.5.1/etcd")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())

    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700)
    inbox = Inbox(FOLDER / "mail", lambda mail: say(f"mail: {mail['subject']}"))
    hook = WebhookReceiver()
    inbox.start()
    hook.start()
    installation = Installation(FOLDER, binaries, etcd, smtp_port=inbox.port, webhook_url=hook.url)
    load = Load(installation.etcd)
    try:
        installation.start(say)
        load.start()
        temporary = FOLDER / "env.new"
        temporary.touch(mode=0o600)
        temporary.write_text(environment(installation, hook))
        temporary.rename(FOLDER / "env")
        print(f"\n    {installation.aggregator.url}    user admin, password {installation.aggregator.password}\n\n"
              f"    Shell variables for scripts:  . .demo/env\n"
              f"    Kill the leader:              kill -9 $ETCD_LEADER_PID\n"
              f"    Mail that was sent:           .demo/mail\n\n"
              f"    Ctrl-C ends the demo and leaves nothing behind.\n", flush=True)
        stopped.wait()
        return 0
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 0 if stopped.is_set() else 1
    finally:
        say("stopping")
        load.stop()
        installation.stop()
        inbox.stop()
        hook.stop()
        shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
