"""What one more sample costs Prometheus and VictoriaMetrics: the slope of their CPU time over samples a second, between
two fleets of targets that answer with the same scrapes, gzipped as etcd does. Neither evaluates a rule, speaks TLS or
checks a signature here, which ours does.
"""

import gzip
import http.server
import json
import pathlib
import shutil
import threading
import time

from Tools.lab.processes import Process, await_true, free_port

from .process_cost import run_seconds


def run(folder: pathlib.Path, pages: list[str], series: int, counts: tuple[int, int], interval: int, settle: float,
        measure: float):
    """Yields (name, CPU seconds a sample or None if the peer is not installed or did not keep pace)."""
    folder.mkdir()
    farm = _Farm([gzip.compress(page.encode()) for page in pages])
    try:
        for name, program in (("Prometheus", "prometheus"), ("VictoriaMetrics", "victoria-metrics")):
            if shutil.which(program) is None:
                yield name, None
                continue
            points = [_point(folder / f"{program}-{count}", program, farm, count, interval, settle, measure)
                      for count in counts]
            kept_pace = all(abs(scrapes * interval / count - 1) < 0.05 for count, (_, scrapes) in zip(counts, points))
            (few, few_scrapes), (many, many_scrapes) = points
            yield name, (many - few) / ((many_scrapes - few_scrapes) * series) if kept_pace else None
    finally:
        farm.stop()


def _point(folder: pathlib.Path, program: str, farm: "_Farm", count: int, interval: int, settle: float,
           measure: float) -> tuple[float, float]:
    """(CPU seconds a second, scrapes a second) with `count` targets."""
    folder.mkdir()
    configuration = folder / "scrape.yml"
    # JSON is YAML.
    configuration.write_text(json.dumps({
        "global": {"scrape_interval": f"{interval}s"},
        "scrape_configs": [{"job_name": "etcd", "static_configs": [
            {"targets": [farm.address], "labels": {"__metrics_path__": f"/{number}", "instance": f"n{number}"}}
            for number in range(count)]}]}))
    address = f"127.0.0.1:{free_port()}"
    options = {
        "prometheus": [f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}",
                       f"--web.listen-address={address}"],
        "victoria-metrics": [f"-promscrape.config={configuration}", f"-storageDataPath={folder / 'data'}",
                             f"-httpListenAddr={address}"],
    }[program]
    peer = Process(program, [shutil.which(program), *options], folder / "log")
    try:
        peer.start()
        farm.begin()
        await_true(f"{program} scraping", lambda: farm.asked == count, 60)
        time.sleep(settle)
        cpu, scrapes, at = run_seconds(peer.pid), farm.served, time.monotonic()
        time.sleep(measure)
        seconds = time.monotonic() - at
        return (run_seconds(peer.pid) - cpu) / seconds, (farm.served - scrapes) / seconds
    finally:
        peer.stop()
        shutil.rmtree(folder / "data", ignore_errors=True)


class _Farm:
    """Any number of targets on one port, told apart by path; each gives one page after the other."""

    def __init__(self, pages: list[bytes]):
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
                self.send_header("Content-Encoding", "gzip")
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
