#!/usr/bin/env bash
# Builds the book into book/book/, with the site that its pages embed, and fails on any
# warning. Installs mdBook into target/tools if it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly MDBOOK=0.5.4

target=${CARGO_TARGET_DIR:-$PWD/target}
tools=$target/tools
export PATH="$tools/bin:$PATH"
if [ "$(mdbook --version 2>/dev/null)" != "mdbook v$MDBOOK" ]; then
  CARGO_TARGET_DIR=$tools/target cargo install --quiet --locked --root "$tools" \
    --no-default-features --features search --version "$MDBOOK" mdbook
  rm -r "$tools/target"
fi

# The chapters show the help of this build.
cargo build --quiet --features relay,top
export CAIRN=$target/debug/cairn
messages=$(CARGO_TARGET_DIR=$target/book mdbook build book 2>&1) || { echo "$messages" >&2; exit 1; }
if grep -E 'WARN|ERROR|warning' <<<"$messages"; then
  echo 'the book was built with warnings' >&2
  exit 1
fi
site/build.sh "$PWD/book/book/site" >/dev/null
echo "the book is in $PWD/book/book: open index.html"
