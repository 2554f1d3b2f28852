//! Tips on which the next block is found soon.
//!
//! A miner of the tutorial takes the second at which it begins as the timestamp, and counts
//! nonces from 0. So the checker can predict its search: for each tip and timestamp it ends
//! at the same nonce, at 65,536 on average. On a few of many tips, the nonce for the seconds
//! at which a program will search is below 5,000. The checker mines tips until it finds one.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cairn::block::{Block, Header, Nonce, Transaction};
use cairn::fast;
use cairn::hash::Hash;
use cairn::target::Target;

/// The next block should need fewer nonces than this: five turns of a thousand.
pub(super) const SOON: u64 = 5_000;

/// The maximum number of threads that search for a tip.
const MAX_THREADS: usize = 4;

/// When the next block should be found, and with which nonces.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// The seconds at which a program may begin to search, the most likely first.
    pub(super) dates: Vec<u32>,
    /// The range in which the first nonce that solves the block must be.
    pub(super) nonces: Range<u64>,
}

impl Wish {
    /// The first nonce for each date, up to the first date whose nonce is not in the range.
    fn solve(&self, tip: Hash) -> Vec<(u32, u64)> {
        let solve = |date: &u32| Some((*date, first_nonce(tip, *date, self.nonces.end)?));
        let solved = self.dates.iter().map_while(solve);
        solved.take_while(|(_, nonce)| self.nonces.contains(nonce)).collect()
    }
}

/// The first nonce below `end` that solves the block on this tip at this second.
pub(super) fn first_nonce(tip: Hash, date: u32, end: u64) -> Option<u64> {
    let header = Header { previous: tip, timestamp: date, nonce: Nonce::in_lane(0, 0) };
    Some(fast::search(&header, 0..end, Target::NETWORK)?.nonce.counter())
}

/// A tip, and the predicted search for the block on it.
#[derive(Clone, Debug)]
pub(super) struct Tip {
    pub(super) block: Block,
    /// The dates of the wish whose nonce is in the range, with the nonces.
    pub(super) solved: Vec<(u32, u64)>,
}

/// Mines tips until one fulfils the whole wish, or, after `until`, takes the best so far
/// that has at least the first date.
///
/// `None` if the user stopped it.
pub(super) fn find(start: Header, wish: &Wish, until: Instant, stop: &AtomicBool) -> Option<Tip> {
    find_by(
        &|header| fast::search(header, header.nonce.counter()..Nonce::COUNTER_END, Target::NETWORK),
        start,
        wish,
        until,
        stop,
    )
}

/// The same for tips without proof of work, which a program must refuse.
pub(super) fn find_without_work(
    start: Header,
    wish: &Wish,
    until: Instant,
    stop: &AtomicBool,
) -> Option<Tip> {
    let lacks_work = |header: &Header| !Target::NETWORK.is_met_by(&header.hash());
    let next = |header: &Header| {
        let later = |counter| Header { nonce: header.nonce.with_counter(counter), ..*header };
        (header.nonce.counter()..Nonce::COUNTER_END).map(later).find(lacks_work)
    };
    find_by(&next, start, wish, until, stop)
}

/// Tries the tips that `next` returns, in one lane for each thread.
fn find_by(
    next: &(dyn Fn(&Header) -> Option<Header> + Sync),
    start: Header,
    wish: &Wish,
    until: Instant,
    stop: &AtomicBool,
) -> Option<Tip> {
    let best: Mutex<Option<Tip>> = Mutex::default();
    let is_over = AtomicBool::new(false);
    let lanes = AtomicU64::new(start.nonce.lane());
    let search = || {
        let lane = lanes.fetch_add(1, Ordering::Relaxed);
        let mut header = Header { nonce: Nonce::in_lane(lane, 0), ..start };
        while !is_over.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
            let Some(found) = next(&header) else { return };
            let solved = wish.solve(found.hash());
            let mut best = best.lock().unwrap_or_else(PoisonError::into_inner);
            if solved.len() > best.as_ref().map_or(0, |best| best.solved.len()) {
                let block = Block { header: found, reward: Transaction::reward(8000) };
                *best = Some(Tip { block, solved });
            }
            let all = best.as_ref().map_or(0, |best| best.solved.len());
            if all == wish.dates.len() || (all > 0 && Instant::now() >= until) {
                is_over.store(true, Ordering::Relaxed);
            }
            header.nonce = found.nonce.with_counter(found.nonce.counter() + 1);
        }
    };
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(MAX_THREADS));
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(search);
        }
        search();
    });
    let best = best.into_inner().unwrap_or_else(PoisonError::into_inner);
    best.filter(|_| !stop.load(Ordering::Relaxed))
}

/// How long to search for a tip before taking the best so far.
pub(super) const BUDGET: Duration = Duration::from_millis(1_200);

#[cfg(test)]
mod tests {
    use super::*;
    use cairn::block::GENESIS_HASH;

    const START: Header = Header {
        previous: GENESIS_HASH,
        timestamp: 1_634_700_600,
        nonce: Nonce::from_bytes([0; 32]),
    };

    #[test]
    fn upon_the_tip_the_next_block_is_where_it_was_wished() {
        let wish = Wish { dates: vec![1_700_000_000], nonces: 1_000..SOON };
        let stop = AtomicBool::new(false);
        for find in [find, find_without_work] {
            let tip = find(START, &wish, Instant::now(), &stop).expect("there is one");
            let (date, nonce) = tip.solved[0];
            assert!(date == 1_700_000_000 && (1_000..SOON).contains(&nonce), "{:?}", tip.solved);
            assert_eq!(first_nonce(tip.block.hash(), date, SOON), Some(nonce));
        }
    }

    #[test]
    fn only_what_should_have_proof_of_work_has_it() {
        let wish = Wish { dates: vec![1], nonces: 0..SOON };
        let stop = AtomicBool::new(false);
        let has_work =
            |tip: Option<Tip>| Target::NETWORK.is_met_by(&tip.expect("there is one").block.hash());
        assert!(has_work(find(START, &wish, Instant::now(), &stop)));
        assert!(!has_work(find_without_work(START, &wish, Instant::now(), &stop)));
    }

    #[test]
    fn a_search_ends_when_it_is_told_to() {
        let never = Wish { dates: vec![1; 9], nonces: 0..1 };
        let stop = AtomicBool::new(true);
        assert!(find(START, &never, Instant::now(), &stop).is_none());
    }
}
