//! How others reach a node, in plain words, and what to do if they cannot.
//!
//! The file that has the socket supplies [`Facts`]; this file only judges them. An address
//! is public if packets reach it without a router's help.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What a node knows about how it can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where it listens.
    pub listening: SocketAddr,
    /// Where it listens on each interface of this machine.
    pub own: Vec<SocketAddr>,
    /// Its address as relays see it, if that is not an interface of its own.
    pub seen_at: Vec<SocketAddr>,
    /// Its address for others, given by the person who runs it.
    pub forwarded: Option<SocketAddr>,
    /// What the router does for it.
    pub mapping: Mapping,
    /// The relays given to it.
    pub relays: Vec<Relay>,
}

/// What the router does for a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mapping {
    /// It was not asked.
    #[default]
    Off,
    /// It is being asked.
    Asking,
    /// It has not answered, or has refused. It is asked again.
    Refused,
    /// It forwards a port to the node.
    Mapped {
        /// The protocol of the request.
        protocol: &'static str,
        /// The port, at the router's external address.
        at: SocketAddr,
        /// Since when, in Unix seconds.
        since: u64,
    },
}

/// A relay given to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// The text with which others can use it too.
    pub address: String,
    /// The state of the connection to it.
    pub state: RelayState,
}

/// The state of the connection to a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayState {
    /// It is not used now: another one is nearer, or all are being tried.
    Waiting,
    /// There is a connection.
    Connected,
    /// There is none, for this reason. It is tried again.
    Failed(String),
}

/// How others reach a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// All ways, the best first.
    pub ways: Vec<Way>,
    /// What the person who runs the node can do if nobody from outside reaches it.
    pub advice: Option<String>,
}

/// One way to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The kind of way.
    pub kind: Kind,
    /// The address or the relay.
    pub at: String,
    /// Why this way leads to the node, in words.
    pub because: String,
    /// Since when, in Unix seconds, if that is known.
    pub since: Option<u64>,
}

/// Kinds of ways, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An interface of this machine has a public address.
    Direct,
    /// A person made the router forward a port.
    Forwarded,
    /// The router forwards a port because the node asked for it.
    Mapped,
    /// Through a relay, which also helps to punch holes through routers.
    Relay,
    /// From the local network.
    Lan,
    /// From this machine.
    Machine,
}

impl Kind {
    /// A name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Direct => "direct",
            Kind::Forwarded => "forwarded",
            Kind::Mapped => "mapped",
            Kind::Relay => "relay",
            Kind::Lan => "lan",
            Kind::Machine => "machine",
        }
    }

    /// Whether anybody on the internet can take this way.
    pub fn is_from_outside(self) -> bool {
        self <= Kind::Relay
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Way { kind, at, because, since: _ } = self;
        match kind {
            Kind::Direct | Kind::Forwarded => write!(f, "directly at {at}: {because}"),
            Kind::Mapped => write!(f, "through the router at {at}: {because}"),
            Kind::Relay => write!(f, "through the relay {at}: {because}"),
            Kind::Lan => write!(f, "from the local network at {at}: {because}"),
            Kind::Machine => write!(f, "from this machine at {at}: {because}"),
        }
    }
}

impl Reach {
    /// Judges the facts.
    pub fn of(facts: &Facts) -> Reach {
        let mut ways: Vec<_> = facts.own.iter().map(|own| own_way(*own)).collect();
        ways.extend(facts.forwarded.map(forwarded));
        ways.extend(mapped(facts.mapping));
        ways.extend(facts.relays.iter().filter_map(|relay| relayed(relay, &facts.seen_at)));
        ways.sort_by_key(|way| way.kind);
        let is_reached = ways.iter().any(|way| way.kind.is_from_outside());
        Reach { advice: (!is_reached).then(|| advice(facts)), ways }
    }
}

fn way(kind: Kind, at: impl fmt::Display, because: impl Into<String>) -> Way {
    Way { kind, at: at.to_string(), because: because.into(), since: None }
}

fn own_way(own: SocketAddr) -> Way {
    if own.ip().to_canonical().is_loopback() {
        return way(Kind::Machine, own, "it is a loopback address");
    }
    match is_of_the_world(own.ip()) {
        true => {
            way(Kind::Direct, own, "it is an address of this machine; a firewall may forbid it")
        }
        false => way(Kind::Lan, own, "it is an address of this machine"),
    }
}

fn forwarded(at: SocketAddr) -> Way {
    way(Kind::Forwarded, at, "--external says so")
}

/// A router whose external address is private is behind another router.
fn mapped(mapping: Mapping) -> Option<Way> {
    let Mapping::Mapped { protocol, at, since } = mapping else { return None };
    let because = format!("it forwards a port, requested by {protocol}, while the node runs");
    let since = Some(since);
    is_of_the_world(at.ip()).then(|| Way { since, ..way(Kind::Mapped, at, because) })
}

fn relayed(relay: &Relay, seen_at: &[SocketAddr]) -> Option<Way> {
    let because = match seen_at.first() {
        Some(at) => format!("it is connected, and sees this node at {at}"),
        None => "it is connected".to_owned(),
    };
    let is_connected = relay.state == RelayState::Connected;
    is_connected.then(|| way(Kind::Relay, &relay.address, because))
}

