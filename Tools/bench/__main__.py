"""Figures, beside those of the peers on the same machine in the same run.

usage: python -m Tools.bench BINARIES [footprint] [detection] [marginal] [storage] [queries] [swarm]      (no name: all)
"""

import pathlib
import shutil
import sys
import tempfile

from . import detection, footprint, marginal, queries, storage, swarm


def main() -> int:
    binaries = pathlib.Path(sys.argv[1]).resolve()
    benchmarks = {"footprint": footprint.run, "detection": detection.run, "marginal": marginal.run,
                  "storage": storage.run, "queries": queries.run, "swarm": swarm.run}
    wanted = sys.argv[2:] or list(benchmarks)
    if unknown := [name for name in wanted if name not in benchmarks]:
        print(f"bench: no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks)}", file=sys.stderr)
        return 2
    for name in wanted:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="etcd-monitor-bench-"))
        print(f"\n== {name}", flush=True)
        try:
            for line in benchmarks[name](folder, binaries):
                print(f"   {line}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
