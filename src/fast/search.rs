//! The search for a nonce, in batches and on threads.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::dispatch::chosen;
use super::kernel::Kernel;
use super::one_by_one::{BATCH, FEW, midstate};
use crate::block::Header;
use crate::miner::{self, assert_in_lane};
use crate::target::Target;

/// The first header of the range that meets the target, as [`miner::search`]
/// finds it, many counters at a time.
///
/// # Panics
/// If the range goes past [`Nonce::COUNTER_END`](crate::block::Nonce::COUNTER_END).
pub fn search(header: &Header, counters: Range<u64>, target: Target) -> Option<Header> {
    search_by(chosen(), header, counters, target)
}

// ANCHOR: search
/// The same with a given kernel.
///
/// It looks only at the first 32 bits of each hash: they are enough to reject nearly all,
/// and a hash that passes is computed again in full.
///
/// # Panics
/// If the range goes past [`Nonce::COUNTER_END`](crate::block::Nonce::COUNTER_END).
pub fn search_by(
    kernel: Kernel,
    header: &Header,
    counters: Range<u64>,
    target: Target,
) -> Option<Header> {
    assert_in_lane(&counters);
    let few = counters.end.saturating_sub(counters.start) < FEW as u64;
    if few || target.expected_tries() < FEW as f64 {
        return miner::search(header, counters, target);
    }
    let midstate = midstate(&header.to_bytes());
    let highest = u32::MAX.checked_shr(target.zero_bits().into()).unwrap_or(0);
    let mut words = [0; BATCH];
    for batch in counters.clone().step_by(BATCH) {
        kernel.first_words(&midstate, batch, &mut words);
        // Ask about all at once first, because vectors can do that.
        if words.iter().fold(u32::MAX, |lowest, &word| lowest.min(word)) > highest {
            continue;
        }
        for (counter, &word) in (batch..).zip(&words) {
            if word <= highest && counters.contains(&counter) {
                let found = miner::search(header, counter..counter + 1, target);
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}
// ANCHOR_END: search

/// How many counters a thread searches before it checks for news: about half a millisecond
/// in wide vectors, a few without.
const COUNTERS_PER_SLICE: u64 = 1 << 14;

/// The same search on `threads` threads, this one among them, or as many as
/// there is work for. The answer does not depend on their number.
///
/// Once `stop` is true, the search ends within a few milliseconds, and returns what it has
/// found until then.
///
/// # Panics
/// If the range goes past [`Nonce::COUNTER_END`](crate::block::Nonce::COUNTER_END).
pub fn search_on_threads(
    header: &Header,
    counters: Range<u64>,
    target: Target,
    threads: usize,
    stop: &AtomicBool,
) -> Option<Header> {
    search_on(thread::Builder::new, header, counters, target, threads, stop)
}

/// The same on threads that are built as given. If the system gives no more threads, the
/// existing ones do all the work.
fn search_on(
    builder: fn() -> thread::Builder,
    header: &Header,
    counters: Range<u64>,
    target: Target,
    threads: usize,
    stop: &AtomicBool,
) -> Option<Header> {
    assert_in_lane(&counters);
    // In a browser tab there is only this thread.
    let threads = if cfg!(target_family = "wasm") { 1 } else { threads };
    let slices = counters.end.saturating_sub(counters.start).div_ceil(COUNTERS_PER_SLICE);
    let next = AtomicU64::new(counters.start);
    let first_found = AtomicU64::new(u64::MAX);
    // Slices are taken in order and each is searched to its end, so when all threads are
    // back, everything below their finds has been tried.
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let start = next.fetch_add(COUNTERS_PER_SLICE, Ordering::Relaxed);
            if start >= counters.end || start > first_found.load(Ordering::Relaxed) {
                break;
            }
            let end = counters.end.min(start + COUNTERS_PER_SLICE);
            if let Some(found) = search(header, start..end, target) {
                first_found.fetch_min(found.nonce.counter(), Ordering::Relaxed);
                break;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..slices.min(threads as u64) {
            if builder().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let counter = first_found.into_inner();
    (counter != u64::MAX).then(|| Header { nonce: header.nonce.with_counter(counter), ..*header })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::{Block, Nonce};
    use crate::fast::kernels;
    use crate::hash::Hash;

    fn any_header() -> impl Strategy<Value = Header> {
        (any::<[u8; 32]>(), any::<u32>(), any::<u64>()).prop_map(|(previous, timestamp, lane)| {
            Header {
                previous: Hash::from_bytes(previous),
                timestamp,
                nonce: Nonce::in_lane(lane, 0),
            }
        })
    }

    /// Ranges of up to 1,000 counters, some of which end at the last one.
    fn any_range() -> impl Strategy<Value = Range<u64>> {
        let start = prop_oneof![0..5000_u64, 0..Nonce::COUNTER_END];
        let end = prop_oneof![(start, 0..1000_u64).prop_map(|(start, len)| start..start + len)];
        prop_oneof![
            end.prop_map(|range| range.start..range.end.min(Nonce::COUNTER_END)),
            (0..1000_u64).prop_map(|len| Nonce::COUNTER_END - len..Nonce::COUNTER_END),
        ]
    }

    proptest! {
        #[test]
        fn every_kernel_finds_what_the_plain_loop_finds(
            header in any_header(),
            counters in any_range(),
            zero_bits in 0..=14_u8,
        ) {
            let target = Target::from_zero_bits(zero_bits);
            let plain = miner::search(&header, counters.clone(), target);
            for kernel in kernels() {
                let found = search_by(kernel, &header, counters.clone(), target);
                prop_assert_eq!(found, plain, "{}", kernel.name());
            }
        }
    }

    #[test]
    fn any_number_of_threads_finds_the_same() {
        let header = Block::genesis().header;
        let going = AtomicBool::new(false);
        // One hit in 16,384, so that of several slices most hold one.
        for (start, zero_bits) in [(0, 14), (5, 14), (70_822, 14), (70_823, 14), (7, 16), (0, 30)] {
            let (counters, target) = (start..start + 100_000, Target::from_zero_bits(zero_bits));
            let alone = search(&header, counters.clone(), target);
            for threads in [0, 1, 2, 3, 8] {
                let found = search_on_threads(&header, counters.clone(), target, threads, &going);
                assert_eq!(found, alone, "from {start}, {zero_bits} bits, {threads} threads");
            }
        }
    }

    #[test]
    fn where_the_system_gives_no_threads_this_one_searches() {
        let header = Block::genesis().header;
        let (counters, going) = (0..100_000, AtomicBool::new(false));
        let too_big = || thread::Builder::new().stack_size(1 << 60);
        let found = search_on(too_big, &header, counters.clone(), Target::NETWORK, 4, &going);
        assert_eq!(found, miner::search(&header, counters, Target::NETWORK));
    }

    #[test]
    fn a_stopped_search_ends() {
        let header = Block::genesis().header;
        let impossible = Target::from_zero_bits(255);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            // Years of work, unless the stop is noticed.
            let search = || search_on_threads(&header, 0..Nonce::COUNTER_END, impossible, 2, &stop);
            let searching = scope.spawn(search);
            stop.store(true, Ordering::Relaxed);
            assert_eq!(searching.join().expect("it does not panic"), None);
        });
    }

    #[test]
    #[should_panic(expected = "40 bits")]
    fn does_not_leave_its_lane() {
        let end = Nonce::COUNTER_END;
        search(&Block::genesis().header, end - 1..end + 1, Target::from_zero_bits(255));
    }

    #[test]
    fn finds_the_genesis_block_and_not_before_it() {
        let genesis = Block::genesis().header;
        assert_eq!(search(&genesis, 0..70_822, Target::NETWORK), None);
        assert_eq!(search(&genesis, 0..70_823, Target::NETWORK), Some(genesis));
    }
}
