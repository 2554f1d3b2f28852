//! A block and its 75 bytes.
//!
//! ```text
//!  0        1         2..34           34..38      38..70   70       71..73   73..75
//! ┌──────┬─────────┬───────────────┬───────────┬────────┬─────────┬────────┬──────────┐
//! │ size │ version │ previous hash │ timestamp │ nonce  │ counter │ sender │ receiver │
//! └──────┴─────────┴───────────────┴───────────┴────────┴─────────┴────────┴──────────┘
//!         ╰──────────────── header, hashed ───────────╯  ╰──── not hashed: a hole ───╯
//! ```
//!
//! Every number is big-endian. The hash covers the header only, so a node
//! that passes a block on may change its receiver. Bitcoin's header closes that hole
//! with the Merkle root of the transactions.

use std::fmt;
use std::ops::Range;

use byteorder::{BigEndian, ByteOrder};

use crate::hash::Hash;

/// Bytes in a block, and the value of its first byte.
pub const BLOCK_LEN: usize = 75;

/// Bytes in a header.
pub const HEADER_LEN: usize = 69;

/// The only version.
pub const VERSION: u8 = 0;

/// The only number of transactions a block can have: its reward.
pub const TRANSACTION_COUNT: u8 = 1;

/// Where each field lies in a block's bytes.
pub mod field {
    use super::Range;

    /// Size of the block in bytes, this one included.
    pub const SIZE: usize = 0;
    /// Version of the format.
    pub const VERSION: usize = 1;
    /// Hash of the block before.
    pub const PREVIOUS: Range<usize> = 2..34;
    /// Unix seconds.
    pub const TIMESTAMP: Range<usize> = 34..38;
    /// The number that the miner searched for.
    pub const NONCE: Range<usize> = 38..70;
    /// How many transactions follow.
    pub const TRANSACTION_COUNTER: usize = 70;
    /// Who pays.
    pub const SENDER: Range<usize> = 71..73;
    /// Who is paid.
    pub const RECEIVER: Range<usize> = 73..75;
    /// The part of a block that its hash covers.
    pub const HEADER: Range<usize> = 1..70;
}

/// A block as it travels and as it is kept.
pub type BlockBytes = [u8; BLOCK_LEN];

/// The hash of the first block of every chain.
pub const GENESIS_HASH: Hash = Hash::from_bytes([
    0x00, 0x00, 0x1f, 0xf5, 0x84, 0x95, 0xc3, 0xdc, 0x2a, 0x1a, 0xaa, 0x69, 0xeb, 0xca, 0x4e, 0x9b,
    0x3e, 0x05, 0xe6, 0x3e, 0x5a, 0x31, 0x9f, 0xb7, 0x3b, 0xcd, 0xcc, 0xbc, 0xdb, 0xba, 0x1e, 0x72,
]);

// ANCHOR: nonce
/// The 256-bit number that a miner varies until the hash is low enough.
///
/// The search counts in the low 40 bits. The 64 bits above them are the
/// miner's *lane*, drawn at random when it starts: a header does not name its
/// miner, so without lanes two miners who start in the same second would try
/// the very same headers. Lane 0 is the tutorial's search. (In Bitcoin the
/// reward's own bytes, the "extra nonce", keep miners apart.)
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 32]);
// ANCHOR_END: nonce

impl Nonce {
    /// Bits that the search counts in: ends at 2^40, about 1.1 million million.
    pub const COUNTER_BITS: u32 = 40;

    /// One more than the greatest counter.
    pub const COUNTER_END: u64 = 1 << Nonce::COUNTER_BITS;

    const LANE: Range<usize> = 19..27;
    const COUNTER: Range<usize> = 27..32;

    /// The nonce `counter` of a lane.
    ///
    /// # Panics
    /// If `counter` is [`Nonce::COUNTER_END`] or more.
    pub fn in_lane(lane: u64, counter: u64) -> Nonce {
        let mut bytes = [0; 32];
        BigEndian::write_u64(&mut bytes[Nonce::LANE], lane);
        Nonce(bytes).with_counter(counter)
    }

