#!/bin/bash
# The Swift compiler as `make test` calls it. The engine, which does the work of every test, is optimized as users get it; everything else is
# not, as optimizing it takes longer than all tests (`make test-optimized` runs them on optimized code). Modules are compiled file by file, on all
# cores, which halves the time on two, and nothing has debug information.
#
# Called `--install FOLDER`, it copies itself there as bin/swiftc, beside the compiler's own libraries and tools, which `swift test` looks for.
if [ "$1" = --install ]; then
  toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
  mkdir -p "$2/bin"
  cp -p "$0" "$2/bin/swiftc"
  ln -sfn "$toolchain/bin/llvm-profdata" "$toolchain/bin/llvm-cov" "$2/bin"
  ln -sfn "$toolchain/lib" "$2/lib"
  exit
fi
module=
for argument; do
  [ "$previous" = -module-name ] && module=$argument
  previous=$argument
done
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    -whole-module-optimization) arguments+=(-enable-batch-mode) ;;
    -num-threads) shift ;;
    -g) ;;
    -Xcc)
      arguments+=(-Xcc "$2")
      shift ;;
    -O)
      case $module in
        TensorCore) arguments+=(-O) ;;
        *) arguments+=(-Onone) ;;
      esac ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
exec swiftc "${arguments[@]}"
