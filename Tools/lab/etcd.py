"""Real etcd clusters of the lab."""

import base64
import http.client
import json
import os
import pathlib

from .certificates import Authority
from .processes import Process, await_true, free_port


class Member:
    """One etcd member: its ports stay the same over restarts."""

    def __init__(self, name: str, folder: pathlib.Path, binary: pathlib.Path, uid: int | None = None,
                 authority: Authority | None = None):
        self.name, self.folder, self.binary, self.uid, self.authority = name, folder, binary, uid, authority
        self.pair = authority.issue(name, uid=uid) if authority else None
        self.client_port, self.peer_port = free_port(), free_port()
        self.process: Process | None = None

    @property
    def client_url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.client_port}"

    @property
    def peer_url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.peer_port}"

    @property
    def _scheme(self) -> str:
        return "https" if self.authority else "http"

    def _tls_options(self) -> list:
        """Certificates asked of clients and peers alike."""
        if self.pair is None:
            return []
        certificate, key = self.pair
        ca = self.authority.certificate
        return ["--client-cert-auth", "--trusted-ca-file", ca, "--cert-file", certificate, "--key-file", key,
                "--peer-client-cert-auth", "--peer-trusted-ca-file", ca, "--peer-cert-file", certificate, "--peer-key-file", key]

    def _connection(self, deadline: float) -> http.client.HTTPConnection:
        if self.authority is None:
            return http.client.HTTPConnection("127.0.0.1", self.client_port, timeout=deadline)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.client_port, timeout=deadline, context=self.authority.client_context())

    @property
    def data_dir(self) -> pathlib.Path:
        return self.folder / f"{self.name}.etcd"

    def start(self, initial_cluster: str, token: str):
        self.data_dir.mkdir(mode=0o700, exist_ok=True)
        if self.uid is not None:
            os.chown(self.data_dir, self.uid, self.uid)
        self.process = Process(
            f"etcd {self.name}",
            [self.binary, "--name", self.name, "--data-dir", self.data_dir,
             "--listen-client-urls", self.client_url, "--advertise-client-urls", self.client_url,
             "--listen-peer-urls", self.peer_url, "--initial-advertise-peer-urls", self.peer_url,
             "--initial-cluster", initial_cluster, "--initial-cluster-token", token,
             "--logger", "zap", "--log-level", "warn", *self._tls_options()],
            self.folder / f"{self.name}.log", uid=self.uid).start()

    def call(self, path: str, body: dict | None = None, deadline: float = 5) -> dict:
        """The JSON gateway's answer to POST `path`."""
        connection = self._connection(deadline)
        try:
            connection.request("POST", path, json.dumps(body or {}), {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def status(self) -> dict:
        return self.call("/v3/maintenance/status")

    def put(self, key: str, value: str):
        encode = lambda text: base64.b64encode(text.encode()).decode()
        self.call("/v3/kv/put", {"key": encode(key), "value": encode(value)})

    def get(self, key: str) -> dict:
        return self.call("/v3/kv/range", {"key": base64.b64encode(key.encode()).decode()})

    def metrics(self) -> str:
        connection = self._connection(5)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()


class EtcdCluster:
    """Members that form one cluster."""

    def __init__(self, folder: pathlib.Path, binary: pathlib.Path, names: list[str], token: str = "lab",
                 uid: int | None = None, authority: Authority | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        if uid is not None:
            os.chmod(folder, 0o755)
        self.token = token
        self.members = [Member(name, folder, binary, uid, authority) for name in names]

    @property
    def initial_cluster(self) -> str:
        return ",".join(f"{member.name}={member.peer_url}" for member in self.members)

    def start(self):
        for member in self.members:
            member.start(self.initial_cluster, self.token)
        await_true("the etcd cluster has a leader", self.leader, 60)

    def restart(self, member: Member):
        member.start(self.initial_cluster, self.token)
        await_true(f"{member.name} answers", member.status, 60)

    def leader(self) -> Member | None:
        """The leader that a running member names, if that one runs."""
        for member in self.members:
            if member.process is None or not member.process.running:
                continue
            try:
                status = member.status()
            except (OSError, ValueError, http.client.HTTPException):
                continue
            for other in self.members:
                if other.process and other.process.running:
                    try:
                        if other.status()["header"]["member_id"] == status.get("leader"):
                            return other
                    except (OSError, ValueError, http.client.HTTPException):
                        continue
        return None

    def followers(self) -> list[Member]:
        leader = await_true("a leader", self.leader)
        return [member for member in self.members if member is not leader]

    def stop(self):
        for member in self.members:
            if member.process:
                member.process.stop(5)