    /// The nonce whose big-endian bytes these are.
    pub const fn from_bytes(bytes: [u8; 32]) -> Nonce {
        Nonce(bytes)
    }

    /// The 32 bytes, big-endian.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The same nonce with another value in its low 40 bits.
    ///
    /// # Panics
    /// If `counter` is [`Nonce::COUNTER_END`] or more.
    pub fn with_counter(mut self, counter: u64) -> Nonce {
        assert!(counter < Nonce::COUNTER_END, "a counter has 40 bits, {counter} has more");
        BigEndian::write_uint(&mut self.0[Nonce::COUNTER], counter, 5);
        self
    }

    /// The low 40 bits.
    pub fn counter(&self) -> u64 {
        BigEndian::read_uint(&self.0[Nonce::COUNTER], 5)
    }

    /// The 64 bits above the counter.
    pub fn lane(&self) -> u64 {
        BigEndian::read_u64(&self.0[Nonce::LANE])
    }
}

impl fmt::Display for Nonce {
    /// Decimal up to 2^64, as the tutorial's small nonces are; else hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (high, low) = self.0.split_at(24);
        if high.iter().all(|&byte| byte == 0) {
            write!(f, "{}", BigEndian::read_u64(low))
        } else {
            write!(f, "0x{}", hex::encode(self.0).trim_start_matches('0'))
        }
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Nonce({self})")
    }
}

/// The part of a block that is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The hash of the block before.
    pub previous: Hash,
    /// Unix seconds at which the search for this block began.
    pub timestamp: u32,
    /// The number that makes the hash low enough.
    pub nonce: Nonce,
}

impl Header {
    /// The 69 bytes, version first.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut block = [0; BLOCK_LEN];
        self.write(&mut block);
        let mut header = [0; HEADER_LEN];
        header.copy_from_slice(&block[field::HEADER]);
        header
    }

    /// The hash of this header, which is the hash of its block.
    pub fn hash(&self) -> Hash {
        Hash::of(&self.to_bytes())
    }

    fn write(&self, block: &mut BlockBytes) {
        block[field::VERSION] = VERSION;
        block[field::PREVIOUS].copy_from_slice(self.previous.as_bytes());
        BigEndian::write_u32(&mut block[field::TIMESTAMP], self.timestamp);
        block[field::NONCE].copy_from_slice(self.nonce.as_bytes());
    }
}

/// Coins that go from one node to another; nodes are named by their ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Who pays: 0, nobody, for a reward.
    pub sender: u16,
    /// Who is paid: the miner's port.
    pub receiver: u16,
}

impl Transaction {
    /// The reward for mining a block, which comes from nobody. (Bitcoin's
    /// coinbase transaction.)
    pub const fn reward(receiver: u16) -> Transaction {
        Transaction { sender: 0, receiver }
    }
}

/// A header and the one transaction that rewards its miner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// What is hashed.
    pub header: Header,
    /// What the miner earns.
    pub reward: Transaction,
}

impl Block {
    /// The first block: every chain of every network starts with it, byte for byte.
    pub fn genesis() -> Block {
        Block {
            header: Header {
                previous: Hash::ZERO,
                timestamp: 1_634_700_000,
                nonce: Nonce::in_lane(0, 70_822),
            },
            reward: Transaction::reward(7000),
        }
    }

    /// The 75 bytes.
    pub fn to_bytes(&self) -> BlockBytes {
        let mut bytes = [0; BLOCK_LEN];
        bytes[field::SIZE] = BLOCK_LEN as u8;
        self.header.write(&mut bytes);
        bytes[field::TRANSACTION_COUNTER] = TRANSACTION_COUNT;
        BigEndian::write_u16(&mut bytes[field::SENDER], self.reward.sender);
        BigEndian::write_u16(&mut bytes[field::RECEIVER], self.reward.receiver);
        bytes
    }

