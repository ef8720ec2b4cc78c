#!/usr/bin/env bash
# Fetches data sets over the internet into the folder that mlz looks in, verified by checksum:
#   scripts/fetch-data.sh NAME...
# NAME: mnist fashion_mnist cifar10 omniglot optdigits iris wine wdbc sonar ionosphere banknote
# The folder is $XDG_CACHE_HOME/mlz, or ~/.cache/mlz. What is there already is left alone.
# Needs curl or wget, and python3 for all but mnist and fashion_mnist. See each set's own terms of use.
set -euo pipefail

scripts=$(cd "$(dirname "$0")" && pwd)
case "${XDG_CACHE_HOME:-}" in
  /*) cache=$XDG_CACHE_HOME/mlz ;;
  *) cache=${HOME:?HOME is not set: it tells where to put the data}/.cache/mlz ;;
esac
work=""
trap '[ -z "$work" ] || rm -rf "$work"' EXIT

fail() { echo "fetch-data: $*" >&2; exit 1; }
usage() { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }

# download URL FILE: false when the address cannot be read.
download() {
  echo "Fetching $1"
  if command -v curl >/dev/null; then
    curl --fail --location --silent --show-error --connect-timeout 20 --retry 2 --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget --quiet --timeout 60 --tries 3 --output-document "$2" "$1"
  else
    fail "needs curl or wget; install one of them."
  fi
}

# download_any FILE URL...: the first address that works.
download_any() {
  local file=$1 url
  shift
  for url in "$@"; do
    if download "$url" "$file"; then return; fi
  done
  fail "none of these could be read; is there a connection to the internet?
  $*
The data can also be put into $cache by hand; mlzrun --list-tasks and the message of a task say how."
}

# check FILE SHA256: of the file, or of what is inside a .gz.
check() {
  local sum
  case "$1" in
    *.gz) sum=$(gzip -dc "$1" | sha256sum) || fail "$1 is damaged; try again." ;;
    *) sum=$(sha256sum <"$1") ;;
  esac
  [ "${sum%% *}" = "$2" ] || fail "${1##*/} is not the file expected (sha256 ${sum%% *}, not $2). Try again later."
}

need_python() {
  command -v python3 >/dev/null || fail "needs python3 to convert this data set; install it."
}

# keep FOLDER FILE...: moves finished files from the work folder into the cache, whole or not at all.
keep() {
  local folder=$cache/$1 file
  shift
  mkdir -p "$folder"
  for file in "$@"; do
    mv "$work/$file" "$folder/.$file.new"
    mv "$folder/.$file.new" "$folder/$file"
  done
  echo "Ready: $folder"
}

# The four files of MNIST and its like: fetch_idx NAME "BASE..." FOUR-CHECKSUMS
fetch_idx() {
  local name=$1 bases=$2 file base urls
  shift 2
  local files=(train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz
               t10k-labels-idx1-ubyte.gz)
  [ ! -e "$cache/$name/${files[0]}" ] || { echo "There already: $cache/$name"; return; }
  for file in "${files[@]}"; do
    urls=()
    for base in $bases; do urls+=("$base/$file"); done
    download_any "$work/$file" "${urls[@]}"
    check "$work/$file" "$1"
    shift
  done
  # The images of the training part come last: they are what mlz looks for.
  keep "$name" "${files[1]}" "${files[2]}" "${files[3]}" "${files[0]}"
}

fetch_cifar10() {
  [ ! -e "$cache/cifar10/train-images-idx4-ubyte.gz" ] || { echo "There already: $cache/cifar10"; return; }
  need_python
  download_any "$work/in.tar.gz" https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
  python3 "$scripts/convert-data.py" cifar10 "$work/in.tar.gz" "$work"
  check "$work/t10k-images-idx4-ubyte.gz" fc19aa23c64482c6def2138377986c67b6b3a50f8e8c4c6a759b296dc751fa64
  check "$work/t10k-labels-idx1-ubyte.gz" 987e01129ceec0098f1e9d9404cff9fa82ad3d15383a61e8ec60ff20ffe6db40
  keep cifar10 train-labels-idx1-ubyte.gz t10k-images-idx4-ubyte.gz t10k-labels-idx1-ubyte.gz \
       train-images-idx4-ubyte.gz
}

