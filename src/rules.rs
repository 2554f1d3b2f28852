//! The rules that make bytes a chain, each with a name of its own.
//!
//! The blocks are walked from the first to the last, carrying along a [`Tip`]:
//! the little that the next block must know of all those before it. The first
//! rule that the first bad block breaks is the verdict.

mod check;

use std::fmt;
use std::str::FromStr;

use byteorder::{BigEndian, ByteOrder};

use crate::block::{self, BLOCK_LEN, Block, BlockBytes, TRANSACTION_COUNT, VERSION, field};
use crate::hash::Hash;
use crate::target::Target;

pub use self::check::{check, check_on_threads};

/// How many blocks the median of past timestamps is taken over, as in Bitcoin.
pub const MEDIAN_BLOCKS: usize = 11;

/// The rules of validity, in the order in which a block is held against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// The bytes are one or more whole blocks.
    WholeBlocks,
    /// A block's first byte says that it has 75 bytes.
    Size,
    /// A block has version 0.
    Version,
    /// A block has exactly one transaction, its reward.
    OneTransaction,
    /// A reward comes from nobody, sender 0.
    Sender,
    /// The first block is our genesis block, byte for byte.
    Genesis,
    /// A block names the hash of the block before.
    PreviousHash,
    /// A hash meets the target; that of the genesis block need not.
    ProofOfWork,
    /// A timestamp is not before the median of the up to 11 blocks before it.
    Timestamp,
}

impl Rule {
    /// All rules, in the order in which a block is held against them.
    pub const ALL: [Rule; 9] = [
        Rule::WholeBlocks,
        Rule::Size,
        Rule::Version,
        Rule::OneTransaction,
        Rule::Sender,
        Rule::Genesis,
        Rule::PreviousHash,
        Rule::ProofOfWork,
        Rule::Timestamp,
    ];

    /// The rule's name in messages and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::WholeBlocks => "whole-blocks",
            Rule::Size => "size",
            Rule::Version => "version",
            Rule::OneTransaction => "one-transaction",
            Rule::Sender => "sender",
            Rule::Genesis => "genesis",
            Rule::PreviousHash => "previous-hash",
            Rule::ProofOfWork => "proof-of-work",
            Rule::Timestamp => "timestamp",
        }
    }

    /// What the rule demands, in a sentence.
    pub const fn demand(self) -> &'static str {
        match self {
            Rule::WholeBlocks => "the bytes are one or more whole blocks of 75 bytes",
            Rule::Size => "a block's first byte, its size, is 75",
            Rule::Version => "a block's version is 0",
            Rule::OneTransaction => "a block has exactly one transaction, its reward",
            Rule::Sender => "a reward comes from nobody: its sender is 0",
            Rule::Genesis => "the first block is our genesis block, byte for byte",
            Rule::PreviousHash => "a block names the hash of the block before it",
            Rule::ProofOfWork => "a block's hash meets the target",
            Rule::Timestamp => {
                "a timestamp is not before the median of the up to 11 blocks before it"
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        let found = Rule::ALL.into_iter().find(|rule| rule.name() == text);
        found.ok_or_else(|| format!("no rule is named {text:?}"))
    }
}

/// What was found where a rule wanted something else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "found and wanted, in the units of the block's field")]
pub enum Fault {
    /// Breaks [`Rule::WholeBlocks`]: so many bytes in all.
    WholeBlocks { bytes: usize },
    /// Breaks [`Rule::Size`].
    Size { found: u8 },
    /// Breaks [`Rule::Version`].
    Version { found: u8 },
    /// Breaks [`Rule::OneTransaction`].
    OneTransaction { found: u8 },
    /// Breaks [`Rule::Sender`].
    Sender { found: u16 },
    /// Breaks [`Rule::Genesis`]: the hash of the block in its place.
    Genesis { found: Hash },
    /// Breaks [`Rule::PreviousHash`].
    PreviousHash { found: Hash, wanted: Hash },
    /// Breaks [`Rule::ProofOfWork`].
    ProofOfWork { found: Hash, wanted: Target },
    /// Breaks [`Rule::Timestamp`]: Unix seconds.
    Timestamp { found: u32, earliest: u32 },
}

