"""What stands outside: a mail server that keeps what it is given, and a webhook that records."""

import email
import email.policy
import http.server
import json
import pathlib
import threading
import time

from aiosmtpd.controller import Controller

from .processes import LabError, free_port


class Inbox:
    """A real SMTP server on a free port that accepts everything and keeps it as messages and .eml files."""

    def __init__(self, folder: pathlib.Path, on_mail=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, free_port()
        self.messages: list[tuple[float, email.message.EmailMessage]] = []
        self._arrived = threading.Condition()
        self._on_mail = on_mail
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self._arrived:
            self.messages.append((time.time(), message))
            (self.folder / f"{len(self.messages):04d}.eml").write_bytes(envelope.content)
            self._arrived.notify_all()
        if self._on_mail:
            self._on_mail(message)
        return "250 kept"

    def start(self):
        self._controller.start()

    def stop(self):
        self._controller.stop()

    def await_mail(self, matches, deadline: float = 30):
        """(time of arrival, message) of the first mail for which `matches(message)` holds."""
        return _await(self._arrived, self.messages, matches, deadline, "mail",
                      lambda: [message["subject"] for _, message in self.messages])


class WebhookReceiver:
    """An HTTP server that records JSON bodies, whatever service it stands for.

    `answer(path, number)` gives the status of the request of that number, from 0; by default all are taken. What is not
    taken is not recorded.
    """

    def __init__(self, answer=lambda path, number: 200):
        self.bodies: list[tuple[float, dict]] = []
        self.headers: list[dict] = []
        self._arrived = threading.Condition()
        self._requests = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver._arrived:
                    status = answer(self.path, receiver._requests)
                    receiver._requests += 1
                    if status < 300:
                        receiver.bodies.append((time.time(), body))
                        receiver.headers.append(dict(self.headers.items()))
                        receiver._arrived.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # a client that was killed

        self._server = Server(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.origin}/hook"

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def await_body(self, matches, deadline: float = 30):
        """(time of arrival, body) of the first body for which `matches(body)` holds."""
        return _await(self._arrived, self.bodies, matches, deadline, "body",
                      lambda: [json.dumps(body)[:200] for _, body in self.bodies])


def _await(condition, arrived, matches, deadline, what, seen):
    end = time.monotonic() + deadline
    with condition:
        while True:
            for at, thing in arrived:
                if matches(thing):
                    return at, thing
            left = end - time.monotonic()
            if left <= 0 or not condition.wait(left):
                raise LabError(f"no such {what} within {deadline:.0f} s; arrived: {seen()}")
