//! Checking many blocks, in batches and on threads.
//!
//! Each block names the hash of the block before, so it seems that we must hash them one
//! after the other. But a block's hash depends only on its own bytes, so we can hash many
//! at once and compare the links afterwards. The same holds for long parts of a chain on
//! several threads: each thread trusts what its first block says of the block before.
//! Whether that was true shows where the parts are joined.

use std::thread;

use super::all_fit::all_fit;
use super::dispatch::chosen;
use super::kernel::Kernel;
use super::one_by_one::BATCH;
use crate::block::{self, BLOCK_LEN, BlockBytes};
use crate::hash::Hash;
use crate::rules::{Invalid, MEDIAN_BLOCKS, Tip, whole_blocks};
use crate::target::Target;

/// A check of this many blocks takes about half a millisecond, several times as long as it
/// takes to start a thread.
const BLOCKS_WORTH_A_THREAD: usize = 8192;

/// Checks the blocks that follow `tip` and returns the tip after the last, as
/// [`rules::check`](crate::rules::check) does: many at a time, and on all threads
/// that the processor has if there are many thousands.
///
/// # Errors
/// The first block that breaks a rule, and the rule.
pub fn check(tip: Tip, bytes: &[u8], target: Target) -> Result<Tip, Invalid> {
    let worthwhile = bytes.len() / BLOCK_LEN / BLOCKS_WORTH_A_THREAD;
    let threads = match worthwhile {
        0 | 1 => 1,
        _ => thread::available_parallelism().map_or(1, |threads| threads.get().min(worthwhile)),
    };
    check_on_threads(tip, bytes, target, threads)
}

/// The same on this many threads, this one among them, or fewer if there are not
/// enough blocks for each to have a batch. The verdict does not depend on their number.
///
/// # Errors
/// The first block that breaks a rule, and the rule.
pub fn check_on_threads(
    tip: Tip,
    bytes: &[u8],
    target: Target,
    threads: usize,
) -> Result<Tip, Invalid> {
    check_on(thread::Builder::new, tip, bytes, target, threads)
}

/// The same on threads that are built as given. If the system gives no more threads, this
/// one checks the remaining parts.
fn check_on(
    builder: fn() -> thread::Builder,
    tip: Tip,
    bytes: &[u8],
    target: Target,
    threads: usize,
) -> Result<Tip, Invalid> {
    let kernel = chosen();
    let blocks = whole_blocks(tip.count(), bytes)?;
    if cfg!(target_family = "wasm") {
        // In a browser tab there is only this thread.
        return check_in_batches(kernel, tip, blocks, target);
    }
    let len = blocks.len().div_ceil(threads.max(1)).next_multiple_of(BATCH);
    let (first, rest) = blocks.split_at(len.min(blocks.len()));
    thread::scope(|scope| {
        let mut stretches = Vec::new();
        for (number, stretch) in rest.chunks(len).enumerate() {
            let before = &blocks[..len * (number + 1)];
            let trusted = trusting(&stretch[0], tip.count() + before.len(), before);
            let start = trusted.hash();
            let check = move || check_in_batches(kernel, trusted, stretch, target);
            let checking = builder().spawn_scoped(scope, check).ok();
            stretches.push((start, stretch, checking));
        }
        let mut tip = check_in_batches(kernel, tip, first, target)?;
        for (start, stretch, checking) in stretches {
            let verdict = checking.map(|checking| checking.join().expect("no check panics"));
            tip = match verdict {
                Some(verdict) if start == tip.hash() => verdict?,
                // If its trust was wrong, its first block is at fault, and fails when it is
                // checked against the real tip.
                _ => check_in_batches(kernel, tip, stretch, target)?,
            };
        }
        Ok(tip)
    })
}

/// The tip on which `block` claims to be built, of `count` blocks that end with those in
/// `before`. Nothing of it has been checked.
fn trusting(block: &BlockBytes, count: usize, before: &[BlockBytes]) -> Tip {
    Tip::after(count, block::previous(block), &before[before.len() - MEDIAN_BLOCKS..])
}

/// The same with a given kernel, on this thread.
///
/// # Errors
/// The first block that breaks a rule, and the rule.
pub fn check_by(kernel: Kernel, tip: Tip, bytes: &[u8], target: Target) -> Result<Tip, Invalid> {
    let blocks = whole_blocks(tip.count(), bytes)?;
    check_in_batches(kernel, tip, blocks, target)
}

