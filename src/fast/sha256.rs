//! SHA-256's compression function, as FIPS 180-4 has it, on plain `u32`.
//!
//! All is inlined into the loop over the messages that calls it, which is where the
//! vectors come from. `N` messages go through it side by side.

use super::one_by_one::{Message, State};

/// The constants of the rounds, in groups of sixteen: the first 32 bits of the
/// fractions of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
#[rustfmt::skip]
const K: [Message; 4] = [
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    ],
    [
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    ],
    [
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    ],
    [
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ],
];

/// SHA-256's compression function, for `N` messages abreast.
#[inline(always)]
pub(super) fn compress<const N: usize>(
    starts: [State; N],
    mut messages: [Message; N],
) -> [State; N] {
    let mut states = starts;
    sixteen_rounds::<N, true>(&mut states, &mut messages, &K[0]);
    sixteen_rounds::<N, true>(&mut states, &mut messages, &K[1]);
    sixteen_rounds::<N, true>(&mut states, &mut messages, &K[2]);
    sixteen_rounds::<N, false>(&mut states, &mut messages, &K[3]);
    for n in 0..N {
        for i in 0..8 {
            states[n][i] = states[n][i].wrapping_add(starts[n][i]);
        }
    }
    states
}

/// Sixteen rounds, after each of which, if `EXPAND`, its message word gives way
/// to the one of sixteen rounds later.
#[inline(always)]
fn sixteen_rounds<const N: usize, const EXPAND: bool>(
    states: &mut [State; N],
    messages: &mut [Message; N],
    k: &Message,
) {
    four_rounds::<N, 0, EXPAND>(states, messages, k);
    four_rounds::<N, 4, EXPAND>(states, messages, k);
    four_rounds::<N, 8, EXPAND>(states, messages, k);
    four_rounds::<N, 12, EXPAND>(states, messages, k);
}

#[inline(always)]
fn four_rounds<const N: usize, const FROM: usize, const EXPAND: bool>(
    states: &mut [State; N],
    messages: &mut [Message; N],
    k: &Message,
) {
    for i in FROM..FROM + 4 {
        for n in 0..N {
            let words = &mut messages[n];
            states[n] = round(&states[n], k[i].wrapping_add(words[i]));
            if EXPAND {
                words[i] = words[i]
                    .wrapping_add(small_sigma_0(words[(i + 1) % 16]))
                    .wrapping_add(words[(i + 9) % 16])
                    .wrapping_add(small_sigma_1(words[(i + 14) % 16]));
            }
        }
    }
}

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
