#!/bin/bash
# Unit tests: bundled with esbuild, run by `node --test`.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf build/unit
NODE_PATH=/usr/share/nodejs esbuild tests/unit/*.test.ts tests/unit/*.test.tsx --bundle --platform=node --format=cjs --jsx=automatic \
    --target=node18 --alias:uplot=./build/uplot.mjs --alias:uplot-css=./build/uplot.css --outdir=build/unit --out-extension:.js=.cjs \
    --log-level=warning
FIXTURES="$PWD/../../Tests/Fixtures/api" node --test build/unit/
