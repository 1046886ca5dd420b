#!/bin/bash
# The Swift compiler as `make test` calls it. The libraries are optimized as users get them, but file by file, on all cores: a module
# at a time on one core takes twice as long. Tests and programs are not optimized, and nothing has debug information.
#
# Called `--install FOLDER`, it copies itself there as bin/swiftc, beside the compiler's own libraries, which `swift test` looks for.
if [ "$1" = --install ]; then
  mkdir -p "$2/bin"
  cp -p "$0" "$2/bin/swiftc"
  ln -sfn "$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")/lib" "$2/lib"
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
        *Tests | *Helper | *CLI | *Bench | ArgumentParser*) arguments+=(-Onone) ;;
        *) arguments+=(-O) ;;
      esac ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
exec swiftc "${arguments[@]}"
