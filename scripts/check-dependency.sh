#!/usr/bin/env bash
# Proves the README and the examples: makes a package that depends on this one by path, as its reader would, builds the README's blocks of
# Swift and the programs of Examples/ there, with no flags of its own, and runs them, the examples on few rows.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

# The same folder each time, so that only what changed is built. A package found by path is called what its folder is called.
package=$root/.build/check-readme/package
rm -rf "$package"
mkdir -p "$package"
ln -s "$root" "$package/Descent"

awk -v folder="$package" '
  /^```swift$/ { number++; isOpen = 1; next }
  /^```$/ { isOpen = 0 }
  isOpen { print > (folder "/block" number) }
' README.md

fail() {
  echo "check-readme: $1" >&2
  exit 1
}

# What a block needs before and after it to be a program that tells whether it did what it says.
programs=()
manifest=
for block in "$package"/block*; do
  before=
  after=
  case $(cat "$block") in
    dependencies:*) manifest=$block; continue ;;
    *KerasFiles*)
      name=Keras
      before='import Descent
let x = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]] as [[Float]])
let y = Tensor([[0], [1], [1], [2]] as [[Float]])
do {
  let model = Sequential { Dense(1, inputShape: [2]) }
  try model.compile(optimizer: .adam, loss: .meanSquaredError)
  try model.save("from-python.keras")
}'
      after='let back = try Sequential.load("from-swift.keras")
precondition(back.weights.map(\.doubles) == model.weights.map(\.doubles))' ;;
    *plotModel*)
      name=Graph
      before='import Descent
import Foundation
let images = Tensor.ones([8, 28, 28]), rows = Tensor.ones([8, 8])
let labels = Tensor([0, 1, 2, 3, 4, 5, 6, 7] as [Int32]), scores = Tensor.ones([8, 1])'
      after='let shape = try features.predict(["image": images, "meta": rows]).shape
precondition(shape == [8, 80])
precondition(FileManager.default.fileExists(atPath: "model.svg"))' ;;
    *trainStep*)
      name=CustomStep
      before='import Descent
let rows = Tensor(shape: [16, 8], scalars: (0..<128).map { Float($0 % 11) / 11 })'
      after='precondition(coder.history!["loss"].last! < coder.history!["loss"].first!)' ;;
    *': Model {'*)
      name=Subclass
      before='import Descent
let rows = Tensor(shape: [16, 8], scalars: (0..<128).map { Float($0 % 11) / 11 }), targets = rows.sum(axis: 1, keepDims: true)'
      after='precondition(model.history!["loss"].last! < model.history!["loss"].first!)' ;;
    *Dataset*)
      name=Stream
      before='import Descent
let images = Tensor.ones([64, 4]), labels = Tensor.zeros([64, 1])
let model = Sequential { Dense(1, inputShape: [4]) }
try model.compile(optimizer: .sgd, loss: .meanSquaredError)'
      after='precondition(model.history?["loss"].count == 5)' ;;
    *model.fit*)
      name=Train
      after='precondition(history.epochs.count == 5 && result["accuracy"]! > 0.8)' ;;
    *'stepper.variables'*)
      name=Loop
      before='import Descent
let inputs = Tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]] as [[Float]]), targets = Tensor([[1], [2], [3], [6]] as [[Float]])
let model = Sequential { Dense(1, inputShape: [3]) }
let batches = [(inputs, targets)] + Array(repeating: (inputs, targets), count: 20)
let start = square(try model(inputs) - targets).mean().item()'
      after='let last = try step(inputs, targets).item()
precondition(last < start)' ;;
    *Stepper*)
      name=Step
      # The first step of Adam is as long as the rate, whatever the gradient, but for what epsilon takes away.
      after='for (w, expected) in zip(parameters["w"]! + parameters["b"]!, [0.9, -1.9, 0.4]) { precondition(abs(w - expected) < 1e-5) }' ;;
    *': Optimizer {'*)
      name=Custom
      before='import Descent'
      after='var w = [[1.0, -2.0]]
try Stepper(SignSGD(), parameters: w).update(&w, gradients: [[0.5, -0.5]])
precondition(abs(w[0][0] - 0.999) < 1e-12 && abs(w[0][1] + 1.999) < 1e-12)' ;;
    *) fail "README.md has a block of Swift that this script does not know: $(head -n 1 "$block") …" ;;
  esac
  mkdir -p "$package/Sources/$name"
  printf '%s\n' "$before" "$(cat "$block")" "$after" > "$package/Sources/$name/main.swift"
  programs+=("$name")
done
[ "${#programs[@]}" -ge 4 ] || fail "README.md has ${#programs[@]} programs, expected at least 4"
[ -n "$manifest" ] || fail "README.md does not show what to write in Package.swift"

examples=()
grep --quiet 'url: "…/Descent", from: "[0-9.]*"' "$manifest" || fail "README.md's dependency is not the one this script knows"
{
  echo '// swift-tools-version: 6.0'
  echo 'import PackageDescription'
  echo 'let package = Package(name: "Reader",'
  sed 's|url: "…/Descent", from: "[0-9.]*"|path: "Descent"|' "$manifest"
  echo ')'
  for program in "${programs[@]}"; do
    [ "$program" = Train ] && continue
    echo "package.targets.append(.executableTarget(name: \"$program\", dependencies: ["
    for library in TensorCore Optimizers Descent KerasFiles; do echo "  .product(name: \"$library\", package: \"Descent\"),"; done
    echo ']))'
  done
  for example in Examples/Sources/*; do
    name=$(basename "$example")
    cp -r "$example" "$package/Sources/$name"
    kind=executableTarget support=', "ExampleSupport"'
    if [ "$name" = ExampleSupport ]; then kind=target support=; else examples+=("$name"); fi
    echo "package.targets.append(.$kind(name: \"$name\", dependencies: [.product(name: \"KerasFiles\", package: \"Descent\"), .product(name: \"DescentImages\", package: \"Descent\")$support]))"
  done
} > "$package/Package.swift"

swift build --package-path "$package" --scratch-path .build/check-readme/build --configuration release
for program in "${programs[@]}"; do
  echo "check-readme: running $program"
  (cd "$package" && "$root/.build/check-readme/build/release/$program") || fail "$program failed"
done
# One after another in one folder, as some read what others leave.
for example in "${examples[@]}"; do
  echo "check-readme: running $example"
  (cd "$package" && EXAMPLES_SMALL=1 "$root/.build/check-readme/build/release/$example" > "$package/$example.out") \
    || { tail -n 5 "$package/$example.out"; fail "$example failed"; }
done
echo "check-readme: all ${#programs[@]} programs of README.md and ${#examples[@]} examples work"
