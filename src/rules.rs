//! The rules that make bytes a chain, each with a name.
//!
//! The check goes through the blocks from the first to the last and carries a [`Tip`]: the
//! little that the next block must know of all blocks before it. It reports the first rule
//! that the first bad block breaks.

mod tip;

use std::fmt;
use std::str::FromStr;

use crate::block::{self, BLOCK_LEN, BlockBytes, TRANSACTION_COUNT, VERSION};
use crate::hash::Hash;
use crate::target::Target;

pub use self::tip::{MEDIAN_BLOCKS, Tip};

/// The rules of validity, in the order in which a block is checked.
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
    /// All rules, in the order in which a block is checked.
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

    /// What the rule demands, as a sentence.
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

/// What was found where a rule demands something else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "found and wanted, in the units of the block's field")]
pub enum Fault {
    /// Breaks [`Rule::WholeBlocks`]: the number of bytes in total.
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
                let are = if *bytes == 1 { "byte is" } else { "bytes are" };
                write!(f, "{bytes} {are} not one or more whole blocks of {BLOCK_LEN}")
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

/// Checks the blocks that follow `tip`, one after the other, and returns the
/// tip after the last.
///
/// # Errors
/// The first block that breaks a rule, and the rule.
pub fn check(mut tip: Tip, bytes: &[u8], target: Target) -> Result<Tip, Invalid> {
    for block in whole_blocks(tip.count(), bytes)? {
        tip.step(block, block::hash(block), target)?;
    }
    Ok(tip)
}

/// Cuts bytes into blocks, the first of which has the height `height`.
///
/// # Errors
/// [`Fault::WholeBlocks`] if there are no bytes, or they end within a block.
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
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_name() {
        for rule in Rule::ALL {
            assert_eq!(rule.name().parse(), Ok(rule));
        }
        assert!("luck".parse::<Rule>().is_err());
    }
}
