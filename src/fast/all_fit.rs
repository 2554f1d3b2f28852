//! Whether a whole batch of blocks keeps the rules.
//!
//! Nearly all batches do. To find that out needs no decision for each block: each
//! comparison is made for all blocks, and only at the end we ask whether all succeeded. If
//! not, the rules themselves check the batch, block by block.

use multiversion::multiversion;

use crate::block::{self, BLOCK_LEN, BlockBytes, TRANSACTION_COUNT, VERSION, field};
use crate::fast::one_by_one::BATCH;
use crate::hash::Hash;
use crate::rules::MEDIAN_BLOCKS;
use crate::target::Target;

/// Whether the blocks with these hashes keep all rules, given those before them: the hash
/// of the last, and in `window` the last [`MEDIAN_BLOCKS`] and then the blocks themselves.
/// It is also `false` if this function cannot decide: fewer blocks come before, or the
/// target wants more zero bits than a word has.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
pub(super) fn all_fit(
    before: Hash,
    window: &[BlockBytes],
    hashes: &[Hash],
    target: Target,
) -> bool {
    if window.len() != MEDIAN_BLOCKS + hashes.len() || target.zero_bits() > 64 {
        return false;
    }
    let blocks = &window[MEDIAN_BLOCKS..];
    have_right_form(blocks)
        && are_linked(before, blocks, hashes)
        && meet(target, hashes)
        && are_not_before_their_medians(window)
}

#[inline(always)]
fn have_right_form(blocks: &[BlockBytes]) -> bool {
    let mut all = true;
    for block in blocks {
        all &= block[field::SIZE] == BLOCK_LEN as u8;
        all &= block[field::VERSION] == VERSION;
        all &= block[field::TRANSACTION_COUNTER] == TRANSACTION_COUNT;
        all &= block[field::SENDER] == [0, 0];
    }
    all
}

/// The links are compared as four words each.
#[inline(always)]
fn are_linked(before: Hash, blocks: &[BlockBytes], hashes: &[Hash]) -> bool {
    let mut difference = 0;
    let mut previous = &before;
    for (block, hash) in blocks.iter().zip(hashes) {
        let (found, _) = block[field::PREVIOUS].as_chunks();
        let (wanted, _) = previous.as_bytes().as_chunks();
        for (&found, &wanted) in found.iter().zip(wanted) {
            difference |= u64::from_ne_bytes(found) ^ u64::from_ne_bytes(wanted);
        }
        previous = hash;
    }
    difference == 0
}

#[inline(always)]
fn meet(target: Target, hashes: &[Hash]) -> bool {
    let highest = u64::MAX.checked_shr(target.zero_bits().into()).unwrap_or(0);
    let first = |hash: &Hash| {
        u64::from_be_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"))
    };
    hashes.iter().map(first).fold(0, u64::max) <= highest
}

/// A timestamp is not before the median of eleven if at least six are not after it.
#[inline(always)]
fn are_not_before_their_medians(window: &[BlockBytes]) -> bool {
    let mut timestamps = [0_u32; MEDIAN_BLOCKS + BATCH];
    for (timestamp, block) in timestamps.iter_mut().zip(window) {
        *timestamp = block::timestamp(block);
    }
    let mut not_after = [0_u32; BATCH];
    for ago in 1..=MEDIAN_BLOCKS {
        let earlier = timestamps[MEDIAN_BLOCKS - ago..].iter();
        let pairs = earlier.zip(&timestamps[MEDIAN_BLOCKS..]);
        for (not_after, (earlier, timestamp)) in not_after.iter_mut().zip(pairs) {
            *not_after += u32::from(earlier <= timestamp);
        }
    }
    let count = window.len() - MEDIAN_BLOCKS;
    not_after[..count].iter().all(|&count| count as usize > MEDIAN_BLOCKS / 2)
}
