#!/usr/bin/env bash
# Installs the Debian packages that Descent links to and trains on, where they are missing.
#   setup.sh --mpi     also those that training in several processes needs when it runs; nothing of them is needed to build
#   setup.sh --python  also what `make docs`, `make coverage` and `make check-walkthroughs` are written in
set -euo pipefail

# What each is for:
#   libdnnl-dev            matrix products
#   zlib1g-dev             compressed data files
#   libdeflate-dev         the same, read at once
#   libhdf5-dev            Keras's weight files
#   libturbojpeg0-dev      pictures in JPEG files
#   libspng-dev            pictures in PNG files
#   libgif-dev             pictures in GIF files
#   dataset-fashion-mnist  the data of `make run`
packages=(libdnnl-dev zlib1g-dev libdeflate-dev libhdf5-dev libturbojpeg0-dev libspng-dev libgif-dev dataset-fashion-mnist)
for option in "$@"; do
  case "$option" in
    # mpirun and the library that it starts programs with.
    --mpi) packages+=(openmpi-bin libopenmpi3) ;;
    # Any that is there will do.
    --python) command -v python3 > /dev/null || packages+=(python3) ;;
    *)
      echo "setup: there is no option '$option'; there are --mpi and --python" >&2
      exit 64
      ;;
  esac
done

stop_with_list() {
  {
    echo "setup: $1"
    echo "setup: please install by hand: ${missing[*]}"
    echo "setup:   on Debian or Ubuntu: sudo apt-get install ${missing[*]}"
  } >&2
  exit 1
}

missing=()
if command -v dpkg-query > /dev/null; then
  installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "${packages[@]}" 2> /dev/null || true)
  for package in "${packages[@]}"; do
    grep --quiet --line-regexp "installed $package" <<< "$installed" || missing+=("$package")
  done
else
  # Packages have other names on other systems, so what they bring is looked for; the data can come from elsewhere.
  for pair in libdnnl-dev:dnnl.h zlib1g-dev:zlib.h libdeflate-dev:libdeflate.h libhdf5-dev:hdf5.h libturbojpeg0-dev:turbojpeg.h libspng-dev:spng.h \
    libgif-dev:gif_lib.h; do
    echo "#include <${pair#*:}>" | clang -fsyntax-only -x c - 2> /dev/null || missing+=("${pair%%:*}")
  done
fi

if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get > /dev/null || stop_with_list "there is no apt-get"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null || stop_with_list "not root, and there is no sudo"
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}")
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # The lists of packages may be old or not there at all; they are fetched only if the first try fails.
  if ! "${install[@]}" > "$log" 2>&1; then
    echo "setup: updating the lists of packages"
    if ! { "${as_root[@]}" apt-get update --quiet && "${install[@]}"; } > "$log" 2>&1; then
      tail -n 20 "$log" >&2
      stop_with_list "apt-get could not install them"
    fi
  fi
  echo "setup: done"
fi

if ! command -v swift > /dev/null; then
  echo "setup: there is no 'swift' on the PATH; Swift 6 is needed: https://www.swift.org/install" >&2
  exit 1
fi
