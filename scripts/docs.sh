#!/usr/bin/env bash
# Makes the documentation of the libraries in .build/docs, a folder for any web server, with the toolchain's own DocC.
set -euo pipefail
cd "$(dirname "$0")/.."

# Each may use those before it.
libraries=(TensorCore Optimizers Descent KerasFiles DescentImages DescentMPI DescentTuner)
build=.build/release
work=.build/docs-work
output=.build/docs

information=$(swift -print-target-info)
target=$(sed --quiet 's/.*"unversionedTriple": *"\(.*\)".*/\1/p' <<< "$information")
# The tools are beside the compiler, which a version manager may have put behind a wrapper.
tools=$(sed --quiet 's/.*"runtimeResourcePath": *"\(.*\)\/lib\/swift".*/\1\/bin/p' <<< "$information")

# Comments of the optimizers' initializers are written by a script.
python3 scripts/initializers.py --check

echo "docs: building"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The program has no part in the last library.
for product in descent DescentTuner; do
  swift build --configuration release --product "$product" > "$log" 2>&1 || { cat "$log" >&2; exit 1; }
done

modules=(-I "$build/Modules")
for map in "$build"/C*.build/module.modulemap Sources/C*/module.modulemap; do modules+=(-Xcc "-fmodule-map-file=$map"); done

rm -rf "$work" "$output"
dependencies=()
archives=()
links=()
has_warnings=no
for library in "${libraries[@]}"; do
  symbols="$work/$library"
  archive="$work/$library.doccarchive"
  mkdir -p "$symbols"
  "$tools/swift-symbolgraph-extract" -module-name "$library" "${modules[@]}" -target "$target" -minimum-access-level public \
    -skip-inherited-docs -skip-synthesized-members -emit-extension-block-symbols -output-dir "$symbols"
  # What a protocol or a class says of a requirement holds for those that meet it.
  mkdir -p "$symbols-comments"
  "$tools/swift-symbolgraph-extract" -module-name "$library" "${modules[@]}" -target "$target" -minimum-access-level public \
    -skip-synthesized-members -output-dir "$symbols-comments"
  python3 scripts/undocumented.py "$symbols-comments" || has_warnings=yes
  # A comment names what another library has as Swift does, without that library's name, which DocC wants to see.
  if [ "${#links[@]}" -gt 0 ]; then sed --in-place --regexp-extended "${links[@]}" "$symbols"/*.json; fi
  names=$(grep --only-matching '"pathComponents":\["[A-Za-z0-9]*"\]' "$symbols/$library.symbols.json" | cut --delimiter '"' --fields 4 |
    sort --unique | paste --serial --delimiters '|')
  links+=(--expression "s/\`\`($names)([\`\/])/\`\`\/$library\/\1\2/g")

  "$tools/docc" convert "Sources/$library/$library.docc" --additional-symbol-graph-dir "$symbols" --output-dir "$archive" \
    --fallback-display-name "$library" --fallback-bundle-identifier "$library" --fallback-default-module-kind Library \
    --enable-experimental-external-link-support "${dependencies[@]}" > "$log" 2>&1 || { cat "$log" >&2; exit 1; }
  if grep --quiet '^warning' "$log"; then
    has_warnings=yes
    cat "$log" >&2
  fi
  dependencies+=(--dependency "$archive")
  archives+=("$archive")
done

"$tools/docc" merge "${archives[@]}" --output-path "$output" --synthesized-landing-page-name Descent
if [ "$has_warnings" = yes ]; then
  echo "docs: there are warnings, see above" >&2
  exit 1
fi
echo "docs: made in $output; to read them: python3 -m http.server --directory $output, and open /documentation there"
