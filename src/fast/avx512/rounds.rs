//! The rounds of SHA-256.

use std::arch::x86_64::*;

use crate::fast::one_by_one::State;

/// A word of each of 48 messages: three vectors of sixteen.
pub(super) type Row = [__m512i; 3];

/// The same word in all messages.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn row(word: u32) -> Row {
    [splat(word); 3]
}

/// The same state in all messages.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn each_row(state: &State) -> [Row; 8] {
    let [a, b, c, d, e, f, g, h] = *state;
    [row(a), row(b), row(c), row(d), row(e), row(f), row(g), row(h)]
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn splat(word: u32) -> __m512i {
    _mm512_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn add(x: &Row, y: &Row) -> Row {
    let mut sum = *x;
    for n in 0..3 {
        sum[n] = _mm512_add_epi32(x[n], y[n]);
    }
    sum
}

/// Rounds one after the other, each with its given input: its word with its constant added,
/// vector by vector.
macro_rules! rounds {
    (8 of $state:expr, $i:ident => $input:expr) => {
        rounds!($state, $i => $input, 0 1 2 3 4 5 6 7)
    };
    (16 of $state:expr, $i:ident => $input:expr) => {
        rounds!($state, $i => $input, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($state:expr, $i:ident => $input:expr, $($round:literal)*) => {$({
        let $i: usize = $round;
        round::<$round>($state, $input);
    })*};
}

/// Eight rounds with these words and constants.
#[inline(never)]
#[target_feature(enable = "avx512f")]
pub(super) fn rounds(states: &mut [Row; 8], words: &[Row; 8], k: &[u32; 8]) {
    let mut state = *states;
    rounds!(8 of &mut state, i => |n: usize| _mm512_add_epi32(splat(k[i]), words[i][n]));
    *states = state;
}

/// Round `I`. Its words `a` to `h` are not moved: from round to round, each place gets the
/// next name.
#[inline]
#[target_feature(enable = "avx512f")]
#[expect(clippy::needless_range_loop, reason = "several vectors are walked together")]
pub(super) fn round<const I: usize>(state: &mut [Row; 8], input: impl Fn(usize) -> __m512i) {
    let place = |name: usize| (name + 16 - I) % 8;
    let [a, b, c, d] = [place(0), place(1), place(2), place(3)];
    let [e, f, g, h] = [place(4), place(5), place(6), place(7)];
    for n in 0..3 {
        let choice = _mm512_ternarylogic_epi32::<CHOOSE>(state[e][n], state[f][n], state[g][n]);
        let first = _mm512_add_epi32(state[h][n], input(n));
        let first = _mm512_add_epi32(first, choice);
        let first = _mm512_add_epi32(first, rotated::<6, 11, 25>(state[e][n]));
        let most = _mm512_ternarylogic_epi32::<MAJORITY>(state[a][n], state[b][n], state[c][n]);
        let second = _mm512_add_epi32(rotated::<2, 13, 22>(state[a][n]), most);
        state[d][n] = _mm512_add_epi32(state[d][n], first);
        state[h][n] = _mm512_add_epi32(first, second);
    }
}

/// Any function of three bits is given by its eight results, that for 0 0 0 last. This one:
/// the second of the three if the first is one, else the third.
const CHOOSE: i32 = 0b1100_1010;
/// What at least two of the three are.
const MAJORITY: i32 = 0b1110_1000;
/// Whether an odd number of the three are one.
pub(super) const ODD: i32 = 0b1001_0110;

/// SHA-256's big sigmas: three rotations, added bit by bit.
#[inline]
#[target_feature(enable = "avx512f")]
fn rotated<const A: i32, const B: i32, const C: i32>(x: __m512i) -> __m512i {
    let [a, b] = [_mm512_ror_epi32::<A>(x), _mm512_ror_epi32::<B>(x)];
    _mm512_ternarylogic_epi32::<ODD>(a, b, _mm512_ror_epi32::<C>(x))
}
