"""A VictoriaMetrics that holds what a file says, everything of it merged, as the peer of a benchmark."""

import contextlib
import pathlib
import re
import shutil
import urllib.request

from Tools.lab.processes import Process, await_true, free_port

# What is imported ends long before or after today.
RETENTION = "100y"


@contextlib.contextmanager
def holding(file: pathlib.Path, folder: pathlib.Path, merged_within: float, samples: int | None = None):
    """The address of one that has taken `file`, in Prometheus's text format with timestamps.

    With `samples` it is awaited until so many are told to be stored.
    """
    address = f"127.0.0.1:{free_port()}"
    server = Process("victoria-metrics", [
        shutil.which("victoria-metrics"), f"-storageDataPath={folder / 'vm'}", f"-httpListenAddr={address}",
        f"-retentionPeriod={RETENTION}"], folder / "vm.log")
    server.start()
    try:
        await_true("VictoriaMetrics", lambda: get(address, "/health") is not None, 60)
        with open(file, "rb") as body:
            urllib.request.urlopen(urllib.request.Request(
                f"http://{address}/api/v1/import/prometheus", body, method="POST",
                headers={"Content-Length": str(file.stat().st_size)})).read()
        get(address, "/internal/force_flush")
        if samples is not None:
            await_true("the import", lambda: _rows(address) >= samples, 60)
        get(address, "/internal/force_merge")
        await_true("a merge", lambda: "vm_active_force_merges 0" in (get(address, "/metrics") or ""), merged_within)
        yield address
    finally:
        server.stop()


def data_bytes(address: str) -> int:
    """Of all its data and indexes."""
    return sum(map(int, re.findall(r'vm_data_size_bytes\{type="[^"]+"\} (\d+)', get(address, "/metrics"))))


def _rows(address: str) -> int:
    found = re.findall(r'vm_rows\{type="storage/[^"]+"\} (\d+)', get(address, "/metrics") or "")
    return sum(map(int, found))


def get(address: str, path: str) -> str | None:
    """The answer's text; None while nobody answers."""
    try:
        return urllib.request.urlopen(f"http://{address}{path}", timeout=30).read().decode()
    except OSError:
        return None
