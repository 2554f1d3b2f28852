//! How long a new node takes to catch up over real UDP on loopback when one datagram in ten
//! is lost.

#![allow(dead_code, reason = "the tests use more of what these files offer")]

#[path = "../tests/common/lossy.rs"]
mod lossy;
#[path = "../tests/common/loopback.rs"]
mod loopback;

use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// Blocks that arrive, and the time for all of them.
#[divan::bench(args = [10_000, 100_000], sample_count = 3, sample_size = 1)]
fn a_fresh_node_fetches(bencher: Bencher, count: usize) {
    let long = loopback::chain(count);
    bencher.counter(ItemsCount::new(count)).bench(|| {
        let fetched = lossy::fetch(&long, Duration::from_secs(60));
        assert_eq!(fetched.chain.count(), count, "it has come up to date");
    });
}