fetch_omniglot() {
  [ ! -e "$cache/omniglot/images-idx3-ubyte.gz" ] || { echo "There already: $cache/omniglot"; return; }
  need_python
  local part
  for part in background evaluation; do
    download_any "$work/$part.zip" \
      "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/images_$part.zip"
  done
  python3 "$scripts/convert-data.py" omniglot "$work/background.zip" "$work/evaluation.zip" "$work"
  check "$work/images-idx3-ubyte.gz" 52d91800db301388fa91f2af3c02d96d3fd08494bb7e941e553e252b87f0f9b9
  check "$work/labels-idx1-int32.gz" 7b42f9a7ffe8a03af00df4a3422bf7f4eb0ade47880ff35366a612bae04c4c44
  keep omniglot classes.tsv labels-idx1-int32.gz images-idx3-ubyte.gz
}

# A CSV file: fetch_table FILE SHA256 URL
fetch_table() {
  [ ! -e "$cache/tabular/$1.csv" ] || { echo "There already: $cache/tabular/$1.csv"; return; }
  need_python
  download_any "$work/in" "$3"
  python3 "$scripts/convert-data.py" "$1" "$work/in" "$work/$1.csv"
  check "$work/$1.csv" "$2"
  keep tabular "$1.csv"
}

fetch() {
  local github=https://raw.githubusercontent.com/jbrownlee/Datasets/master
  local uci=https://archive.ics.uci.edu/ml/machine-learning-databases
  case "$1" in
    mnist)
      fetch_idx mnist \
        "https://storage.googleapis.com/cvdf-datasets/mnist https://ossci-datasets.s3.amazonaws.com/mnist" \
        ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db \
        65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 \
        0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 \
        ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 ;;
    fashion_mnist)
      fetch_idx fashion_mnist http://fashion-mnist.s3-website.eu-central-1.amazonaws.com \
        c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 \
        bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 \
        5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b \
        0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 ;;
    cifar10) fetch_cifar10 ;;
    omniglot) fetch_omniglot ;;
    optdigits)
      fetch_table optdigits_test d7ff1341011182b7af3733b201a919cea2ffe00f25ff23ba48c5e791daffb498 \
        $uci/optdigits/optdigits.tes
      fetch_table optdigits_train 06ca4bdd8eea0e6f6c3f950afc276fea60bd45297d3f110fc37cf1df369bba9c \
        $uci/optdigits/optdigits.tra ;;
    iris)
      fetch_table iris 7c3ac27b2f40da36ea62d0f4558b2d1a8399136bea7dbd8105b68811e6be2f12 $github/iris.csv ;;
    wine)
      fetch_table wine 8933800186dbfd1acd121392cc3139f9158466ef50b22d4b2582d613efbc2eb5 $github/wine.csv ;;
    wdbc)
      fetch_table wdbc 37b3089406af2efcc1629924fd4ed0ebdc87d15751f3254720a51cb501446f58 \
        $uci/breast-cancer-wisconsin/wdbc.data ;;
    sonar)
      fetch_table sonar 91c5e50edb68db1fd2b47b9e6106f2c575f5c41bf2b9dfcd2c079bb659e745a7 $github/sonar.csv ;;
    ionosphere)
      fetch_table ionosphere 2306abff359b920681c36d39aca58bcaae40ef50976e44362cc63e166af05573 \
        $github/ionosphere.csv ;;
    banknote)
      fetch_table banknote fd54cdab8b3a4033b936d4f85c13a2a7cccbfabb55ea17e3cbed63df2043354c \
        $github/banknote_authentication.csv ;;
    *) echo "fetch-data: there is no data set '$1'." >&2; usage ;;
  esac
}

[ $# -gt 0 ] || usage
for name in "$@"; do
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.fetch.XXXXXX")
  fetch "$name"
  rm -rf "$work"
  work=""
done