fn check_in_batches(
    kernel: Kernel,
    mut tip: Tip,
    blocks: &[BlockBytes],
    target: Target,
) -> Result<Tip, Invalid> {
    let mut hashes = [Hash::ZERO; BATCH];
    for start in (0..blocks.len()).step_by(BATCH) {
        let end = blocks.len().min(start + BATCH);
        let batch = &blocks[start..end];
        kernel.hash_headers(batch, &mut hashes);
        let hashes = &hashes[..batch.len()];
        let before = start.saturating_sub(MEDIAN_BLOCKS);
        if all_fit(tip.hash(), &blocks[before..end], hashes, target) {
            let recent = &blocks[end.saturating_sub(MEDIAN_BLOCKS)..end];
            tip = Tip::after(tip.count() + batch.len(), hashes[batch.len() - 1], recent);
        } else {
            // The first batch, or one with a bad block: the rules find it.
            for (block, &hash) in batch.iter().zip(hashes) {
                tip.step(block, hash, target)?;
            }
        }
    }
    Ok(tip)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::{Block, Header, Nonce, Transaction, field};
    use crate::fast::{kernels, search};
    use crate::rules::{self, Rule};

    const EASY: Target = Target::from_zero_bits(4);

    /// A valid chain whose timestamps go up and down within the median's bounds.
    fn chain(count: usize) -> Vec<u8> {
        let mut bytes = Block::genesis().to_bytes().to_vec();
        let mut tip = rules::check(Tip::START, &bytes, EASY).expect("genesis is valid");
        while tip.count() < count {
            let timestamp = tip.earliest_timestamp() + tip.count() as u32 * 7 % 50;
            let nonce = Nonce::in_lane(tip.count() as u64, 0);
            let header = Header { previous: tip.hash(), timestamp, nonce };
            let header = search(&header, 0..10_000, EASY).expect("an easy target");
            let block = Block { header, reward: Transaction::reward(7000) }.to_bytes();
            tip.step(&block, header.hash(), EASY).expect("mined to be valid");
            bytes.extend_from_slice(&block);
        }
        bytes
    }

    /// Checks in every way and expects the same verdict from all.
    fn verdict(tip: &Tip, bytes: &[u8], target: Target) -> Result<Tip, Invalid> {
        let plain = rules::check(tip.clone(), bytes, target);
        assert_eq!(check(tip.clone(), bytes, target), plain);
        for threads in [0, 1, 2, 3, 16] {
            let found = check_on_threads(tip.clone(), bytes, target, threads);
            assert_eq!(found, plain, "{threads} threads");
        }
        let too_big = || thread::Builder::new().stack_size(1 << 60);
        assert_eq!(check_on(too_big, tip.clone(), bytes, target, 3), plain, "no threads");
        for kernel in kernels() {
            let found = check_by(kernel, tip.clone(), bytes, target);
            assert_eq!(found, plain, "{}", kernel.name());
        }
        plain
    }

    #[test]
    fn a_chain_of_any_length_is_valid_from_any_of_its_blocks_on() {
        let bytes = chain(1000);
        for count in [1, 2, 31, 32, 33, 63, 64, 65, 128, 129, 500, 1000] {
            let whole = verdict(&Tip::START, &bytes[..count * BLOCK_LEN], EASY).expect("valid");
            assert_eq!(whole.count(), count);
            for fork in [1, 5, 11, 12, 64, 400].into_iter().filter(|&fork| fork < count) {
                let base = rules::check(Tip::START, &bytes[..fork * BLOCK_LEN], EASY);
                let branch = &bytes[fork * BLOCK_LEN..count * BLOCK_LEN];
                assert_eq!(verdict(&base.expect("valid"), branch, EASY), Ok(whole.clone()));
            }
        }
    }

    #[test]
    fn a_block_that_breaks_a_rule_is_found_wherever_it_stands() {
        let good = chain(300);
        let breaks = [
            (field::SIZE, 1, Rule::Size),
            (field::VERSION, 1, Rule::Version),
            (field::TRANSACTION_COUNTER, 1, Rule::OneTransaction),
            (field::SENDER.start, 1, Rule::Sender),
            (field::PREVIOUS.start, 1, Rule::PreviousHash),
            (field::PREVIOUS.end - 1, 1, Rule::PreviousHash),
        ];
        // Around the joins of batches, of two and of three threads, and the ends.
        for height in [1, 2, 62, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256, 298, 299] {
            for (at, change, rule) in breaks {
                let mut bytes = good.clone();
                bytes[height * BLOCK_LEN + at] ^= change;
                let invalid = verdict(&Tip::START, &bytes, EASY).expect_err("broken");
                assert_eq!((invalid.height, invalid.rule()), (height, rule));
            }
        }
    }

    #[test]
    fn of_two_bad_blocks_the_first_is_named() {
        let mut bytes = chain(300);
        for height in [290, 200, 130, 128, 70, 64, 3] {
            bytes[height * BLOCK_LEN + field::TRANSACTION_COUNTER] = 2;
            let invalid = verdict(&Tip::START, &bytes, EASY).expect_err("broken");
            assert_eq!(invalid.height, height);
        }
    }

    #[test]
    fn a_missing_or_repeated_block_breaks_the_link_at_a_join() {
        let good = chain(300);
        for height in [63, 64, 128, 192] {
            let (below, above) = good.split_at(height * BLOCK_LEN);
            for bytes in [
                [below, &above[BLOCK_LEN..]].concat(),
                [below, &above[..BLOCK_LEN], above].concat(),
            ] {
                let invalid = verdict(&Tip::START, &bytes, EASY).expect_err("broken");
                assert_eq!(invalid.rule(), Rule::PreviousHash);
            }
        }
    }

    #[test]
    fn a_last_block_dated_a_second_too_early_is_found_at_any_place_of_a_batch() {
        let (good, any) = (chain(160), Target::from_zero_bits(0));
        for height in 100..160 {
            let mut bytes = good[..(height + 1) * BLOCK_LEN].to_vec();
            let (below, last) = bytes.split_at_mut(height * BLOCK_LEN);
            let tip = rules::check(Tip::START, below, any).expect("valid");
            let early = tip.earliest_timestamp() - 1;
            last[field::TIMESTAMP].copy_from_slice(&early.to_be_bytes());
            let invalid = verdict(&Tip::START, &bytes, any).expect_err("too early");
            assert_eq!((invalid.height, invalid.rule()), (height, Rule::Timestamp));
        }
    }

    proptest! {
        #[test]
        fn any_damage_gets_the_verdict_of_the_plain_loop(
            cut in prop_oneof![Just(0), 0..10_000_usize],
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            zero_bits in 0..=6_u8,
        ) {
            let mut bytes = chain(260);
            bytes.truncate(bytes.len() - cut);
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let _ = verdict(&Tip::START, &bytes, Target::from_zero_bits(zero_bits));
        }
    }
}
