//! The words of SHA-256's messages: from each sixteen, the next sixteen.

use std::arch::x86_64::*;

use super::rounds::{ODD, Row};

/// Replaces each word by the word of sixteen rounds later. Written out where it is used, so
/// that the compiler evaluates in advance what it knows of the words.
macro_rules! next_words {
    ($words:expr) => { next_words!($words, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15) };
    ($words:expr, $($i:literal)*) => {$( next_word::<$i, _>($words); )*};
}

/// Computes the next sixteen words of messages of which nothing is known.
///
/// The words of one vector at a time fill half of the registers.
#[inline(never)]
#[target_feature(enable = "avx512f")]
pub(super) fn next_words(rows: &mut [Row; 16]) {
    for n in 0..3 {
        let mut words = [[rows[0][n]]; 16];
        for (word, row) in words.iter_mut().zip(&*rows) {
            *word = [row[n]];
        }
        next_words!(&mut words);
        for (row, [word]) in rows.iter_mut().zip(words) {
            row[n] = word;
        }
    }
}

/// The word at place `I`, in each of `N` vectors.
#[inline]
#[target_feature(enable = "avx512f")]
#[expect(clippy::needless_range_loop, reason = "several vectors are walked together")]
pub(super) fn next_word<const I: usize, const N: usize>(words: &mut [[__m512i; N]; 16]) {
    for n in 0..N {
        let near = shifted::<7, 18, 3>(words[(I + 1) % 16][n]);
        let far = shifted::<17, 19, 10>(words[(I + 14) % 16][n]);
        let sum = _mm512_add_epi32(words[I][n], words[(I + 9) % 16][n]);
        words[I][n] = _mm512_add_epi32(sum, _mm512_add_epi32(near, far));
    }
}

/// SHA-256's small sigmas: two rotations and a shift, added bit by bit.
#[inline]
#[target_feature(enable = "avx512f")]
fn shifted<const A: i32, const B: i32, const C: u32>(x: __m512i) -> __m512i {
    let [a, b] = [_mm512_ror_epi32::<A>(x), _mm512_ror_epi32::<B>(x)];
    _mm512_ternarylogic_epi32::<ODD>(a, b, _mm512_srli_epi32::<C>(x))
}
