#!/usr/bin/env bash
# The page's tests: its pure modules in Node, then the whole page in a real, headless
# Chromium, against three real nodes and on recordings; then the site, whose network runs
# inside the tab. Pictures go to target/browser.
#
#   tests/browser/run.sh             the tests
#   tests/browser/run.sh --site      only the site's tests
#   tests/browser/run.sh --measure   the size and speed of the site
#   tests/browser/run.sh --picture   only the README's picture, docs/page.png;
#                                    needs ports 7000 to 9001 of this machine
set -euo pipefail
cd "$(dirname "$0")"

# The longest that all scenarios together may take, in seconds.
readonly LIMIT=300

# The tests that need nodes or recordings, but not the site.
mapfile -t LIVE < <(ls -- *.test.mjs | grep -v '^tab')
readonly LIVE

# Installs a missing program, if that is possible.
need() {
  local program=$1 package=${2:-$1}
  if command -v "$program" >/dev/null; then
    return
  fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "$program is not there (Debian: apt-get install $package)" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
}

need chromium
need node nodejs
need npm
npm ci --silent --ignore-scripts --no-audit --no-fund

target=${CARGO_TARGET_DIR:-$PWD/../../target}
if [ -z "${CAIRN:-}" ]; then
  (cd ../.. && cargo build --quiet)
  export CAIRN="$target/debug/cairn"
fi
export PICTURES="$target/browser"

if [ "${1:-}" = --picture ]; then
  exec timeout "$LIMIT" node picture.mjs
fi
if [ "${1:-}" != --site ] && [ "${1:-}" != --measure ]; then
  node --test unit/*.test.mjs
  # One file after the other, as the nodes that mine in a test need the whole processor.
  timeout "$LIMIT" node --test --test-concurrency=1 "${LIVE[@]}"
fi
SITE=$(../../site/build.sh)
export SITE
if [ "${1:-}" = --measure ]; then
  exec node measure.mjs
fi
timeout "$LIMIT" node --test tab.test.mjs