    /// Reads the fields of a block.
    /// Ignores size, version and transaction counter, because they have only one value in a
    /// valid block: the rules check them.
    /// one value in a valid block: the rules check them.
    pub fn from_bytes(bytes: &BlockBytes) -> Block {
        Block {
            header: Header {
                previous: previous(bytes),
                timestamp: timestamp(bytes),
                nonce: Nonce(bytes[field::NONCE].try_into().expect("a nonce has 32 bytes")),
            },
            reward: Transaction {
                sender: BigEndian::read_u16(&bytes[field::SENDER]),
                receiver: BigEndian::read_u16(&bytes[field::RECEIVER]),
            },
        }
    }

    /// The hash of the header.
    pub fn hash(&self) -> Hash {
        self.header.hash()
    }
}

/// Reads the previous hash in a block.
pub fn previous(block: &BlockBytes) -> Hash {
    Hash::from_bytes(block[field::PREVIOUS].try_into().expect("a hash has 32 bytes"))
}

/// Reads a block's timestamp.
pub fn timestamp(block: &BlockBytes) -> u32 {
    BigEndian::read_u32(&block[field::TIMESTAMP])
}

/// Hashes the header of a block in place.
pub fn hash(block: &BlockBytes) -> Hash {
    Hash::of(&block[field::HEADER])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The genesis block, typed out.
    const GENESIS: &str = "4b\
        00\
        0000000000000000000000000000000000000000000000000000000000000000\
        616f8ae0\
        00000000000000000000000000000000000000000000000000000000000114a6\
        01\
        0000\
        1b58";

    #[test]
    fn genesis_is_these_75_bytes() {
        assert_eq!(hex::encode(Block::genesis().to_bytes()), GENESIS);
    }

    #[test]
    fn the_protocol_shows_the_genesis_block() {
        let lines: Vec<_> = include_str!("../PROTOCOL.md").lines().collect();
        assert!(lines.windows(3).any(|three| three.concat() == GENESIS));
    }

    #[test]
    fn genesis_has_this_hash() {
        assert_eq!(Block::genesis().hash(), GENESIS_HASH);
        assert_eq!(hash(&Block::genesis().to_bytes()), GENESIS_HASH);
        let text = "00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72";
        assert_eq!(GENESIS_HASH.to_string(), text);
    }

    #[test]
    fn every_field_survives_bytes_and_back() {
        let block = Block {
            header: Header {
                previous: Hash::of(b"before"),
                timestamp: 0x0123_4567,
                nonce: Nonce::in_lane(u64::MAX - 1, Nonce::COUNTER_END - 2),
            },
            reward: Transaction { sender: 0xabcd, receiver: 0xef01 },
        };
        assert_eq!(Block::from_bytes(&block.to_bytes()), block);
    }

    #[test]
    fn the_header_is_bytes_1_to_69() {
        let block = Block::genesis();
        assert_eq!(block.header.to_bytes(), block.to_bytes()[1..=69]);
    }

    #[test]
    fn a_nonce_is_its_lane_times_2_to_the_40_plus_its_counter() {
        let nonce = Nonce::in_lane(3, 5);
        assert_eq!((nonce.lane(), nonce.counter()), (3, 5));
        assert_eq!(nonce.to_string(), ((3_u64 << 40) + 5).to_string());
        assert_eq!(nonce.with_counter(6), Nonce::in_lane(3, 6));
        assert_eq!(Nonce::in_lane(0, 58_768).to_string(), "58768");
        assert_eq!(format!("{:?}", Nonce::in_lane(0, 58_768)), "Nonce(58768)");
        assert_eq!(Nonce::in_lane(1 << 63, 1).to_string(), "0x80000000000000000000000001");
    }

    #[test]
    #[should_panic(expected = "40 bits")]
    fn a_counter_cannot_spill_into_the_lane() {
        Nonce::in_lane(0, Nonce::COUNTER_END);
    }
}
