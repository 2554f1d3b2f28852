//! What a node learns about each peer from its datagrams.

use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use crate::block;
use crate::event::Reason;
use crate::hash::Hash;
use crate::node::Node;
use crate::peer::PeerName;
use crate::wire::{Blocks, Message};

use super::book::Book;

/// A peer that sent nothing for this long counts as silent. At the network's pace a block
/// comes about every twenty seconds.
pub(super) const SILENT_AFTER: Duration = Duration::from_secs(120);

/// The most peers that can be announced or refused, including the node's own.
pub(super) const MAX_PEERS: usize = 128;

/// One peer.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) name: PeerName,
    pub(super) is_refused: bool,
    /// Whether it was ever among the peers that are not refused: otherwise it is an address
    /// that somebody named, and not a node of the network.
    pub(super) is_of_network: bool,
    /// Whether it was reported that this peer is there.
    is_announced: bool,
    /// When it last sent something: in Unix milliseconds, and as an instant to compute
    /// with.
    pub(super) last_seen_ms: Option<u64>,
    last_seen: Option<Instant>,
    /// Height of its chain's tip, from its last datagram.
    pub(super) height: Option<usize>,
    /// The highest block of our chain that it is known to hold.
    pub(super) holds: Option<usize>,
    pub(super) incoming: Flow,
    pub(super) outgoing: Flow,
}

/// Datagrams in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Flow {
    fn count(&mut self, datagram: &[u8]) {
        self.messages += 1;
        self.bytes += datagram.len() as u64;
    }
}

/// The state of a peer.
#[derive(PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PeerState {
    /// It sent something in the last two minutes.
    Active,
    Silent,
    /// It was disconnected: we neither send to it nor hear it.
    Refused,
}

impl Peer {
    fn new(name: PeerName) -> Peer {
        Peer {
            name,
            is_refused: false,
            is_of_network: false,
            is_announced: false,
            last_seen_ms: None,
            last_seen: None,
            height: None,
            holds: None,
            incoming: Flow::default(),
            outgoing: Flow::default(),
        }
    }

    pub(super) fn state(&self, now: Instant) -> PeerState {
        let is_heard = |last| now.saturating_duration_since(last) < SILENT_AFTER;
        match self.last_seen {
            _ if self.is_refused => PeerState::Refused,
            Some(last) if is_heard(last) => PeerState::Active,
            _ => PeerState::Silent,
        }
    }
}

/// All peers of a node, and all other senders as one.
#[derive(Debug, Default)]
pub(super) struct Peers {
    list: Vec<Peer>,
    pub(super) strangers: Flow,
    /// How many of the node's peers are refused and how many are not: when the list
    /// changes, one of these changes.
    counts: (usize, usize),
    /// The peer whose last block is still to be looked up on our chain.
    claim: Option<Claim>,
    /// Peers that have left the list and were reported to be there.
    gone: Vec<PeerName>,
}

/// What a peer's datagram says about the blocks it holds.
#[derive(Debug)]
struct Claim {
    from: PeerName,
    /// The last block in it.
    hash: Hash,
    /// Whether that is the tip of the peer's whole chain.
    is_tip: bool,
}

impl Peers {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Peer> {
        self.list.iter()
    }

    pub(super) fn get(&self, name: &PeerName) -> Option<&Peer> {
        self.list.iter().find(|peer| peer.name == *name)
    }

    /// The peers that sent something lately.
    pub(super) fn active(&self, now: Instant) -> impl Iterator<Item = &Peer> {
        self.iter().filter(move |peer| peer.state(now) == PeerState::Active)
    }

    fn find(&mut self, name: &PeerName) -> Option<&mut Peer> {
        self.list.iter_mut().find(|peer| peer.name == *name)
    }

