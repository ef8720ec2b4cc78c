#!/usr/bin/env bash
# Builds the engine cuda and what tests it, runs the tests and benchmarks on the GPU of this machine, and prints a short
# table last. Takes a few minutes and needs no network. See docs/gpu.md.
#
#   scripts/gpu.sh [--out DIR] [--no-build] [--quick]     numbers and logs go to DIR (build/gpu-results)
#   scripts/gpu.sh --pack DIR                             fetches into DIR the packages that building needs
#
# Where these packages are not installed, MLZ_SYSROOT names a folder with what --pack made, or with that unpacked.
# MLZ_PREBUILT names a build folder of another machine, whose programs are taken where they do not build here.
# MLZ_BUILD names the build folder (build/gpu); MLZ_SECONDS is the time that all may take (480).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${MLZ_BUILD:-$root/build/gpu}
out=$root/build/gpu-results
build_it=1
bench_options=()
total_seconds=${MLZ_SECONDS:-480}
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
  found=$(find /usr/local/cuda*/ /opt /usr/lib/python3 /usr/local/lib -name 'libcublas.so.1[2-9]' 2>/dev/null |
          head -1) || true
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
  generator=() keep_going=(-k)
  if command -v ninja >/dev/null; then generator=(-G Ninja) keep_going=(-k 0); fi
  # What does not build here does not keep the rest from running.
  cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DMLZ_CUDA=ON \
    -DCMAKE_CUDA_ARCHITECTURES="${MLZ_CUDA_ARCHITECTURES:-90-real}" ${cmake_options[@]+"${cmake_options[@]}"} \
    >"$out/configure.log" 2>&1 || tail -30 "$out/configure.log"
  timeout "$((total_seconds * 6 / 10))" cmake --build "$build" -j "${MLZ_JOBS:-$(nproc)}" \
    --target mlz_cuda test_vm_cuda_gpu mlzbench_gpu mlzgolden mlzrun \
    -- "${keep_going[@]}" >"$out/build.log" 2>&1 ||
    { echo "gpu.sh: not all builds here:"; grep -m10 -iE 'error' "$out/build.log" || true; } >&2
fi
echo "built after $((SECONDS - start)) s"

summary=()
# program PATH: in the build folder, or else in that of another machine.
program() {
  if [ ! -x "$build/$1" ] && [ -x "${MLZ_PREBUILT:-}/$1" ]; then echo "$MLZ_PREBUILT/$1"; else echo "$build/$1"; fi
}
if [ ! -f "$build/bin/libmlz_cuda.so" ] && [ -f "${MLZ_PREBUILT:-}/bin/libmlz_cuda.so" ]; then
  export MLZ_CUDA_LIBRARY=$MLZ_PREBUILT/bin/libmlz_cuda.so
fi
# run NAME SECONDS COMMAND...: its output goes to a file; the last lines are shown where it fails.
run() {
  local name=$1 limit=$2 status=0 began=$SECONDS
  shift 2
  if [ ! -x "$1" ]; then summary+=("$name|not built"); return 0; fi
  local left=$((total_seconds - (SECONDS - start)))
  [ "$limit" -gt "$left" ] && limit=$left
  if [ "$limit" -lt 5 ]; then summary+=("$name|ran out of time before it began"); return 0; fi
  timeout "$limit" "$@" >"$out/$name.log" 2>&1 || status=$?
  case $status in
    0) summary+=("$name|passed in $((SECONDS - began)) s") ;;
    77) summary+=("$name|SKIPPED: there is no GPU") ;;
    124) summary+=("$name|ran out of time after $limit s") ;;
    *) summary+=("$name|FAILED with $status, see $name.log"); tail -40 "$out/$name.log" ;;
  esac
}

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || echo "no nvidia-smi"
run tests 150 "$(program tests/vm_cuda/test_vm_cuda_gpu)"
run golden 90 "$(program bin/mlzgolden)" "$root/tests/golden" --engine cuda
run mlp 30 "$(program bin/mlzrun)" "$root/stdlib/mlp.mlz" --task digits --engine cuda --steps 2000
run mlp-bf16 30 "$(program bin/mlzrun)" "$root/stdlib/mlp.mlz" --task digits --engine cuda-bf16 --steps 2000
run bench 200 "$(program bin/mlzbench_gpu)" --json "$out/bench.json" ${bench_options[@]+"${bench_options[@]}"}

[ -f "$out/bench.log" ] && cat "$out/bench.log"
echo "---"
for line in "${summary[@]}"; do printf '%-10s %s\n' "${line%%|*}" "${line#*|}"; done
echo "$((SECONDS - start)) s in all; numbers in $out"
printf '%s\n' "${summary[@]}" | grep -q 'FAILED\|not built\|ran out' && exit 1
exit 0
