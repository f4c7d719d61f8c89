"""What a stored sample costs, beside Prometheus and VictoriaMetrics holding the same hour, and what the catalogue costs."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

from Tools.lab.installation import ROOT

from . import victoria_metrics

TRACE = pathlib.Path(os.environ.get("ETCD_TRACE") or ROOT / "../shared/etcd/trace/etcd-3.5.1-3-members-5s.tar.xz")
CLUSTERS, NODES = 34, 10_000


def run(folder: pathlib.Path, binaries: pathlib.Path):
    if not TRACE.exists():
        yield f"skipped: the recorded hour of a cluster is not at {TRACE}; set ETCD_TRACE"
        return
    ours = {}
    for clusters in (1, CLUSTERS):
        ours[clusters] = _ours(binaries, "bytes", str(clusters))
        figure = ours[clusters]
        yield (f"{figure['nodes']} nodes for an hour: {figure['bytes_per_sample']:.3f} B a sample ({figure['samples']:,} samples; "
               f"blocks, indexes, TOAST and catalogue), compacted and merged in {figure['compaction_and_merge_seconds']:.1f} s")
    samples = _export(folder)
    peers = {"Prometheus": _prometheus(folder) / samples, "VictoriaMetrics": _victoria_metrics(folder, samples)}
    for name, figure in peers.items():
        if figure is None:
            yield f"{name}: not installed"
            continue
        yield f"{name}: {figure:.3f} B a sample; ours is {ours[CLUSTERS]['bytes_per_sample'] / figure:.2f} of it"
    figure = _ours(binaries, "catalogue", str(NODES))
    yield (f"catalogue of {figure['nodes']:,} nodes, {figure['series']:,} series: {figure['table_bytes'] / 1e6:.1f} MB in tables, "
           f"{figure['memory_bytes'] / figure['nodes'] / 1e3:.0f} kB a node in memory, read in {figure['start_seconds']:.1f} s")
    for name, found in figure["found"].items():
        yield f"   found {found['series']:,} series in {found['milliseconds']:.1f} ms ({name.replace('_', ' ')})"


def _ours(binaries: pathlib.Path, *words: str) -> dict:
    done = subprocess.run([binaries / "etcd-monitor-store-bench", *words], capture_output=True, text=True,
                          env={**os.environ, "ETCD_TRACE": str(TRACE)}, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def _export(folder: pathlib.Path) -> int:
    """The hour in OpenMetrics and in Prometheus's text format, timestamps aligned as these systems' scrapers do."""
    rows = collections.defaultdict(list)
    with tarfile.open(TRACE) as archive:
        for member in archive:
            node, milliseconds = re.match(r"trace/(n\d)-(\d+)\.txt", member.name).groups()
            at = round(int(milliseconds) / 5000) * 5000
            for line in archive.extractfile(member).read().decode().splitlines():
                if not line.startswith("#"):
                    series, value = line.rsplit(" ", 1)
                    name, _, labels = series.partition("{")
                    rows[f'{name}{{instance="{node}",job="etcd"' + ("," + labels if labels else "}")].append((at, value))
    by_name = collections.defaultdict(list)
    for series in rows:
        by_name[series.split("{")[0]].append(series)
    with open(folder / "trace.om", "w") as openmetrics, open(folder / "trace.prom", "w") as text:
        for name in sorted(by_name):
            openmetrics.write(f"# TYPE {name} unknown\n")
            for series in by_name[name]:
                for at, value in rows[series]:
                    openmetrics.write(f"{series} {value} {at / 1000:.3f}\n")
                    text.write(f"{series} {value} {at}\n")
        openmetrics.write("# EOF\n")
    return sum(map(len, rows.values()))


def _size(folder: pathlib.Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _prometheus(folder: pathlib.Path) -> int:
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", folder / "trace.om", folder / "blocks"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _size(folder / "blocks")


def _victoria_metrics(folder: pathlib.Path, samples: int) -> float | None:
    if shutil.which("victoria-metrics") is None:
        return None
    with victoria_metrics.holding(folder / "trace.prom", folder, 60, samples) as address:
        return victoria_metrics.data_bytes(address) / samples
