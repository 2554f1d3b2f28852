//! The same in vectors of AVX-512, by name.
//!
//! The compiler makes good vectors from plain loops, but not the best: it writes `majority`
//! as two instructions although the processor has one for any function of three bits, and
//! it does not know how many messages to keep in the registers. So this code names the
//! instructions. `x86_64.rs` calls these functions only if the processor has them: no line
//! of this is unsafe.
//!
//! Three vectors, 48 messages, go side by side: an instruction's result can be used one
//! cycle later on Zen 4 and two on Zen 5, and the other two vectors fill the time. Their
//! states take 24 of the 32 registers. So the words are read from memory, which costs
//! nothing, because a load is part of the addition; and the next sixteen words are computed
//! separately from the rounds, vector by vector, in registers. Words that are the same in
//! all messages are never computed: they are added to the constants in advance, and the
//! first sixteen words that depend on them need little. The search's code is 26 kB, less
//! than the first-level cache of instructions holds.

#[macro_use]
mod rounds;
#[macro_use]
mod words;
mod gather;
mod spread;

use std::arch::x86_64::_mm512_add_epi32;

use self::gather::{gather, to_words};
use self::rounds::{Row, add, each_row, round, rounds, row, splat};
use self::spread::{counters, spread};
use self::words::{next_word, next_words};
use super::one_by_one::{BATCH, Message, START, State, again, last_words};
use super::sha256::K;
use crate::block::BlockBytes;
use crate::hash::Hash;

/// The constants of the rounds, in groups of eight.
const K8: [[u32; 8]; 8] = *K.as_chunks().0.first_chunk().expect("there are 64");

/// What is the same in the last message blocks of all headers.
const TAIL: Message = last_words(0, 0);

/// What is the same in all messages of the second SHA-256.
const DIGEST: Message = again(&[0; 8]);

/// Takes messages into the states `starts`, but does not add those to the result. Of the
/// messages only the first words are `given`, the others are those of `known`.
///
/// A macro, because each use becomes another function once the compiler has evaluated what
/// is known. The copies before the call are in memory; their sources need not be.
macro_rules! hash {
    ($starts:expr, $given:expr, $known:ident) => {{
        let (given, mut states) = ($given, $starts);
        rounds!(16 of &mut states, i => |n: usize| match given.get(i) {
            Some(word) => _mm512_add_epi32(splat(K[i]), word[n]),
            None => splat(K[i].wrapping_add($known[i])),
        });
        let mut words = [row(0); 16];
        for (word, &known) in words.iter_mut().zip(&$known) {
            *word = row(known);
        }
        words[..given.len()].copy_from_slice(given);
        next_words!(&mut words);
        let (mut states, mut words) = (states, words);
        last_rounds(&mut states, &mut words);
        states
    }};
}

/// [`one_by_one::first_words`](super::one_by_one::first_words), in vectors.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn first_words(midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
    let mut digests = hash!(each_row(midstate), &counters(counter), TAIL);
    add_all(&mut digests, &each_row(midstate));
    let ends = hash!(each_row(&START), &digests, DIGEST);
    to_words(&add(&ends[0], &row(START[0])), words);
}

/// [`one_by_one::hash_headers`](super::one_by_one::hash_headers), in vectors.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn hash_headers(blocks: &[BlockBytes; BATCH], hashes: &mut [Hash; BATCH]) {
    let mut words = [row(0); 16];
    let last = spread(blocks, &mut words);
    let mut midstates = each_row(&START);
    sixteen_rounds(&mut midstates, &words, 0);
    next_words(&mut words);
    last_rounds(&mut midstates, &mut words);
    add_all(&mut midstates, &each_row(&START));
    let mut digests = hash!(midstates, &last, TAIL);
    add_all(&mut digests, &midstates);
    let mut ends = hash!(each_row(&START), &digests, DIGEST);
    add_all(&mut ends, &each_row(&START));
    gather(&ends, hashes);
}

/// The last 48 rounds, of which the first sixteen take these words.
#[inline(never)]
#[target_feature(enable = "avx512f")]
fn last_rounds(states: &mut [Row; 8], words: &mut [Row; 16]) {
    sixteen_rounds(states, words, 1);
    next_words(words);
    sixteen_rounds(states, words, 2);
    next_words(words);
    sixteen_rounds(states, words, 3);
}

/// Rounds `16 * pass` to `16 * pass + 15`.
#[inline]
#[target_feature(enable = "avx512f")]
fn sixteen_rounds(states: &mut [Row; 8], words: &[Row; 16], pass: usize) {
    let halves = words.as_chunks().0;
    rounds(states, &halves[0], &K8[2 * pass]);
    rounds(states, &halves[1], &K8[2 * pass + 1]);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_all(states: &mut [Row; 8], starts: &[Row; 8]) {
    for (state, start) in states.iter_mut().zip(starts) {
        *state = add(state, start);
    }
}
