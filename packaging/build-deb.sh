#!/usr/bin/env bash
# Packs built programs into two Debian packages below dist/ and lets lintian judge them.
#
# usage: build-deb.sh BINARIES      BINARIES: the folder of a release build
set -euo pipefail
cd "$(dirname "$0")/.."
binaries=$1
version=$(cat packaging/VERSION)
for tool in dpkg-buildpackage dh lintian; do
    command -v "$tool" >/dev/null || { echo "build-deb: $tool is missing: apt-get install dpkg-dev debhelper lintian" >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/etcd-monitor-$version
mkdir -p "$tree/stage"
cp -r packaging/debian "$tree/debian"
cp -r packaging/config packaging/grafana packaging/man packaging/postgresql "$tree/stage/"
cp -r Aggregator/Dashboard/dist "$tree/stage/dashboard"
for program in etcd-monitor etcd-monitor-agent etcd-monitor-aggregator; do
    install -m 755 "$binaries/$program" "$tree/stage/$program"
    strip --strip-unneeded "$tree/stage/$program"
done
for program in etcd-monitor-agent etcd-monitor-aggregator; do
    cp "packaging/systemd/$program.service" "$tree/debian/$program.service"
done
sed "s/@VERSION@/$version/; s/@DATE@/$(date -R -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}")/" \
    "$tree/debian/changelog.in" >"$tree/debian/changelog"
rm "$tree/debian/changelog.in"
cp packaging/copyright "$tree/debian/copyright"

(cd "$tree" && dpkg-buildpackage -b -us -uc >"$work/log" 2>&1) || { tail -n 40 "$work/log" >&2; exit 1; }
mkdir -p dist
cp "$work"/*.deb dist/
lintian --fail-on error --tag-display-limit 0 "$work"/*.changes
ls -l dist/*.deb
