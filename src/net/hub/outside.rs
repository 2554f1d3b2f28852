//! Access from outside: what the router and the relays do for the node.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use iroh::endpoint::{Endpoint, Incoming, RelayStatus};
use iroh::{EndpointAddr, EndpointId, Watcher};

use super::Hub;
use super::meeting::Pass;
use crate::net::gate::{Gate, Limits};
use crate::net::group::is_own_machine;
use crate::net::hello::{Hello, Relayed};
use crate::net::mapping::Mapper;
use crate::net::notice::Notice;
use crate::net::relay::Relay;
use crate::net::settings::Settings;
use crate::peer::PeerName;
use crate::reach::{self, Facts, Mapping, Reach, RelayState, Way};

/// How much is let in through relays. A relay costs a stranger nothing, so only a part of
/// all places can be taken that way; connections that have punched a hole count as well.
const THROUGH_RELAYS: Limits = Limits { per_address: 32, handshakes: 10 };

/// Used as the address of all nodes that come through relays.
const RELAYED: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// How long relays may take to answer before it is reported that none does.
const PATIENCE: Duration = Duration::from_secs(8);

/// How the node is reached from outside.
pub(super) struct Outside {
    mapper: Option<Mapper>,
    gate: Arc<Mutex<Gate>>,
    /// The last known addresses of the endpoint, sorted into our own view and that of
    /// others.
    addresses: (Option<EndpointAddr>, Vec<SocketAddr>, Vec<SocketAddr>),
    /// Since when there has been no connection to a relay, in the hub's time.
    without_relay: Option<Duration>,
    /// The relays whose failure was reported.
    failing: BTreeSet<String>,
    reach: Reach,
}

impl Outside {
    pub(super) fn new(settings: &Settings, endpoint: &Endpoint) -> Outside {
        Outside {
            mapper: Mapper::start(&settings.mapping, endpoint),
            gate: Arc::new(Mutex::new(Gate::new(THROUGH_RELAYS, THROUGH_RELAYS.per_address))),
            addresses: (None, Vec::new(), Vec::new()),
            without_relay: None,
            failing: BTreeSet::new(),
            reach: Reach::default(),
        }
    }

    /// How others reach this node.
    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Gives back the router's port.
    pub(super) async fn end(&mut self) {
        if let Some(mapper) = self.mapper.take() {
            mapper.end().await;
        }
    }

    fn mapping(&self) -> Mapping {
        self.mapper.as_ref().map_or(Mapping::Off, Mapper::state)
    }

    /// Looks up the endpoint's current addresses. If a socket can be bound at an address,
    /// it belongs to an interface of this machine; otherwise relays have seen it.
    fn look_for_addresses(&mut self, endpoint: &Endpoint, also: &[Option<SocketAddr>]) {
        let found = endpoint.addr();
        if self.addresses.0.as_ref() == Some(&found) {
            return;
        }
        let is_here = |at: &SocketAddr| UdpSocket::bind((at.ip(), 0)).is_ok();
        let told = found.ip_addrs().copied().filter(|at| !also.contains(&Some(*at)));
        let (own, seen_at) = told.partition(is_here);
        self.addresses = (Some(found), own, seen_at);
    }
}

impl Hub {
    /// A handshake begins through a relay; the relay has verified that the node holds its
    /// key.
    pub(super) fn accept_relayed(&mut self, incoming: Incoming) {
        let now = self.now();
        let gate = self.outside.gate.clone();
        let entered = gate.lock().unwrap_or_else(PoisonError::into_inner).enter(now, RELAYED);
        if entered.is_err() {
            self.count("full");
            return incoming.refuse();
        }
        let pass = Pass { gate, address: RELAYED };
        let answer = self.context.clone().answer(incoming, None);
        self.sessions.spawn(async move {
            answer.await;
            drop(pass);
        });
    }

    /// Where to dial a peer: at its address, and through each of our relays, since one of
    /// them may be the peer's own. A peer on this machine needs no relay.
    pub(super) fn place(&self, id: EndpointId, address: Option<SocketAddr>) -> EndpointAddr {
        let is_near = address.is_some_and(|at| is_own_machine(at.ip()));
        let relays = self.parts.settings.relays.iter().filter(|_| !is_near);
        let mut place = EndpointAddr::new(id);
        for url in relays.filter_map(Relay::url) {
            place = place.with_relay_url(url);
        }
        match address {
            Some(address) => place.with_ip_addr(address),
            None => place,
        }
    }

