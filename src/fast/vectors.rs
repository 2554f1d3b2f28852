//! SHA-256 of many messages in lockstep.
//!
//! A processor with 512-bit registers does sixteen 32-bit operations in one instruction.
//! One hash cannot use that, because each of its steps waits for the one before. But a
//! miner has any number of hashes to compute that do not depend on each other. So message
//! *j* takes element *j* of every vector, and all go through the same steps at the same
//! time.
//!
//! There is nothing about registers in the code below. It is SHA-256 as in the standard, on
//! plain `u32` (`sha256.rs`), inside loops over the messages, and LLVM turns the loops into
//! vector instructions. Three things make that possible:
//! - a loop has no branch, no call and no panic: all indices are constants once
//!   the short loops are unrolled;
//! - the state and the few words of a message that a loop works on are small arrays
//!   that fit into registers;
//! - the words are ordered by their place in the message, not by message.

#[cfg(target_arch = "x86_64")]
use multiversion::multiversion;

use super::one_by_one::{BATCH, PADDING, START, State, hash_of, messages_of, tail};
use super::sha256::{Words, compress};
use crate::block::{BlockBytes, HEADER_LEN};
use crate::hash::Hash;

/// Makes the two functions of a kernel, compiled for one kind of processor.
macro_rules! in_vectors {
    ($first_words:ident, $hash_headers:ident $(, $target:literal)?) => {
        $(#[multiversion(targets($target))])?
        pub(super) fn $first_words(midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
            first_words(midstate, counter, words);
        }

        $(#[multiversion(targets($target))])?
        pub(super) fn $hash_headers(blocks: &[BlockBytes; BATCH], hashes: &mut [Hash; BATCH]) {
            hash_headers(blocks, hashes);
        }
    };
}

#[cfg(target_arch = "x86_64")]
in_vectors!(first_words_avx2, hash_headers_avx2, "x86_64+avx2");
in_vectors!(first_words_baseline, hash_headers_baseline);

/// [`one_by_one::first_words`](super::one_by_one::first_words), in vectors.
#[inline(always)]
fn first_words(midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
    let mut messages = [Words::all(0); 16];
    for j in 0..BATCH {
        let [first, second, ..] = tail(counter + j as u64);
        messages[0].0[j] = first;
        messages[1].0[j] = second;
    }
    messages[15] = Words::all(8 * HEADER_LEN as u32);
    let mut states = midstate.map(Words::all);
    compress(&mut states, &mut messages);
    *words = hash_again(&states)[0].0;
}

/// [`one_by_one::hash_headers`](super::one_by_one::hash_headers), in vectors.
#[inline(always)]
fn hash_headers(blocks: &[BlockBytes; BATCH], hashes: &mut [Hash; BATCH]) {
    let mut messages = [Words::all(0); 16];
    let mut rest = [Words::all(0); 16];
    spread(blocks, &mut messages, &mut rest);
    let mut states = START.map(Words::all);
    compress(&mut states, &mut messages);
    compress(&mut states, &mut rest);
    gather(&hash_again(&states), hashes);
}

#[inline(always)]
fn hash_again(digests: &[Words; 8]) -> [Words; 8] {
    let mut messages = [Words::all(0); 16];
    messages[..8].copy_from_slice(digests);
    messages[8] = Words::all(PADDING);
    messages[15] = Words::all(8 * Hash::LEN as u32);
    let mut states = START.map(Words::all);
    compress(&mut states, &mut messages);
    states
}

/// Spreads the headers of the blocks over the words of two messages: word *i* of
/// the first message of `blocks[j]` is element *j* of `messages[i]`.
#[inline(always)]
fn spread(blocks: &[BlockBytes; BATCH], messages: &mut [Words; 16], rest: &mut [Words; 16]) {
    for (j, block) in blocks.iter().enumerate() {
        let (first, last) = messages_of(block);
        for i in 0..16 {
            messages[i].0[j] = first[i];
        }
        for i in [0, 1, 15] {
            rest[i].0[j] = last[i];
        }
    }
}

/// Gathers the digests from the vectors.
#[inline(always)]
fn gather(digests: &[Words; 8], hashes: &mut [Hash; BATCH]) {
    for (j, hash) in hashes.iter_mut().enumerate() {
        *hash = hash_of(digests.each_ref().map(|words| words.0[j]));
    }
}
