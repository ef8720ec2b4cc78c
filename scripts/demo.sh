#!/usr/bin/env bash
# Installs what is missing, builds mlz, and trains a network written in mlz on real images.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/setup.sh"

mlz_install "${mlz_packages[@]}"
mlz_build "$root" --target mlzrun

# Real images: MNIST if it is at hand, else Fashion-MNIST, which Debian packages.
mlzrun="$root/build/release/bin/mlzrun"
data=()
if [ -z "${MLZ_DATA:-}" ] && [ -d "$root/../shared/data" ]; then data=(--data "$root/../shared/data"); fi
task=digits
for candidate in mnist fashion_mnist; do
  if "$mlzrun" "$root/stdlib/mlp.mlz" --task "$candidate" "${data[@]}" --steps 1 --quiet >/dev/null 2>&1; then
    task=$candidate
    break
  fi
done
if [ "$task" = digits ] && mlz_install dataset-fashion-mnist; then task=fashion_mnist; fi

cd "$root"
echo
echo "mlzrun stdlib/mlp.mlz --task $task"
"$mlzrun" stdlib/mlp.mlz --task "$task" "${data[@]}" --plot build/learning-curve.svg
echo "The learning curve is in build/learning-curve.svg"
