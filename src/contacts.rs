//! What can be asked of a node among strangers: whom it knows and what it thinks of
//! them, to meet or drop somebody, to block or allow an identity or an address.
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
    /// Its public key in hexadecimal: what the node calls it.
    pub id: PeerName,
    /// What it calls itself.
    pub name: Option<String>,
    /// Where it can be dialled.
    pub address: Option<SocketAddr>,
    /// Where it says that it serves HTTP.
    pub http: Option<SocketAddr>,
    /// The version of the protocol that was agreed on with it.
    pub version: Option<u8>,
    /// What it says that it does.
    pub capabilities: Vec<String>,
    /// Where it says that it is.
    pub region: Option<String>,
    /// The groups that it says it is of.
    pub groups: Vec<String>,
    /// When it was last heard from, in Unix seconds.
    pub last_seen: Option<u64>,
    /// How it stands to us.
    pub standing: Standing,
    /// Whether we dialled it, where it is connected.
    pub is_outgoing: bool,
    /// Which way packets to it take, where it is connected.
    pub path: Option<Path>,
    /// How long a round trip takes, where it is connected.
    pub latency: Option<Duration>,
    /// From -100, where it is banned, to 100.
    pub reputation: i32,
    /// Why it is what it is, oldest first.
    pub reasons: Vec<String>,
    /// Until when it is banned, in Unix seconds.
    pub banned_until: Option<u64>,
}

/// Which way packets take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// Straight to this address.
    Direct(SocketAddr),
    /// Through the relay with this URL.
    Relay(String),
}

/// How a contact stands to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is a connection.
    Connected,
    /// It is being dialled.
    Dialling,
    /// It is known, no more.
    Known,
    /// It has lied too often, and is let in again when the ban ends.
    Banned,
    /// We were told to have nothing to do with it.
    Blocked,
}

/// Whom a rule of the allow or the block list is about.
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

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Dial this peer and keep it in mind.
    Add(PeerName, SocketAddr),
    /// Hang up on this peer and forget it.
    Remove(PeerName),
    /// Let it in: no block and no ban holds any more. Where there is an allow list it
    /// joins that, for this long or for good.
    Allow(Subject, Option<Duration>),
    /// Have nothing to do with it, for this long or for good.
    Block(Subject, Option<Duration>),
    /// Look for peers on the local network, or do so no more.
    Discover(bool),
    /// Tell others that this node serves HTTP at this address.
    Serves(SocketAddr),
}

/// The way to the link, and what it last told.
#[derive(Clone)]
pub struct Contacts {
    told: Arc<Mutex<Told>>,
    give: Arc<dyn Fn(Order) -> bool + Send + Sync>,
    ask: Arc<dyn Fn(Request) -> bool + Send + Sync>,
}

/// What the link last told of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// All that it knows.
    pub contacts: Vec<Contact>,
    /// Where this node says that it is.
    pub region: Option<String>,
    /// Whether it looks for peers on the local network.
    pub is_discovering: bool,
    /// How others reach this node.
    pub reach: Reach,
    /// Handshakes, counted by what came of them.
    pub handshakes: Vec<(&'static str, u64)>,
    /// Nodes that are connected or were heard of lately, each with the account that it
    /// claims, this one first.
    pub online: Vec<(PeerName, u16)>,
    /// How much of the weight is to answer where a block is asked about, in percent.
    pub weight_minimum: u8,
}

impl Contacts {
    /// Contacts whose orders and requests are given to two functions, which must not wait,
    /// and which say whether the link will carry them out.
    pub fn new(
        give: impl Fn(Order) -> bool + Send + Sync + 'static,
        ask: impl Fn(Request) -> bool + Send + Sync + 'static,
    ) -> Contacts {
        Contacts { told: Arc::default(), give: Arc::new(give), ask: Arc::new(ask) }
    }

    /// What the link last told.
    pub fn told(&self) -> Told {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The link tells.
    pub fn tell(&self, told: Told) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// Gives an order; says whether it will be carried out. It is not where the link
    /// has ended or is flooded with orders.
    pub fn give(&self, order: Order) -> bool {
        (self.give)(order)
    }

    /// Makes a request; says whether it was taken. A request that was taken is answered,
    /// unless the link ends meanwhile.
    pub fn ask(&self, request: Request) -> bool {
        (self.ask)(request)
    }
}

impl fmt::Debug for Contacts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Contacts")
    }
}
