//! Chapter 1.1: a block is 75 bytes, its hash names it, and the hash must be low.
//!
//! ```text
//! cargo run genesis      the first block of every chain, and its hash
//! cargo run 4b0000...    the hash of any block, given as 150 hexadecimal digits
//! ```

// ANCHOR: use
use std::env;

use sha2::{Digest, Sha256};
// ANCHOR_END: use

// ANCHOR: types
/// Bytes in a block.
const BLOCK_LEN: usize = 75;

/// How many bits must be zero at the front of a hash.
const ZERO_BITS: u32 = 16;

type Block = [u8; BLOCK_LEN];
type Hash = [u8; 32];
// ANCHOR_END: types

// ANCHOR: block
/// Puts a block together. Every number begins with its most significant byte.
fn block(previous: Hash, timestamp: u32, nonce: u64, receiver: u16) -> Block {
    let mut block = [0; BLOCK_LEN];
    block[0] = 75; // the size of the block
    block[1] = 0; // the version of the format
    block[2..34].copy_from_slice(&previous); // the hash of the block before
    block[34..38].copy_from_slice(&timestamp.to_be_bytes()); // seconds since 1970
    block[62..70].copy_from_slice(&nonce.to_be_bytes()); // the last 8 of 32 bytes
    block[70] = 1; // one transaction follows: the reward
    block[71..73].copy_from_slice(&[0, 0]); // it comes from nobody
    block[73..75].copy_from_slice(&receiver.to_be_bytes()); // and goes to this node
    block
}
// ANCHOR_END: block

// ANCHOR: genesis
/// The first block. Every chain of the network begins with these 75 bytes.
fn genesis() -> Block {
    block([0; 32], 1_634_700_000, 70_822, 7000)
}
// ANCHOR_END: genesis

// ANCHOR: hash
/// The hash of a block: SHA-256 of the SHA-256 of its header, which is bytes 1 to 69.
fn hash(block: &Block) -> Hash {
    Sha256::digest(Sha256::digest(&block[1..70])).into()
}
// ANCHOR_END: hash

// ANCHOR: target
/// Counts the bits that are zero before the first that is one.
fn leading_zero_bits(hash: &Hash) -> u32 {
    let zero_bytes = hash.iter().take_while(|byte| **byte == 0).count();
    let next_byte = hash.get(zero_bytes).map_or(0, |byte| byte.leading_zeros());
    8 * zero_bytes as u32 + next_byte
}

/// Whether a hash is low enough to be proof of work.
fn meets_target(hash: &Hash) -> bool {
    leading_zero_bits(hash) >= ZERO_BITS
}
// ANCHOR_END: target

// ANCHOR: hex
/// Writes bytes as hexadecimal digits, two for each byte.
fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads hexadecimal digits. `None` if a character is not a digit, or one digit is left over.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}
// ANCHOR_END: hex

// ANCHOR: main
fn main() {
    let argument = env::args().nth(1).unwrap_or("genesis".to_string());
    let block = if argument == "genesis" {
        genesis()
    } else {
        let bytes = from_hex(&argument).expect("type genesis, or a block in hexadecimal");
        bytes.try_into().expect("a block has 75 bytes, which are 150 digits")
    };
    let hash = hash(&block);
    let verdict = if meets_target(&hash) { "meets" } else { "misses" };
    println!("block {}", to_hex(&block));
    println!("hash  {}", to_hex(&hash));
    println!("{verdict} the target: {} of {ZERO_BITS} zero bits", leading_zero_bits(&hash));
}
// ANCHOR_END: main

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS_HASH: &str = "00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72";

    #[test]
    fn the_genesis_block_has_this_hash() {
        assert_eq!(to_hex(&hash(&genesis())), GENESIS_HASH);
        assert!(meets_target(&hash(&genesis())));
    }

    #[test]
    fn the_hash_covers_neither_the_size_nor_the_reward() {
        let mut changed = genesis();
        changed[0] = 0;
        changed[70..].fill(0xff);
        assert_eq!(hash(&changed), hash(&genesis()));
        changed[69] ^= 1;
        assert_ne!(hash(&changed), hash(&genesis()));
    }

    #[test]
    fn sixteen_zero_bits_are_enough_and_fifteen_are_not() {
        let mut hash = [0xff; 32];
        hash[..2].fill(0);
        assert!(meets_target(&hash));
        hash[1] = 1;
        assert!(!meets_target(&hash));
        assert_eq!(leading_zero_bits(&[0; 32]), 256);
    }

    #[test]
    fn hexadecimal_digits_and_back() {
        assert_eq!(from_hex(&to_hex(&genesis())), Some(genesis().to_vec()));
        assert_eq!(from_hex("4"), None);
        assert_eq!(from_hex("4x"), None);
    }
}
// ANCHOR_END: tests
