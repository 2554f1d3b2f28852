//! Chapter 1.2: each block names the one before, and that makes a chain.
//!
//! ```text
//! cargo run mine         search for block 1, dated 1634700600
//! cargo run 4b0000...    check a chain, given in hexadecimal digits
//! ```

// ANCHOR: use
use std::env;
use std::process::ExitCode;

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

// ANCHOR: mine
/// Tries `count` nonces from `first` on. Returns the first that gives a low hash.
fn mine(previous: Hash, timestamp: u32, first: u64, count: u64) -> Option<u64> {
    let is_low = |nonce: &u64| meets_target(&hash(&block(previous, timestamp, *nonce, 0)));
    (first..first + count).find(is_low)
}
// ANCHOR_END: mine

// ANCHOR: validate
/// Checks a chain from its first block to its last.
///
/// Returns the hash of the last block, or the rule that the chain breaks.
fn validate(chain: &[u8]) -> Result<Hash, String> {
    let (blocks, rest) = chain.as_chunks::<BLOCK_LEN>();
    if blocks.is_empty() || !rest.is_empty() {
        return Err(format!("whole-blocks: {} bytes are not whole blocks of 75", chain.len()));
    }
    if blocks[0] != genesis() {
        return Err("genesis: the first block is not the genesis block".to_string());
    }
    let mut previous = hash(&blocks[0]);
    for (height, block) in blocks.iter().enumerate().skip(1) {
        validate_block(block, previous).map_err(|rule| format!("block {height} breaks {rule}"))?;
        previous = hash(block);
    }
    Ok(previous)
}

/// Checks one block that comes after a block with the hash `previous`.
fn validate_block(block: &Block, previous: Hash) -> Result<(), &'static str> {
    if block[0] != 75 {
        return Err("size: its first byte is not 75");
    }
    if block[1] != 0 {
        return Err("version: its second byte is not 0");
    }
    if block[70] != 1 {
        return Err("one-transaction: it does not have one transaction");
    }
    if block[71..73] != [0, 0] {
        return Err("sender: its reward comes from somebody");
    }
    if block[2..34] != previous {
        return Err("previous-hash: it names another block than the one before it");
    }
    if !meets_target(&hash(block)) {
        return Err("proof-of-work: its hash is too high");
    }
    Ok(())
}
// ANCHOR_END: validate

// ANCHOR: main
fn main() -> ExitCode {
    let argument = env::args().nth(1).unwrap_or("mine".to_string());
    if argument == "mine" {
        let (previous, timestamp) = (hash(&genesis()), 1_634_700_600);
        let nonce = mine(previous, timestamp, 0, 1_000_000).expect("a million tries are plenty");
        let block = block(previous, timestamp, nonce, 7000);
        println!("nonce {nonce}");
        println!("hash  {}", to_hex(&hash(&block)));
        println!("chain {}{}", to_hex(&genesis()), to_hex(&block));
        return ExitCode::SUCCESS;
    }
    let chain = from_hex(&argument).expect("type mine, or a chain in hexadecimal");
    match validate(&chain) {
        Ok(tip) => {
            println!("valid, and the last hash is {}", to_hex(&tip));
            ExitCode::SUCCESS
        }
        Err(rule) => {
            println!("invalid, {rule}");
            ExitCode::FAILURE
        }
    }
}
// ANCHOR_END: main

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_1_has_nonce_58768() {
        assert_eq!(mine(hash(&genesis()), 1_634_700_600, 0, 100_000), Some(58_768));
    }

    /// The genesis block and block 1.
    fn two_blocks() -> Vec<u8> {
        let block = block(hash(&genesis()), 1_634_700_600, 58_768, 7000);
        [genesis(), block].concat()
    }

    #[test]
    fn two_blocks_are_a_chain_and_end_with_this_hash() {
        let tip = "000071e6ff5b358e57339b42d45b20acc0f112c218fa435b3ffa8f239b777347";
        assert_eq!(validate(&two_blocks()).map(|tip| to_hex(&tip)), Ok(tip.to_string()));
        assert_eq!(validate(&genesis()), Ok(hash(&genesis())));
    }

    /// The rule that the two blocks break if this byte changes.
    fn broken_by(byte: usize) -> String {
        let mut chain = two_blocks();
        chain[byte] ^= 1;
        let sentence = validate(&chain).expect_err("a bit is wrong");
        let rule = sentence.trim_start_matches("block 1 breaks ").split(':').next();
        rule.expect("it names a rule").to_string()
    }

    #[test]
    fn every_rule_refuses_the_byte_that_it_is_about() {
        let names = [(0, "genesis"), (74, "genesis"), (75, "size"), (76, "version")];
        for (byte, rule) in names {
            assert_eq!(broken_by(byte), rule);
        }
        for (byte, rule) in [(2, "previous-hash"), (69, "proof-of-work"), (72, "sender")] {
            assert_eq!(broken_by(BLOCK_LEN + byte), rule);
        }
        assert_eq!(broken_by(BLOCK_LEN + 70), "one-transaction");
    }

    #[test]
    fn nothing_and_half_a_block_are_no_chain() {
        for chain in [&[][..], &two_blocks()[..149], &two_blocks()[..74]] {
            assert!(validate(chain).expect_err("it is cut").starts_with("whole-blocks"));
        }
    }

    #[test]
    fn hexadecimal_digits_and_back() {
        assert_eq!(from_hex(&to_hex(&two_blocks())), Some(two_blocks()));
        assert_eq!(from_hex("4x"), None);
    }
}
// ANCHOR_END: tests
