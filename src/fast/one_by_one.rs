//! Many hashes, one after the other, on sha2's own compression function.
//!
//! This is the plain form of the two questions of the search and the check: the first 32
//! bits of the hashes of 48 headers that differ only in their counter, and the hashes of as
//! many blocks. [`vectors`](super::vectors) answers the same two questions faster on a
//! processor with wide vectors.

use sha2::block_api::compress256;

use crate::block::{self, BlockBytes, HEADER_LEN, field};
use crate::hash::Hash;

/// How many headers are hashed by one call.
///
/// It is three vectors of 512 bits, and a turn of a thousand counters is not quite 21
/// batches, so little of the last one is wasted.
pub(super) const BATCH: usize = 48;

/// With fewer headers than this, plain hashing is at least as fast as a whole batch.
pub(super) const FEW: usize = 24;

/// The eight words that SHA-256 carries from one 64-byte block of its message
/// to the next.
pub(super) type State = [u32; 8];

/// The sixteen big-endian words of such a 64-byte block.
pub(super) type Message = [u32; 16];

/// The state that every SHA-256 starts from: the first 32 bits of the fractions
/// of the square roots of the first eight primes (FIPS 180-4, section 5.3.3).
pub(super) const START: State = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// A one after the last bit of the message: the beginning of its padding.
pub(super) const PADDING: u32 = 0x8000_0000;

// ANCHOR: midstate
/// The state after the first 64 of a header's 69 bytes.
///
/// Within a search only the last five bytes change, the counter of the nonce. So this state
/// is the same for every try, and we save one compression in three.
pub(super) fn midstate(header: &[u8; HEADER_LEN]) -> State {
    let mut state = START;
    let (blocks, _) = header.as_chunks();
    compress256(&mut state, blocks);
    state
}
// ANCHOR_END: midstate

/// The message block that follows the midstate: the counter's 40 bits, the
/// padding, and the length of the whole header in bits.
#[inline(always)]
pub(super) fn tail(counter: u64) -> Message {
    let low_byte = (counter as u32) << 24 | PADDING >> 8;
    last_words((counter >> 8) as u32, low_byte)
}

/// A header's last message block, given the two words that hold its last five
/// bytes and the first bit of the padding.
#[inline(always)]
pub(super) const fn last_words(first: u32, second: u32) -> Message {
    [first, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8 * HEADER_LEN as u32]
}

/// The two message blocks of a block's header.
#[inline(always)]
pub(super) fn messages_of(block: &BlockBytes) -> (Message, Message) {
    let (words, last) = block[field::HEADER].as_chunks();
    let mut first = [0; 16];
    for (word, &bytes) in first.iter_mut().zip(words) {
        *word = u32::from_be_bytes(bytes);
    }
    let [second_last, last] = [words[16], [last[0], 0x80, 0, 0]].map(u32::from_be_bytes);
    (first, last_words(second_last, last))
}

/// The hash with these words.
#[inline(always)]
pub(super) fn hash_of(digest: State) -> Hash {
    let mut bytes = [0; Hash::LEN];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(digest) {
        *bytes = word.to_be_bytes();
    }
    Hash::from_bytes(bytes)
}

/// The message of the second SHA-256: the 32 bytes of the first one's result.
#[inline(always)]
pub(super) const fn again(digest: &State) -> Message {
    let [a, b, c, d, e, f, g, h] = *digest;
    [a, b, c, d, e, f, g, h, PADDING, 0, 0, 0, 0, 0, 0, 8 * Hash::LEN as u32]
}

/// Puts into `words` the first 32 bits of the hashes that a header has with the
/// [`BATCH`] counters from `counter` on, given the header's midstate.
pub(super) fn first_words(midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
    for (counter, word) in (counter..).zip(words) {
        let digest = compress(midstate, &tail(counter));
        *word = compress(&START, &again(&digest))[0];
    }
}

/// Hashes the headers of blocks; the hash of block *i* goes into `hashes[i]`.
pub(super) fn hash_headers(blocks: &[BlockBytes; BATCH], hashes: &mut [Hash; BATCH]) {
    for (block, hash) in blocks.iter().zip(hashes) {
        *hash = block::hash(block);
    }
}

fn compress(state: &State, message: &Message) -> State {
    let mut state = *state;
    let mut bytes = [0; 64];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(message) {
        *bytes = word.to_be_bytes();
    }
    compress256(&mut state, &[bytes]);
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Block, Header, Nonce};

    #[test]
    fn words_are_the_first_of_the_hashes() {
        let header = Block::genesis().header;
        let mut words = [0; BATCH];
        for batch in [0, 47, 192, 230, 256, 70_800, Nonce::COUNTER_END - BATCH as u64] {
            first_words(&midstate(&header.to_bytes()), batch, &mut words);
            for (counter, word) in (batch..).zip(words) {
                let hash = Header { nonce: Nonce::in_lane(0, counter), ..header }.hash();
                assert_eq!(word.to_be_bytes(), hash.as_bytes()[..4], "counter {counter}");
            }
        }
    }

    #[test]
    fn hashes_are_those_of_the_blocks() {
        let mut blocks = [Block::genesis().to_bytes(); BATCH];
        blocks[3][2] = 1;
        let mut hashes = [Hash::ZERO; BATCH];
        hash_headers(&blocks, &mut hashes);
        assert_eq!(hashes, blocks.map(|block| block::hash(&block)));
    }
}