    /// A datagram arrived, whatever it is worth.
    pub(super) fn received(&mut self, from: &PeerName, datagram: &[u8], now: Instant, now_ms: u64) {
        let Some(peer) = self.find(from) else {
            self.strangers.count(datagram);
            return;
        };
        peer.incoming.count(datagram);
        peer.last_seen = Some(now);
        peer.last_seen_ms = Some(now_ms);
        if !peer.is_refused {
            self.claim = Claim::of(from, datagram);
        }
    }

    /// A datagram was sent.
    pub(super) fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        if let Some(peer) = self.find(to) {
            peer.outgoing.count(datagram);
        }
    }

    /// What an ignored datagram says about its sender's chain.
    pub(super) fn ignored(&mut self, from: &PeerName, reason: &Reason) {
        let count = match reason {
            Reason::Shorter { theirs, .. } => *theirs,
            Reason::Unconnected { theirs, .. } => *theirs,
            Reason::Tie { count, .. } => *count,
            _ => return,
        };
        if let Some(peer) = self.find(from) {
            peer.height = count.checked_sub(1);
        }
    }

    /// We adopted this peer's chain, up to this height.
    pub(super) fn copied(&mut self, from: &PeerName, height: usize) {
        if let Some(peer) = self.find(from) {
            peer.height = Some(height);
            peer.holds = Some(height);
        }
    }

    /// Our chain has changed from height `fork` on: a peer that held the old one holds the
    /// part that stayed.
    pub(super) fn reorganised(&mut self, fork: usize) {
        let stayed = fork.checked_sub(1);
        for peer in &mut self.list {
            peer.holds = peer.holds.min(stayed);
        }
    }

    /// The last datagram or command is handled completely.
    pub(super) fn settle(&mut self, node: &Node, book: &Book) {
        let counts = (node.peers().count(), node.refused().count());
        if counts != self.counts {
            self.counts = counts;
            self.list_anew(node);
        }
        if let Some(claim) = self.claim.take()
            && let Some(height) = book.height_of(&claim.hash)
            && let Some(peer) = self.find(&claim.from)
        {
            // A peer that sends its whole chain holds nothing above.
            let before = peer.holds.filter(|_| !claim.is_tip);
            peer.holds = before.max(Some(height));
        }
    }

    /// The peers that have come and those that have gone since the last call.
    pub(super) fn moves(&mut self, now: Instant) -> Vec<(PeerName, bool)> {
        let mut moves: Vec<_> = self.gone.drain(..).map(|name| (name, false)).collect();
        for peer in &mut self.list {
            let is_there = peer.state(now) == PeerState::Active;
            if std::mem::replace(&mut peer.is_announced, is_there) != is_there {
                moves.push((peer.name.clone(), is_there));
            }
        }
        moves
    }

    /// Lists the node's peers as they are now. A peer that has left is forgotten here too,
    /// so the list does not grow with each stranger that comes and goes.
    fn list_anew(&mut self, node: &Node) {
        let listed = node.peers().map(|name| (name, false));
        let all: Vec<_> = listed.chain(node.refused().map(|name| (name, true))).collect();
        let is_listed = |peer: &mut Peer| all.iter().any(|(name, _)| peer.name == **name);
        let gone = self.list.extract_if(.., |peer| !is_listed(peer));
        self.gone.extend(gone.filter(|peer| peer.is_announced).map(|peer| peer.name));
        for (name, is_refused) in all {
            if self.find(name).is_none() {
                self.list.push(Peer::new(name.clone()));
            }
            let peer = self.find(name).expect("it is there now");
            peer.is_refused = is_refused;
            peer.is_of_network |= !is_refused;
        }
    }
}

