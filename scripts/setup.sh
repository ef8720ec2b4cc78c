#!/usr/bin/env bash
# Installs the Debian packages that building mlz needs and that are missing. Sourced by demo.sh and test.sh.
# Does nothing when all are there; says which are missing when apt cannot be used.

mlz_packages=(cmake ninja-build g++ libboost-dev libfmt-dev libxtensor-dev libxsimd-dev doctest-dev
              libcli11-dev nlohmann-json3-dev libopenblas-dev librandom123-dev zlib1g-dev)
# For scripts/fuzz.sh alone.
mlz_fuzz_packages=(clang-14 libclang-rt-14-dev)

mlz_missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'install ok installed' || echo "$package"
  done
}

mlz_install() {
  local missing sudo=""
  missing=$(mlz_missing_packages "$@")
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" -ne 0 ]; then sudo="sudo -n"; fi
  echo "Installing:" $missing
  export DEBIAN_FRONTEND=noninteractive
  # The package lists of a new machine may be absent or old: fetch them once, then try.
  if command -v apt-get >/dev/null && $sudo apt-get update -qq </dev/null &&
     $sudo apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null; then
    return 0
  fi
  echo "These packages are missing and could not be installed here:" $missing >&2
  echo "Install them as root with:  apt-get install" $missing >&2
  return 1
}

# Configures (once) and builds the preset "release".
mlz_build() {
  local root=$1
  if [ ! -f "$root/build/release/build.ninja" ]; then
    (cd "$root" && cmake --preset release >build-configure.log 2>&1) ||
      { cat "$root/build-configure.log" >&2; rm -f "$root/build-configure.log"; return 1; }
    rm -f "$root/build-configure.log"
  fi
  (cd "$root" && cmake --build --preset release "${@:2}")
}
