"""What surrounds the programs fails: the database hangs, disks are full, the network is slow or cut, peers are hostile.

Memory stays bounded, somebody is told what to do, and afterwards nothing is missing. ETCD_MONITOR_AWAY_SECONDS says how
long the database is away (20).
"""

import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from Tools.lab.etcd import EtcdCluster
from Tools.lab.installation import Agent, Aggregator
from Tools.lab.processes import await_true

AWAY = int(os.environ.get("ETCD_MONITOR_AWAY_SECONDS", "20"))
IDLE = int(os.environ.get("ETCD_MONITOR_IDLE_CONNECTIONS", "500"))
AGENT, ETCD, NOBODY = (64102, 64101, 65534) if os.geteuid() == 0 else (None, None, None)
MIB = 1 << 20

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting small disks needs root")


class SmallDisk:
    """A filesystem of its own of `size` bytes, below `folder`."""

    def __init__(self, folder: pathlib.Path, size: int, uid: int):
        self.folder = folder
        folder.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700,uid={uid},gid={uid}", "tmpfs", folder], check=True)

    def fill(self):
        with open(self.folder / "ballast", "ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 4096)
            except OSError:
                pass

    def free(self):
        (self.folder / "ballast").unlink(missing_ok=True)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=False)


class TroubledProxy:
    """TCP from a free port to `target`: `rate` bytes a second in each direction, or connections cut after `cut` bytes."""

    def __init__(self, target: int):
        self.target, self.rate, self.cut, self.cuts = target, None, None, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                client.close()
                continue
            for ends, counts in (((client, server), True), ((server, client), False)):
                threading.Thread(target=self._pump, args=(*ends, counts), daemon=True).start()

    def _pump(self, source, target, counts):
        passed = 0
        try:
            while data := source.recv(512 if self.rate or self.cut else 65536):
                passed += len(data)
                if counts and self.cut and passed > self.cut:
                    self.cuts += 1
                    break
                if self.rate:
                    time.sleep(len(data) / self.rate)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self._listener.close()


