//! The search for a nonce.
//!
//! Mining is trying one header after the other until a hash is low enough.
//! Nothing is learnt from a miss: after a million misses the next try is as
//! likely to hit as the first.
//!
//! [`search_plainly`] says what a search is, in three lines. [`search`] gives the
//! same answer sooner, and [`search_threads`] sooner still.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::block::{Header, Nonce};
use crate::lanes::{self, FEW, LANES};
use crate::target::Target;

/// Tries the header with each counter of the range in its nonce, in order, and
/// returns the first that meets the target.
///
/// # Panics
/// If the range goes past [`Nonce::COUNTER_END`].
pub fn search_plainly(header: &Header, counters: Range<u64>, target: Target) -> Option<Header> {
    assert_in_lane(&counters);
    counters
        .map(|counter| Header { nonce: header.nonce.with_counter(counter), ..*header })
        .find(|header| target.is_met_by(&header.hash()))
}

/// The same search, 64 counters at a time.
///
/// Of each hash only the first 32 bits are looked at: they are enough to turn
/// nearly all down, and what they let pass is tried again in full.
///
/// # Panics
/// If the range goes past [`Nonce::COUNTER_END`].
pub fn search(header: &Header, counters: Range<u64>, target: Target) -> Option<Header> {
    assert_in_lane(&counters);
    let few = counters.end.saturating_sub(counters.start) < FEW as u64;
    if few || target.expected_tries() < FEW as f64 {
        return search_plainly(header, counters, target);
    }
    let midstate = lanes::midstate(&header.to_bytes());
    let highest = u32::MAX.checked_shr(target.zero_bits().into()).unwrap_or(0);
    let mut words = [0; LANES];
    // Batches begin at multiples of 64, so that no counter carries within one.
    let first_batch = counters.start / LANES as u64 * LANES as u64;
    for batch in (first_batch..counters.end).step_by(LANES) {
        lanes::first_words(&midstate, batch, &mut words);
        // Asked of all at once first, as this is how it can be done in vectors.
        if words.iter().fold(u32::MAX, |lowest, &word| lowest.min(word)) > highest {
            continue;
        }
        for (counter, &word) in (batch..).zip(&words) {
            if word <= highest && counters.contains(&counter) {
                let found = search_plainly(header, counter..counter + 1, target);
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

/// How many counters a thread searches before it looks up: about half a
/// millisecond in wide vectors, a few without.
const COUNTERS_PER_SLICE: u64 = 1 << 14;

/// The same search on `threads` threads, this one among them, or as many as
/// there is work for. The answer does not depend on their number.
///
/// Once `stop` is true, whoever set it, the search ends within a few
/// milliseconds, with what it has found until then.
///
/// # Panics
/// If the range goes past [`Nonce::COUNTER_END`].
pub fn search_threads(
    header: &Header,
    counters: Range<u64>,
    target: Target,
    threads: usize,
    stop: &AtomicBool,
) -> Option<Header> {
    assert_in_lane(&counters);
    let slices = counters.end.saturating_sub(counters.start).div_ceil(COUNTERS_PER_SLICE);
    let next = AtomicU64::new(counters.start);
    let first_found = AtomicU64::new(u64::MAX);
    // Slices are taken in order and each is searched to its end, so when all
    // threads are back, nothing below what they found is untried.
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
            scope.spawn(work);
        }
        work();
    });
    let counter = first_found.into_inner();
    (counter != u64::MAX).then(|| Header { nonce: header.nonce.with_counter(counter), ..*header })
}

fn assert_in_lane(counters: &Range<u64>) {
    assert!(
        counters.is_empty() || counters.end <= Nonce::COUNTER_END,
        "a counter has 40 bits, the range goes on to {}",
        counters.end
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::{Block, GENESIS_HASH};
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
        fn finds_what_the_plain_loop_finds(
            header in any_header(),
            counters in any_range(),
            zero_bits in 0..=14_u8,
        ) {
            let target = Target::from_zero_bits(zero_bits);
            let found = search(&header, counters.clone(), target);
            prop_assert_eq!(found, search_plainly(&header, counters, target));
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
                let found = search_threads(&header, counters.clone(), target, threads, &going);
                assert_eq!(found, alone, "from {start}, {zero_bits} bits, {threads} threads");
            }
        }
    }

    #[test]
    fn a_stopped_search_ends() {
        let header = Block::genesis().header;
        let impossible = Target::from_zero_bits(255);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            // Years of work, unless it hears the stop.
            let search = || search_threads(&header, 0..Nonce::COUNTER_END, impossible, 2, &stop);
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
    fn finds_the_genesis_block_again() {
        let genesis = Block::genesis().header;
        let start = Header { nonce: Nonce::in_lane(0, 0), ..genesis };
        assert_eq!(search(&start, 0..1000, Target::NETWORK), None);
        assert_eq!(search(&start, 70_000..71_000, Target::NETWORK), Some(genesis));
    }

    #[test]
    fn finds_the_block_after_genesis() {
        let header = Header {
            previous: GENESIS_HASH,
            timestamp: 1_634_700_600,
            nonce: Nonce::in_lane(0, 0),
        };
        let found = search(&header, 0..100_000, Target::NETWORK).expect("it is there");
        assert_eq!(found.nonce.counter(), 58_768);
        let hash = "000071e6ff5b358e57339b42d45b20acc0f112c218fa435b3ffa8f239b777347";
        assert_eq!(found.hash().to_string(), hash);
    }

    #[test]
    fn takes_the_first_of_its_range_and_nothing_outside_it() {
        let header = Block::genesis().header;
        let any = Target::from_zero_bits(0);
        let counter = |found: Option<Header>| found.map(|header| header.nonce.counter());
        assert_eq!(counter(search(&header, 5..9, any)), Some(5));
        assert_eq!(counter(search(&header, 5..5, any)), None);
        assert_eq!(search(&header, 70_800..70_822, Target::NETWORK), None);
        let last = Nonce::COUNTER_END - 1;
        assert_eq!(counter(search(&header, last..Nonce::COUNTER_END, any)), Some(last));
    }

    #[test]
    fn searches_in_its_lane_only() {
        let any = Target::from_zero_bits(0);
        let header = Header { nonce: Nonce::in_lane(77, 0), ..Block::genesis().header };
        let found = search(&header, 3..4, any).expect("any hash will do");
        assert_eq!((found.nonce.lane(), found.nonce.counter()), (77, 3));
    }
}
