#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs all tests but those labelled slow.
# Extra arguments go to ctest, for example: scripts/test.sh -R parser
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/setup.sh"

mlz_install "${mlz_packages[@]}"
mlz_build "$root"
cd "$root"
ctest --preset release -j "$(nproc)" "$@"
