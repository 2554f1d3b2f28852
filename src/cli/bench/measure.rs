//! The measurements, one rate after the other.

use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use cairn::block::{Block, Header, Nonce, Transaction};
use cairn::rules::{self, Invalid, Tip};
use cairn::target::Target;
use cairn::{fast, miner};

use super::report::{BLOCKS, PLAINLY, Rates};

/// How long one measurement of mining takes.
const SPELL: Duration = Duration::from_millis(60);

/// How many tries one search makes.
const TRIES: u64 = 1 << 14;

/// No search ends before the end of its range.
const OUT_OF_REACH: Target = Target::from_zero_bits(255);

/// Any hash meets this target, so the chain to check need not be mined.
const ANY: Target = Target::from_zero_bits(0);

/// Hashes a second: plainly, by each kernel, and on all threads.
pub(super) fn mining_rates(threads: usize) -> Rates {
    let header = Block::genesis().header;
    let plainly = spell(|counters| {
        black_box(miner::search(&header, counters, OUT_OF_REACH));
    });
    let mut rates = vec![(PLAINLY.to_owned(), plainly)];
    for kernel in fast::kernels() {
        let rate = spell(|counters| {
            black_box(fast::search_by(kernel, &header, counters, OUT_OF_REACH));
        });
        rates.push((kernel.name().to_owned(), rate));
    }
    let going = AtomicBool::new(false);
    let alone = rates.last().map_or(plainly, |(_, rate)| *rate);
    let tries = (alone * threads as f64 * SPELL.as_secs_f64()) as u64;
    let rate = rate(tries as f64, || {
        black_box(fast::search_on_threads(&header, 0..tries, OUT_OF_REACH, threads, &going));
    });
    rates.push((on_threads(threads), rate));
    rates
}

/// Tries a second of a search over ranges of [`TRIES`], repeated for a [`SPELL`].
fn spell(mut search: impl FnMut(Range<u64>)) -> f64 {
    let start = Instant::now();
    let mut tried = 0;
    while start.elapsed() < SPELL {
        search(tried..tried + TRIES);
        tried += TRIES;
    }
    tried as f64 / start.elapsed().as_secs_f64()
}

/// Blocks a second: plainly, by each kernel, and on all threads.
pub(super) fn checking_rates(chain: &[u8], threads: usize) -> Rates {
    let measure = |check: &dyn Fn() -> Result<Tip, Invalid>| {
        rate(BLOCKS as f64, || {
            black_box(check()).expect("valid");
        })
    };
    let plainly = measure(&|| rules::check(Tip::START, chain, ANY));
    let mut rates = vec![(PLAINLY.to_owned(), plainly)];
    for kernel in fast::kernels() {
        let rate = measure(&|| fast::check_by(kernel, Tip::START, chain, ANY));
        rates.push((kernel.name().to_owned(), rate));
    }
    let rate = measure(&|| fast::check_on_threads(Tip::START, chain, ANY, threads));
    rates.push((on_threads(threads), rate));
    rates
}

/// The name of the rate on threads.
pub(super) fn on_threads(threads: usize) -> String {
    match threads {
        1 => "the same on 1 thread".to_owned(),
        _ => format!("the same on {threads} threads"),
    }
}

fn rate(items: f64, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    items / start.elapsed().as_secs_f64()
}

/// A chain that nobody mined.
pub(super) fn chain() -> Vec<u8> {
    let mut bytes = Block::genesis().to_bytes().to_vec();
    let mut previous = Block::genesis().hash();
    for height in 1..BLOCKS as u64 {
        let timestamp = 1_634_700_000 + height as u32 * 20;
        let header = Header { previous, timestamp, nonce: Nonce::in_lane(height, 0) };
        previous = header.hash();
        bytes.extend_from_slice(&Block { header, reward: Transaction::reward(7000) }.to_bytes());
    }
    bytes
}
