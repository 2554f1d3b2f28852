//! Finding peers on the local network.
//!
//! Each node regularly tells a multicast group of the local network its identity and the
//! port on which it can be dialled. This is not trusted: it is a hint about a peer to dial,
//! and the handshake shows who is there. The interfaces are named to the system one by one,
//! as there may be no route for multicast.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// The group that beacons go to, from the groups that stay within a site (RFC 2365).
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 67, 82);

/// The default port of beacons.
pub const DISCOVERY_PORT: u16 = 6782;

/// The beginning of a beacon: our name, and the version of its layout.
const MAGIC: [u8; 6] = *b"cairn\x01";

/// The length of a beacon: magic, network, identity, port.
const BEACON_LEN: usize = 6 + 32 + 32 + 2;

/// How to look for peers on the local network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lan {
    /// The interfaces, by their addresses; all if none is named.
    pub interfaces: Vec<Ipv4Addr>,
    /// The UDP port that beacons go to.
    pub port: u16,
    /// How often a beacon is sent.
    pub interval: Duration,
}

impl Default for Lan {
    fn default() -> Lan {
        let interval = Duration::from_secs(2);
        Lan { interfaces: Vec::new(), port: DISCOVERY_PORT, interval }
    }
}

/// A node's announcement of itself on the local network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beacon {
    /// A hash of what all nodes of a network share.
    pub(super) network: [u8; 32],
    /// The node's public key.
    pub(super) id: [u8; 32],
    /// The port on which it can be dialled, at the address from which the beacon comes.
    pub(super) port: u16,
}

impl Beacon {
    fn encode(&self) -> Vec<u8> {
        [&MAGIC[..], &self.network, &self.id, &self.port.to_be_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Beacon> {
        let bytes: &[u8; BEACON_LEN] = bytes.try_into().ok()?;
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (network, rest) = rest.split_first_chunk()?;
        let (id, port) = rest.split_first_chunk()?;
        let port = u16::from_be_bytes(port.try_into().ok()?);
        Some(Beacon { network: *network, id: *id, port })
    }
}

/// A peer that may be near: its key and where it may be dialled.
pub(super) type Near = ([u8; 32], SocketAddr);

/// Sends beacons and hears those of others, until it is dropped.
pub(super) struct Discovery {
    lan: Lan,
    own: Beacon,
    found: Sender<Near>,
    /// The task of each interface; tasks end when this is dropped.
    tasks: BTreeMap<Ipv4Addr, JoinSet<()>>,
    /// Whether it has reported that it cannot look on any interface.
    is_failing: bool,
}

impl Discovery {
    /// Looks on no interface yet.
    pub(super) fn new(lan: &Lan, own: Beacon, found: &Sender<Near>) -> Discovery {
        let (lan, found) = (lan.clone(), found.clone());
        Discovery { lan, own, found, tasks: BTreeMap::new(), is_failing: false }
    }

    /// From now on, looks on exactly these interfaces. Must be called within a runtime.
    /// Interfaces that cannot be used are tried again at each call.
    ///
    /// # Errors
    /// The system's error for the first interface, if none can be used; reported once for
    /// as long as this lasts.
    pub(super) fn follow(&mut self, interfaces: &[Ipv4Addr]) -> io::Result<()> {
        self.tasks.retain(|interface, _| interfaces.contains(interface));
        let mut failed = None;
        for interface in interfaces {
            if self.tasks.contains_key(interface) {
                continue;
            }
            match open(*interface, self.lan.port) {
                Ok(socket) => self.look(*interface, socket),
                Err(error) => {
                    let told = format!("{error}, on the interface with {interface}");
                    failed = failed.or(Some(io::Error::new(error.kind(), told)));
                }
            }
        }
        let failed = failed.filter(|_| self.tasks.is_empty());
        let was_failing = std::mem::replace(&mut self.is_failing, failed.is_some());
        failed.filter(|_| !was_failing).map_or(Ok(()), Err)
    }

    fn look(&mut self, interface: Ipv4Addr, socket: UdpSocket) {
        let mut task = JoinSet::new();
        task.spawn(run(socket, self.lan.clone(), self.own, self.found.clone()));
        self.tasks.insert(interface, task);
    }
}

/// A socket that receives the group's packets on one interface, and sends to the group
/// there. Other sockets on this machine may use the same port.
fn open(interface: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddrV4::new(listening(), port).into())?;
    socket.join_multicast_v4(&GROUP, &interface)?;
    socket.set_multicast_if_v4(&interface)?;
    socket.set_multicast_loop_v4(true)?;
    socket.set_multicast_ttl_v4(1)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

/// Bound to the group, a socket receives nothing else; Windows does not support this.
fn listening() -> Ipv4Addr {
    if cfg!(unix) { GROUP } else { Ipv4Addr::UNSPECIFIED }
}

async fn run(socket: UdpSocket, lan: Lan, own: Beacon, found: Sender<Near>) {
    let mut ticks = interval(lan.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = [0; BEACON_LEN + 1];
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                // The interface may be down for a while.
                let _ = socket.send_to(&own.encode(), (GROUP, lan.port)).await;
            }
            Ok((len, from)) = socket.recv_from(&mut buffer) => {
                if let Some(near) = near(&buffer[..len], from.ip(), &own) {
                    // If there are too many, the next beacon will do.
                    let _ = found.try_send(near);
                }
            }
        }
    }
}

