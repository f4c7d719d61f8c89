"""A proxy between an agent and its etcd that keeps each /metrics body, so that storage can be checked against it."""

import http.client
import http.server
import threading
import time


class RecordingProxy:
    """Forwards everything to `target_port`; `bodies` holds (seconds when answered, text) of each /metrics answer."""

    def __init__(self, target_port: int):
        self.bodies: list[tuple[float, str]] = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                connection = http.client.HTTPConnection("127.0.0.1", target_port, timeout=10)
                try:
                    connection.request(self.command, self.path, body or None,
                                       {"Content-Type": self.headers.get("Content-Type", "application/json")})
                    answer = connection.getresponse()
                    content, status = answer.read(), answer.status
                    content_type = answer.getheader("Content-Type", "")
                except OSError:
                    content, status, content_type = b"", 502, "text/plain"
                finally:
                    connection.close()
                if self.path == "/metrics" and status == 200:
                    proxy.bodies.append((time.time(), content.decode()))
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = forward

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
