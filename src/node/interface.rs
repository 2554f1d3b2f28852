//! What goes into a node, and what comes out.

use std::ops::Range;
use std::time::Duration;

use crate::block::Header;
use crate::event::Event;
use crate::peer::PeerName;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since some fixed moment, never going back: what timers run on.
    pub monotonic: Duration,
    /// Unix seconds, which may jump: only blocks are dated by it.
    pub wall: u32,
}

/// What a node is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the transport calls this node.
    pub name: PeerName,
    /// Who earns the rewards.
    pub port: u16,
    /// Whom to write to.
    pub peers: Vec<PeerName>,
    /// How many nonces a turn of mining tries.
    pub nonces: u64,
    /// How long a turn of listening lasts.
    pub listen: Duration,
    /// What all random numbers are grown from, together with the port.
    pub seed: u64,
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
    /// Whoever runs this node wants something of it.
    Command(Command),
}

/// What whoever runs a node can ask of it.
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
    /// Send our chain to all peers: whoever has a longer one answers.
    Sync,
}

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Search, and come back with [`Input::Searched`].
    Search(Search),
    /// Keep the chain's blocks from this height on, in the place of all that
    /// were kept from there on. What comes after this waits until that is done.
    Save {
        /// Height of the first block that is new.
        from: usize,
    },
    /// Send a datagram to one peer.
    Send {
        /// To whom.
        to: PeerName,
        /// All its bytes.
        bytes: Vec<u8>,
    },
    /// Send a datagram to every peer.
    Broadcast(Vec<u8>),
    /// Tell whoever watches.
    Event(Event),
}

/// A stretch of nonces to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The header; only its nonce's counter is to vary.
    pub header: Header,
    /// The counters to try, in order.
    pub counters: Range<u64>,
}
