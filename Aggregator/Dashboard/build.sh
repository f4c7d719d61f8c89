#!/bin/bash
# Builds the dashboard into dist/: type check, bundle, fonts, notices, gzip copies.
# Everything comes from Debian packages; only uPlot is fetched (pip, pinned by hash) and kept in build/.
set -euo pipefail
cd "$(dirname "$0")"

need() { # COMMAND-OR-FILE APT-PACKAGE
    command -v "$1" >/dev/null || [ -e "$1" ] || missing+=" $2"
}
missing=""
need esbuild esbuild
need tsc node-typescript
need node nodejs
need pyftsubset fonttools
need python3 python3
need /usr/share/nodejs/react/index.js node-react
need /usr/share/nodejs/react-dom/client.js node-react-dom
need /usr/share/nodejs/codemirror/lib/codemirror.js libjs-codemirror
need /usr/share/nodejs/csstype/package.json node-csstype
need /usr/share/nodejs/prop-types/index.js node-prop-types
need /usr/share/fonts/truetype/inter-vf/Inter-roman.var.ttf fonts-inter-variable
need /usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf fonts-jetbrains-mono
if [ -n "$missing" ]; then
    echo "dashboard: missing tools; run: apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi

mkdir -p build
if [ ! -s build/uplot.mjs ] || [ ! -s build/uplot.css ]; then
    echo "dashboard: fetching uPlot"
    python3 -m pip --version >/dev/null 2>&1 || { echo "dashboard: missing tool; run: apt-get install -y python3-pip" >&2; exit 1; }
    python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        -r requirements-web.txt -d build
    python3 -m zipfile -e build/uplot_python-*.whl build/wheel
    { cat build/wheel/uplot/static/uPlot.iife.js; echo 'export default uPlot;'; } > build/uplot.mjs
    cp build/wheel/uplot/static/uPlot.min.css build/uplot.css
fi

if [ ! -s build/fonts/mono.woff2 ]; then
    echo "dashboard: cutting fonts"
    mkdir -p build/fonts
    # Latin, punctuation, arrows, mathematical signs in use, and U+202F, the thin space before units.
    words="U+0020-007E,U+00A0-017F,U+2010-2026,U+202F,U+2030,U+20AC,U+2190-2194,U+2212,U+2248,U+2264-2265,U+00D7"
    machine="U+0020-007E,U+00A0,U+00D7,U+2013,U+2026,U+202F,U+2190-2193"
    subset() { # SOURCE TARGET CODEPOINTS
        pyftsubset "$1" --unicodes="$3" --flavor=woff2 --output-file="$2" \
            --layout-features=kern,ccmp,locl,mark,mkmk,tnum,cv05 2>build/pyftsubset.log || {
            cat build/pyftsubset.log >&2
            echo "dashboard: cannot cut $1; run: apt-get install -y fonttools python3-brotli" >&2
            exit 1
        }
    }
    subset /usr/share/fonts/truetype/inter-vf/Inter-roman.var.ttf build/fonts/inter.woff2 "$words"
    subset /usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf build/fonts/mono.woff2 "$machine"
fi

echo "dashboard: checking types"
tsc -p . --incremental --tsBuildInfoFile build/tsbuildinfo

echo "dashboard: bundling"
rm -rf build/dist
mkdir -p build/dist/fonts
NODE_PATH=/usr/share/nodejs esbuild src/main.tsx --bundle --splitting --format=esm --minify --jsx=automatic --target=es2020 \
    --define:process.env.NODE_ENV='"production"' --alias:uplot=./build/uplot.mjs --alias:uplot-css=./build/uplot.css \
    --external:/fonts/* --outdir=build/dist --entry-names='[name]' --chunk-names='[name]-[hash]' --legal-comments=linked --log-level=warning
esbuild src/theme.ts --bundle --minify --format=iife --target=es2020 --outdir=build/dist --log-level=warning
cp favicon.svg build/dist/
cp build/fonts/*.woff2 build/dist/fonts/

# The names stay, so the address carries the content: a changed file is never taken from a cache.
version() { sha256sum "build/dist/$1" | cut -c1-12; }
# What main.js imports is fetched beside it, not after it.
preloads=$(grep -oE 'from"\./[^"]+\.js"' build/dist/main.js | sort -u | sed -E 's|from"\.(.*)"|<link rel="modulepreload" href="\1">|')
sed -e "s|<!-- preloads -->|${preloads//$'\n'/}|" -e "s|/main.js|&?v=$(version main.js)|" -e "s|/main.css|&?v=$(version main.css)|" \
    -e "s|/theme.js|&?v=$(version theme.js)|" index.html > build/dist/index.html

cp notices.txt build/dist/packages.LEGAL.txt
for package in node-react node-react-dom libjs-codemirror fonts-inter-variable fonts-jetbrains-mono; do
    printf '%s\n\n' "== $package"
    cat "/usr/share/doc/$package/copyright"
done >> build/dist/packages.LEGAL.txt

find build/dist -name '*.LEGAL.txt' -empty -delete
find build/dist -type f ! -name '*.woff2' -exec gzip -9nk {} +
rm -rf dist
mv build/dist dist
initial=$(cat dist/main.js.gz $(grep -oE 'modulepreload" href="/[^"]+' dist/index.html | sed 's|.*href="/|dist/|; s|$|.gz|') | wc -c)
echo "dashboard: dist/ is ready, $((initial / 1000)) kB of JavaScript at first load (gzipped)"
