//! Port mapping: a port of the router whose packets are passed on to the node.
//!
//! The node asks the router in one protocol after another, so it knows which of them the
//! router answered; if the router answered none, the node asks again later. It renews the
//! mapping before it expires, for as long as the node runs, and gives the port back at the
//! end. A router that restarts forgets the mapping silently, but does not answer meanwhile.
//! So the node checks regularly whether the router is there, and asks again when it comes
//! back.

use std::net::{SocketAddr, SocketAddrV4};
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use iroh::Endpoint;
use portmapper::{Client, Config};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::reach::Mapping;

/// How long a router may take to answer. An answer takes milliseconds; UPnP first asks the
/// whole local network, for a second.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait before asking again, if the router answered no protocol.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// How often to check whether the router is still there. A restart takes longer than this.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// How many checks in a row it may leave unanswered: a packet can be lost.
const MISSES: u32 = 2;

/// The time limit for giving a port back.
const FAREWELL: Duration = Duration::from_secs(2);

/// A protocol in which a router can be asked to pass packets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Port Control Protocol (RFC 6887).
    Pcp,
    /// NAT Port Mapping Protocol (RFC 6886).
    NatPmp,
    /// Universal Plug and Play, the Internet Gateway Device.
    Upnp,
}

impl Protocol {
    /// All protocols, in the order in which they are tried: the simplest first.
    pub const ALL: [Protocol; 3] = [Protocol::Pcp, Protocol::NatPmp, Protocol::Upnp];

    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Pcp => "PCP",
            Protocol::NatPmp => "NAT-PMP",
            Protocol::Upnp => "UPnP",
        }
    }

    fn config(self) -> Config {
        Config {
            enable_pcp: self == Protocol::Pcp,
            enable_nat_pmp: self == Protocol::NatPmp,
            enable_upnp: self == Protocol::Upnp,
            protocol: portmapper::Protocol::Udp,
        }
    }
}

/// A task that maintains a port of the router.
pub(super) struct Mapper {
    state: watch::Receiver<Mapping>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Mapper {
    /// Asks the router in these protocols to pass packets on to the endpoint's port. There
    /// is nothing to ask for if only this machine can reach the endpoint, or if it has no
    /// IPv4 address.
    pub(super) fn start(protocols: &[Protocol], endpoint: &Endpoint) -> Option<Mapper> {
        let port = port_to_map(protocols, &endpoint.bound_sockets())?;
        let (tell, state) = watch::channel(Mapping::Asking);
        let (stop, stopped) = oneshot::channel();
        let keeper = Keeper { port, endpoint: endpoint.clone(), tell };
        let task = tokio::spawn(keeper.run(protocols.to_owned(), stopped));
        Some(Mapper { state, stop, task })
    }

    /// The state of the mapping.
    pub(super) fn state(&self) -> Mapping {
        *self.state.borrow()
    }

    /// Gives the port back.
    pub(super) async fn end(self) {
        drop(self.stop);
        // If it has panicked, there is nothing left to give back.
        let _ = self.task.await;
    }
}

/// The port to which the router is to pass packets on, if there is one.
fn port_to_map(protocols: &[Protocol], bound: &[SocketAddr]) -> Option<NonZeroU16> {
    let is_mapped = |it: &&SocketAddr| it.is_ipv4() && !it.ip().is_loopback();
    let bound = bound.iter().find(is_mapped).filter(|_| !protocols.is_empty())?;
    NonZeroU16::new(bound.port())
}

struct Keeper {
    port: NonZeroU16,
    endpoint: Endpoint,
    tell: watch::Sender<Mapping>,
}

impl Keeper {
    /// Runs until `stop` is dropped.
    async fn run(self, protocols: Vec<Protocol>, mut stop: oneshot::Receiver<()>) {
        loop {
            for protocol in &protocols {
                let client = Client::new(protocol.config());
                let is_over = tokio::select! {
                    () = self.keep(*protocol, &client) => false,
                    _ = &mut stop => true,
                };
                release(&client).await;
                if is_over {
                    return;
                }
            }
            self.tell.send_replace(Mapping::Refused);
            tokio::select! {
                () = sleep(AGAIN_AFTER) => {}
                _ = &mut stop => return,
            }
        }
    }

