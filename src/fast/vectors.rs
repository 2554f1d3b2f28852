//! SHA-256 of 64 messages in lockstep.
//!
//! A processor with 512-bit registers does sixteen 32-bit operations in one
//! instruction. One hash cannot use that, for each of its steps waits for the
//! one before; but a miner has any number of hashes to make that know nothing
//! of each other. So message *j* takes element *j* of every vector, and all go
//! through the same steps at the same time.
//!
//! There is nothing about registers in the code below. It is SHA-256 as the
//! standard has it, on plain `u32` (`sha256.rs`), inside a loop over the messages, and
//! LLVM turns the loop into vector instructions. Three things let it:
//! - the loop holds no branch, no call and no panic: all indices are constants
//!   once the short loops are unrolled, which LLVM does to a loop of four rounds
//!   but not to one of sixteen;
//! - state and message are small arrays that dissolve into registers;
//! - what is the same in all messages (the midstate, the padding's zeros) is written
//!   in the same loop, so that it is folded into constants or lifted out of it.
//!
//! Each message of an iteration is one long chain of dependent steps, with
//! hardly more than one instruction ready at a time. Where there are registers
//! enough, an iteration therefore takes two messages side by side.
//!
//! In the machine code of `first_words` for AVX-512 you should find one
//! loop without a branch in it, run twice for the 64 messages. It does some 6,250
//! operations on `zmm` registers for 32 double hashes: `vpaddd`, `vprold` (a
//! rotation is one instruction there), `vpternlogd` (so is any function of three
//! bits) and a few `vpsrld`. No 32-bit arithmetic is left outside vectors but
//! what is the same in all messages. So sixteen double hashes take 3,130 operations:
//! the limit is 36 million a second for a core at 3.5 GHz that does two in each
//! cycle, as Zen 4 does, of which nine tenths were measured, and twice as many a
//! cycle where the units are 512 bits wide, as in Zen 5. Where rotations and
//! three-bit functions take several instructions (AVX2), there are over twice as
//! many of half the width.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::one_by_one::{BATCH, START, State, again, last_words, tail};
use super::sha256::compress;
use crate::block::{BlockBytes, HEADER_LEN, field};
use crate::hash::Hash;

/// [`one_by_one::hash_headers`](super::one_by_one::hash_headers), in vectors.
pub(super) fn hash_headers(blocks: &[BlockBytes], hashes: &mut [Hash; BATCH]) {
    let mut words = [Words([0; BATCH]); HEADER_WORDS];
    spread(blocks, &mut words);
    let mut digests = [Words([0; BATCH]); 8];
    hash_words(&words, &mut digests);
    gather(&digests, &mut hashes[..blocks.len()]);
}

/// One word of each of the 64 messages, where vectors can be loaded at once.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Words([u32; BATCH]);

/// The words that hold a header's 69 bytes.
const HEADER_WORDS: usize = HEADER_LEN.div_ceil(4);

/// Spreads the headers of up to 64 blocks over the vectors: word *i* of the header
/// in `blocks[j]` is element *j* of `words[i]`. The first bit of the padding follows.
fn spread(blocks: &[BlockBytes], words: &mut [Words; HEADER_WORDS]) {
    for (j, block) in blocks.iter().enumerate() {
        let (whole, rest) = block[field::HEADER].as_chunks();
        for (words, &bytes) in words.iter_mut().zip(whole) {
            words.0[j] = u32::from_be_bytes(bytes);
        }
        words[HEADER_WORDS - 1].0[j] = u32::from_be_bytes([rest[0], 0x80, 0, 0]);
    }
}

/// Gathers the digests from the vectors.
fn gather(digests: &[Words; 8], hashes: &mut [Hash]) {
    for (j, hash) in hashes.iter_mut().enumerate() {
        let mut bytes = [0; Hash::LEN];
        for (bytes, digest) in bytes.as_chunks_mut().0.iter_mut().zip(digests) {
            *bytes = digest.0[j].to_be_bytes();
        }
        *hash = Hash::from_bytes(bytes);
    }
}

/// [`one_by_one::first_words`](super::one_by_one::first_words), in vectors.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
pub(super) fn first_words(midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
    match_target! {
        "x86_64+avx512f+avx512bw+avx512vl" => first_words_abreast::<2>(midstate, counter, words),
        _ => first_words_abreast::<1>(midstate, counter, words),
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn hash_words(words: &[Words; HEADER_WORDS], digests: &mut [Words; 8]) {
    match_target! {
        "x86_64+avx512f+avx512bw+avx512vl" => hash_abreast::<2>(words, digests),
        _ => hash_abreast::<1>(words, digests),
    }
}

/// [`first_words`], `N` messages in an iteration.
#[inline(always)]
fn first_words_abreast<const N: usize>(midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
    let [first, second, ..] = tail(counter);
    for element in 0..BATCH / N {
        let mut messages = [[0; 16]; N];
        for (n, message) in messages.iter_mut().enumerate() {
            *message = last_words(first, second | ((element + n * (BATCH / N)) as u32) << 24);
        }
        let digests = compress([*midstate; N], messages);
        let digests = hash_again(digests);
        for n in 0..N {
            words[element + n * (BATCH / N)] = digests[n][0];
        }
    }
}

/// Hashes twice the headers in `words`, `N` of them in an iteration.
#[inline(always)]
fn hash_abreast<const N: usize>(words: &[Words; HEADER_WORDS], digests: &mut [Words; 8]) {
    for element in 0..BATCH / N {
        let mut heads = [[0; 16]; N];
        let mut tails = [[0; 16]; N];
        for n in 0..N {
            let j = element + n * (BATCH / N);
            for i in 0..16 {
                heads[n][i] = words[i].0[j];
            }
            tails[n] = last_words(words[16].0[j], words[17].0[j]);
        }
        let hashes = hash_again(compress(compress([START; N], heads), tails));
        for (n, hash) in hashes.iter().enumerate() {
            for (digests, &word) in digests.iter_mut().zip(hash) {
                digests.0[element + n * (BATCH / N)] = word;
            }
        }
    }
}

#[inline(always)]
fn hash_again<const N: usize>(digests: [State; N]) -> [State; N] {
    let mut messages = [[0; 16]; N];
    for (message, digest) in messages.iter_mut().zip(&digests) {
        *message = again(digest);
    }
    compress([START; N], messages)
}
