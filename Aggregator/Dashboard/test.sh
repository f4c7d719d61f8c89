#!/bin/bash
# All tests of the dashboard: unit tests with node, browser tests with Playwright, axe and Debian's Chromium.
# Arguments go to pytest; those that judge speed run only on request (-m timing), on a quiet machine. With ETCD_MONITOR_URL and ETCD_MONITOR_PASSWORD the browser tests look at a real aggregator.
set -euo pipefail
cd "$(dirname "$0")"
# What was built before the last change would be tested in its place.
[ -e dist/index.html ] && [ -z "$(find src index.html favicon.svg build.sh tsconfig.json -newer dist/index.html -print -quit)" ] || ./build.sh
command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null || { echo "dashboard: missing tool; run: apt-get install -y --no-install-recommends chromium" >&2; exit 1; }

tools=../../.build-tools/dashboard-tests
wanted=$(sha256sum tests/requirements.txt | cut -c1-16)
if [ "$(cat "$tools/wanted" 2>/dev/null)" != "$wanted" ]; then
    echo "dashboard: setting up $tools"
    rm -rf "$tools"
    python3 -m venv "$tools" || { echo "dashboard: missing tool; run: apt-get install -y python3-venv" >&2; exit 1; }
    "$tools/bin/pip" install -q --disable-pip-version-check -r tests/requirements.txt
    echo "$wanted" > "$tools/wanted"
fi

tests/unit.sh | tail -n 8
[ $# -gt 0 ] || set -- -m "not timing"
"$tools/bin/python" -m pytest -q -p no:cacheprovider -o markers="timing: judges speed" tests/browser "$@"