/// What to do if nobody from outside reaches the node.
fn advice(facts: &Facts) -> String {
    let port = facts.listening.port();
    if facts.listening.ip().is_loopback() {
        return "this node listens on this machine alone: start it without --ip".into();
    }
    let router = match facts.mapping {
        Mapping::Asking => return "the router is being asked: look again in some seconds".into(),
        Mapping::Off => "the router was not asked to forward a port".to_owned(),
        Mapping::Refused => {
            "the router answers neither PCP nor NAT-PMP nor UPnP, as far as they are on".to_owned()
        }
        Mapping::Mapped { at, .. } => format!(
            "the router forwards the port, but its external address {} is private: there is \
             another router in front of it",
            at.ip()
        ),
    };
    let failed = facts.relays.iter().find_map(|relay| match &relay.state {
        RelayState::Failed(why) => Some(format!("; the relay {} fails: {why}", relay.address)),
        RelayState::Waiting | RelayState::Connected => None,
    });
    format!(
        "{router}{}. Turn UPnP on in the router, or have it forward UDP port {port} to this \
         machine and start with --external ADDRESS:{port}, or use a relay: run cairn net \
         --relay-server on a machine that all of you reach, and give its line to this node",
        failed.unwrap_or_default()
    )
}

/// Whether an address is public: not one of those that are reserved for local networks,
/// providers' networks or this machine (RFC 6890).
pub fn is_of_the_world(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let is_providers = a == 100 && (64..128).contains(&b);
            let is_near = ip.is_private() || ip.is_loopback() || ip.is_link_local();
            let is_of_none = a == 0 || ip.is_multicast() || ip.is_broadcast();
            !is_near && !is_of_none && !is_providers
        }
        IpAddr::V6(ip) => {
            let is_near = ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local();
            !is_near && !ip.is_unspecified() && !ip.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    /// A node behind a router that forwards nothing.
    fn behind_a_router() -> Facts {
        Facts {
            listening: at("0.0.0.0:6783"),
            own: vec![at("192.168.1.2:6783")],
            seen_at: Vec::new(),
            forwarded: None,
            mapping: Mapping::Refused,
            relays: Vec::new(),
        }
    }

    fn mapped_at(text: &str) -> Mapping {
        Mapping::Mapped { protocol: "UPnP", at: at(text), since: 7 }
    }

    fn relay(state: RelayState) -> Vec<Relay> {
        vec![Relay { address: "relay+ab@192.0.2.9:6785".into(), state }]
    }

    fn kinds(facts: &Facts) -> Vec<Kind> {
        Reach::of(facts).ways.iter().map(|way| way.kind).collect()
    }

    #[test]
    fn behind_a_router_that_does_nothing_only_the_local_network_reaches_a_node_and_it_says_what_to_do()
     {
        let facts = behind_a_router();
        let reach = Reach::of(&facts);
        assert_eq!(kinds(&facts), [Kind::Lan]);
        let advice = reach.advice.expect("nobody from outside reaches it");
        assert!(advice.contains("UDP port 6783") && advice.contains("--external"), "{advice}");
    }

    #[test]
    fn a_mapping_is_a_way_in_unless_another_router_stands_before() {
        let facts = Facts { mapping: mapped_at("5.5.5.1:40000"), ..behind_a_router() };
        assert_eq!(kinds(&facts), [Kind::Mapped, Kind::Lan]);
        let reach = Reach::of(&facts);
        assert_eq!(reach.advice, None);
        let words = reach.ways[0].to_string();
        assert_eq!(reach.ways[0].since, Some(7));
        assert!(words.contains("at 5.5.5.1:40000") && words.contains("UPnP"), "{words}");
        for outer in ["10.0.0.7:40000", "100.64.3.1:40000", "192.168.0.2:40000"] {
            let facts = Facts { mapping: mapped_at(outer), ..behind_a_router() };
            let advice = Reach::of(&facts).advice.expect("it is no way in");
            assert!(advice.contains("another router"), "{advice}");
        }
    }

    #[test]
    fn a_relay_is_a_way_in_while_it_is_connected() {
        let facts = Facts { relays: relay(RelayState::Connected), ..behind_a_router() };
        assert_eq!(kinds(&facts), [Kind::Relay, Kind::Lan]);
        let failed = RelayState::Failed("it does not answer".into());
        let facts = Facts { relays: relay(failed), ..behind_a_router() };
        assert_eq!(kinds(&facts), [Kind::Lan]);
        let advice = Reach::of(&facts).advice.expect("nobody from outside reaches it");
        assert!(advice.contains("it does not answer"), "{advice}");
    }

    #[test]
    fn the_best_way_comes_first() {
        let facts = Facts {
            own: vec![at("192.168.1.2:6783"), at("203.0.113.5:6783"), at("127.0.0.1:6783")],
            forwarded: Some(at("198.51.100.1:7000")),
            mapping: mapped_at("5.5.5.1:40000"),
            relays: relay(RelayState::Connected),
            ..behind_a_router()
        };
        let (direct, rest) = (Kind::Direct, [Kind::Relay, Kind::Lan, Kind::Machine]);
        assert_eq!(kinds(&facts), [&[direct, Kind::Forwarded, Kind::Mapped], &rest[..]].concat());
    }

    #[test]
    fn a_node_on_loopback_is_told_to_listen_elsewhere() {
        let (listening, own) = (at("127.0.0.1:6783"), vec![at("127.0.0.1:6783")]);
        let facts = Facts { listening, own, mapping: Mapping::Off, ..behind_a_router() };
        assert_eq!(kinds(&facts), [Kind::Machine]);
        let advice = Reach::of(&facts).advice.expect("nobody from outside reaches it");
        assert!(advice.contains("--ip"), "{advice}");
    }
}
