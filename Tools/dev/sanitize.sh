#!/bin/sh
# The rooms' tests under ThreadSanitizer and AddressSanitizer, in scratch paths of their own: each compiles everything again
# (10 to 20 minutes on two cores) and takes about 3 GB of disk. Wants what `make check` wants; `Tools/dev/sanitize.sh thread`
# runs one of the two, further words are a filter of tests.
set -eu
cd "$(dirname "$0")/../.."

export ETCD_351_DIR="$PWD/.build-tools/etcd-3.5.1"
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH="${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-4}"
# Fuzzing is slow here, and a few thousand cases meet the same code.
ETCD_MONITOR_MUTATIONS="${ETCD_MONITOR_MUTATIONS:-2000}"
# A report makes the run fail, after all tests have run.
TSAN_OPTIONS="suppressions=$PWD/Tools/dev/tsan.suppressions history_size=4 ${TSAN_OPTIONS:-}"
# Swift's and XCTest's own start-up leaks some hundred bytes, which are not ours to free.
ASAN_OPTIONS="detect_leaks=0 ${ASAN_OPTIONS:-}"
export ETCD_MONITOR_MUTATIONS TSAN_OPTIONS ASAN_OPTIONS

run() {
    sanitizer=$1 scratch=$2 filter=${3:-.}
    echo "· building for the $sanitizer sanitizer (10 to 20 minutes)"
    swift build --build-tests --sanitize="$sanitizer" --scratch-path "$scratch"
    echo "· tests under the $sanitizer sanitizer"
    swift test --skip-build --sanitize="$sanitizer" --scratch-path "$scratch" --disable-xctest --filter "$filter"
}

case "${1:-both}" in
thread) run thread .build-tsan "${2:-}" ;;
address) run address .build-asan "${2:-}" ;;
both)
    run thread .build-tsan
    run address .build-asan
    ;;
*)
    echo "usage: $0 [thread|address [FILTER]]" >&2
    exit 2
    ;;
esac
