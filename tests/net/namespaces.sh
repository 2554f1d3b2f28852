#!/usr/bin/env bash
# Strangers on a separate network: network namespaces around a bridge, without a default
# route. Needs root, ip and bridge, and dnsmasq for its last part; does not touch existing
# interfaces. Run it by hand:
#
#   cargo build --features net && sudo tests/net/namespaces.sh target/debug/cairn
#
# 1. Three nodes with nothing configured find each other and mine one chain.
# 2. A node whose packets are dropped goes on alone, and agrees again afterwards.
# 3. A node that starts before its interface has an address finds the others afterwards.
# 4. One address gets no more than its share of connections.
# 5. A node finds another by its name on the network's DNS server, also after the name has
#    changed to another address.
set -euo pipefail

cairn=$(realpath "${1:?usage: $0 PATH-OF-CAIRN}")
[ "$(id -u)" = 0 ] || { echo "error: run this as root" >&2; exit 2; }
work=$(mktemp -d)
. "$(dirname "$0")/waiting.sh"
hub=cairn-$$-hub
pids=()

space() { echo "cairn-$$-$1"; }

stop_all() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
  pids=()
}

clean() {
  stop_all
  for name in hub a b c; do
    ip netns del "$(space $name)" 2>/dev/null || true
    rm -rf "/etc/netns/$(space $name)"
  done
  rm -rf "$work"
}
trap clean EXIT

inside() { ip netns exec "$(space "$1")" "${@:2}"; }

# Starts a node in a namespace, under a separate name; the rest are its flags.
node_as() {
  local where=$1 name=$2
  shift 2
  rm -f "$work/$name.log"
  ip netns exec "$(space "$where")" "$cairn" net --key "$work/$name.key" --name "$name" --nonces 20000 --listen 200ms \
    "$@" > "$work/$name.log" 2>&1 &
  pids+=($!)
}

# Starts the node of a namespace, with an API; the rest are its flags.
node() { node_as "$1" "$1" --http "${@:2}"; }

# How others reach the node of this name, whose address is that of a namespace.
identity() { grep -o '[0-9a-f]*@' "$work/$1.log" | head -n 1; }

# Asks the API of a namespace's node: METHOD PATH.
ask() {
  inside "$1" timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/6784
    printf "%s %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n" "$0" "$1" >&3
    cat <&3' "$2" "$3" 2>/dev/null || true
}

tip() { ask "$1" GET /node/status | grep -o '"tip":"[0-9a-f]*"'; }
says() { grep -q "$2" "$work/$1.log" 2>/dev/null; }
agree() { local tip; tip=$(tip a) && [ -n "$tip" ] && [ "$tip" = "$(tip b)" ] && [ "$tip" = "$(tip c)" ]; }

# The bridge drops all packets from and to a namespace, or stops doing so. The namespace's
# own link stays up.
drop() { inside hub bridge link set dev "port-$1" state 0; }
pass() { inside hub bridge link set dev "port-$1" state 3; }

ip netns add "$hub"
inside hub ip link add bridge type bridge
inside hub ip link set bridge up
inside hub ip addr add 10.77.0.1/24 dev bridge
host=10
for name in a b c; do
  ip netns add "$(space $name)"
  inside hub ip link add "port-$name" type veth peer name eth0 netns "$(space $name)"
  inside hub ip link set "port-$name" master bridge up
  inside $name ip link set lo up
  inside $name ip addr add 10.77.0.$host/24 dev eth0
  inside $name ip link set eth0 up
  host=$((host + 1))
done

echo "== a local network without a default route"
for name in a b c; do node $name; done
for name in a b c; do
  wait_for "$name has met two others" bash -c "[ \$(grep -c JOIN '$work/$name.log') -ge 2 ]"
  wait_for "$name has a block of another" says $name COPY
done

echo "== a partition, and its end"
drop c
wait_for "c has lost the others" says c LEAVE
wait_for "a has lost c" says a LEAVE
[ "$(tip a)" != "$(tip c)" ] || fail "both sides found the same block"
before=$(grep -c JOIN "$work/c.log")
pass c
wait_for "c has met the others again" bash -c "[ \$(grep -c JOIN '$work/c.log') -gt $before ]"
for name in a b c; do ask $name POST /pause > "$work/answer"; done
# Two chains of the same length both stay, until one grows.
ask a POST /mine > "$work/answer"
wait_for "all agree again" agree
stop_all

echo "== an interface that comes later"
# Nobody is to be found in a file.
rm -f "$work"/*.peers
inside c ip link set eth0 down
inside c ip addr flush dev eth0
node a
node c --bootstrap-interval 1s
wait_for "c runs without an address" says c "bootstrap "
inside c ip addr add 10.77.0.12/24 dev eth0
inside c ip link set eth0 up
wait_for "c has met a" says c JOIN
stop_all

echo "== a share for each address"
node a --no-lan --max-per-address 2
wait_for "a says who it is" says a "bootstrap "
for number in 1 2 3 4; do
  node_as b "b$number" --no-lan --port 0 --connections 1 --bootstrap "$(identity a)10.77.0.10:6783"
done
counted() { ask a GET /metrics | grep -q "$1"; }
wait_for "a turns others away" counted 'cairn_handshakes_total{outcome="full-address"} [1-9]'
wait_for "a has two connections" counted '^cairn_connections 2'
node_as c c --no-lan --bootstrap "$(identity a)10.77.0.10:6783"
wait_for "another address is let in" says c JOIN
stop_all

echo "== a name"
if ! command -v dnsmasq > /dev/null; then
  echo "SKIPPED: there is no dnsmasq"
  exit 0
fi
echo "10.77.0.10 seed.test" > "$work/hosts"
ip netns exec "$hub" dnsmasq --keep-in-foreground --no-resolv --no-hosts --bind-interfaces --interface=bridge \
  --addn-hosts="$work/hosts" --user=root --pid-file="$work/dns.pid" > "$work/dns.log" 2>&1 &
dns=$!
pids+=($dns)
for name in a b; do
  mkdir -p "/etc/netns/$(space $name)"
  echo "nameserver 10.77.0.1" > "/etc/netns/$(space $name)/resolv.conf"
done
node a --no-lan
wait_for "a says who it is" says a "bootstrap "
rm -f "$work/b.peers"
node b --no-lan --bootstrap "$(identity a)seed.test:6783" --bootstrap-interval 1s
wait_for "b has found a by its name" says b JOIN
wait_for "b has a block of a" says b COPY
kill "${pids[1]}" && wait "${pids[1]}" 2>/dev/null || true
wait_for "b has lost a" says b LEAVE
echo "10.77.0.12 seed.test" > "$work/hosts"
kill -HUP "$dns"
# The same identity at another address.
node_as c a --no-lan
wait_for "b has found a where the name leads now" says b "JOIN .* at 10.77.0.12:"
echo "all is well"
