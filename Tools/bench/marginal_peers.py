"""What one more sample costs Prometheus and VictoriaMetrics: the slope of their CPU time over samples a second, between
two fleets of targets that answer with the same scrapes, gzipped as etcd does. Neither evaluates a rule, speaks TLS or
checks a signature here, which ours does.
"""

import gzip
import json
import pathlib
import shutil
import time

from Tools.lab.processes import Process, await_true, free_port

from .page_server import PageServer
from .process_cost import run_seconds


def run(folder: pathlib.Path, pages: list[str], series: int, counts: tuple[int, int], interval: int, settle: float,
        measure: float):
    """Yields (name, CPU seconds a sample or None if the peer is not installed or did not keep pace)."""
    folder.mkdir()
    farm = PageServer([gzip.compress(page.encode()) for page in pages], encoding="gzip")
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


def _point(folder: pathlib.Path, program: str, farm: PageServer, count: int, interval: int, settle: float,
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
