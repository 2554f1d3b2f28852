//! A chain: the bytes that nodes send and store, once they are known to be valid.

use std::borrow::Cow;
use std::ops::Range;

use crate::block::{self, BLOCK_LEN, Block, BlockBytes, GENESIS_HASH, Header, Nonce, Transaction};
use crate::fast;
use crate::hash::Hash;
use crate::pages::{Pages, Pool};
use crate::rules::{Fault, Invalid, MEDIAN_BLOCKS, Tip};
use crate::target::Target;

/// Blocks from genesis on, 75 bytes each and nothing else.
///
/// A `Chain` can only be made by checking every rule, so every `Chain` is valid under its
/// target. The hash of block *i* is the previous hash inside block *i + 1*; only the hash
/// of the last block is stored separately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    bytes: Pages,
    tip_hash: Hash,
    target: Target,
}

impl Chain {
    /// The chain of the genesis block alone.
    pub fn genesis(target: Target) -> Chain {
        let bytes = Block::genesis().to_bytes().to_vec().into();
        Chain { bytes, tip_hash: GENESIS_HASH, target }
    }

    /// Checks bytes against every rule.
    ///
    /// # Errors
    /// The first block that breaks a rule, and the rule.
    pub fn from_bytes(bytes: Vec<u8>, target: Target) -> Result<Chain, Invalid> {
        let tip = fast::check(Tip::START, &bytes, target)?;
        Ok(Chain { bytes: bytes.into(), tip_hash: tip.hash(), target })
    }

    /// The bytes, as nodes send and store them.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The blocks, 75 bytes each.
    pub fn blocks(&self) -> &[BlockBytes] {
        self.as_bytes().as_chunks().0
    }

    /// The blocks of a range of heights. If the older part of the chain is shared, this
    /// copies only these blocks.
    ///
    /// # Panics
    /// If the chain does not have these blocks.
    pub fn range(&self, heights: Range<usize>) -> Cow<'_, [BlockBytes]> {
        match self.bytes.range(heights.start * BLOCK_LEN..heights.end * BLOCK_LEN) {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.as_chunks().0),
            Cow::Owned(bytes) => Cow::Owned(bytes.as_chunks().0.to_vec()),
        }
    }

    /// The blocks from a height on, as [`Chain::range`] gives them; none above the tip.
    pub fn blocks_from(&self, height: usize) -> Cow<'_, [BlockBytes]> {
        self.range(height.min(self.count())..self.count())
    }

    /// Moves the old blocks into pages of the pool, which other chains can share.
    pub(crate) fn share(&mut self, pool: &mut Pool) {
        self.bytes.share(pool);
    }

    /// The number of blocks: at least one.
    pub fn count(&self) -> usize {
        self.bytes.len() / BLOCK_LEN
    }

    /// The height of the last block: one less than the number of blocks.
    pub fn height(&self) -> usize {
        self.count() - 1
    }

    /// The hash of the last block.
    pub fn tip_hash(&self) -> Hash {
        self.tip_hash
    }

    /// The target that every block after genesis meets.
    pub fn target(&self) -> Target {
        self.target
    }

    /// The hash of the block at `height`, or `None` above the tip.
    pub fn hash_at(&self, height: usize) -> Option<Hash> {
        let next = height.checked_add(1)?;
        match next < self.count() {
            true => Some(block::previous(&self.range(next..next + 1)[0])),
            false => (height == self.height()).then_some(self.tip_hash),
        }
    }

    /// The end of the first `count` blocks, on which other blocks can be tried.
    ///
    /// # Panics
    /// If the chain has fewer blocks.
    pub fn tip_at(&self, count: usize) -> Tip {
        let hash = match count.checked_sub(1) {
            Some(height) => self.hash_at(height).expect("the chain has this many blocks"),
            None => Hash::ZERO,
        };
        let recent = self.range(count.saturating_sub(MEDIAN_BLOCKS)..count);
        Tip::after(count, hash, &recent)
    }

    /// The number of blocks from genesis on that are the same, byte for byte, in `bytes`.
    pub fn common_prefix(&self, bytes: &[u8]) -> usize {
        let theirs: &[BlockBytes] = bytes.as_chunks().0;
        let ours = self.range(0..self.count().min(theirs.len()));
        ours.iter().zip(theirs).take_while(|(ours, theirs)| ours == theirs).count()
    }

    /// The header to search with for the block after the tip: the first of this
    /// nonce lane, dated `clock` (Unix seconds) or the earliest date that the rules
    /// allow, whichever is later.
    pub fn next_header(&self, clock: u32, lane: u64) -> Header {
        let earliest = self.tip_at(self.count()).earliest_timestamp();
        let nonce = Nonce::in_lane(lane, 0);
        Header { previous: self.tip_hash, timestamp: clock.max(earliest), nonce }
    }

    /// Mines the block after the tip, which pays `receiver`: the first in its nonce lane
    /// that meets the target, or `None` if the whole lane has none. A node does the same in
    /// turns; this is for callers that need the block at once.
    pub fn next_block(&self, clock: u32, lane: u64, receiver: u16) -> Option<Block> {
        let start = self.next_header(clock, lane);
        let header = fast::search(&start, 0..Nonce::COUNTER_END, self.target)?;
        Some(Block { header, reward: Transaction::reward(receiver) })
    }

    /// Checks one block and appends it.
    ///
    /// # Errors
    /// The rule that the block breaks; the chain stays as it was.
    pub fn push(&mut self, block: &Block) -> Result<(), Invalid> {
        let branch = Branch::check(self, self.count(), &block.to_bytes())?;
        self.adopt(branch);
        Ok(())
    }

    /// Finds where blocks connect to this chain, the first of them at `height`, and checks
    /// those that are new.
    pub fn fit(&self, height: usize, blocks: &[BlockBytes]) -> Fit {
        let parent = match height.checked_sub(1) {
            Some(below) => self.hash_at(below),
            None => Some(Hash::ZERO),
        };
        let (Some(parent), Some(first)) = (parent, blocks.first()) else { return Fit::Apart };
        if block::previous(first) != parent {
            return Fit::Apart;
        }
        let end = self.count().min(height + blocks.len());
        let ours = self.range(height.min(end)..end);
        let shared = ours.iter().zip(blocks).take_while(|(ours, theirs)| ours == theirs).count();
        match &blocks[shared..] {
            [] => Fit::Known,
            rest => match Branch::check(self, height + shared, rest.as_flattened()) {
                Ok(branch) => Fit::Branch(branch),
                Err(invalid) => Fit::Invalid(invalid),
            },
        }
    }

    /// Replaces all blocks above a checked branch's fork by the branch, and returns the
    /// replaced blocks, lowest first.
    ///
    /// The caller decides whether that is wise: the chain may get shorter.
    ///
    /// # Panics
    /// If the branch was not checked against the blocks that it would be built on.
    pub fn adopt(&mut self, branch: Branch) -> Vec<BlockBytes> {
        assert!(branch.stands_on(self), "a branch stands on what it was checked against");
        let abandoned = self.blocks_from(branch.fork).into_owned();
        self.bytes.truncate(branch.fork * BLOCK_LEN);
        self.bytes.extend(&branch.bytes);
        self.tip_hash = branch.tip.hash();
        abandoned
    }

    /// Finds the longest valid chain at the front of some bytes, and returns the rest of
    /// the bytes too.
    ///
    /// # Errors
    /// If even the genesis block is missing.
    pub fn longest_in(
        mut bytes: Vec<u8>,
        target: Target,
    ) -> Result<(Chain, Option<Rest>), Invalid> {
        let whole = bytes.len() - bytes.len() % BLOCK_LEN;
        let invalid = match fast::check(Tip::START, &bytes[..whole], target) {
            Ok(tip) if whole == bytes.len() => {
                let bytes = bytes.into();
                return Ok((Chain { bytes, tip_hash: tip.hash(), target }, None));
            }
            Ok(tip) => {
                Invalid { height: tip.count(), fault: Fault::WholeBlocks { bytes: bytes.len() } }
            }
            Err(invalid) => invalid,
        };
        let rest = bytes.split_off(invalid.height * BLOCK_LEN);
        let Some(tip) = bytes.last_chunk() else { return Err(invalid) };
        let tip_hash = block::hash(tip);
        Ok((Chain { bytes: bytes.into(), tip_hash, target }, Some(Rest { bytes: rest, invalid })))
    }
}

