#!/usr/bin/env bash
# Runs the suite with coverage, C included, and prints what of each target it reached. `make coverage` has it built as `make test` does.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.build/coverage
profiles=$PWD/$folder/profiles
rm -rf "$profiles"
mkdir -p "$profiles"
# Each process writes a profile of its own; a step that counts itself allocates nothing still.
LLVM_PROFILE_FILE="$profiles/%p.profraw" swift test -c release --scratch-path "$folder" --enable-code-coverage \
  -Xcc -fprofile-instr-generate -Xcc -fcoverage-mapping "$@"
# Processes that end by a signal, or may write no file, leave empty profiles.
find "$profiles" "$folder" -name '*.profraw' -size +0 > "$folder/profiles.txt"
llvm-profdata merge -failure-mode=all --input-files "$folder/profiles.txt" -o "$folder/all.profdata"
tests=$(find "$folder/release/" -maxdepth 1 -name '*.xctest' | head -n 1)
programs=(-object "$folder/release/descent" -object "$folder/release/descent-hdf5")
printf '%-14s %10s %10s %10s\n' target lines regions functions
for target in $(cd Sources && find . -name '*.swift' -o -name '*.c' | cut -d / -f 2 | sort -u); do
  llvm-cov export -summary-only -instr-profile "$folder/all.profdata" "$tests" "${programs[@]}" "Sources/$target" \
    | python3 -c "
import json, sys
totals = json.load(sys.stdin)['data'][0]['totals']
print('%-14s %9.1f%% %9.1f%% %9.1f%%' % ('$target', *(totals[kind]['percent'] for kind in ('lines', 'regions', 'functions'))))"
done
