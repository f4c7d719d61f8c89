"""A TCP proxy that counts what passes in each direction: bytes on the wire above TCP, TLS records included."""

import selectors
import socket
import threading


class CountingProxy:
    """Forwards connections on a free port of 127.0.0.1 to `target_port`."""

    def __init__(self, target_port: int):
        self._target = target_port
        self.sent = self.received = self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join(5)
        self._listener.close()

    def counted(self) -> tuple[int, int]:
        """(client → server, server → client) bytes so far."""
        return self.sent, self.received

    def _run(self):
        poll = selectors.DefaultSelector()
        poll.register(self._listener, selectors.EVENT_READ, None)
        while not self._stopped.is_set():
            for key, _ in poll.select(0.2):
                if key.data is None:
                    client, _ = self._listener.accept()
                    server = socket.create_connection(("127.0.0.1", self._target))
                    self.connections += 1
                    poll.register(client, selectors.EVENT_READ, (server, True))
                    poll.register(server, selectors.EVENT_READ, (client, False))
                    continue
                other, outbound = key.data
                try:
                    data = key.fileobj.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    for end in (key.fileobj, other):
                        if end in poll.get_map():
                            poll.unregister(end)
                        end.close()
                    continue
                if outbound:
                    self.sent += len(data)
                else:
                    self.received += len(data)
                try:
                    other.sendall(data)
                except OSError:
                    continue  # the other end closed; its own event ends both
