#!/usr/bin/env bash
# Runs the demo. PostgreSQL refuses to run as root: as root, everything runs in a user namespace, where it is an
# ordinary user that owns this clone.
#
# usage: demo.sh BINARIES
set -euo pipefail
cd "$(dirname "$0")/../.."
run=(.build-tools/venv/bin/python -m Tools.lab.demo "$1")
if [ "$(id -u)" -eq 0 ]; then
    unshare --user --map-user=1000 --map-group=1000 true 2>/dev/null || {
        echo "demo: this kernel allows no user namespaces, and PostgreSQL does not run as root: run as a normal user" >&2
        exit 1
    }
    run=(unshare --user --map-user=1000 --map-group=1000 -- "${run[@]}")
fi
exec "${run[@]}"