class World:
    def __init__(self, stage, folder):
        self.folder = folder
        self.state_disk = SmallDisk(folder / "aggregator/state", 400 * MIB, NOBODY)
        self.spool_disk = SmallDisk(folder / "agent/state", 4 * MIB, AGENT)
        self.etcd = EtcdCluster(folder / "etcd", stage / "etcd", ["etcd-1"], uid=ETCD)
        self.aggregator = Aggregator(folder / "aggregator", stage, uid=NOBODY, dashboard=stage / "dashboard")
        self.proxy = TroubledProxy(self.aggregator.port)
        [member] = self.etcd.members
        self.agent = Agent(folder / "agent", stage, self.aggregator, "prod", "etcd-1", member, uid=AGENT, interval="1s",
                           client_url=member.client_url, server_url=f"https://127.0.0.1:{self.proxy.port}")
        self.instance = f"etcd-1:{member.client_port}"

    def start(self):
        self.etcd.start()
        self.aggregator.start()
        self.agent.enrol()
        self.agent.start()
        self.await_news()

    def stop(self):
        for program in (self.agent, self.aggregator, self.etcd):
            program.stop()
        self.proxy.stop()
        self.state_disk.unmount()
        self.spool_disk.unmount()

    def await_news(self):
        since = time.time()

        def is_there():
            known = self.aggregator.query(f'timestamp(process_start_time_seconds{{instance="{self.instance}"}})')
            return known and float(known[0]["value"][1]) > since
        await_true("what is measured now is stored", is_there, 90, pause=0.2)

    def health(self) -> tuple[int, dict]:
        status, _, body = self.aggregator.request("GET", "/health")
        return status, json.loads(body)

    def await_problem(self, code: str | None):
        def is_told():
            status, answer = self.health()
            codes = [problem["code"] for problem in answer["problems"]]
            return codes == [] and status == 200 if code is None else code in codes and status == 503
        await_true(f"/health says {code}", is_told, 60, pause=0.3)

    def resident(self) -> int:
        text = pathlib.Path(f"/proc/{self.aggregator.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("VmRSS:"))

    def await_no_gap(self, since: float, until: float):
        """Each tick between the two is there, and each as it was measured: with `up` 1."""
        def is_whole():
            [series] = self.aggregator.query(f'up{{instance="{self.instance}"}}[{int(time.time() - since) + 2}s]')
            points = [float(at) for at, value in series["values"] if value == "1" and since <= float(at) <= until]
            return all(b - a < 2.5 for a, b in zip([since, *points], [*points, until]))
        await_true("no tick is missing", is_whole, 150, pause=1)

    def postgres(self) -> list[int]:
        below = str(self.aggregator.state / "postgres/data")
        found = []
        for process in pathlib.Path("/proc").iterdir():
            try:
                if process.name.isdigit() and os.readlink(process / "cwd") == below:
                    found.append(int(process.name))
            except OSError:
                pass
        return found


@pytest.fixture(scope="module")
def world(stage, request):
    folder = stage / "world-strength"
    folder.mkdir(mode=0o755)
    made = World(stage, folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        if request.session.testsfailed:
            for log in (made.agent.process.log, made.aggregator.process.log):
                print(f"\n--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]))


def test_a_database_that_hangs_is_told_and_survived(world):
    began, before = time.time(), world.resident()
    stopped = world.postgres()
    assert stopped
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        world.await_problem("database")
        time.sleep(max(0.0, began + AWAY - time.time()))  # the outage itself is what is tested
        assert world.resident() < before + 100 * MIB
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    world.await_problem(None)
    world.await_no_gap(began, time.time())
    log = world.aggregator.process.log.read_text()
    assert "the aggregator is impaired" in log and "the aggregator is no longer impaired" in log


def test_a_full_disk_of_the_aggregator_loses_nothing(world):
    began = time.time()
    world.state_disk.fill()
    world.await_problem("disk-full")
    # PostgreSQL may end, and is started again and again.
    time.sleep(10)
    world.state_disk.free()
    world.await_problem(None)
    world.await_news()
    world.await_no_gap(began, time.time())
    assert world.aggregator.process.running


def test_a_full_disk_of_an_agent_goes_on_and_is_reported(world):
    def is_told():
        # What was acknowledged gives way first, and its room is taken too.
        world.spool_disk.fill()
        return "a batch cannot be kept" in world.agent.process.log.read_text()
    await_true("the agent says so", is_told, 60, pause=0.2)
    world.spool_disk.free()
    world.await_news()
    await_true("the aggregator is told", lambda: "an agent could not keep all it measured" in
               world.aggregator.process.log.read_text(), 60)


def test_a_network_that_cuts_and_crawls_loses_nothing(world):
    began = time.time()
    world.agent.stop()
    world.proxy.cut = 6_000
    world.agent.start()
    await_true("connections were cut in a body", lambda: world.proxy.cuts >= 3, 60)
    world.proxy.cut, world.proxy.rate = None, 4_000
    world.agent.stop()
    stopped = time.time()
    world.agent.start()
    world.await_news()
    world.proxy.rate = None
    world.await_no_gap(stopped + 5, time.time())
    assert began < stopped


def test_hostile_peers_are_closed_and_others_served(world):
    before = world.resident()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def connect() -> ssl.SSLSocket:
        return context.wrap_socket(socket.create_connection(("127.0.0.1", world.aggregator.port)))

    idle = [connect() for _ in range(IDLE)]
    # An endless body: answered when its deadline ends or its bound is reached, and closed.
    endless, slow = connect(), connect()
    slow.sendall(b"POST /agent/v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    endless.sendall(b"POST /agent/v1/batches HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    sent = 0
    try:
        while sent < 64 * MIB:
            endless.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536
    except OSError:
        pass
    endless.settimeout(60)
    try:
        answer = endless.recv(4096)
        assert not answer or answer.startswith(b"HTTP/1.1 413"), answer
    except OSError:
        pass  # closed while it was sending
    # Garbage by the thousand, over a few connections.
    for number in range(1000):
        head = f"POST /agent/v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nSignature: s=:{number}:\r\n\r\nabcd".encode()
        if number % 100 == 0:
            peer = connect()
        peer.sendall(head)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += peer.recv(65536)
        assert b" 400 " in answer.split(b"\r\n")[0], answer
    world.await_news()
    assert world.resident() < before + 200 * MIB
    # One drop at a time is not patience.
    slow.settimeout(90)

    def drip():
        try:
            while True:
                slow.sendall(b"x")
                time.sleep(0.5)
        except OSError:
            pass
    threading.Thread(target=drip, daemon=True).start()
    try:
        answer = slow.recv(4096)
        assert not answer or answer.startswith(b"HTTP/1.1 408"), answer
    except ConnectionError:
        pass
    for peer in idle:
        peer.close()
    audit = world.aggregator.api("/api/v1/audit?limit=500")["entries"]
    assert len(audit) < 200, "strangers are summed up"
