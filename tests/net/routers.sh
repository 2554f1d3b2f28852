#!/usr/bin/env bash
# Strangers behind routers: network namespaces in which two masquerading routers connect two
# nodes to a network of public addresses. Needs root, ip, nft and miniupnpd (Debian:
# nftables, miniupnpd-nftables); does not touch existing interfaces. Run it by hand:
#
#   cargo build --features net,relay && sudo tests/net/routers.sh target/debug/cairn
#
#   a 192.168.1.2 -- r1 5.5.5.1 --+-- 5.5.5.2 r2 -- 192.168.2.2 b
#                                 +-- 5.5.5.10 relay
#                                 +-- 5.5.5.20 c
#
# miniupnpd maps nothing if the router's outer address is private: hence 5.5.5.0/24.
#
# 1. A router that speaks UPnP, then PCP, then NAT-PMP alone passes c's packets on to a, and
#    forgets that when a stops. A router that starts again, and has forgotten all, is asked anew.
# 2. Through our relay a and b meet, punch a hole, and mine one chain when the relay is dead.
# 3. If the relay is dead from the start, or is an impostor, they say so; they meet when it
#    starts.
# 4. If both routers choose a new port for each destination, packets stay on the relay.
set -euo pipefail

cairn=$(realpath "${1:?usage: $0 PATH-OF-CAIRN}")
[ "$(id -u)" = 0 ] || { echo "error: run this as root" >&2; exit 2; }
for tool in ip nft miniupnpd; do
  command -v $tool > /dev/null || { echo "error: there is no $tool" >&2; exit 2; }
done
work=$(mktemp -d)
. "$(dirname "$0")/waiting.sh"
declare -A pids=()

space() { echo "cairn-$$-$1"; }
inside() { ip netns exec "$(space "$1")" "${@:2}"; }

# Ends the processes with these names, and waits for their end.
stop() {
  for name in "$@"; do
    [ -n "${pids[$name]:-}" ] || continue
    kill -TERM "${pids[$name]}" 2>/dev/null || true
    wait "${pids[$name]}" 2>/dev/null || true
    unset "pids[$name]"
  done
}

