"""A TCP proxy that can be told to delay what passes, or to cut connections: a network that is bad on request."""

import heapq
import random
import selectors
import socket
import threading
import time

from .processes import free_port


class DelayingProxy:
    """Forwards connections on a free port of 127.0.0.1 to `target_port`."""

    def __init__(self, target_port: int):
        self._target = target_port
        self._delay = 0.0
        self._cuts_per_second = 0.0
        self._listener = socket.create_server(("127.0.0.1", free_port()))
        self.port = self._listener.getsockname()[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join(5)
        self._listener.close()

    def disturb(self, delay: float = 0, cuts_per_second: float = 0):
        """From now on each byte takes `delay` seconds each way, and connections are cut so often."""
        self._delay, self._cuts_per_second = delay, cuts_per_second

    def _run(self):
        self._poll = selectors.DefaultSelector()
        self._poll.register(self._listener, selectors.EVENT_READ, None)
        self._held = []  # (when, number, to, data), ordered; empty data closes
        number, cut_at, chance = 0, 0.0, random.Random(1)
        while not self._stopped.is_set():
            wait = min(0.1, max(0.0, self._held[0][0] - time.monotonic())) if self._held else 0.1
            for key, _ in self._poll.select(wait):
                if key.data is None:
                    self._accept()
                    continue
                try:
                    data = key.fileobj.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    self._poll.unregister(key.fileobj)
                number += 1
                heapq.heappush(self._held, (time.monotonic() + self._delay, number, key.data, data))
            now = time.monotonic()
            while self._held and self._held[0][0] <= now:
                _, _, to, data = heapq.heappop(self._held)
                self._pass_on(to, data)
            if self._cuts_per_second and now >= cut_at:
                cut_at = now + chance.expovariate(self._cuts_per_second)
                self._cut(chance)

    def _accept(self):
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            # Small, so that a slow reader is felt at the other end.
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._poll.register(one, selectors.EVENT_READ, other)

    def _pass_on(self, to: socket.socket, data: bytes):
        try:
            if data:
                to.sendall(data)
            else:
                to.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has gone; its own end of file ends the other half

    def _cut(self, chance: random.Random):
        ends = [key.fileobj for key in self._poll.get_map().values() if key.data is not None]
        if ends:
            try:
                chance.choice(ends).shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was closing anyway
