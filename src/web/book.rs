//! What is known of each block besides its bytes: its place, who announced it first, and
//! what became of it.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::block::{Block, BlockBytes};
use crate::chain::Chain;
use crate::hash::Hash;
use crate::peer::PeerName;

/// How many of the chain's last blocks are indexed, about 2 MB. The API asks the loop for
/// older ones.
pub(super) const MAX_INDEXED_BLOCKS: usize = 10_000;

/// How many abandoned blocks are remembered, the last ones: a branch usually has one or two
/// blocks, so this is hours of them.
pub(super) const MAX_ABANDONED_BLOCKS: usize = 1_000;

/// Where a block came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was there when we started, or its datagram was not seen.
    Unknown,
    /// We mined it.
    Us,
    /// This peer announced it first.
    Peer(PeerName),
}

/// A block and its metadata.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) height: usize,
    pub(super) hash: Hash,
    pub(super) block: Block,
    pub(super) origin: Origin,
    /// When it came, in Unix milliseconds; unknown if the origin is.
    pub(super) first_seen_ms: Option<u64>,
    /// When it left the chain, in Unix milliseconds; `None` on the chain.
    pub(super) abandoned_ms: Option<u64>,
    /// How often it was requested, if that is counted: readers count it.
    asked: Option<AtomicU64>,
}

impl Entry {
    /// A block of the chain that is not in the book: only its height is known.
    pub(super) fn unindexed(height: usize, hash: Hash, block: Block) -> Entry {
        let origin = Origin::Unknown;
        Entry { height, hash, block, origin, first_seen_ms: None, abandoned_ms: None, asked: None }
    }

    pub(super) fn is_on_chain(&self) -> bool {
        self.abandoned_ms.is_none()
    }

    /// Counts a request for this block.
    pub(super) fn ask(&self) {
        if let Some(asked) = &self.asked {
            asked.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn asked(&self) -> Option<u64> {
        self.asked.as_ref().map(|asked| asked.load(Ordering::Relaxed))
    }
}

/// The chain's last blocks, and the abandoned ones.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The blocks of the chain, in order and without a gap up to the tip.
    main: VecDeque<Entry>,
    /// Heights of the blocks in `main`.
    heights: HashMap<Hash, usize>,
    abandoned: HashMap<Hash, Entry>,
    /// The hashes of abandoned blocks, the first to be forgotten first.
    forgetting: VecDeque<Hash>,
}

impl Book {
    /// Follows the chain to its current tip: `origin` is where its new blocks come from.
    /// Returns the height of the first new block. The cost depends on the number of new
    /// blocks, and is limited by [`MAX_INDEXED_BLOCKS`].
    pub(super) fn follow(&mut self, chain: &Chain, origin: &Origin, now_ms: u64) -> usize {
        let floor = chain.count().saturating_sub(MAX_INDEXED_BLOCKS);
        if self.end() <= floor {
            // So far behind that no indexed block would stay.
            self.main.clear();
            self.heights.clear();
        }
        let blocks = chain.blocks();
        let mut fork = self.end().clamp(floor, chain.count());
        while fork > floor && !self.has(fork - 1, &blocks[fork - 1]) {
            fork -= 1;
        }
        if fork == floor {
            // No indexed block stays, so those below cannot either.
            self.abandon_from(0, now_ms);
        }
        self.abandon_from(fork, now_ms);
        for (height, bytes) in (fork..).zip(&blocks[fork..]) {
            let hash = chain.hash_at(height).expect("the chain has this block");
            self.append(height, hash, Block::from_bytes(bytes), origin, now_ms);
        }
        while self.main.len() > MAX_INDEXED_BLOCKS {
            self.forget_first();
        }
        fork
    }

    /// Height of the first block that is indexed.
    pub(super) fn start(&self) -> usize {
        self.main.front().map_or(0, |entry| entry.height)
    }