impl Claim {
    /// Reads a datagram, if it has blocks. Whether it is worth anything shows when its last
    /// block is looked up on our chain.
    fn of(from: &PeerName, datagram: &[u8]) -> Option<Claim> {
        let (last, is_tip) = match Message::decode(datagram) {
            Ok(Message::Chain(bytes)) => match bytes.as_chunks() {
                ([.., last], []) => (last, true),
                _ => return None,
            },
            Ok(Message::Blocks(Blocks { blocks, height, count, .. })) => {
                let end = u64::from(height) + blocks.len() as u64;
                (blocks.last()?, end == u64::from(count))
            }
            _ => return None,
        };
        Some(Claim { from: from.clone(), hash: block::hash(last), is_tip })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;
    use crate::chain::Chain;
    use crate::node::{Input, Now, Settings};
    use crate::target::Target;

    fn claim(datagram: &[u8]) -> Option<(Hash, bool)> {
        let claim = Claim::of(&PeerName::new("bob"), datagram)?;
        Some((claim.hash, claim.is_tip))
    }

    #[test]
    fn a_chain_says_all_that_its_sender_holds_and_a_frame_may_say_less() {
        let genesis = Block::genesis();
        let bytes = genesis.to_bytes();
        assert_eq!(claim(&bytes), Some((genesis.hash(), true)));
        let frame = |count| {
            let blocks = Blocks { number: 1, count, height: 0, blocks: &[bytes] };
            claim(&blocks.encode())
        };
        assert_eq!(frame(1), Some((genesis.hash(), true)));
        assert_eq!(frame(9), Some((genesis.hash(), false)));
    }

    #[test]
    fn a_peer_that_has_left_is_listed_no_more_and_comes_back_as_a_new_one() {
        let (bob, carol) = (PeerName::new("bob"), PeerName::new("carol"));
        let settings = Settings::tutorial(PeerName::new("alice"), 1, vec![bob.clone()]);
        let chain = Chain::genesis(Target::NETWORK);
        let book = Book::default();
        let mut node = Node::new(settings, chain);
        let mut peers = Peers::default();
        let now = Now { monotonic: Duration::ZERO, wall: 0 };
        let mut after = |input| {
            node.step(now, input);
            peers.settle(&node, &book);
            peers.received(&carol, &[], Instant::now(), 0);
            let names = peers.iter().map(|peer| (peer.name.clone(), peer.incoming.messages));
            (names.collect::<Vec<_>>(), peers.strangers.messages)
        };
        assert_eq!(after(Input::Start), (vec![(bob.clone(), 0)], 1));
        let both = |count| vec![(bob.clone(), 0), (carol.clone(), count)];
        assert_eq!(after(Input::Joined(carol.clone())), (both(1), 1));
        assert_eq!(after(Input::Left(carol.clone())), (vec![(bob.clone(), 0)], 2));
        assert_eq!(after(Input::Joined(carol.clone())), (both(1), 2), "it is new");
    }

    #[test]
    fn a_peer_is_there_from_its_first_datagram_until_it_is_silent_or_gone() {
        let bob = PeerName::new("bob");
        let settings = Settings::tutorial(PeerName::new("alice"), 1, vec![bob.clone()]);
        let node = Node::new(settings, Chain::genesis(Target::NETWORK));
        let (mut peers, now) = (Peers::default(), Instant::now());
        peers.settle(&node, &Book::default());
        assert_eq!(peers.moves(now), [], "it was named, and has said nothing");
        peers.received(&bob, &[], now, 0);
        assert_eq!(peers.moves(now), [(bob.clone(), true)]);
        assert_eq!(peers.moves(now + SILENT_AFTER), [(bob.clone(), false)]);
        peers.received(&bob, &[], now + SILENT_AFTER, 0);
        assert_eq!(peers.moves(now + SILENT_AFTER), [(bob.clone(), true)]);
        let alone = Settings::tutorial(PeerName::new("alice"), 1, Vec::new());
        peers.settle(&Node::new(alone, Chain::genesis(Target::NETWORK)), &Book::default());
        assert_eq!(peers.moves(now + SILENT_AFTER), [(bob, false)]);
    }

    #[test]
    fn what_holds_no_blocks_claims_nothing() {
        for datagram in [&[][..], &[75], &[0], &[0x1b, 0x58, 5], &[0; 75], &[0xff; 76]] {
            assert_eq!(claim(datagram), None, "{datagram:?}");
        }
    }
}
