//! The peers of a node, and its announcements to them.
//!
//! A node announces its chain at its start, when it finds a block, and to each peer that
//! joins. A datagram may get lost, and a peer may start after us, so the first announcement
//! is repeated; and a peer that shows that it has missed ours is sent it.

use std::time::Duration;

use super::interface::ANSWERS_TIME;
use super::{Node, Now};
use crate::peer::PeerName;

use crate::wire::{Blocks, MAX_BLOCKS, to_u32};

/// The first announcement is repeated for peers that we have not heard from
/// when the number of turns since the start is a power of two from 2 to this.
pub const LAST_REPEAT_TURN: u32 = 64;

/// How many blocks announce a chain that is too long to be sent whole: a peer that has
/// missed at most that many need not ask.
pub const ANNOUNCED_BLOCKS: usize = 8;

/// One of our peers, and our dealings with it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) name: PeerName,
    /// Whether we were told to refuse it.
    pub(super) is_refused: bool,
    /// Whether it has ever sent us anything.
    pub(super) is_heard: bool,
    /// Whether it has ever sent a frame, which the tutorial's nodes never do.
    pub(super) knows_frames: bool,
    /// When we last answered its shorter chain with ours.
    shorter: Option<Duration>,
    /// Since when its questions are counted, and how many were answered.
    questions: (Duration, u32),
}

impl Peer {
    fn new(name: PeerName) -> Peer {
        let questions = (Duration::ZERO, 0);
        Peer {
            name,
            is_refused: false,
            is_heard: false,
            knows_frames: false,
            shorter: None,
            questions,
        }
    }

    /// Whether its shorter chain may be answered now: once a turn.
    pub(super) fn may_be_told(&mut self, now: Duration, turn: Duration) -> bool {
        let is_due = self.shorter.is_none_or(|last| now.saturating_sub(last) >= turn);
        if is_due {
            self.shorter = Some(now);
        }
        is_due
    }

    /// Whether its question may be answered now: `most` in [`ANSWERS_TIME`].
    pub(super) fn may_ask(&mut self, now: Duration, most: u32) -> bool {
        if now.saturating_sub(self.questions.0) >= ANSWERS_TIME {
            self.questions = (now, 0);
        }
        self.questions.1 = self.questions.1.saturating_add(1);
        self.questions.1 <= most
    }
}

/// The table of peers, in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Peers(Vec<Peer>);

impl Peers {
    pub(super) fn new(names: &[PeerName]) -> Peers {
        Peers(names.iter().cloned().map(Peer::new).collect())
    }

    /// The peers that we send to.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Peer> {
        self.0.iter().filter(|peer| !peer.is_refused)
    }

    /// The peers that we were told to refuse.
    pub(super) fn refused(&self) -> impl Iterator<Item = &Peer> {
        self.0.iter().filter(|peer| peer.is_refused)
    }

    /// The peer of this name, if it is one of ours.
    pub(super) fn find(&mut self, name: &PeerName) -> Option<&mut Peer> {
        self.0.iter_mut().find(|peer| peer.name == *name)
    }

    /// The peer of this name, which becomes one of ours.
    pub(super) fn add(&mut self, name: PeerName) -> &mut Peer {
        let index = self.0.iter().position(|peer| peer.name == name);
        let index = index.unwrap_or_else(|| {
            self.0.push(Peer::new(name));
            self.0.len() - 1
        });
        &mut self.0[index]
    }

    /// Forgets a peer, unless it is refused.
    pub(super) fn remove(&mut self, name: &PeerName) {
        self.0.retain(|peer| peer.is_refused || peer.name != *name);
    }
}

impl Node {
    /// Announces our chain to all peers.
    pub(super) fn announce(&mut self) {
        let all = self.peers().cloned().collect();
        self.send(all, self.announcement());
    }

    /// Announces our chain to all peers except the sender of a chain.
    pub(super) fn relay(&mut self, from: &PeerName) {
        let others = self.peers().filter(|peer| *peer != from).cloned().collect();
        self.send(others, self.announcement());
    }

    /// Announces our chain to one peer.
    pub(super) fn announce_to(&mut self, name: PeerName) {
        self.send(vec![name], self.announcement());
    }

    /// A peer has joined: our chain is announced to it, unless it is refused.
    pub(super) fn greet(&mut self, name: PeerName) {
        let peer = self.peers.add(name.clone());
        peer.is_heard = false;
        if !peer.is_refused {
            self.announce_to(name);
        }
    }

    /// Repeats our announcement to peers that have never sent anything, ever more rarely
    /// and then no more, because any datagram costs a tutorial node a second of mining.
    pub(super) fn repeat_announcement(&mut self) {
        if !(2..=LAST_REPEAT_TURN).contains(&self.turns) || !self.turns.is_power_of_two() {
            return;
        }
        let unheard = self.peers.listed().filter(|peer| !peer.is_heard);
        let unheard = unheard.map(|peer| peer.name.clone()).collect();
        self.send(unheard, self.announcement());
    }

    /// Sends our chain to a peer whose shorter chain, of `theirs` blocks, asks for it;
    /// returns whether it did.
    pub(super) fn answer_shorter(&mut self, now: Now, name: &PeerName, theirs: usize) -> bool {
        let turn = self.settings.listen;
        let Some(peer) = self.peers.find(name) else { return false };
        if !peer.may_be_told(now.monotonic, turn) {
            return false;
        }
        // It may be one of the tutorial's nodes, which can read no more than this.
        let reads_whole = !peer.knows_frames && theirs < MAX_BLOCKS;
        self.announce_to(name.clone());
        if reads_whole && self.chain.count() > MAX_BLOCKS {
            let whole = self.chain.range(0..MAX_BLOCKS).as_flattened().to_vec();
            self.send(vec![name.clone()], whole);
        }
        true
    }

    /// The datagrams that announce our chain: all of it, or, if it does not fit into a
    /// datagram, its last blocks.
    fn announcement(&self) -> Vec<u8> {
        let count = self.chain.count();
        if count <= MAX_BLOCKS {
            return self.chain.as_bytes().to_vec();
        }
        let first = count - ANNOUNCED_BLOCKS;
        let blocks = &*self.chain.blocks_from(first);
        Blocks { number: 0, count: to_u32(count), height: to_u32(first), blocks }.encode()
    }

    /// Whether this is one of our peers, to whom we may send.
    pub(super) fn is_listed(&self, name: &PeerName) -> bool {
        self.peers().any(|peer| peer == name)
    }
}
