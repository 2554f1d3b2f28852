//! From messages in one piece each to rows of their words.

use std::arch::x86_64::*;

use super::gather::{big_endian, four_by_four};
use super::rounds::Row;
use crate::block::BlockBytes;
use crate::fast::one_by_one::BATCH;

/// The two words of a header's last message block that are not padding, for each of
/// the counters from `counter` on.
#[inline]
#[target_feature(enable = "avx512f")]
#[expect(clippy::needless_range_loop, reason = "several vectors are walked together")]
pub(super) fn counters(counter: u64) -> [Row; 2] {
    let high = _mm512_set1_epi32((counter >> 8) as i32);
    let mut rows = [[high; 3]; 2];
    for n in 0..3 {
        let start = _mm512_set1_epi32((counter & 0xff) as i32 + 16 * n as i32);
        let numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let low = _mm512_add_epi32(start, numbers);
        rows[0][n] = _mm512_add_epi32(high, _mm512_srli_epi32::<8>(low));
        rows[1][n] = with_padding(_mm512_slli_epi32::<24>(low));
    }
    rows
}

/// Sets the bit that follows a header's last byte, the first of this word.
#[inline]
#[target_feature(enable = "avx512f")]
fn with_padding(words: __m512i) -> __m512i {
    _mm512_or_si512(words, _mm512_set1_epi32(0x0080_0000))
}

/// Puts the sixteen words of each header's first message block into `words`, and gives
/// the two of its last that are not padding.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn spread(blocks: &[BlockBytes; BATCH], words: &mut [Row; 16]) -> [Row; 2] {
    let mut last = [[_mm512_set1_epi32(0); 3]; 2];
    for (n, blocks) in blocks.as_chunks().0.iter().enumerate() {
        spread_sixteen(blocks, n, words);
        [last[0][n], last[1][n]] = last_words_of(blocks);
    }
    last
}

/// Puts the first 64 bytes of sixteen headers into vector `n` of the words.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw")]
fn spread_sixteen(blocks: &[BlockBytes; 16], n: usize, words: &mut [Row; 16]) {
    let four = |blocks: &[BlockBytes; 4]| {
        let [a, b, c, d] = blocks;
        four_by_four(&[load(a), load(b), load(c), load(d)])
    };
    let [x, y, z, w] = blocks.as_chunks().0 else { unreachable!("sixteen are four fours") };
    let [x, y, z, w] = [four(x), four(y), four(z), four(w)];
    for c in 0..4 {
        // Of the quarters of two vectors, 0x88 takes 0 and 2, 0xdd takes 1 and 3.
        let xy =
            [_mm512_shuffle_i32x4::<0x88>(x[c], y[c]), _mm512_shuffle_i32x4::<0xdd>(x[c], y[c])];
        let zw =
            [_mm512_shuffle_i32x4::<0x88>(z[c], w[c]), _mm512_shuffle_i32x4::<0xdd>(z[c], w[c])];
        words[c][n] = _mm512_shuffle_i32x4::<0x88>(xy[0], zw[0]);
        words[4 + c][n] = _mm512_shuffle_i32x4::<0x88>(xy[1], zw[1]);
        words[8 + c][n] = _mm512_shuffle_i32x4::<0xdd>(xy[0], zw[0]);
        words[12 + c][n] = _mm512_shuffle_i32x4::<0xdd>(xy[1], zw[1]);
    }
}

/// The two words of sixteen headers that begin at their byte 64.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn last_words_of(blocks: &[BlockBytes; 16]) -> [__m512i; 2] {
    let mut rows = [_mm512_set1_epi32(0); 4];
    for (q, row) in rows.iter_mut().enumerate() {
        // Bytes 57 to 72 of each block: header bytes 64 to 68 begin its third word.
        let [low, high] =
            [57, 65].map(|from| [q, 4 + q, 8 + q, 12 + q].map(|j| i64_at(&blocks[j], from)));
        *row = big_endian(_mm512_setr_epi64(
            low[0], high[0], low[1], high[1], low[2], high[2], low[3], high[3],
        ));
    }
    let [_, _, first, second] = four_by_four(&rows);
    let one_byte = _mm512_and_si512(second, _mm512_set1_epi32(0xff00_0000_u32 as i32));
    [first, with_padding(one_byte)]
}

/// The first 64 bytes of a header, which are bytes 1 to 64 of its block, as words.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(block: &BlockBytes) -> __m512i {
    let at = |i: usize| i64_at(block, 1 + 8 * i);
    big_endian(_mm512_setr_epi64(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)))
}

/// Eight bytes of a block as they lie in memory: one load, with its neighbours.
#[inline]
fn i64_at(block: &BlockBytes, from: usize) -> i64 {
    i64::from_le_bytes(*block[from..].first_chunk().expect("within the block"))
}
