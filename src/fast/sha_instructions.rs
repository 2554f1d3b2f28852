//! The same with the SHA instructions of x86-64, four messages side by side.
//!
//! One instruction does two rounds, and its result is ready four cycles later. A single
//! message waits for it each time; four side by side do not. The processor holds a state as
//! two vectors, of its words a, b, e, f and c, d, g, h, last word first, and a message as
//! four vectors of four words.

use std::arch::x86_64::*;

use super::one_by_one::{BATCH, Message, START, State, again, hash_of, messages_of, tail};
use super::sha256::K;
use crate::block::BlockBytes;
use crate::hash::Hash;

/// Messages side by side.
const ABREAST: usize = 4;

/// [`one_by_one::first_words`](super::one_by_one::first_words), four at a time.
#[target_feature(enable = "sha,avx")]
pub(super) fn first_words(midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
    for (counter, words) in (counter..).step_by(ABREAST).zip(words.as_chunks_mut().0) {
        let mut counters = [counter; ABREAST];
        for (n, counter) in counters.iter_mut().enumerate() {
            *counter += n as u64;
        }
        let digests = compress(&[*midstate; ABREAST], &counters.map(tail));
        *words = hash_again(&digests).map(|digest| digest[0]);
    }
}

/// [`one_by_one::hash_headers`](super::one_by_one::hash_headers), four at a time.
#[target_feature(enable = "sha,avx")]
pub(super) fn hash_headers(blocks: &[BlockBytes; BATCH], hashes: &mut [Hash; BATCH]) {
    let pairs = blocks.as_chunks::<ABREAST>().0.iter().zip(hashes.as_chunks_mut::<ABREAST>().0);
    for (blocks, hashes) in pairs {
        let mut messages = [([0; 16], [0; 16]); ABREAST];
        for (message, block) in messages.iter_mut().zip(blocks) {
            *message = messages_of(block);
        }
        let midstates = compress(&[START; ABREAST], &messages.map(|(first, _)| first));
        let digests = compress(&midstates, &messages.map(|(_, last)| last));
        *hashes = hash_again(&digests).map(hash_of);
    }
}

#[inline]
#[target_feature(enable = "sha,avx")]
fn hash_again(digests: &[State; ABREAST]) -> [State; ABREAST] {
    compress(&[START; ABREAST], &digests.each_ref().map(again))
}

/// Takes each message into its state.
#[inline]
#[target_feature(enable = "sha,avx")]
fn compress(starts: &[State; ABREAST], messages: &[Message; ABREAST]) -> [State; ABREAST] {
    let zero = _mm_setzero_si128();
    let (mut states, mut words) = ([[zero; 2]; ABREAST], [[zero; 4]; ABREAST]);
    for n in 0..ABREAST {
        let [a, b, c, d, e, f, g, h] = starts[n];
        states[n] = [four([f, e, b, a]), four([h, g, d, c])];
        for (vector, &words) in words[n].iter_mut().zip(messages[n].as_chunks().0) {
            *vector = four(words);
        }
    }
    // Written out, because the compiler then keeps the states in registers.
    macro_rules! rounds {
        ($($i:literal)*) => {$( four_rounds_of_all::<$i>(&mut states, &mut words); )*};
    }
    rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    let mut ends = *starts;
    for n in 0..ABREAST {
        let [[f, e, b, a], [h, g, d, c]] = states[n].map(|half| words_of(half));
        for (end, word) in ends[n].iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *end = end.wrapping_add(word);
        }
    }
    ends
}

/// The rounds `4 * I` to `4 * I + 3` of each message.
#[inline]
#[target_feature(enable = "sha,avx")]
fn four_rounds_of_all<const I: usize>(
    states: &mut [[__m128i; 2]; ABREAST],
    words: &mut [[__m128i; 4]; ABREAST],
) {
    let k = four(K.as_chunks().0[I]);
    for n in 0..ABREAST {
        if I >= 4 {
            words[n][I % 4] = next_words(&words[n], I % 4);
        }
        states[n] = four_rounds(states[n], _mm_add_epi32(words[n][I % 4], k));
    }
}

#[inline]
#[target_feature(enable = "sha,avx")]
fn four_rounds([abef, cdgh]: [__m128i; 2], input: __m128i) -> [__m128i; 2] {
    // Two rounds give a new a, b, e, f; the old ones are then c, d, g, h.
    let cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
    let abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32::<0x0e>(input));
    [abef, cdgh]
}

/// The four words sixteen rounds after those at place `i` of four.
#[inline]
#[target_feature(enable = "sha,avx")]
fn next_words(words: &[__m128i; 4], i: usize) -> __m128i {
    let [w0, w1, w2, w3] = [0, 1, 2, 3].map(|later| words[(i + later) % 4]);
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
    _mm_sha256msg2_epu32(sum, w3)
}

#[inline]
#[target_feature(enable = "avx")]
fn four([a, b, c, d]: [u32; 4]) -> __m128i {
    _mm_setr_epi32(a as i32, b as i32, c as i32, d as i32)
}

#[inline]
#[target_feature(enable = "avx")]
fn words_of(x: __m128i) -> [u32; 4] {
    let [low, high] = [_mm_extract_epi64::<0>(x) as u64, _mm_extract_epi64::<1>(x) as u64];
    [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32]
}