/// The sender of a beacon, if it is another node of our network.
fn near(bytes: &[u8], from: IpAddr, own: &Beacon) -> Option<Near> {
    let beacon = Beacon::decode(bytes)?;
    let is_other = beacon.network == own.network && beacon.id != own.id && beacon.port != 0;
    is_other.then(|| (beacon.id, SocketAddr::new(from, beacon.port)))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket as StdSocket;

    use tokio::sync::mpsc::channel;
    use tokio::time::timeout;

    use super::*;

    const OWN: Beacon = Beacon { network: [1; 32], id: [2; 32], port: 4000 };

    #[test]
    fn a_beacon_is_these_72_bytes() {
        let bytes = OWN.encode();
        let expected = [&b"cairn\x01"[..], &[1; 32], &[2; 32], &[0x0f, 0xa0]].concat();
        assert_eq!(bytes, expected);
        assert_eq!(Beacon::decode(&bytes), Some(OWN));
        assert_eq!(Beacon::decode(&bytes[1..]), None);
        assert_eq!(Beacon::decode(&[bytes, vec![0]].concat()), None);
    }

    #[test]
    fn only_others_of_our_network_are_near() {
        let from = IpAddr::from([192, 0, 2, 1]);
        let heard = |beacon: Beacon| near(&beacon.encode(), from, &OWN);
        let other = Beacon { id: [3; 32], ..OWN };
        assert_eq!(heard(other), Some(([3; 32], (from, 4000).into())));
        assert_eq!(heard(OWN), None);
        assert_eq!(heard(Beacon { network: [9; 32], ..other }), None);
        assert_eq!(heard(Beacon { port: 0, ..other }), None);
    }

    /// Settings with a port that was free a moment ago.
    fn lan() -> Lan {
        let free = StdSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let port = free.local_addr().expect("it is bound").port();
        Lan { port, interval: Duration::from_millis(50), ..Lan::default() }
    }

    #[tokio::test]
    async fn an_interface_that_comes_later_is_looked_on_and_one_that_goes_is_not() {
        let lan = lan();
        let (tell, mut found) = channel(64);
        let mut discovery = Discovery::new(&lan, OWN, &tell);
        discovery.follow(&[]).expect("nothing can fail without interfaces");
        let other = Beacon { id: [3; 32], ..OWN };
        let mut neighbour = Discovery::new(&lan, other, &tell);
        neighbour.follow(&[Ipv4Addr::LOCALHOST]).expect("loopback is there");
        discovery.follow(&[Ipv4Addr::LOCALHOST]).expect("loopback is there");
        let mut heard = Vec::new();
        while heard.len() < 2 {
            let near = timeout(Duration::from_secs(10), found.recv()).await;
            let (id, _) = near.expect("they hear each other").expect("they run");
            if !heard.contains(&id) {
                heard.push(id);
            }
        }
        discovery.follow(&[]).expect("nothing can fail without interfaces");
        assert!(discovery.tasks.is_empty());
    }

    #[tokio::test]
    async fn that_no_interface_can_be_used_is_told_once_and_it_is_tried_again() {
        let lan = lan();
        let taken = StdSocket::bind((GROUP, lan.port)).expect("it was free a moment ago");
        let mut discovery = Discovery::new(&lan, OWN, &channel(1).0);
        let mut follow = || discovery.follow(&[Ipv4Addr::LOCALHOST]).is_ok();
        assert_eq!([follow(), follow(), follow()], [false, true, true]);
        drop(taken);
        follow();
        assert_eq!(discovery.tasks.len(), 1);
    }
}