    /// One more than the height of the tip.
    pub(super) fn end(&self) -> usize {
        self.main.back().map_or(0, |entry| entry.height + 1)
    }

    /// The chain's block at this height, if it is indexed.
    pub(super) fn at(&self, height: usize) -> Option<&Entry> {
        self.main.get(height.checked_sub(self.start())?)
    }

    /// The block of this hash, on the chain or abandoned.
    pub(super) fn by_hash(&self, hash: &Hash) -> Option<&Entry> {
        let main = self.heights.get(hash).and_then(|height| self.at(*height));
        main.or_else(|| self.abandoned.get(hash))
    }

    /// The height on the chain of the block of this hash.
    pub(super) fn height_of(&self, hash: &Hash) -> Option<usize> {
        self.heights.get(hash).copied()
    }

    /// All abandoned blocks that are remembered, in no order.
    pub(super) fn abandoned(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.abandoned.values()
    }

    fn has(&self, height: usize, bytes: &BlockBytes) -> bool {
        // Not by hashes, because they do not cover a block's receiver.
        self.at(height).is_some_and(|entry| entry.block.to_bytes() == *bytes)
    }

    fn append(&mut self, height: usize, hash: Hash, block: Block, origin: &Origin, now_ms: u64) {
        let known = self.abandoned.remove(&hash).filter(|entry| entry.block == block);
        let entry = match known {
            // A branch came back: the time at which it was first seen stays.
            Some(entry) => Entry { abandoned_ms: None, ..entry },
            None => Entry {
                origin: origin.clone(),
                first_seen_ms: (*origin != Origin::Unknown).then_some(now_ms),
                asked: Some(AtomicU64::new(0)),
                ..Entry::unindexed(height, hash, block)
            },
        };
        self.heights.insert(hash, height);
        self.main.push_back(entry);
    }

    /// Takes the blocks from this height on from the chain.
    fn abandon_from(&mut self, height: usize, now_ms: u64) {
        while self.main.back().is_some_and(|entry| entry.height >= height) {
            let entry = self.main.pop_back().expect("it was there just now");
            self.heights.remove(&entry.hash);
            self.forgetting.push_back(entry.hash);
            self.abandoned.insert(entry.hash, Entry { abandoned_ms: Some(now_ms), ..entry });
        }
        // A hash that came back and went again is here twice, so it is forgotten early.
        while self.forgetting.len() > MAX_ABANDONED_BLOCKS {
            let hash = self.forgetting.pop_front().expect("there are more than none");
            self.abandoned.remove(&hash);
        }
    }

