//! SHA-256 of 64 messages in lockstep.
//!
//! A processor with 512-bit registers does sixteen 32-bit operations in one
//! instruction. One hash cannot use that, for each of its steps waits for the
//! one before; but a miner has any number of hashes to make that know nothing
//! of each other. So each takes a lane of the registers, and all go through the
//! same steps at the same time.
//!
//! There is nothing about registers in the code below. It is SHA-256 as the
//! standard has it, on plain `u32` (`sha256.rs`), inside a loop over the lanes, and
//! LLVM turns the loop into vector instructions. Three things let it:
//! - the loop holds no branch, no call and no panic: all indices are constants
//!   once the short loops are unrolled, which LLVM does to a loop of four rounds
//!   but not to one of sixteen;
//! - state and message are small arrays that dissolve into registers;
//! - what is the same in all lanes (the midstate, the padding's zeros) is written
//!   in the same loop, so that it is folded into constants or lifted out of it.
//!
//! Each message of an iteration is one long chain of dependent steps, with
//! hardly more than one instruction ready at a time. Where there are registers
//! enough, an iteration therefore takes two messages side by side.
//!
//! In the machine code of `first_words_in_lanes` for AVX-512 you should find one
//! loop without a branch in it, run twice for the 64 lanes. It does some 6,250
//! operations on `zmm` registers for 32 double hashes: `vpaddd`, `vprold` (a
//! rotation is one instruction there), `vpternlogd` (so is any function of three
//! bits) and a few `vpsrld`. No 32-bit arithmetic is left outside vectors but
//! what is the same in all lanes. So sixteen double hashes take 3,130 operations:
//! the limit is 36 million a second for a core at 3.5 GHz that does two in each
//! cycle, as Zen 4 does, of which nine tenths were measured, and twice as many a
//! cycle where the units are 512 bits wide, as in Zen 5. Where rotations and
//! three-bit functions take several instructions (AVX2), there are over twice as
//! many of half the width.

mod sha256;

use multiversion::multiversion;
use multiversion::target::match_target;

use crate::block::{BlockBytes, HEADER_LEN, field};
use crate::hash::Hash;
use crate::one_by_one::{self, START, State, again, last_words, tail};

use self::sha256::compress;

pub use crate::one_by_one::{FEW, LANES, midstate};

/// The function of this name in [`one_by_one`], in lanes where that is faster.
pub fn first_words(midstate: &State, counter: u64, words: &mut [u32; LANES]) {
    match kernel() {
        Kernel::OneByOne => one_by_one::first_words(midstate, counter, words),
        Kernel::Lanes(_) => first_words_in_lanes(midstate, counter, words),
    }
}

/// The function of this name in [`one_by_one`], in lanes where that is faster.
pub fn hash_headers(blocks: &[BlockBytes], hashes: &mut [Hash; LANES]) {
    match kernel() {
        Kernel::Lanes(_) if blocks.len() >= FEW => {
            let mut words = [Words([0; LANES]); HEADER_WORDS];
            to_lanes(blocks, &mut words);
            let mut digests = [Words([0; LANES]); 8];
            hash_in_lanes(&words, &mut digests);
            from_lanes(&digests, &mut hashes[..blocks.len()]);
        }
        _ => one_by_one::hash_headers(blocks, hashes),
    }
}

/// What hashes on this processor, for people to read.
pub fn kernel_name() -> &'static str {
    match kernel() {
        Kernel::Lanes(name) => name,
        Kernel::OneByOne => one_by_one::kernel_name(),
    }
}

enum Kernel {
    /// The loops of this module, and the vectors that they became.
    Lanes(&'static str),
    /// sha2's compression function, which knows the SHA instructions.
    OneByOne,
}

/// The first in this list that this processor can do.
///
/// Vectors of 256 bits still beat the SHA instructions of x86-64; vectors of 128
/// bits do not, but are better than no SHA instructions.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl",
    "x86_64+avx2",
    "x86_64+sha+sse4.1",
    "aarch64+sha2"
))]
fn kernel() -> Kernel {
    match_target! {
        "x86_64+avx512f+avx512bw+avx512vl" => Kernel::Lanes("64 lanes, AVX-512"),
        "x86_64+avx2" => Kernel::Lanes("64 lanes, AVX2"),
        "x86_64+sha+sse4.1" => Kernel::OneByOne,
        "aarch64+sha2" => Kernel::OneByOne,
        _ => Kernel::Lanes("64 lanes, 128-bit vectors or none"),
    }
}

