#!/usr/bin/env bash
# Before each commit: format, lint, build, and the tests that need neither a browser nor a cluster.
set -euo pipefail
cd "$(dirname "$0")/../.."
export ETCD_351_DIR=$PWD/.build-tools/etcd-3.5.1
# Hundreds of tests at once wait for each other's PostgreSQL and etcd on a small machine; a few at a time do not.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-4}
swift format lint --strict -r -p Package.swift Shared Agent Aggregator Tools Tests
swift build --build-tests
swift test --skip-build