clean() {
  stop "${!pids[@]}"
  for name in world relay r1 r2 a b c; do ip netns del "$(space $name)" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean EXIT

says() { grep -q -- "$2" "$work/$1.log" 2>/dev/null; }

# Joins a namespace to the network of public addresses.
wire() {
  inside world ip link add "port-$1" type veth peer name wan netns "$(space "$1")"
  inside world ip link set "port-$1" master bridge up
  inside "$1" ip addr add "$2/24" dev wan
  inside "$1" ip link set wan up
}

# The rules of a router: it lets in only answers from outside. FLAGS may set the choice of
# ports. miniupnpd works with these chains.
masquerade() {
  inside "$1" nft flush ruleset
  inside "$1" nft -f - <<RULES
table inet filter {
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain input {
    type filter hook input priority 0; policy accept;
    ct state established,related accept
    iifname "wan" drop
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct state established,related accept
    jump miniupnpd
    iifname "wan" drop
  }
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain postrouting {
    type nat hook postrouting priority 100;
    jump postrouting_miniupnpd
    oifname "wan" masquerade ${2:-}
  }
}
RULES
}

# The address at which nodes listen.
port=6783

# Starts the node of a namespace under a name; the rest are its flags.
node() {
  local name=$1
  shift
  rm -f "$work/$name.log"
  ip netns exec "$(space "$name")" "$cairn" net --key "$work/$name.key" --peers "$work/$name.peers" --name "$name" --no-lan \
    --port "$port" --nonces 20000 --listen 200ms --http 6784 "$@" > "$work/$name.log" 2>&1 &
  pids[$name]=$!
  wait_for "$name runs" says "$name" "--bootstrap "
}

# Deletes the peers that the nodes remember.
forget() { rm -f "$work"/*.peers; }

relay() {
  rm -f "$work/relay.log"
  ip netns exec "$(space relay)" "$cairn" net --relay-server 5.5.5.10:6785 --relay-key "$work/relay.pem" > "$work/relay.log" 2>&1 &
  pids[relay]=$!
  wait_for "the relay says how to use it" says relay "relay+"
  relay=$(grep -o 'relay+[^ ]*' "$work/relay.log" | head -n 1)
}

id() { sed -n 's/.*--bootstrap \([0-9a-f]*\)@.*/\1/p' "$work/$1.log" | head -n 1; }
status() { inside "$1" "$cairn" net status > "$work/$1.status" 2>&1; }
shows() { status "$1" && grep -q -- "$2" "$work/$1.status"; }
copies() { grep -c COPY "$work/$1.log" || true; }
copied_more() { [ "$(copies "$1")" -gt "$2" ]; }
mappings() { inside r1 nft list chain inet filter prerouting_miniupnpd | grep -c dnat || true; }
has_mappings() { [ "$(mappings)" = "$1" ]; }

for name in world relay r1 r2 a b c; do
  ip netns add "$(space $name)"
  inside $name ip link set lo up
done
inside world ip link add bridge type bridge
inside world ip link set bridge up
wire relay 5.5.5.10
wire c 5.5.5.20
host=1
for pair in "r1 a" "r2 b"; do
  set -- $pair
  wire "$1" 5.5.5.$host
  inside "$1" ip link add lan type veth peer name eth0 netns "$(space "$2")"
  inside "$1" ip addr add 192.168.$host.1/24 dev lan
  inside "$1" ip link set lan up
  inside "$2" ip addr add 192.168.$host.2/24 dev eth0
  inside "$2" ip link set eth0 up
  inside "$2" ip route add default via 192.168.$host.1
  inside "$1" sysctl -qw net.ipv4.ip_forward=1
  masquerade "$1"
  host=$((host + 1))
done

# Starts miniupnpd on r1: with UPnP or not, and with NAT-PMP and PCP or not.
router() {
  cat > "$work/upnpd.conf" <<CONF
ext_ifname=wan
listening_ip=lan
http_port=0
enable_upnp=$1
enable_natpmp=$2
secure_mode=yes
uuid=00000000-0000-4000-8000-000000000000
lease_file=$work/leases
allow 1024-65535 192.168.1.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
CONF
  : > "$work/leases"
  masquerade r1
  ip netns exec "$(space r1)" miniupnpd -d -f "$work/upnpd.conf" -P "$work/upnpd.pid" > "$work/upnpd.log" 2>&1 &
  pids[upnpd]=$!
}

# Maps a port by one protocol, dials it from outside, and checks that it is released.
mapped() {
  local protocol=$1 outside
  shift
  echo "== a router that speaks $protocol"
  forget
  node a "$@"
  wait_for "a says where others reach it" says a "others reach this node through the router at 5.5.5.1:.*$protocol"
  wait_for "the router has one mapping" has_mappings 1
  wait_for "cairn net status says so as well" shows a "through the router at 5.5.5.1:"
  outside=$(grep -o '5\.5\.5\.1:[0-9]*' "$work/a.log" | head -n 1)
  node c --no-mapping --bootstrap "$(id a)@$outside"
  wait_for "c has dialled a from outside" says c JOIN
  wait_for "c has a block of a" says c COPY
  stop a
  wait_for "the router has no mapping any more" has_mappings 0
  stop c
}

router yes no
mapped UPnP
stop upnpd
router no yes
mapped PCP
mapped NAT-PMP --no-pcp
stop upnpd

# The router is away for as long as its nodes need to see it, and comes back without mappings.
starts_again() {
  local protocol=$1
  shift
  echo "== a router that speaks $protocol and starts again"
  router "$@"
  forget
  node a
  wait_for "a says where others reach it" says a "others reach this node through the router at 5.5.5.1:.*$protocol"
  stop upnpd
  wait_for "a sees that the router is gone" says a "others no longer reach this node at 5.5.5.1:"
  router "$@"
  patience=120 wait_for "the router has a mapping again" has_mappings 1
  wait_for "a says so as well" shows a "through the router at 5.5.5.1:"
  stop a upnpd
}

starts_again PCP no yes
starts_again UPnP yes no

echo "== two routers, and our relay"
masquerade r1
forget
relay
node a --no-mapping --relay "$relay"
wait_for "a is connected to the relay" says a "others reach this node through the relay"
node b --no-mapping --relay "$relay" --bootstrap "$(id a)@relay"
wait_for "b has met a" says b JOIN
wait_for "b has punched a hole to a" shows b "directly at 5.5.5.1:"
wait_for "a has punched a hole to b" shows a "directly at 5.5.5.2:"
cat "$work/b.status"
before=$(inside relay cat /sys/class/net/wan/statistics/rx_bytes)
seen=$(copies b)
wait_for "b goes on to copy from a" copied_more b $((seen + 3))
after=$(inside relay cat /sys/class/net/wan/statistics/rx_bytes)
echo "the relay got $((after - before)) bytes meanwhile"

echo "== the relay dies under a direct path"
kill -KILL "${pids[relay]}"
stop relay
seen=$(copies b)
wait_for "a sees that the relay is gone" says a "the relay .* fails"
wait_for "b goes on to copy from a" copied_more b $((seen + 3))
says b LEAVE && fail "b has lost a"
shows b "directly at 5.5.5.1:" || fail "b is not connected directly"
echo "ok: the connection stays"
stop a b

echo "== the relay is dead from the start"
forget
node a --no-mapping --relay "$relay"
node b --no-mapping --relay "$relay" --bootstrap "$(id a)@relay"
wait_for "b says that the relay does not answer" says b "fails: it does not answer; the node will try again"
wait_for "cairn net status says what to do" shows b "nobody from outside"
relay
wait_for "b has met a once there is a relay" says b JOIN
stop a b

echo "== an impostor of the relay"
stop relay
mv "$work/relay.pem" "$work/right.pem"
right=$relay
relay
node a --no-mapping --relay "$right"
wait_for "a says that the certificate is another" says a "certificate is not the one"
stop a relay
mv "$work/right.pem" "$work/relay.pem"

echo "== routers that choose a new port for each destination"
# At a port that is still unknown to the routers.
port=6793
masquerade r1 fully-random
masquerade r2 fully-random
forget
relay
node a --no-mapping --relay "$relay"
wait_for "a is connected to the relay" says a "others reach this node through the relay"
node b --no-mapping --relay "$relay" --bootstrap "$(id a)@relay"
wait_for "b has met a" says b JOIN
wait_for "b has a block of a" says b COPY
wait_for "their packets go through the relay" shows b "through the relay https"
echo "all is well"
