"""A PostgreSQL of the user's own: TCP with TLS and passwords, set up with the roles that the package documents."""

import glob
import os
import pathlib
import subprocess

from .certificates import Authority
from .processes import LabError, Process, await_true, become, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ExternalPostgres:
    """`postgres` on a port of 127.0.0.1 that takes TLS connections with passwords only."""

    PASSWORDS = {"etcd_monitor": "writes", "etcd_monitor_read": "reads"}

    def __init__(self, folder: pathlib.Path):
        self.folder, self.port = folder, free_port()
        self.uid = 65534 if os.geteuid() == 0 else None
        self.binaries = pathlib.Path(max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4])))
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        if self.uid is not None:
            os.chown(folder, self.uid, self.uid)
        self.authority = Authority(folder / "tls", "postgres")
        self.certificate, self.key = self.authority.issue("server", uid=self.uid)
        self.key.chmod(0o600)
        self.data, self.process = folder / "data", None

    def start(self):
        if not self.data.exists():
            self._run("initdb", "--pgdata", self.data, "--username", "postgres", "--auth", "peer", "--no-sync")
            (self.data / "pg_hba.conf").write_text(
                "local all postgres trust\nhostssl all all 127.0.0.1/32 scram-sha-256\nhostnossl all all all reject\n")
        self.process = Process("postgres", [
            self.binaries / "postgres", "-D", self.data, "-k", self.folder, "-c", f"port={self.port}", "-c",
            "listen_addresses=127.0.0.1", "-c", "ssl=on", "-c", f"ssl_cert_file={self.certificate}", "-c",
            f"ssl_key_file={self.key}", "-c", "max_connections=60", "-c", "shared_buffers=64MB"],
            self.folder / "postgres.log", uid=self.uid)
        self.process.start()
        await_true("PostgreSQL answers", lambda: self._psql("postgres", "select 1") is not None, 60)

    def set_up(self):
        """What docs/operations.md tells to do."""
        self._psql("postgres", "create database etcd_monitor")
        self._psql("etcd_monitor", file=ROOT / "packaging/postgresql/roles.sql")
        for role, password in self.PASSWORDS.items():
            self._psql("etcd_monitor", f"alter role {role} password '{password}'")

    def url(self, role: str, *, ca: pathlib.Path | None = None) -> str:
        return (f"postgresql://{role}:{self.PASSWORDS[role]}@localhost:{self.port}/etcd_monitor"
                f"?sslmode=verify-full&sslrootcert={ca or self.authority.certificate}&hostaddr=127.0.0.1")

    def query(self, role: str, statement: str) -> str:
        """What psql prints for `statement` of `role`, over TLS; LabError with PostgreSQL's words if it is refused."""
        done = subprocess.run([self.binaries / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(role)],
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise LabError(done.stderr.strip())
        return done.stdout.strip()

    def superuser(self, statement: str) -> str:
        return self._psql("etcd_monitor", statement) or ""

    def stop(self):
        if self.process:
            self.process.stop(30)

    def _psql(self, database: str, statement: str | None = None, *, file: pathlib.Path | None = None) -> str | None:
        what = ["-c", statement] if statement else ["-f", "-"]
        done = subprocess.run(
            [self.binaries / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port), "-U",
             "postgres", *what, database], input=file.read_text() if file else None, capture_output=True, text=True,
            timeout=60)
        if done.returncode != 0 and (file or not statement.startswith("select 1")):
            raise LabError(done.stderr.strip())
        return done.stdout.strip() if done.returncode == 0 else None

    def _run(self, program: str, *words):
        subprocess.run([self.binaries / program, *map(str, words)], check=True, capture_output=True, timeout=120,
                       preexec_fn=lambda: become(self.uid), cwd="/")
