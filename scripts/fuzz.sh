#!/bin/sh
# Fuzzes each file reader for some seconds (60 unless said: scripts/fuzz.sh 300 hdf5 npz) and stops at the first input that a reader does
# not survive.
set -eu
cd "$(dirname "$0")/../Fuzz"
seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=${*:-npy npz idx wav csv table jsonl tablejson safetensors json model hdf5 keras image}
swift build -c release -Xswiftc -sanitize=fuzzer
# The reader process is a program of its own; here it would only be slow.
export DESCENT_HDF5_READER=/nonexistent
for target in $targets; do
  work=.build/fuzz/$target
  mkdir -p "$work"
  echo "$target:"
  DESCENT_FUZZ=$target .build/release/Fuzz -max_total_time="$seconds" -max_len=30000 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$work/" "$work" "Corpus/$target" 2>"$work.log" || { tail -40 "$work.log"; exit 1; }
  grep -E "^Done|stat::(number_of_executed_units|peak_rss_mb)" "$work.log"
done
