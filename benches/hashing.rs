//! Mining and checking, each compared with the plain loop that gives the same result.
//!
//! `cargo bench` prints throughputs. Compare only figures of one run: another machine, or
//! even another hour, gives other figures but much the same ratios.

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use cairn::block::{Block, Header, Nonce, Transaction};
use cairn::fast;
use cairn::miner;
use cairn::rules::{self, Tip};
use cairn::target::Target;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    for kernel in fast::kernels() {
        println!("kernel: {}", kernel.name());
    }
    divan::main();
}

/// A target so hard that no search ends before the end of its range.
const OUT_OF_REACH: Target = Target::from_zero_bits(255);

/// As many tries as sixteen of the network's blocks take on average.
const TRIES: u64 = 1 << 20;

#[divan::bench_group(sample_count = 30, sample_size = 1)]
mod mining {
    use super::*;

    fn measure(bencher: Bencher, search: impl Fn(&Header)) {
        let header = Block::genesis().header;
        bencher.counter(ItemsCount::new(TRIES)).bench_local(|| search(black_box(&header)));
    }

    #[divan::bench]
    fn a_plainly(bencher: Bencher) {
        measure(bencher, |header| {
            black_box(miner::search(header, 0..TRIES, OUT_OF_REACH));
        });
    }

    #[divan::bench]
    fn b_fast(bencher: Bencher) {
        measure(bencher, |header| {
            black_box(fast::search(header, 0..TRIES, OUT_OF_REACH));
        });
    }

    #[divan::bench]
    fn c_fast_on_two_threads(bencher: Bencher) {
        let going = AtomicBool::new(false);
        measure(bencher, |header| {
            black_box(fast::search_on_threads(header, 0..TRIES, OUT_OF_REACH, 2, &going));
        });
    }
}

#[divan::bench_group(sample_count = 10, sample_size = 1)]
mod checking_a_million_blocks {
    use super::*;

    const COUNT: usize = 1_000_000;
    const ANY: Target = Target::from_zero_bits(0);

    /// A chain that nobody mined: any hash meets the target.
    fn chain() -> Vec<u8> {
        let mut bytes = Block::genesis().to_bytes().to_vec();
        let mut previous = Block::genesis().hash();
        for height in 1..COUNT as u64 {
            let timestamp = 1_634_700_000 + height as u32 * 20;
            let header = Header { previous, timestamp, nonce: Nonce::in_lane(height, 0) };
            previous = header.hash();
            let block = Block { header, reward: Transaction::reward(7000) };
            bytes.extend_from_slice(&block.to_bytes());
        }
        bytes
    }

    fn measure(bencher: Bencher, check: impl Fn(&[u8]) -> Tip) {
        let bytes = chain();
        bencher.counter(ItemsCount::new(COUNT)).bench_local(|| check(black_box(&bytes)));
    }

    #[divan::bench]
    fn a_plainly(bencher: Bencher) {
        measure(bencher, |bytes| rules::check(Tip::START, bytes, ANY).expect("valid"));
    }

    #[divan::bench]
    fn b_fast(bencher: Bencher) {
        measure(bencher, |bytes| fast::check_on_threads(Tip::START, bytes, ANY, 1).expect("valid"));
    }

    #[divan::bench]
    fn c_fast_on_two_threads(bencher: Bencher) {
        measure(bencher, |bytes| fast::check_on_threads(Tip::START, bytes, ANY, 2).expect("valid"));
    }
}
