#!/usr/bin/env bash
# Builds the engine cuda and what tests it, runs the tests and benchmarks on the GPU of this machine, and prints a short
# table last. Takes a few minutes and needs no network. See docs/gpu.md.
#
#   scripts/gpu.sh [--out DIR] [--no-build] [--quick]     numbers and logs go to DIR (build/gpu-results)
#   scripts/gpu.sh --pack DIR                             fetches into DIR the packages that building needs
#
# Where these packages are not installed, MLZ_SYSROOT names a folder with what --pack made, or with that unpacked.
# MLZ_BUILD names the build folder (build/gpu).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${MLZ_BUILD:-$root/build/gpu}
out=$root/build/gpu-results
build_it=1
bench_options=()
packages=(libboost1.74-dev libfmt-dev libfmt9 doctest-dev libcli11-dev nlohmann-json3-dev librandom123-dev
          zlib1g-dev libopenblas0-pthread libgfortran5 libquadmath0)

pack() {
  mkdir -p "$1"
  (cd "$1" && apt-get download -qq "${packages[@]}")
  echo "$(du -sh "$1" | cut -f1) in $1: ${#packages[@]} packages"
}

# Unpacks the packages, unless the folder holds them unpacked, and makes compilers and CMake look there.
use_sysroot() {
  local folder
  folder=$(cd "$1" && pwd)
  if compgen -G "$folder/*.deb" >/dev/null; then
    sysroot=$build/sysroot
    mkdir -p "$sysroot"
    for package in "$folder"/*.deb; do dpkg -x "$package" "$sysroot"; done
  else
    sysroot=$folder
  fi
  local libraries=$sysroot/usr/lib/x86_64-linux-gnu
  export CPLUS_INCLUDE_PATH=$sysroot/usr/include:$sysroot/usr/include/x86_64-linux-gnu
  export C_INCLUDE_PATH=$CPLUS_INCLUDE_PATH
  export LD_LIBRARY_PATH=$libraries:$libraries/openblas-pthread:$sysroot/lib/x86_64-linux-gnu:${LD_LIBRARY_PATH:-}
  cmake_options+=("-DCMAKE_PREFIX_PATH=$sysroot/usr" "-DZLIB_INCLUDE_DIR=$sysroot/usr/include"
                  "-DZLIB_LIBRARY=$libraries/libz.a")
}

# cuBLAS may be a part of the CUDA toolkit, or of a Python package.
find_cublas() {
  [ -n "${MLZ_CUBLAS:-}" ] && return 0
  ldconfig -p 2>/dev/null | grep -q 'libcublas\.so' && return 0
  local found
  found=$(find /usr/local/cuda/ /usr/local/cuda*/ /opt /usr/lib/python3 /usr/local/lib -name 'libcublas.so.1[2-9]' 2>/dev/null | head -1)
  if [ -z "$found" ]; then echo "gpu.sh: no libcublas.so found: products will fail" >&2; return 0; fi
  export MLZ_CUBLAS=$found LD_LIBRARY_PATH=$(dirname "$found"):${LD_LIBRARY_PATH:-}
}

while [ $# -gt 0 ]; do
  case $1 in
    --pack) pack "${2:?--pack needs a folder}"; exit 0 ;;
    --out) out=${2:?--out needs a folder}; shift 2 ;;
    --no-build) build_it=0; shift ;;
    --quick) bench_options+=(--quick); shift ;;
    *) echo "gpu.sh: unknown argument $1" >&2; exit 2 ;;
  esac
done
mkdir -p "$out" "$build"
out=$(cd "$out" && pwd)
start=$SECONDS
cmake_options=()
[ -n "${MLZ_SYSROOT:-}" ] && use_sysroot "$MLZ_SYSROOT"
find_cublas

if [ $build_it -eq 1 ]; then
  generator=()
  command -v ninja >/dev/null && generator=(-G Ninja)
  cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DMLZ_CUDA=ON \
    -DCMAKE_CUDA_ARCHITECTURES="${MLZ_CUDA_ARCHITECTURES:-90-real}" "${cmake_options[@]}" >"$out/configure.log" 2>&1 ||
    { tail -30 "$out/configure.log"; exit 1; }
  # Each by itself: what does not build here does not keep the others from running.
  for target in mlz_cuda test_vm_cuda_gpu mlzbench_gpu mlzgolden mlzrun test_vm_cuda; do
    cmake --build "$build" --target "$target" -j "${MLZ_JOBS:-$(nproc)}" >"$out/build-$target.log" 2>&1 ||
      { echo "gpu.sh: $target does not build here:"; grep -m5 -E 'error|Error' "$out/build-$target.log"; } >&2
  done
fi
echo "built after $((SECONDS - start)) s"

summary=()
# run NAME COMMAND...: its output goes to a file; the last lines are shown where it fails.
run() {
  local name=$1 status=0 began=$SECONDS
  shift
  if [ ! -x "$1" ]; then summary+=("$name|not built"); return 0; fi
  timeout "${MLZ_STEP_SECONDS:-150}" "$@" >"$out/$name.log" 2>&1 || status=$?
  case $status in
    0) summary+=("$name|passed in $((SECONDS - began)) s") ;;
    77) summary+=("$name|SKIPPED: there is no GPU") ;;
    124) summary+=("$name|ran out of time") ;;
    *) summary+=("$name|FAILED with $status, see $name.log"); tail -40 "$out/$name.log" ;;
  esac
}

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || echo "no nvidia-smi"
run tests "$build/tests/vm_cuda/test_vm_cuda_gpu"
run golden "$build/bin/mlzgolden" "$root/tests/golden" --engine cuda
run mlp "$build/bin/mlzrun" "$root/stdlib/mlp.mlz" --task digits --engine cuda --steps 2000
run bench "$build/bin/mlzbench_gpu" --json "$out/bench.json" ${bench_options[@]+"${bench_options[@]}"}

[ -f "$out/bench.log" ] && cat "$out/bench.log"
echo "---"
for line in "${summary[@]}"; do printf '%-10s %s\n' "${line%%|*}" "${line#*|}"; done
echo "$((SECONDS - start)) s in all; numbers in $out"
printf '%s\n' "${summary[@]}" | grep -q 'FAILED\|not built\|ran out' && exit 1
exit 0