    fn forget_first(&mut self) {
        if let Some(entry) = self.main.pop_front() {
            self.heights.remove(&entry.hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BLOCK_LEN;
    use crate::target::Target;

    const ANY: Target = Target::from_zero_bits(0);

    /// Mines `count` blocks for `receiver` on top of the first `fork` blocks of a chain.
    fn build(chain: &mut Chain, fork: usize, count: usize, receiver: u16) {
        let below = chain.as_bytes()[..fork * BLOCK_LEN].to_vec();
        *chain = Chain::from_bytes(below, ANY).expect("a part of a valid chain");
        for _ in 0..count {
            let block = chain.next_block(0, receiver.into(), receiver).expect("any hash will do");
            chain.push(&block).expect("valid");
        }
    }

    fn bob() -> Origin {
        Origin::Peer(PeerName::new("bob"))
    }

    fn heights(book: &Book) -> Vec<usize> {
        book.main.iter().map(|entry| entry.height).collect()
    }

    #[test]
    fn new_blocks_are_booked_to_whom_they_came_from() {
        let mut chain = Chain::genesis(ANY);
        let mut book = Book::default();
        assert_eq!(book.follow(&chain, &Origin::Unknown, 1), 0);
        build(&mut chain, 1, 1, 7000);
        assert_eq!(book.follow(&chain, &Origin::Us, 2), 1);
        build(&mut chain, 2, 2, 8000);
        assert_eq!(book.follow(&chain, &bob(), 3), 2);
        let origins: Vec<_> = book.main.iter().map(|entry| entry.origin.clone()).collect();
        assert_eq!(origins, [Origin::Unknown, Origin::Us, bob(), bob()]);
        let seen: Vec<_> = book.main.iter().map(|entry| entry.first_seen_ms).collect();
        assert_eq!(seen, [None, Some(2), Some(3), Some(3)]);
        assert_eq!(book.height_of(&chain.tip_hash()), Some(3));
    }

    #[test]
    fn a_branch_that_gives_way_is_remembered_and_may_come_back() {
        let mut chain = Chain::genesis(ANY);
        let mut book = Book::default();
        build(&mut chain, 1, 2, 7000);
        let ours = chain.clone();
        book.follow(&chain, &Origin::Us, 1);
        build(&mut chain, 1, 3, 8000);
        assert_eq!(book.follow(&chain, &bob(), 2), 1);
        let gone = book.by_hash(&ours.tip_hash()).expect("it is remembered");
        assert_eq!((gone.height, gone.abandoned_ms), (2, Some(2)));
        assert_eq!(book.height_of(&ours.tip_hash()), None);
        assert_eq!(book.abandoned().len(), 2);

        book.follow(&ours, &bob(), 3);
        let back = book.at(2).expect("it is on the chain");
        assert_eq!((back.hash, &back.origin), (ours.tip_hash(), &Origin::Us));
        assert_eq!((back.first_seen_ms, back.abandoned_ms), (Some(1), None));
        assert_eq!(book.abandoned().len(), 3);
    }

    #[test]
    fn a_block_whose_receiver_was_changed_is_another_block() {
        let mut chain = Chain::genesis(ANY);
        let mut book = Book::default();
        build(&mut chain, 1, 1, 7000);
        book.follow(&chain, &Origin::Us, 1);
        let mut bytes = chain.as_bytes().to_vec();
        *bytes.last_mut().expect("not empty") ^= 1;
        let forged = Chain::from_bytes(bytes, ANY).expect("no hash covers the receiver");
        assert_eq!(forged.tip_hash(), chain.tip_hash());
        assert_eq!(book.follow(&forged, &bob(), 2), 1);
        assert_eq!(book.at(1).map(|entry| entry.block.reward.receiver), Some(7001));
    }

    #[test]
    fn only_the_last_blocks_are_indexed() {
        let mut chain = Chain::genesis(ANY);
        let mut book = Book::default();
        build(&mut chain, 1, MAX_INDEXED_BLOCKS + 4, 7000);
        book.follow(&chain, &Origin::Unknown, 1);
        assert_eq!(heights(&book), (5..MAX_INDEXED_BLOCKS + 5).collect::<Vec<_>>());
        build(&mut chain, MAX_INDEXED_BLOCKS + 5, 1, 7000);
        book.follow(&chain, &Origin::Us, 2);
        assert_eq!((book.start(), book.end()), (6, MAX_INDEXED_BLOCKS + 6));
        assert_eq!(book.heights.len(), MAX_INDEXED_BLOCKS);
        assert!(book.at(5).is_none());
    }

    #[test]
    fn a_reorganisation_past_the_index_starts_it_anew() {
        let mut chain = Chain::genesis(ANY);
        let mut book = Book::default();
        build(&mut chain, 1, MAX_INDEXED_BLOCKS, 7000);
        book.follow(&chain, &Origin::Us, 1);
        build(&mut chain, 1, MAX_INDEXED_BLOCKS + 9, 8000);
        book.follow(&chain, &bob(), 2);
        assert_eq!(heights(&book), (10..MAX_INDEXED_BLOCKS + 10).collect::<Vec<_>>());
        assert_eq!(book.abandoned().len(), MAX_ABANDONED_BLOCKS);
        assert_eq!(book.forgetting.len(), MAX_ABANDONED_BLOCKS);
    }
}
