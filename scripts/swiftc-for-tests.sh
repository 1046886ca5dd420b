#!/bin/bash
# The Swift compiler as `make test` calls it. What is tested is optimized as users get it, but file by file, on all cores: a module
# at a time on one core takes twice as long. Tests, and what only parses arguments, are not optimized; none has debug information.
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
        *Tests | *TestSupport | ArgumentParser*) arguments+=(-Onone) ;;
        *) arguments+=(-O) ;;
      esac ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
exec swiftc "${arguments[@]}"
