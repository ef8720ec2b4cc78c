#!/usr/bin/env bash
# Runs every fuzz target of tests/fuzz for so many seconds each and prints a table. Inputs that were found go into
# build/fuzz/corpus, those that broke something into build/fuzz/findings; the exit code is 1 if there are any.
#   scripts/fuzz.sh [SECONDS] [TARGET...]      60 seconds and all targets without arguments
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh

seconds=${1:-60}
case $seconds in *[!0-9]* | "") echo "usage: scripts/fuzz.sh [SECONDS] [TARGET...]" >&2; exit 2 ;; esac
shift || true

mlz_install "${mlz_packages[@]}" "${mlz_fuzz_packages[@]}"
cmake --preset fuzz >/dev/null
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for seeds in build/fuzz/fuzz/*.seeds; do targets+=("$(basename "$seeds" .seeds)"); done
fi
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"

findings=build/fuzz/findings
mkdir -p "$findings"
status=0
printf '%-15s %10s %9s %9s %8s  %s\n' target inputs/s inputs edges MiB findings
for target in "${targets[@]}"; do
  corpus=build/fuzz/corpus/$target log=build/fuzz/$target.log
  mkdir -p "$corpus"
  mapfile -t seeds <"build/fuzz/fuzz/$target.seeds"
  longest=$(find "${seeds[@]}" -type f -printf '%s\n' | sort -n | tail -1)
  found=0
  ASAN_OPTIONS=allocator_may_return_null=1 \
    "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=$((longest > 4096 ? longest : 4096)) -timeout=25 -rss_limit_mb=2048 \
    -artifact_prefix="$findings/$target-" -print_final_stats=1 -verbosity=1 "$corpus" "${seeds[@]}" >"$log" 2>&1 || found=1
  [ $found -eq 0 ] || status=1
  stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -1; }
  printf '%-15s %10s %9s %9s %8s  %s\n' "$target" "$(stat average_exec_per_sec)" "$(stat number_of_executed_units)" \
    "$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -d' ' -f2)" "$(stat peak_rss_mb)" \
    "$([ $found -eq 0 ] && echo none || echo "see $log")"
done
exit $status