impl Fault {
    /// The rule that this breaks.
    pub const fn rule(&self) -> Rule {
        match self {
            Fault::WholeBlocks { .. } => Rule::WholeBlocks,
            Fault::Size { .. } => Rule::Size,
            Fault::Version { .. } => Rule::Version,
            Fault::OneTransaction { .. } => Rule::OneTransaction,
            Fault::Sender { .. } => Rule::Sender,
            Fault::Genesis { .. } => Rule::Genesis,
            Fault::PreviousHash { .. } => Rule::PreviousHash,
            Fault::ProofOfWork { .. } => Rule::ProofOfWork,
            Fault::Timestamp { .. } => Rule::Timestamp,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Fault::WholeBlocks { bytes } => {
                write!(f, "{bytes} bytes are not one or more whole blocks of {BLOCK_LEN}")
            }
            Fault::Size { found } => write!(f, "size is {found}, not {BLOCK_LEN}"),
            Fault::Version { found } => write!(f, "version is {found}, not {VERSION}"),
            Fault::OneTransaction { found } => {
                write!(f, "transaction counter is {found}, not {TRANSACTION_COUNT}")
            }
            Fault::Sender { found } => write!(f, "sender of the reward is {found}, not 0"),
            Fault::Genesis { found } => {
                write!(f, "not our genesis block byte for byte (its hash is {found})")
            }
            Fault::PreviousHash { found, wanted } => {
                write!(f, "previous hash is {found}, not {wanted}")
            }
            Fault::ProofOfWork { found, wanted } => {
                write!(f, "hash {found} has {} of {wanted}", found.leading_zero_bits())
            }
            Fault::Timestamp { found, earliest } => {
                write!(f, "timestamp {found} is before {earliest}, the median before it")
            }
        }
    }
}

/// Why bytes are not a chain: which block, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Height of the first bad block; the genesis block has height 0.
    pub height: usize,
    /// What was found there.
    pub fault: Fault,
}

impl Invalid {
    /// The rule that the block breaks.
    pub const fn rule(&self) -> Rule {
        self.fault.rule()
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "block {} breaks {}: {}", self.height, self.rule(), self.fault)
    }
}

impl std::error::Error for Invalid {}

/// The end of a run of valid blocks: all that the next block must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    count: usize,
    hash: Hash,
    /// The last timestamps; that of block `i` at `i % MEDIAN_BLOCKS`.
    timestamps: [u32; MEDIAN_BLOCKS],
}

impl Tip {
    /// Before the genesis block, which names the zero hash as its previous.
    pub const START: Tip = Tip { count: 0, hash: Hash::ZERO, timestamps: [0; MEDIAN_BLOCKS] };

    /// After `count` blocks, the last of which has the hash `hash` and of which
    /// `recent` are the last [`MEDIAN_BLOCKS`], or all if there are fewer.
    pub(crate) fn after(count: usize, hash: Hash, recent: &[BlockBytes]) -> Tip {
        let mut tip = Tip { count, hash, ..Tip::START };
        for (height, block) in (count - recent.len()..).zip(recent) {
            tip.timestamps[height % MEDIAN_BLOCKS] = block::timestamp(block);
        }
        tip
    }

    /// How many blocks there are; the next one's height.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The hash of the last block.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The earliest timestamp that the next block may have: the median of the
    /// last up to 11 (sorted, element n/2), which keeps a miner from dating its
    /// blocks back. Bitcoin's rule asks for one second more.
    pub fn earliest_timestamp(&self) -> u32 {
        let mut recent = self.timestamps;
        let recent = &mut recent[..self.count.min(MEDIAN_BLOCKS)];
        recent.sort_unstable();
        recent.get(recent.len() / 2).copied().unwrap_or(0)
    }

