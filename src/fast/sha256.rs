//! SHA-256's compression function, as in FIPS 180-4, on plain `u32`, for many messages at
//! once.
//!
//! The loops over the messages are inlined into the functions of `vectors` that call them,
//! and there they become vectors.

use super::one_by_one::{BATCH, State};

/// The constants of the rounds: the first 32 bits of the fractions of the cube
/// roots of the first 64 primes (FIPS 180-4, 4.2.2).
#[rustfmt::skip]
pub(super) const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// One word of each message, aligned so that vectors can be loaded at once.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Words(pub(super) [u32; BATCH]);

impl Words {
    /// The same word in all messages.
    pub(super) const fn all(word: u32) -> Words {
        Words([word; BATCH])
    }
}

/// Takes each message into its state.
///
/// The rounds run in passes of four, each over all messages: so little code that it stays
/// in the first-level cache, and so few words at a time that they stay in registers.
#[inline(always)]
pub(super) fn compress(states: &mut [Words; 8], messages: &mut [Words; 16]) {
    let starts = *states;
    for k in K[..48].as_chunks().0 {
        sixteen_rounds::<true>(states, messages, k);
    }
    sixteen_rounds::<false>(states, messages, K.last_chunk().expect("there are 64"));
    for (state, start) in states.iter_mut().zip(&starts) {
        for j in 0..BATCH {
            state.0[j] = state.0[j].wrapping_add(start.0[j]);
        }
    }
}

#[inline(always)]
fn sixteen_rounds<const EXPAND: bool>(
    states: &mut [Words; 8],
    messages: &mut [Words; 16],
    k: &[u32; 16],
) {
    four_rounds::<0, EXPAND>(states, messages, k);
    four_rounds::<4, EXPAND>(states, messages, k);
    four_rounds::<8, EXPAND>(states, messages, k);
    four_rounds::<12, EXPAND>(states, messages, k);
}

// ANCHOR: rounds
/// Four rounds. If `EXPAND`, each message word is then replaced by the one of sixteen
/// rounds later.
#[inline(always)]
fn four_rounds<const FROM: usize, const EXPAND: bool>(
    states: &mut [Words; 8],
    messages: &mut [Words; 16],
    k: &[u32; 16],
) {
    for j in 0..BATCH {
        let mut state = states.each_ref().map(|words| words.0[j]);
        let mut message = messages.each_ref().map(|words| words.0[j]);
        for i in FROM..FROM + 4 {
            state = round(&state, k[i].wrapping_add(message[i]));
            if EXPAND {
                message[i] = message[i]
                    .wrapping_add(small_sigma_0(message[(i + 1) % 16]))
                    .wrapping_add(message[(i + 9) % 16])
                    .wrapping_add(small_sigma_1(message[(i + 14) % 16]));
                messages[i].0[j] = message[i];
            }
        }
        for (words, word) in states.iter_mut().zip(state) {
            words.0[j] = word;
        }
    }
}
// ANCHOR_END: rounds

#[inline(always)]
fn round(state: &State, input: u32) -> State {
    let [a, b, c, d, e, f, g, h] = *state;
    let first = h.wrapping_add(input).wrapping_add(choose(e, f, g)).wrapping_add(big_sigma_1(e));
    let second = big_sigma_0(a).wrapping_add(majority(a, b, c));
    [first.wrapping_add(second), a, b, c, d.wrapping_add(first), e, f, g]
}

/// The bits of `y` where `x` is one, those of `z` where it is zero.
#[inline(always)]
fn choose(x: u32, y: u32, z: u32) -> u32 {
    z ^ (x & (y ^ z))
}

/// The bits that at least two of the three have.
#[inline(always)]
fn majority(x: u32, y: u32, z: u32) -> u32 {
    (x & y) | (z & (x | y))
}

#[inline(always)]
fn big_sigma_0(x: u32) -> u32 {
    x.rotate_right(2) ^ x.rotate_right(13) ^ x.rotate_right(22)
}

#[inline(always)]
fn big_sigma_1(x: u32) -> u32 {
    x.rotate_right(6) ^ x.rotate_right(11) ^ x.rotate_right(25)
}

#[inline(always)]
fn small_sigma_0(x: u32) -> u32 {
    x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3)
}

#[inline(always)]
fn small_sigma_1(x: u32) -> u32 {
    x.rotate_right(17) ^ x.rotate_right(19) ^ (x >> 10)
}
