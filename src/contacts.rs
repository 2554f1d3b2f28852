//! Requests to a node among strangers: which peers it knows and what it thinks of them;
//! orders to dial or drop a peer, and to block or allow an identity or an address.
//!
//! The link over the open network answers; the HTTP API asks.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::peer::PeerName;
use crate::reach::Reach;
use crate::words::Request;

/// A peer that is known, connected or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Its public key in hexadecimal: its identity.
    pub id: PeerName,
    /// Its name for itself.
    pub name: Option<String>,
    /// Where it can be dialled.
    pub address: Option<SocketAddr>,
    /// The address at which it says that it serves HTTP.
    pub http: Option<SocketAddr>,
    /// The version of the protocol agreed on with it.
    pub version: Option<u8>,
    /// The capabilities that it claims.
    pub capabilities: Vec<String>,
    /// The region that it claims.
    pub region: Option<String>,
    /// The groups to which it says it belongs.
    pub groups: Vec<String>,
    /// When it was last heard from, in Unix seconds.
    pub last_seen: Option<u64>,
    /// Its standing.
    pub standing: Standing,
    /// Whether we dialled it, if it is connected.
    pub is_outgoing: bool,
    /// The way of packets to it, if it is connected.
    pub path: Option<Path>,
    /// The round-trip time, if it is connected.
    pub latency: Option<Duration>,
    /// Its reputation, from -100, at which it is banned, to 100.
    pub reputation: i32,
    /// The reasons for its reputation, oldest first.
    pub reasons: Vec<String>,
    /// Until when it is banned, in Unix seconds.
    pub banned_until: Option<u64>,
}

/// The way of packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// Straight to this address.
    Direct(SocketAddr),
    /// Through the relay with this URL.
    Relay(String),
}

/// The standing of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is a connection.
    Connected,
    /// It is being dialled.
    Dialling,
    /// It is known, and not connected.
    Known,
    /// It has lied too often, and is banned for a time.
    Banned,
    /// We were told to refuse it.
    Blocked,
}

/// The subject of a rule of the allow or the block list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The holder of this key.
    Id(PeerName),
    /// Every peer that comes from this address.
    Address(IpAddr),
}

/// Length of an identity in hexadecimal: 32 bytes.
pub const ID_DIGITS: usize = 64;

/// Whether a text has the form of an identity: 64 lower-case hexadecimal digits.
pub fn is_id(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == ID_DIGITS && text.bytes().all(is_digit)
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Subject, String> {
        if is_id(text) {
            return Ok(Subject::Id(PeerName::new(text)));
        }
        text.parse().map(Subject::Address).map_err(|_| {
            format!("{text:.80?} is neither an identity (64 hexadecimal digits) nor an IP address")
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Subject::Id(id) => id.fmt(f),
            Subject::Address(address) => address.fmt(f),
        }
    }
}

/// An order to the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Dial this peer and remember it.
    Add(PeerName, SocketAddr),
    /// Disconnect this peer and forget it.
    Remove(PeerName),
    /// Let it in: this removes any block and ban. If there is an allow list, it joins that,
    /// for this long or for good.
    Allow(Subject, Option<Duration>),
    /// Refuse it, for this long or for good.
    Block(Subject, Option<Duration>),
    /// Start or stop looking for peers on the local network.
    Discover(bool),
    /// Tell others that this node serves HTTP at this address.
    Serves(SocketAddr),
}

/// The access to the link, and its last report.
#[derive(Clone)]
pub struct Contacts {
    told: Arc<Mutex<Told>>,
    give: Arc<dyn Fn(Order) -> bool + Send + Sync>,
    ask: Arc<dyn Fn(Request) -> bool + Send + Sync>,
}

/// The link's last report of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// All contacts.
    pub contacts: Vec<Contact>,
    /// The region that this node claims.
    pub region: Option<String>,
    /// Whether it looks for peers on the local network.
    pub is_discovering: bool,
    /// How others reach this node.
    pub reach: Reach,
    /// Handshakes, counted by their result.
    pub handshakes: Vec<(&'static str, u64)>,
    /// Nodes that are connected or were heard from lately, each with the account that it
    /// claims, this one first.
    pub online: Vec<(PeerName, u16)>,
    /// The weight that must answer a question about a block, in percent.
    pub weight_minimum: u8,
}

impl Contacts {
    /// Contacts that pass orders and requests to two functions, which must not wait, and
    /// which return whether the link will carry them out.
    pub fn new(
        give: impl Fn(Order) -> bool + Send + Sync + 'static,
        ask: impl Fn(Request) -> bool + Send + Sync + 'static,
    ) -> Contacts {
        Contacts { told: Arc::default(), give: Arc::new(give), ask: Arc::new(ask) }
    }

    /// The link's last report.
    pub fn told(&self) -> Told {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The link reports.
    pub fn tell(&self, told: Told) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// Gives an order; returns whether it will be carried out. It will not if the link has
    /// ended or is flooded with orders.
    pub fn give(&self, order: Order) -> bool {
        (self.give)(order)
    }

    /// Makes a request; returns whether it was accepted. An accepted request is answered,
    /// unless the link ends before.
    pub fn ask(&self, request: Request) -> bool {
        (self.ask)(request)
    }
}

impl fmt::Debug for Contacts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Contacts")
    }
}
