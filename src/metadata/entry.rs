//! One statement about a block.

use std::fmt;

use crate::hash::Hash;
use crate::peer::PeerName;

/// The most bytes of the name of a holder or a writer: the length of an identity.
pub const MAX_NAME_LEN: usize = 64;

/// Bytes of an Ed25519 signature.
pub const SIGNATURE_LEN: usize = 64;

/// How much a block is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Temperature {
    /// Hardly ever.
    Cold,
    /// Now and then.
    Warm,
    /// Often.
    Hot,
}

impl Temperature {
    /// All temperatures.
    pub const ALL: [Temperature; 3] = [Temperature::Cold, Temperature::Warm, Temperature::Hot];

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Temperature::Cold => "cold",
            Temperature::Warm => "warm",
            Temperature::Hot => "hot",
        }
    }

    /// The temperature of this name.
    pub fn named(name: &str) -> Option<Temperature> {
        Temperature::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// The content of a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// How warm the block is.
    Temperature {
        /// `None` means that the block's use decides again.
        temperature: Option<Temperature>,
        /// Whether it was found by use, and not set by somebody.
        is_by_use: bool,
    },
    /// Whether somebody holds the block.
    Location {
        /// The holder.
        holder: String,
        /// Whether it holds the block.
        holds: bool,
    },
}

/// A statement about a block: of several about the same thing the last one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Hash of the block.
    pub block: Hash,
    /// The content.
    pub value: Value,
    /// The time, in Unix milliseconds by the writer's clock.
    pub time_ms: u64,
    /// The node that states it.
    pub by: PeerName,
    /// Its signature, if its name is a key.
    pub signature: Option<[u8; SIGNATURE_LEN]>,
}

impl Entry {
    /// Whether this replaces the other. If the times are equal, the writer's name decides,
    /// and then the value, so that all nodes reach the same state.
    pub fn is_after(&self, other: &Entry) -> bool {
        let order = |it: &Entry| (it.time_ms, it.by.clone(), it.value.clone());
        order(self) > order(other)
    }
}

/// Whether a text can name a holder or a writer: short, and safe to print.
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_LEN).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The block is not among the last blocks of our chain.
    UnknownBlock,
    /// It is dated too far ahead of our clock.
    Future {
        /// Seconds ahead.
        seconds: u64,
    },
    /// Our entry is later, or the same.
    Older,
    /// A name is empty, too long, or cannot be printed.
    Name,
    /// The block has the most holders that it may have.
    Holders,
    /// The signature is not the writer's.
    Signature,
    /// Its sender has sent as much as it may in a minute.
    Rate,
}

impl Refused {
    /// A name for the kind of refusal.
    pub fn name(self) -> &'static str {
        match self {
            Refused::UnknownBlock => "unknown-block",
            Refused::Future { .. } => "future",
            Refused::Older => "older",
            Refused::Name => "name",
            Refused::Holders => "holders",
            Refused::Signature => "signature",
            Refused::Rate => "rate",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Refused::UnknownBlock => f.write_str(
                "metadata is kept of the chain's last 1,000 blocks, and this is not one",
            ),
            Refused::Future { seconds } => {
                write!(f, "it is dated {seconds} s ahead of this node's clock: set either clock")
            }
            Refused::Older => f.write_str("this node's entry is later, or the same"),
            Refused::Name => f.write_str("a name has 1 to 64 bytes without control characters"),
            Refused::Holders => f.write_str("the block has 16 holders, which is the most"),
            Refused::Signature => f.write_str("the signature is not the writer's"),
            Refused::Rate => f.write_str("its sender has sent as much as it may in a minute"),
        }
    }
}
