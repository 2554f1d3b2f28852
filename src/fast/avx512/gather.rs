//! From rows of words back to messages in one piece each.

use std::arch::x86_64::*;

use super::rounds::Row;
use crate::fast::one_by_one::BATCH;
use crate::hash::Hash;

/// Transposes squares of four by four words: quarter `l` of vector `c` becomes word `4 * l
/// + c` of each of the vectors.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn four_by_four(&[a, b, c, d]: &[__m512i; 4]) -> [__m512i; 4] {
    let [ab, ab_] = [_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b)];
    let [cd, cd_] = [_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d)];
    [
        _mm512_unpacklo_epi64(ab, cd),
        _mm512_unpackhi_epi64(ab, cd),
        _mm512_unpacklo_epi64(ab_, cd_),
        _mm512_unpackhi_epi64(ab_, cd_),
    ]
}

/// Writes digests as the hashes of the messages.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn gather(digests: &[Row; 8], hashes: &mut [Hash; BATCH]) {
    for (n, hashes) in hashes.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let [a, b, c, d, e, f, g, h] = digests.each_ref().map(|row| row[n]);
        let (quads, quads_) = (four_by_four(&[a, b, c, d]), four_by_four(&[e, f, g, h]));
        for c in 0..4 {
            let firsts = lanes(big_endian(quads[c]));
            let lasts = lanes(big_endian(quads_[c]));
            for l in 0..4 {
                let [[a, b], [c_, d]] = [firsts[l], lasts[l]];
                let mut bytes = [0; Hash::LEN];
                for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip([a, b, c_, d]) {
                    *bytes = word.to_le_bytes();
                }
                hashes[4 * l + c] = Hash::from_bytes(bytes);
            }
        }
    }
}

/// Writes a row as words.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn to_words(row: &Row, words: &mut [u32; BATCH]) {
    for (vector, words) in row.iter().zip(words.as_chunks_mut::<16>().0) {
        let quarters = lanes(*vector);
        for (words, word) in words.as_chunks_mut().0.iter_mut().zip(quarters.as_flattened()) {
            *words = [*word as u32, (*word >> 32) as u32];
        }
    }
}

/// The four quarters of a vector, each as two halves.
#[inline]
#[target_feature(enable = "avx512f")]
fn lanes(x: __m512i) -> [[i64; 2]; 4] {
    [
        halves(_mm512_extracti32x4_epi32::<0>(x)),
        halves(_mm512_extracti32x4_epi32::<1>(x)),
        halves(_mm512_extracti32x4_epi32::<2>(x)),
        halves(_mm512_extracti32x4_epi32::<3>(x)),
    ]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn halves(x: __m128i) -> [i64; 2] {
    [_mm_extract_epi64::<0>(x), _mm_extract_epi64::<1>(x)]
}

/// Reverses the bytes of each word.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn big_endian(x: __m512i) -> __m512i {
    let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    _mm512_shuffle_epi8(x, order)
}