    /// Asks for a port, and keeps it for as long as the router allows it and is there.
    async fn keep(&self, protocol: Protocol, client: &Client) {
        let mut outer = client.watch_external_address();
        client.update_local_port(self.port);
        if !matches!(timeout(PATIENCE, outer.wait_for(Option::is_some)).await, Ok(Ok(_))) {
            return;
        }
        loop {
            let told = *outer.borrow_and_update();
            let Some(at) = outer_address(told) else { return };
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let mapped = Mapping::Mapped { protocol: protocol.name(), at, since };
            self.tell.send_replace(mapped);
            // So that a peer that shares a relay with us knows where to punch a hole.
            self.endpoint.add_external_addr(at).await;
            let is_kept = tokio::select! {
                changed = outer.changed() => changed.is_ok(),
                () = silence(protocol) => false,
            };
            self.endpoint.remove_external_addr(&at).await;
            self.tell.send_replace(Mapping::Asking);
            if !is_kept {
                return;
            }
        }
    }
}

/// Returns when the router no longer answers.
async fn silence(protocol: Protocol) {
    let mut missed = None;
    loop {
        missed = count(missed, answers(protocol).await);
        if missed == Some(MISSES) {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Counts the failed checks in a row. There are none until the router has answered a check:
/// some routers that map ports answer nothing else.
fn count(missed: Option<u32>, is_answered: bool) -> Option<u32> {
    if is_answered { Some(0) } else { missed.map(|missed| missed + 1) }
}

/// Whether the router answers in this protocol. This needs a new client, as a client caches
/// an answer for ten minutes.
async fn answers(protocol: Protocol) -> bool {
    let found = Client::new(protocol.config()).probe().await;
    matches!(found, Ok(Ok(found)) if found.pcp || found.nat_pmp || found.upnp)
}

/// Gives the port back, if there is one.
async fn release(client: &Client) {
    if client.watch_external_address().borrow().is_some() {
        client.deactivate();
        // The next request is answered after the port is given back. If the router does not
        // answer, the mapping expires by itself.
        let _ = timeout(FAREWELL, client.probe()).await;
    }
}

/// The router's answer, if it is valid.
fn outer_address(told: Option<SocketAddrV4>) -> Option<SocketAddr> {
    let told = told.filter(|at| !at.ip().is_unspecified() && at.port() != 0)?;
    Some(told.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(bound: &str, protocols: &[Protocol]) -> Option<u16> {
        let bound = bound.parse().expect("an address");
        port_to_map(protocols, &[bound]).map(NonZeroU16::get)
    }

    #[test]
    fn only_what_others_could_reach_is_mapped_and_only_if_it_is_wanted() {
        assert_eq!(port("0.0.0.0:6783", &Protocol::ALL), Some(6783));
        assert_eq!(port("192.168.1.2:6783", &Protocol::ALL), Some(6783));
        assert_eq!(port("127.0.0.1:6783", &Protocol::ALL), None);
        assert_eq!(port("[::]:6783", &Protocol::ALL), None);
        assert_eq!(port("0.0.0.0:6783", &[]), None);
    }

    #[test]
    fn a_router_is_asked_in_one_protocol_at_a_time() {
        for protocol in Protocol::ALL {
            let Config { enable_pcp, enable_nat_pmp, enable_upnp, .. } = protocol.config();
            let asked = [enable_pcp, enable_nat_pmp, enable_upnp];
            assert_eq!(asked.iter().filter(|it| **it).count(), 1, "{}", protocol.name());
        }
    }

    #[test]
    fn a_router_that_has_answered_is_silent_after_two_looks_in_vain_in_a_row() {
        let missed = |looks: &[bool]| looks.iter().fold(None, |missed, it| count(missed, *it));
        assert_eq!(missed(&[false, false, false]), None, "it never has answered");
        assert_eq!(missed(&[false, true, false]), Some(1));
        assert_eq!(missed(&[true, false, true, false]), Some(1));
        assert_eq!(missed(&[true, false, false]), Some(MISSES));
    }

    #[test]
    fn an_answer_without_an_address_is_none() {
        let told = |text: &str| outer_address(Some(text.parse().expect("an address")));
        assert_eq!(told("5.5.5.1:4000"), Some(([5, 5, 5, 1], 4000).into()));
        assert_eq!(told("0.0.0.0:4000"), None);
        assert_eq!(told("5.5.5.1:0"), None);
        assert_eq!(outer_address(None), None);
    }
}
