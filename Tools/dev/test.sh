#!/usr/bin/env bash
# Every test: the rooms' own, the dashboard's, and end to end on the built programs.
set -euo pipefail
cd "$(dirname "$0")/../.."
export ETCD_351_DIR=$PWD/.build-tools/etcd-3.5.1
# Hundreds of tests at once wait for each other's PostgreSQL and etcd on a small machine; a few at a time do not.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-4}
say() { printf '\033[1m· %s\033[0m\n' "$*" >&2; }

say "formatting"
swift format lint --strict -r -p Package.swift Shared Agent Aggregator Tools Tests
say "building (the first time: some minutes)"
swift build --build-tests
say "the rooms' tests"
swift test --skip-build
say "the dashboard's tests"
Aggregator/Dashboard/test.sh
say "end to end"
.build-tools/venv/bin/python -m pytest Tests/EndToEnd -q "$@"