    /// Holds one block, with its hash, against the rules and steps onto it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn step(&mut self, block: &BlockBytes, hash: Hash, target: Target) -> Result<(), Invalid> {
        match self.fault(block, hash, target) {
            Some(fault) => Err(Invalid { height: self.count, fault }),
            None => {
                self.timestamps[self.count % MEDIAN_BLOCKS] = block::timestamp(block);
                self.count += 1;
                self.hash = hash;
                Ok(())
            }
        }
    }

    fn fault(&self, block: &BlockBytes, hash: Hash, target: Target) -> Option<Fault> {
        let size = block[field::SIZE];
        if usize::from(size) != BLOCK_LEN {
            return Some(Fault::Size { found: size });
        }
        let version = block[field::VERSION];
        if version != VERSION {
            return Some(Fault::Version { found: version });
        }
        let transactions = block[field::TRANSACTION_COUNTER];
        if transactions != TRANSACTION_COUNT {
            return Some(Fault::OneTransaction { found: transactions });
        }
        let sender = BigEndian::read_u16(&block[field::SENDER]);
        if sender != 0 {
            return Some(Fault::Sender { found: sender });
        }
        if self.count == 0 {
            let is_genesis = *block == Block::genesis().to_bytes();
            return (!is_genesis).then_some(Fault::Genesis { found: hash });
        }
        let previous = block::previous(block);
        if previous != self.hash {
            return Some(Fault::PreviousHash { found: previous, wanted: self.hash });
        }
        if !target.is_met_by(&hash) {
            return Some(Fault::ProofOfWork { found: hash, wanted: target });
        }
        let timestamp = block::timestamp(block);
        self.is_before_median(timestamp)
            .then(|| Fault::Timestamp { found: timestamp, earliest: self.earliest_timestamp() })
    }

    /// Whether `timestamp` is before the median, found without sorting: those
    /// that are not after it are then too few to reach the middle.
    fn is_before_median(&self, timestamp: u32) -> bool {
        let recent = &self.timestamps[..self.count.min(MEDIAN_BLOCKS)];
        let not_after = recent.iter().filter(|&&recent| recent <= timestamp).count();
        not_after <= recent.len() / 2
    }
}

/// Checks the blocks that follow `tip`, one after the other, and returns the
/// tip after the last.
///
/// This is what checking means. [`check`] does the same, sooner.
///
/// # Errors
/// The first block that breaks a rule, and the rule.
pub fn check_plainly(mut tip: Tip, bytes: &[u8], target: Target) -> Result<Tip, Invalid> {
    for block in whole_blocks(tip.count, bytes)? {
        tip.step(block, block::hash(block), target)?;
    }
    Ok(tip)
}

/// Cuts bytes into blocks, the first of which has the height `height`.
///
/// # Errors
/// [`Fault::WholeBlocks`] where the bytes are none, or end within a block.
pub fn whole_blocks(height: usize, bytes: &[u8]) -> Result<&[BlockBytes], Invalid> {
    match bytes.as_chunks() {
        (blocks, []) if !blocks.is_empty() => Ok(blocks),
        (blocks, _) => Err(Invalid {
            height: height + blocks.len(),
            // Counted from genesis on, wherever these bytes begin.
            fault: Fault::WholeBlocks { bytes: height * BLOCK_LEN + bytes.len() },
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn before_the_median_is_before_the_earliest(
            timestamps in prop::array::uniform11(0..9_u32),
            count in 1..30_usize,
            timestamp in 0..9_u32,
        ) {
            let tip = Tip { count, hash: Hash::ZERO, timestamps };
            prop_assert_eq!(tip.is_before_median(timestamp), timestamp < tip.earliest_timestamp());
        }
    }

    #[test]
    fn every_rule_is_found_by_its_name() {
        for rule in Rule::ALL {
            assert_eq!(rule.name().parse(), Ok(rule));
        }
        assert!("luck".parse::<Rule>().is_err());
    }

    #[test]
    fn the_median_is_the_middle_of_the_last_eleven_however_they_are_ordered() {
        let tip_after = |timestamps: &[u32]| {
            let mut tip = Tip::START;
            for &timestamp in timestamps {
                tip.timestamps[tip.count % MEDIAN_BLOCKS] = timestamp;
                tip.count += 1;
            }
            tip.earliest_timestamp()
        };
        assert_eq!(tip_after(&[]), 0);
        assert_eq!(tip_after(&[7]), 7);
        assert_eq!(tip_after(&[7, 9]), 9, "element n/2 of an even number is the later one");
        assert_eq!(tip_after(&[9, 7, 8]), 8);
        // The first two have fallen out of the window.
        assert_eq!(tip_after(&[100, 100, 11, 1, 10, 2, 9, 3, 8, 4, 7, 5, 6]), 6);
    }
}
