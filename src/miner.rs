//! The search for a nonce.
//!
//! Mining is trying one header after the other until a hash is low enough.
//! A failed try teaches nothing: after a million failures the next try is as likely to
//! succeed as the first.

use std::ops::Range;

use crate::block::{Header, Nonce};
use crate::target::Target;

// ANCHOR: search
/// Tries the header with each counter of the range in its nonce, in order, and
/// returns the first that meets the target.
///
/// # Panics
/// If the range goes past [`Nonce::COUNTER_END`].
pub fn search(header: &Header, counters: Range<u64>, target: Target) -> Option<Header> {
    assert_in_lane(&counters);
    counters
        .map(|counter| Header { nonce: header.nonce.with_counter(counter), ..*header })
        .find(|header| target.is_met_by(&header.hash()))
}
// ANCHOR_END: search

/// Panics if a range of counters would overflow into the lane above them.
pub(crate) fn assert_in_lane(counters: &Range<u64>) {
    assert!(
        counters.is_empty() || counters.end <= Nonce::COUNTER_END,
        "a counter has 40 bits, the range goes on to {}",
        counters.end
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Block, GENESIS_HASH};

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