/// One word of each of the 64 messages, where vectors can be loaded at once.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Words([u32; LANES]);

/// The words that hold a header's 69 bytes.
const HEADER_WORDS: usize = HEADER_LEN.div_ceil(4);

/// Spreads the headers of up to 64 blocks over the lanes: word *i* of the header
/// in `blocks[j]` is lane *j* of `words[i]`. The first bit of the padding follows.
fn to_lanes(blocks: &[BlockBytes], words: &mut [Words; HEADER_WORDS]) {
    for (lane, block) in blocks.iter().enumerate() {
        let (whole, rest) = block[field::HEADER].as_chunks();
        for (words, &bytes) in words.iter_mut().zip(whole) {
            words.0[lane] = u32::from_be_bytes(bytes);
        }
        words[HEADER_WORDS - 1].0[lane] = u32::from_be_bytes([rest[0], 0x80, 0, 0]);
    }
}

/// Gathers the digests from the lanes.
fn from_lanes(digests: &[Words; 8], hashes: &mut [Hash]) {
    for (lane, hash) in hashes.iter_mut().enumerate() {
        let mut bytes = [0; Hash::LEN];
        for (bytes, digest) in bytes.as_chunks_mut().0.iter_mut().zip(digests) {
            *bytes = digest.0[lane].to_be_bytes();
        }
        *hash = Hash::from_bytes(bytes);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn first_words_in_lanes(midstate: &State, counter: u64, words: &mut [u32; LANES]) {
    match_target! {
        "x86_64+avx512f+avx512bw+avx512vl" => first_words_abreast::<2>(midstate, counter, words),
        _ => first_words_abreast::<1>(midstate, counter, words),
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn hash_in_lanes(words: &[Words; HEADER_WORDS], digests: &mut [Words; 8]) {
    match_target! {
        "x86_64+avx512f+avx512bw+avx512vl" => hash_abreast::<2>(words, digests),
        _ => hash_abreast::<1>(words, digests),
    }
}

/// [`first_words`], `N` messages in an iteration.
#[inline(always)]
fn first_words_abreast<const N: usize>(midstate: &State, counter: u64, words: &mut [u32; LANES]) {
    let [first, second, ..] = tail(counter);
    for lane in 0..LANES / N {
        let mut messages = [[0; 16]; N];
        for (n, message) in messages.iter_mut().enumerate() {
            *message = last_words(first, second | ((lane + n * (LANES / N)) as u32) << 24);
        }
        let digests = compress([*midstate; N], messages);
        let digests = hash_again(digests);
        for n in 0..N {
            words[lane + n * (LANES / N)] = digests[n][0];
        }
    }
}

/// Hashes twice the headers in `words`, `N` of them in an iteration.
#[inline(always)]
fn hash_abreast<const N: usize>(words: &[Words; HEADER_WORDS], digests: &mut [Words; 8]) {
    for lane in 0..LANES / N {
        let mut heads = [[0; 16]; N];
        let mut tails = [[0; 16]; N];
        for n in 0..N {
            let lane = lane + n * (LANES / N);
            for i in 0..16 {
                heads[n][i] = words[i].0[lane];
            }
            tails[n] = last_words(words[16].0[lane], words[17].0[lane]);
        }
        let hashes = hash_again(compress(compress([START; N], heads), tails));
        for (n, hash) in hashes.iter().enumerate() {
            for (digests, &word) in digests.iter_mut().zip(hash) {
                digests.0[lane + n * (LANES / N)] = word;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::BLOCK_LEN;

    proptest! {
        #[test]
        fn lanes_hash_blocks_as_sha2_does(blocks: [[u8; 25]; 3 * LANES], count in 0..=LANES) {
            let blocks: &[BlockBytes] = &blocks.as_flattened().as_chunks::<BLOCK_LEN>().0[..count];
            let (mut found, mut wanted) = ([Hash::ZERO; LANES], [Hash::ZERO; LANES]);
            hash_headers(blocks, &mut found);
            one_by_one::hash_headers(blocks, &mut wanted);
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn lanes_hash_counters_as_sha2_does(midstate: State, batch in 0..1_u64 << 34) {
            let (mut found, mut wanted) = ([0; LANES], [0; LANES]);
            first_words(&midstate, batch * LANES as u64, &mut found);
            one_by_one::first_words(&midstate, batch * LANES as u64, &mut wanted);
            prop_assert_eq!(found, wanted);
        }
    }
}
