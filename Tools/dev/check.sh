#!/usr/bin/env bash
# Before each commit: format, lint, build, and the tests that need neither a browser nor a cluster.
set -euo pipefail
cd "$(dirname "$0")/../.."
export ETCD_351_DIR=$PWD/.build-tools/etcd-3.5.1
swift format lint --strict -r -p Package.swift Shared Agent Aggregator Tests
swift build --build-tests
swift test --skip-build