/// The bytes after a valid chain that are not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// All bytes from the first bad block on.
    pub bytes: Vec<u8>,
    /// What is wrong with that block.
    pub invalid: Invalid,
}

/// How some blocks connect to a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The block before them is not in the chain.
    Apart,
    /// All of them are in the chain already.
    Known,
    /// Some of them are new, and valid on top of the blocks below.
    Branch(Branch),
    /// The first of them that is new and breaks a rule, and the rule.
    Invalid(Invalid),
}

/// Blocks that are valid on top of the first blocks of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    fork: usize,
    parent: Hash,
    target: Target,
    bytes: Vec<u8>,
    tip: Tip,
}

impl Branch {
    /// Checks the blocks in `bytes` as the ones that follow the first `fork` blocks of
    /// `chain`. The cost depends only on the length of `bytes`.
    ///
    /// # Errors
    /// The first block that breaks a rule, and the rule.
    ///
    /// # Panics
    /// If the chain has fewer than `fork` blocks.
    pub fn check(chain: &Chain, fork: usize, bytes: &[u8]) -> Result<Branch, Invalid> {
        let base = chain.tip_at(fork);
        let parent = base.hash();
        let tip = fast::check(base, bytes, chain.target)?;
        Ok(Branch { fork, parent, target: chain.target, bytes: bytes.to_vec(), tip })
    }

    /// Checks more blocks and appends them.
    ///
    /// # Errors
    /// The first block that breaks a rule, and the rule; the branch stays as it was.
    pub fn extend(&mut self, bytes: &[u8]) -> Result<(), Invalid> {
        self.tip = fast::check(self.tip.clone(), bytes, self.target)?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Whether `chain` still has the block that this branch is built on.
    pub fn stands_on(&self, chain: &Chain) -> bool {
        let parent = match self.fork.checked_sub(1) {
            Some(height) => chain.hash_at(height),
            None => Some(Hash::ZERO),
        };
        parent == Some(self.parent) && self.target == chain.target
    }

    /// The hash of the last block.
    pub fn tip_hash(&self) -> Hash {
        self.tip.hash()
    }

    /// The number of blocks of the chain that stay: the height of this branch's first
    /// block.
    pub fn fork(&self) -> usize {
        self.fork
    }

    /// The number of blocks that the chain would have with this branch.
    pub fn count(&self) -> usize {
        self.tip.count()
    }

    /// The hash of this branch's block at `height`, or `None` if it has none there.
    pub fn hash_at(&self, height: usize) -> Option<Hash> {
        let index = height.checked_sub(self.fork)?;
        match self.blocks().get(index + 1) {
            Some(next) => Some(block::previous(next)),
            None => (height + 1 == self.count()).then_some(self.tip.hash()),
        }
    }

    /// The blocks of this branch, starting right above the fork.
    pub fn blocks(&self) -> &[BlockBytes] {
        self.bytes.as_chunks().0
    }
}
