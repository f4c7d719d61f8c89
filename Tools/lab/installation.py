"""An etcd-monitor installation of the lab: an aggregator and an agent per member, as built, on free ports."""

import http.client
import json
import os
import pathlib
import ssl
import subprocess
import urllib.parse

from .etcd import EtcdCluster, Member
from .processes import LabError, Process, await_true, become, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Aggregator:
    """`etcd-monitor-aggregator serve` on a private PostgreSQL below `folder`."""

    def __init__(self, folder: pathlib.Path, binaries: pathlib.Path, *, smtp_port: int | None = None,
                 webhook_url: str | None = None, uid: int | None = None, more_yaml: str = "", more_channels: str = "",
                 dashboard: pathlib.Path = ROOT / "Aggregator/Dashboard/dist"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.uid, self.port = folder, uid, free_port()
        self.binary = binaries / "etcd-monitor-aggregator"
        self.state, self.configuration = folder / "state", folder / "aggregator.yaml"
        self.state.mkdir(mode=0o700, exist_ok=True)
        if uid is not None:
            os.chown(self.state, uid, uid)
        self.configuration.write_text(self._yaml(smtp_port, webhook_url, dashboard, more_channels) + more_yaml)
        self._cookie: str | None = None
        self._founder: Aggregator | None = None
        self.process = Process("aggregator", [self.binary, "serve", "--config", self.configuration],
                               folder / "aggregator.log", notify=True, uid=uid)

    def _yaml(self, smtp_port, webhook_url, dashboard, more_channels) -> str:
        channels = more_channels
        if smtp_port:
            channels += (f"    - name: operators\n      email:\n        server: 127.0.0.1:{smtp_port}\n        tls: none\n"
                         f"        from: etcd-monitor@example.org\n        to: [operators@example.org]\n")
        if webhook_url:
            channels += f"    - name: hook\n      webhook:\n        url: {webhook_url}\n"
        return (f"listen: 127.0.0.1:{self.port}\nexternal_url: {self.url}\nstate_directory: {self.state}\n"
                f"dashboard_directory: {dashboard}\n"
                + (f"notifications:\n  channels:\n{channels}" if channels else ""))

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> pathlib.Path:
        return self.state / "tls" / "ca.pem"

    @property
    def password(self) -> str:
        if self._founder:
            return self._founder.password
        return (self.state / "initial-password").read_text().strip()

    def join(self, founder: "Aggregator"):
        """Becomes one of `founder`'s installation, before the first start."""
        self._founder = founder
        token = founder.command("token", "create-join")
        self.command("join", "--token-file", "-", standard_input=token + "\n")

    def start(self):
        self.process.start(120)

    def stop(self):
        self.process.stop(60)

    def command(self, *words: str, standard_input: str = "") -> str:
        """What `etcd-monitor-aggregator WORDS` prints."""
        done = subprocess.run([self.binary, *words, "--config", self.configuration], capture_output=True, text=True,
                              input=standard_input, timeout=60, preexec_fn=lambda: become(self.uid),
                              env=os.environ | ({"HOME": "/"} if self.uid is not None else {}))
        if done.returncode != 0:
            raise LabError(f"etcd-monitor-aggregator {' '.join(words)}: {done.stdout.strip()}\n{done.stderr.strip()}")
        return done.stdout.strip()

    @property
    def ca_fingerprint(self) -> str:
        words = self.command("ca", "show").split()
        return next(word for word in words if word.startswith("sha256:"))

    def make_enrolment_token(self, cluster: str, *more: str) -> str:
        words = self.command("token", "create", "--cluster", cluster, *more).split()
        return next(word for word in words if word.startswith("emt_"))

    def request(self, method: str, path: str, body=None, headers: dict | None = None, deadline: float = 10):
        """(status, headers, bytes) of a request with a verified certificate."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=deadline, context=context)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def sign_in(self):
        """Takes a session as `admin`; `api` and `query` use it."""
        status, headers, body = self.request(
            "POST", "/api/v1/session", json.dumps({"username": "admin", "password": self.password}),
            {"Content-Type": "application/json", "X-Requested-With": "etcd-monitor"})
        if status != 200:
            raise LabError(f"sign-in was answered {status}: {body[:300]!r}")
        self._cookie = headers["Set-Cookie"].split(";")[0]

    def api(self, path: str, method: str = "GET", body=None):
        """The decoded JSON answer of the REST API."""
        if self._cookie is None:
            self.sign_in()
        status, _, content = self.request(
            method, path, None if body is None else json.dumps(body),
            {"Cookie": self._cookie, "Content-Type": "application/json", "X-Requested-With": "etcd-monitor"})
        if status >= 400:
            raise LookupError(f"{method} {path} was answered {status}: {content[:300]!r}")
        return json.loads(content) if content else None

    def make_api_token(self, name: str, role: str = "viewer") -> str:
        return self.api("/api/v1/tokens", "POST", {"name": name, "role": role})["token"]

    def query(self, expression: str, at: float | None = None) -> list[dict]:
        """An instant query's vector."""
        form = {"query": expression} | ({"time": f"{at:.3f}"} if at is not None else {})
        answer = self.api("/prometheus/api/v1/query?" + urllib.parse.urlencode(form))
        return answer["data"]["result"]

    def query_range(self, expression: str, start: float, end: float, step: float) -> list[dict]:
        form = {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step}"}
        return self.api("/prometheus/api/v1/query_range?" + urllib.parse.urlencode(form))["data"]["result"]


class Agent:
    """`etcd-monitor-agent run` for one member, enrolled on first start."""

    def __init__(self, folder: pathlib.Path, binaries: pathlib.Path, aggregator: Aggregator, cluster: str, node: str,
                 member: Member, *, client_url: str, uid: int | None = None, interval: str = "5s",
                 server_url: str | None = None, tls: dict | None = None, metrics_url: str | None = None,
                 more_yaml: str = ""):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.aggregator, self.cluster, self.node, self.uid = folder, aggregator, cluster, node, uid
        self.binary = binaries / "etcd-monitor-agent"
        self.member = member
        self.state, self.configuration = folder / "state", folder / "agent.yaml"
        self.state.mkdir(mode=0o700, exist_ok=True)
        if uid is not None:
            os.chown(self.state, uid, uid)
        self.configuration.write_text(
            f"aggregators: [{server_url or aggregator.url}]\ncluster: {cluster}\nnode: {node}\nstate_directory: {self.state}\n"
            f"members:\n  - name: {member.name}\n    client_url: {client_url}\n"
            + (f"    tls: {json.dumps({key: str(file) for key, file in tls.items()})}\n" if tls else "")
            + (f"    metrics_url: {metrics_url}\n" if metrics_url else "")
            + f"    data_dir: {member.data_dir}\nintervals:\n  scrape: {interval}\n" + more_yaml)
        self.process = Process(f"agent {node}", [self.binary, "run", "--config", self.configuration],
                               folder / "agent.log", notify=True, uid=uid)

    def enrol(self, token: str | None = None):
        """Exchanges a token, given on standard input, for an identity."""
        done = subprocess.run(
            [self.binary, "enrol", "--config", self.configuration, "--server", self.aggregator.url,
             "--ca-fingerprint", self.aggregator.ca_fingerprint, "--token-file", "-"],
            input=(token or self.aggregator.make_enrolment_token(self.cluster)) + "\n", capture_output=True, text=True,
            timeout=60, preexec_fn=lambda: become(self.uid))
        if done.returncode != 0:
            raise LabError(f"enrolment of {self.node}: {done.stderr.strip() or done.stdout.strip()}")

    def start(self):
        self.process.start(60)

    def stop(self):
        self.process.stop(20)


class Installation:
    """Three members, three agents, one aggregator."""

    def __init__(self, folder: pathlib.Path, binaries: pathlib.Path, etcd: pathlib.Path, *, cluster: str = "demo",
                 smtp_port: int | None = None, webhook_url: str | None = None, unprivileged: bool = False,
                 client_urls=lambda member: member.client_url, **more):
        # Three users, as on real hosts: etcd's, the agent's, the aggregator's. PostgreSQL wants its user to have an
        # entry in /etc/passwd, so the aggregator is nobody; the others are mere numbers.
        etcd_uid, agent_uid, aggregator_uid = (64101, 64102, 65534) if unprivileged else (None, None, None)
        self.cluster_name = cluster
        self.etcd = EtcdCluster(folder / "etcd", etcd, ["etcd-1", "etcd-2", "etcd-3"], uid=etcd_uid)
        self.aggregator = Aggregator(folder / "aggregator", binaries, smtp_port=smtp_port, webhook_url=webhook_url,
                                     uid=aggregator_uid, **more)
        self.agents = [
            Agent(folder / f"agent-{member.name}", binaries, self.aggregator, cluster, member.name, member,
                  client_url=client_urls(member), uid=agent_uid)
            for member in self.etcd.members]

    def start(self, say=lambda text: None):
        say("starting three etcd members")
        self.etcd.start()
        say("starting the aggregator and its PostgreSQL")
        self.aggregator.start()
        say("enrolling three agents")
        for agent in self.agents:
            agent.enrol()
            agent.start()
        say("waiting for the cluster to be seen")
        await_true("the cluster is healthy on the aggregator", self.is_healthy, 60, pause=0.2)

    def is_healthy(self) -> bool:
        clusters = self.aggregator.api("/api/v1/clusters")["clusters"]
        return any(cluster["name"] == self.cluster_name and cluster["status"] == "healthy" for cluster in clusters)

    def stop(self):
        for agent in self.agents:
            agent.stop()
        self.aggregator.stop()
        self.etcd.stop()
