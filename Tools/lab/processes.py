"""Child processes of a lab: started, awaited by their own word, stopped whatever happens."""

import ctypes
import os
import pathlib
import random
import select
import signal
import socket
import subprocess
import tempfile
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """Something that should have happened in the lab did not; the text says what and where to look."""


_handed_out: set[int] = set()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now, and that nobody gets who takes any."""
    while True:
        # Below those that Linux gives to whoever connects or asks for none in particular.
        port = random.randrange(10_000, 32_768)
        if port in _handed_out:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _handed_out.add(port)
        return port


def become(uid: int | None):
    """Gives a child's rights up to those of user `uid` before it executes; None changes nothing."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


class Process:
    """A program that runs until it is stopped, with its output in a file."""

    def __init__(self, name: str, command: list, log: pathlib.Path, *, notify: bool = False, uid: int | None = None,
                 environment: dict | None = None):
        self.name, self.log, self.uid = name, log, uid
        self.command = [str(word) for word in command]
        self._notify = notify
        self._environment = {**os.environ, **(environment or {})}
        self._child: subprocess.Popen | None = None
        self._socket: socket.socket | None = None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise LabError(f"{self.name} was not started")
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self, deadline: float = 60) -> "Process":
        """Starts it; with `notify`, returns when it says READY=1 as it would to systemd."""
        environment = dict(self._environment)
        environment.pop("NOTIFY_SOCKET", None)
        if self.uid is not None:
            environment["HOME"] = "/"  # our own is closed to it
        if self._notify:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="etcd-monitor-notify-"))
            path = folder / "socket"
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.bind(str(path))
            if self.uid is not None:
                os.chmod(folder, 0o755)
                os.chmod(path, 0o666)
            environment["NOTIFY_SOCKET"] = str(path)
        with open(self.log, "ab") as output:
            self._child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                preexec_fn=self._before_exec, start_new_session=True)
        if self._notify:
            try:
                self._await_ready(deadline)
            finally:
                path = pathlib.Path(self._socket.getsockname())
                self._socket.close()
                path.unlink(missing_ok=True)
                path.parent.rmdir()
        return self

    def _before_exec(self):
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if self.uid is not None:
            become(self.uid)
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # a change of user clears it

    def _await_ready(self, deadline: float):
        end = time.monotonic() + deadline
        while (left := end - time.monotonic()) > 0:
            if select.select([self._socket], [], [], min(left, 0.2))[0]:
                if b"READY=1" in self._socket.recv(4096):
                    return
            if not self.running:
                raise LabError(f"{self.name} ended with {self._child.returncode} before it was ready:\n{self.tail()}")
        raise LabError(f"{self.name} was not ready within {deadline:.0f} s:\n{self.tail()}")

    def stop(self, deadline: float = 20):
        """SIGTERM, and SIGKILL for what does not heed it."""
        if not self.running:
            return
        os.kill(self.pid, signal.SIGCONT)
        self._child.terminate()
        try:
            self._child.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        """kill -9."""
        if self.running:
            self._child.kill()
        self._child.wait()

    def signal(self, number: int):
        os.kill(self.pid, number)

    def tail(self, lines: int = 15) -> str:
        text = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"    {line}" for line in text[-lines:])


def await_true(what: str, condition, deadline: float = 30, pause: float = 0.05):
    """The first true value of `condition()`; the lab's outside offers no event for it, so it is asked again."""
    end = time.monotonic() + deadline
    last = None
    while time.monotonic() < end:
        try:
            if value := condition():
                return value
            last = None
        except (OSError, ValueError, KeyError, LookupError) as error:
            last = error
        time.sleep(pause)
    raise LabError(f"not within {deadline:.0f} s: {what}" + (f" ({last!r})" if last else ""))
