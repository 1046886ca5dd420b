#!/usr/bin/env bash
# Runs the suite with coverage, C included, and prints what of each target it reached. `make coverage` has it built as `make test` does.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.build/coverage
# Those of the compiler that built it: others read other formats.
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
log=$folder/tests.log
mkdir -p "$folder"
find "$folder" -name '*.profraw' -delete
# Afterwards `swift test` merges the profiles, and takes that of a killed process, which is broken, for a failure.
swift test -c release --scratch-path "$folder" --enable-code-coverage \
  -Xcc -fprofile-instr-generate -Xcc -fcoverage-mapping "$@" 2>&1 | tee "$log" || grep -q 'Test run with [0-9]* tests in .* passed' "$log"
# Processes that end by a signal, or may write no file, leave empty profiles.
find "$folder" -name '*.profraw' -size +0 > "$folder/profiles.txt"
"$tools/llvm-profdata" merge -failure-mode=all --input-files "$folder/profiles.txt" -o "$folder/all.profdata"
tests=$(find "$folder/release/" -maxdepth 1 -name '*.xctest' | head -n 1)
programs=(-object "$folder/release/descent" -object "$folder/release/descent-hdf5" -object "$folder/release/MPIHelper")
printf '%-14s %10s %10s %10s\n' target lines regions functions
for target in $(cd Sources && find . -name '*.swift' -o -name '*.c' | cut -d / -f 2 | sort -u); do
  "$tools/llvm-cov" export -summary-only -instr-profile "$folder/all.profdata" "$tests" "${programs[@]}" "Sources/$target" \
    | python3 -c "
import json, sys
totals = json.load(sys.stdin)['data'][0]['totals']
print('%-14s %9.1f%% %9.1f%% %9.1f%%' % ('$target', *(totals[kind]['percent'] for kind in ('lines', 'regions', 'functions'))))"
done
