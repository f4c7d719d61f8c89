#!/usr/bin/env bash
# Runs a Python module of this project that uses the lab. PostgreSQL refuses to run as root: as root, everything runs in
# a user namespace, where it is an ordinary user (nobody, whom every system knows) that owns this clone.
#
# usage: run.sh MODULE [ARGUMENT…]
set -euo pipefail
cd "$(dirname "$0")/../.."
run=(.build-tools/venv/bin/python -m "$@")
if [ "$(id -u)" -eq 0 ]; then
    unshare --user --map-user=65534 --map-group=65534 true 2>/dev/null || {
        echo "$1: this kernel allows no user namespaces, and PostgreSQL does not run as root: run as a normal user" >&2
        exit 1
    }
    run=(unshare --user --map-user=65534 --map-group=65534 -- "${run[@]}")
fi
exec "${run[@]}"