    /// Accepts the peers in a hello that are behind one of our relays. Peers behind any
    /// relay that the person who runs this node has not named are ignored.
    pub(super) fn crawl_relayed(&mut self, now: Duration, hello: &Hello) {
        let relays = &self.parts.settings.relays;
        let ours: Vec<_> = relays.iter().map(|relay| relay.fingerprint.to_string()).collect();
        for peer in hello.relayed.iter().filter(|peer| ours.contains(&peer.relay)) {
            self.table.hear_of_relayed(now, &peer.name());
        }
    }

    /// The peers that are reached only through relays, to introduce to this peer.
    pub(super) fn introduce_relayed(&mut self, to: &PeerName) -> Vec<Relayed> {
        let relays = &self.parts.settings.relays;
        let called = |it: &Relay, url: &str| it.url().is_some_and(|it| it.as_str() == url);
        let relayed = |(id, url): (PeerName, String)| {
            let relay = relays.iter().find(|it| called(it, &url))?.fingerprint.to_string();
            Some(Relayed { id: id.to_string(), relay })
        };
        self.table.introduce_relayed(to).into_iter().filter_map(relayed).collect()
    }

    /// Looks how others reach the node, and reports changes.
    pub(super) fn look_outside(&mut self, now: Duration) {
        let mapping = self.outside.mapping();
        let mapped = match mapping {
            Mapping::Mapped { at, .. } => Some(at),
            Mapping::Off | Mapping::Asking | Mapping::Refused => None,
        };
        let forwarded = self.parts.settings.external;
        if self.hello.external != forwarded.or(mapped) {
            self.hello.external = forwarded.or(mapped);
            self.greet_all(now);
        }
        self.outside.look_for_addresses(&self.parts.endpoint, &[forwarded, mapped]);
        let (_, own, seen_at) = &self.outside.addresses;
        let facts = Facts {
            listening: self.parts.settings.address,
            own: own.clone(),
            seen_at: seen_at.clone(),
            forwarded,
            mapping,
            relays: self.relays(now),
        };
        let reach = Reach::of(&facts);
        self.tell_of(&reach, &facts);
        self.outside.reach = reach;
    }

    /// The state of each relay.
    fn relays(&mut self, now: Duration) -> Vec<reach::Relay> {
        let found = self.parts.endpoint.home_relay_status().get();
        let since = &mut self.outside.without_relay;
        if found.iter().any(RelayStatus::is_connected) {
            *since = None;
        } else {
            since.get_or_insert(now);
        }
        let is_late = since.is_some_and(|since| now.saturating_sub(since) > PATIENCE);
        let relays = self.parts.settings.relays.iter();
        let of = |relay: &Relay| found.iter().find(|it| Some(it.url()) == relay.url().as_ref());
        let states = relays.map(|relay| {
            let is_impostor = self.parts.impostors.include(relay);
            let state = relay_state(of(relay), is_impostor, is_late);
            reach::Relay { address: relay.to_string(), state }
        });
        states.collect()
    }

    /// Reports what is new about the access from outside, each thing once.
    fn tell_of(&mut self, reach: &Reach, facts: &Facts) {
        let news = news(&self.outside.reach, reach);
        for text in news {
            self.tell(Notice::Reach(text));
        }
        for relay in &facts.relays {
            match &relay.state {
                RelayState::Connected => drop(self.outside.failing.remove(&relay.address)),
                RelayState::Failed(why) => {
                    if self.outside.failing.insert(relay.address.clone()) {
                        let address = &relay.address;
                        self.trouble(&format!(
                            "the relay {address} fails: {why}; the node will try again"
                        ));
                    }
                }
                RelayState::Waiting => {}
            }
        }
    }
}

/// The state of a relay, from the endpoint's status for it, if any.
fn relay_state(status: Option<&RelayStatus>, is_impostor: bool, is_late: bool) -> RelayState {
    let failed = |why: &str| RelayState::Failed(why.to_owned());
    match status {
        Some(status) if status.is_connected() => RelayState::Connected,
        _ if is_impostor => failed("its certificate is not the one whose fingerprint was given"),
        Some(status) if status.last_error().is_some() => failed("the connection to it was lost"),
        _ if is_late => failed("it does not answer"),
        _ => RelayState::Waiting,
    }
}

/// The changes for nodes outside.
fn news(before: &Reach, after: &Reach) -> Vec<String> {
    let is_in = |reach: &Reach, way: &Way| {
        reach.ways.iter().any(|other| (other.kind, &other.at) == (way.kind, &way.at))
    };
    let lost = before.ways.iter().filter(|way| way.kind.is_from_outside() && !is_in(after, way));
    let new = after.ways.iter().filter(|way| way.kind.is_from_outside() && !is_in(before, way));
    let lost = lost.map(|way| format!("others no longer reach this node at {}", way.at));
    let new = new.map(|way| format!("others reach this node {way}"));
    lost.chain(new).collect()
}
