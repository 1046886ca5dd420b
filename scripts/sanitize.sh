#!/usr/bin/env bash
# Runs the suite under a sanitizer (thread or address), whole or the suites that match: scripts/sanitize.sh thread TensorCoreTests
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1
filter=${2:-.}
# What is being counted or timed out there is the sanitizer itself.
skipped='A step allocates nothing|KillTests'
case $kind in
  # oneDNN's and libgomp's own threads and memory are not instrumented; nor are the locks of Swift's Synchronization, so that what a Mutex
  # guards looks unguarded: its closures, of type `(inout Value) -> sending Result`, have names that end so.
  thread)
    suppressions=$(mktemp)
    trap 'rm -f "$suppressions"' EXIT
    echo 'race:YTXEfU' > "$suppressions"
    export TSAN_OPTIONS="halt_on_error=0 second_deadlock_stack=1 exitcode=66 suppressions=$suppressions ${TSAN_OPTIONS:-}" ;;
  # Swift's runtime keeps what it made once for the life of the process. Processes that limit their own memory have none left for the
  # sanitizer's.
  address)
    export ASAN_OPTIONS="detect_leaks=0 ${ASAN_OPTIONS:-}"
    skipped="$skipped|BoundedMemoryTests|What only libhdf5 can read|Whatever leads outside" ;;
  *) echo "sanitize: 'thread' or 'address', not '$kind'" >&2; exit 2 ;;
esac
folder=.build/sanitize-$kind
swift build --build-tests --scratch-path "$folder" --sanitize="$kind" -Xcc -O1
swift test --skip-build --scratch-path "$folder" --sanitize="$kind" -Xcc -O1 --filter "$filter" --skip "$skipped"
