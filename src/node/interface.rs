//! What goes into a node, and what comes out.

use std::ops::Range;
use std::time::Duration;

use crate::block::{BlockBytes, Header};
use crate::event::Event;
use crate::peer::PeerName;
use crate::target::Target;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since some fixed moment, never going back: what timers run on.
    pub monotonic: Duration,
    /// Unix seconds, which may jump: only blocks are dated by it.
    pub wall: u32,
}

/// How many of a peer's questions are answered in [`ANSWERS_TIME`] over UDP, where a
/// listed peer's address can be forged: 31,232 blocks, or 2.3 MB, a second, whatever
/// the pace of our turns.
pub const MAX_ANSWERS: u32 = 32;

/// The time over which a peer's questions are counted.
pub const ANSWERS_TIME: Duration = Duration::from_secs(1);

/// What a node is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the link calls this node.
    pub name: PeerName,
    /// This node's number in its network; over UDP its port. It tells nodes that
    /// share a seed apart, and sets how long a node rests after a copy.
    pub port: u16,
    /// The account that earns the rewards.
    pub account: u16,
    /// Whom to write to.
    pub peers: Vec<PeerName>,
    /// Whether to announce a chain that was copied to the other peers. Needed where
    /// not every node lists every other; the tutorial's nodes do, and never relay.
    pub relay: bool,
    /// How many of a peer's questions are answered in a second. A link that knows
    /// who asks, and bounds what is under way to them, needs no such limit.
    pub answers: u32,
    /// For how long peers that are asked for a longer chain may bring too little before
    /// another is asked beside them. `None` asks one at a time: over UDP an answer may be
    /// lost, and silence says little.
    pub ask_more_after: Option<Duration>,
    /// How many nonces a turn of mining tries.
    pub nonces: u64,
    /// How long a turn of listening lasts.
    pub listen: Duration,
    /// What all random numbers are grown from, together with the port.
    pub seed: u64,
}

impl Settings {
    /// A node as the tutorial has it: 1,000 nonces, then a second of listening; its
    /// port is its account, it relays nothing, it answers [`MAX_ANSWERS`] of a
    /// peer's questions in a second, and asks one peer at a time. The seed is 1.
    pub fn tutorial(name: PeerName, port: u16, peers: Vec<PeerName>) -> Settings {
        Settings {
            name,
            port,
            account: port,
            peers,
            relay: false,
            answers: MAX_ANSWERS,
            ask_more_after: None,
            nonces: 1000,
            listen: Duration::from_secs(1),
            seed: 1,
        }
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The node is switched on. Comes once, first.
    Start,
    /// The time to wake has come.
    Wake,
    /// A search that the node asked for is over.
    Searched {
        /// The search, as it was asked for.
        search: Search,
        /// The first header in its range that meets the target.
        found: Option<Header>,
    },
    /// A datagram arrived.
    Datagram {
        /// Who sent it, or claims to have.
        from: PeerName,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// The link has a new peer: it is one of ours from now on, and is sent our chain.
    Joined(PeerName),
    /// The link has lost a peer: it is forgotten. That it was refused is not.
    Left(PeerName),
    /// The person or program that runs this node wants something of it.
    Command(Command),
}

/// What the person or program that runs a node can ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Mine no more, but go on listening.
    Pause,
    /// Mine again.
    Resume,
    /// Search without listening until a block is found, also where mining is paused.
    MineOne,
    /// Take this peer among ours, refused or not, and send it our chain.
    Connect(PeerName),
    /// Neither write to this peer nor hear it, until it is connected again.
    Disconnect(PeerName),
    /// Search at this pace from now on.
    Pace {
        /// Nonces in a turn of mining.
        nonces: u64,
        /// How long a turn of listening lasts.
        listen: Duration,
    },
    /// Send our chain to all peers: those with a longer one answer.
    Sync,
    /// Send our chain to this peer of ours, which answers if it has a longer one.
    Ask(PeerName),
}

/// What the driver is to do. Each stands alone: to carry one out takes no look at
/// the node.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Search, and come back with [`Input::Searched`]. At most one a step, the last.
    Search(Search),
    /// Keep these blocks. What comes after this waits until they are safe.
    Save(Save),
    /// Send a datagram to each of these peers.
    Send {
        /// To whom: one peer or more.
        to: Vec<PeerName>,
        /// All its bytes.
        bytes: Vec<u8>,
    },
    /// Tell those who watch.
    Event(Event),
}

/// A stretch of nonces to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The header; only its nonce's counter is to vary.
    pub header: Header,
    /// The counters to try, in order.
    pub counters: Range<u64>,
    /// What a hash has to meet.
    pub target: Target,
}

/// The new end of a node's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// Height of the first block. All that was kept from there on gives way.
    pub from: usize,
    /// The blocks, lowest first: at least one.
    pub blocks: Vec<BlockBytes>,
}
