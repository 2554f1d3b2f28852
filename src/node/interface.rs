//! The inputs and outputs of a node.

use std::ops::Range;
use std::time::Duration;

use crate::block::{BlockBytes, Header};
use crate::event::Event;
use crate::peer::PeerName;
use crate::target::Target;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since some fixed moment, never going back: for timers.
    pub monotonic: Duration,
    /// Unix seconds, which may jump: only for the dates of blocks.
    pub wall: u32,
}

/// How many of a peer's questions a node answers in [`ANSWERS_TIME`] over UDP, where the
/// address of a listed peer can be forged: 31,232 blocks, or 2.3 MB, a second, whatever the
/// pace of our turns.
pub const MAX_ANSWERS: u32 = 32;

/// The period over which a peer's questions are counted.
pub const ANSWERS_TIME: Duration = Duration::from_secs(1);

/// The settings of a node at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This node's name in the link.
    pub name: PeerName,
    /// This node's number in its network; over UDP its port. It distinguishes nodes that
    /// share a seed, and sets how long a node rests after a copy.
    pub port: u16,
    /// The account that receives the rewards.
    pub account: u16,
    /// The peers to send to.
    pub peers: Vec<PeerName>,
    /// Whether to announce a copied chain to the other peers. This is needed if not every
    /// node lists every other; the tutorial's nodes do, and never relay.
    pub relay: bool,
    /// How many of a peer's questions to answer in a second. A link that identifies its
    /// peers and limits what is in flight to them needs no such limit.
    pub answers: u32,
    /// For how long the peers that are asked for a longer chain may bring too little before
    /// another is asked too. `None` asks one at a time: over UDP an answer may get lost, so
    /// silence says little.
    pub ask_more_after: Option<Duration>,
    /// How many nonces a turn of mining tries.
    pub nonces: u64,
    /// How long a turn of listening lasts.
    pub listen: Duration,
    /// The seed of all random numbers, together with the port.
    pub seed: u64,
}

impl Settings {
    /// A node like the tutorial's: 1,000 nonces, then a second of listening; its port is
    /// its account, it relays nothing, it answers [`MAX_ANSWERS`] of a peer's questions in
    /// a second, and asks one peer at a time. The seed is 1.
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
    /// A search that the node asked for has ended.
    Searched {
        /// The search, as the node asked for it.
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
    /// The link has a new peer: it becomes one of ours and is sent our chain.
    Joined(PeerName),
    /// The link has lost a peer: the node forgets it, but not that it was refused.
    Left(PeerName),
    /// A command from the person or program that runs this node.
    Command(Command),
}

/// A command to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Stop mining, but go on listening.
    Pause,
    /// Resume mining.
    Resume,
    /// Search without listening until a block is found, even if mining is paused.
    MineOne,
    /// Add this peer to ours, even if it was refused, and send it our chain.
    Connect(PeerName),
    /// Refuse this peer, which means neither send to it nor hear it, until it is connected
    /// again.
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
    /// Send our chain to this peer, which answers if it has a longer one.
    Ask(PeerName),
}

/// What the driver is to do. Each output is complete: the driver need not look at the node
/// to carry it out.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Search, and return [`Input::Searched`]. At most one a step, and the last.
    Search(Search),
    /// Save these blocks. Later outputs wait until they are safe.
    Save(Save),
    /// Send a datagram to each of these peers.
    Send {
        /// One or more receivers.
        to: Vec<PeerName>,
        /// All its bytes.
        bytes: Vec<u8>,
    },
    /// Report an event to the observers.
    Event(Event),
}

/// A range of nonces to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The header; only the counter of its nonce is to vary.
    pub header: Header,
    /// The counters to try, in order.
    pub counters: Range<u64>,
    /// The target that a hash must meet.
    pub target: Target,
}

/// The new end of a node's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// Height of the first block. All stored blocks from there on are replaced.
    pub from: usize,
    /// The blocks, lowest first: at least one.
    pub blocks: Vec<BlockBytes>,
}
