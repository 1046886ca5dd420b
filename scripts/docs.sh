#!/usr/bin/env bash
# Makes the documentation of the libraries in .build/docs, a folder for any web server, with the toolchain's own DocC.
set -euo pipefail
cd "$(dirname "$0")/.."

# Each may link to those before it.
libraries=(TensorCore Optimizers Descent KerasFiles)
build=.build/release
work=.build/docs-work
output=.build/docs

# DocC is beside the compiler, which a version manager may have put behind a wrapper.
toolchain=$(swift -print-target-info | sed --quiet 's/.*"runtimeResourcePath": *"\(.*\)\/lib\/swift".*/\1/p')
tool() {
  if [ -x "$toolchain/bin/$1" ]; then "$toolchain/bin/$1" "${@:2}"; else "$@"; fi
}
target=$(swift -print-target-info | sed --quiet 's/.*"unversionedTriple": *"\(.*\)".*/\1/p')

swift build --configuration release --product descent > "$build-docs.log" 2>&1 || { cat "$build-docs.log" >&2; exit 1; }

maps=()
for map in "$build"/C*.build/module.modulemap Sources/C*/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$map"); done

rm -rf "$work" "$output"
dependencies=()
archives=()
faults=0
for library in "${libraries[@]}"; do
  mkdir -p "$work/$library"
  tool swift-symbolgraph-extract -module-name "$library" -I "$build/Modules" "${maps[@]}" -target "$target" \
    -minimum-access-level public -skip-inherited-docs -skip-synthesized-members -emit-extension-block-symbols \
    -output-dir "$work/$library"
  # Names of a library that is re-exported have a page in that library.
  tool docc convert "Sources/$library/$library.docc" --additional-symbol-graph-dir "$work/$library" \
    --output-dir "$work/$library.doccarchive" --fallback-display-name "$library" --fallback-bundle-identifier "$library" \
    --fallback-default-module-kind Library --enable-experimental-external-link-support "${dependencies[@]}" \
    --warnings-as-errors || faults=1
  dependencies+=(--dependency "$work/$library.doccarchive")
  archives+=("$work/$library.doccarchive")
done
if [ "$faults" -ne 0 ]; then
  echo "docs: there are warnings, see above" >&2
  exit 1
fi
tool docc merge "${archives[@]}" --output-path "$output" --synthesized-landing-page-name Descent
echo "docs: made in $output; to read them: python3 -m http.server --directory $output, then open /documentation"
