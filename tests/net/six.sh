#!/usr/bin/env bash
# The six nodes of compose.yaml without containers: with its flags, each at its own loopback
# address, 127.0.0.2 to 127.0.0.7. Run it by hand, on Linux:
#
#   cargo build --features net && tests/net/six.sh target/debug/cairn
#
# 1. The introducer's identity is known before it runs.
# 2. All six answer the check of their containers.
# 3. Each is connected to all others, and the five miners have the same chain. The
#    introducer carries no blocks.
set -euo pipefail

cairn=$(realpath "${1:?usage: $0 PATH-OF-CAIRN}")
compose=$(realpath "$(dirname "$0")/../../compose.yaml")
work=$(mktemp -d)
. "$(dirname "$0")/waiting.sh"
pids=()

clean() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean EXIT

# Starts the node of this number, in its own folder; the rest are its flags.
node() {
  local number=$1
  shift
  mkdir -p "$work/$number"
  (cd "$work/$number" && exec "$cairn" "$@" --ip "127.0.0.$number") > "$work/$number/log" 2>&1 &
  pids+=($!)
}

# The words of this node's `command` in compose.yaml, one a line, for node 2 or a miner.
flags() {
  if [ "$1" = 2 ]; then
    sed -n 's/^    command: \[\(net, --introduce.*\)\]/\1/p' "$compose" | sed 's/, /\n/g'
  else
    sed -n 's/^    - //p' "$compose"
  fi | sed "s/\${INTRODUCER[^}]*}@introducer/$introducer@127.0.0.2/; s/^--http.*/--http=127.0.0.$1:6784/"
}

is_well() { "$cairn" health --api "http://127.0.0.$1:6784" > /dev/null 2>&1; }
ask() {
  timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.$0/6784"
    printf "GET %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n" "$1" >&3
    cat <&3' "$1" "$2" 2>/dev/null || true
}
tip() { ask "$1" /node/status | grep -o '"tip":"[0-9a-f]*"'; }
has_met_all() { [ "$(grep -o 'JOIN [0-9a-f]*' "$work/$1/log" | sort -u | wc -l)" = 5 ]; }
is_mining() { [ "$(ask 3 /node/status | grep -o '"height":[0-9]*' | cut -d: -f2)" -ge 5 ]; }
agree() {
  local tip
  tip=$(tip 3) && for number in 4 5 6 7; do [ "$tip" = "$(tip $number)" ] || return 1; done
}

mkdir "$work/2"
introducer=$("$cairn" net id --key "$work/2/cairn.key")
for number in 2 3 4 5 6 7; do
  mapfile -t flags < <(flags $number)
  [ ${#flags[@]} -ge 5 ] || fail "compose.yaml has the flags of node $number"
  node $number "${flags[@]}" --nonces 2000 --listen 200ms
done
wait_for "the introducer has the identity that was told before" grep -q "bootstrap $introducer@" "$work/2/log"
for number in 2 3 4 5 6 7; do wait_for "node $number is well" is_well $number; done
for number in 2 3 4 5 6 7; do wait_for "node $number has met the five others" has_met_all $number; done
wait_for "the chain has five blocks" is_mining
wait_for "all five miners have the same chain" agree
echo "all is well"
