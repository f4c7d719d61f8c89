"""Stands for members that are scraped: serves recorded pages."""

import http.server
import threading


class PageServer:
    """Any number of targets on one port, told apart by path; each gives one of `pages` after the other."""

    def __init__(self, pages: list[bytes], *, encoding: str | None = None):
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()
        self.served = 0
        farm = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with farm._lock:
                    number = farm._asked.get(self.path, 0)
                    farm._asked[self.path] = number + 1
                    farm.served += 1
                page = pages[number % len(pages)]
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                if encoding:
                    self.send_header("Content-Encoding", encoding)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def begin(self):
        """Forgets who asked."""
        with self._lock:
            self._asked.clear()

    @property
    def asked(self) -> int:
        """Targets asked since."""
        with self._lock:
            return len(self._asked)

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
