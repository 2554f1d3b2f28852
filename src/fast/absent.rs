//! The search and the check without the feature `fast`: plain, and on one thread.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::block::Header;
use crate::rules::{Invalid, Tip};
use crate::target::Target;

pub use crate::miner::search;
pub use crate::rules::check;

/// A way to hash many headers: there is only the plain one.
#[derive(Clone, Copy)]
pub enum Kernel {}

/// No kernel.
pub fn kernels() -> Vec<Kernel> {
    Vec::new()
}

impl Kernel {
    /// What it is, for people to read.
    pub fn name(&self) -> &'static str {
        match *self {}
    }
}

/// The search by a kernel, of which there is none.
pub fn search_by(kernel: Kernel, _: &Header, _: Range<u64>, _: Target) -> Option<Header> {
    match kernel {}
}

/// The check by a kernel, of which there is none.
///
/// # Errors
/// None.
pub fn check_by(kernel: Kernel, _: Tip, _: &[u8], _: Target) -> Result<Tip, Invalid> {
    match kernel {}
}

/// How many counters are searched before `stop` is read again: some milliseconds.
const COUNTERS_PER_SLICE: u64 = 1 << 14;

/// The search on this thread, whatever the number of threads: the answer is the same.
///
/// Once `stop` is true, it ends within a few milliseconds, and returns what it has found
/// until then.
///
/// # Panics
/// If the range goes past [`Nonce::COUNTER_END`](crate::block::Nonce::COUNTER_END).
pub fn search_on_threads(
    header: &Header,
    counters: Range<u64>,
    target: Target,
    _threads: usize,
    stop: &AtomicBool,
) -> Option<Header> {
    let mut start = counters.start;
    while start < counters.end && !stop.load(Ordering::Relaxed) {
        let end = counters.end.min(start + COUNTERS_PER_SLICE);
        let found = search(header, start..end, target);
        if found.is_some() {
            return found;
        }
        start = end;
    }
    None
}

/// The check on this thread, whatever the number of threads: the verdict is the same.
///
/// # Errors
/// The first block that breaks a rule, and the rule.
pub fn check_on_threads(
    tip: Tip,
    bytes: &[u8],
    target: Target,
    _threads: usize,
) -> Result<Tip, Invalid> {
    check(tip, bytes, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;

    #[test]
    fn a_search_in_slices_finds_what_one_search_finds() {
        let header = Block::genesis().header;
        let going = AtomicBool::new(false);
        for (start, zero_bits) in [(0, 14), (70_822, 14), (70_823, 14), (7, 16), (0, 30)] {
            let (counters, target) = (start..start + 100_000, Target::from_zero_bits(zero_bits));
            let found = search_on_threads(&header, counters.clone(), target, 1, &going);
            assert_eq!(found, search(&header, counters, target), "{start}, {zero_bits} bits");
        }
    }

    #[test]
    fn a_stopped_search_ends() {
        let header = Block::genesis().header;
        let stopped = AtomicBool::new(true);
        let any = Target::from_zero_bits(0);
        assert_eq!(search_on_threads(&header, 0..1000, any, 1, &stopped), None);
    }
}
