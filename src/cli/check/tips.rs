//! Tips upon which the next block is found soon.
//!
//! A miner of the tutorial's takes the second at which it begins for the timestamp, and
//! counts nonces from 0 on. So its search is known before it begins: for each tip and
//! timestamp it ends at the same nonce, at 65,536 on average. Of many tips a few have
//! their next block within the first 5,000 nonces, at the very seconds at which a program
//! will search. Such a tip is found by mining one after the other.

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

/// Nonces within which the next block should be found: five turns of a thousand.
pub(super) const SOON: u64 = 5_000;

/// The most threads that search for a tip.
const MAX_THREADS: usize = 4;

/// Where the next block should be found.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// The seconds at which a program may begin to search, the likeliest first.
    pub(super) dates: Vec<u32>,
    /// The nonces among which the first that solves it must be.
    pub(super) nonces: Range<u64>,
}

impl Wish {
    /// The first nonce for each of the first dates, as far as these have one as wished.
    fn solve(&self, tip: Hash) -> Vec<(u32, u64)> {
        let solve = |date: &u32| Some((*date, first_nonce(tip, *date, self.nonces.end)?));
        let solved = self.dates.iter().map_while(solve);
        solved.take_while(|(_, nonce)| self.nonces.contains(nonce)).collect()
    }
}

/// The first nonce below `end` that solves the block upon this tip at this second.
pub(super) fn first_nonce(tip: Hash, date: u32, end: u64) -> Option<u64> {
    let header = Header { previous: tip, timestamp: date, nonce: Nonce::in_lane(0, 0) };
    Some(fast::search(&header, 0..end, Target::NETWORK)?.nonce.counter())
}

/// A tip, and what is known of the search for the block upon it.
#[derive(Clone, Debug)]
pub(super) struct Tip {
    pub(super) block: Block,
    /// The dates of the wish that have a nonce as wished, and the nonces.
    pub(super) solved: Vec<(u32, u64)>,
}

/// Mines tips until one has all that is wished, or, after `until`, takes the best so far
/// that has at least the first date.
///
/// `None` where it was told to stop. `work` says whether tips need proof of work.
pub(super) fn find(start: Header, wish: &Wish, until: Instant, stop: &AtomicBool) -> Option<Tip> {
    find_by(
        &|header| fast::search(header, header.nonce.counter()..Nonce::COUNTER_END, Target::NETWORK),
        start,
        wish,
        until,
        stop,
    )
}

/// The same where tips need no proof of work: one without it is meant to be refused.
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

/// Tries the tips that `next` gives, in a lane for each thread.
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

/// How long to search for a tip before the best so far is taken.
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
