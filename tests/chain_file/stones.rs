//! Chains for the tests of a store.

use cairn::block::BLOCK_LEN;
use cairn::chain::Chain;
use cairn::target::Target;

/// Some sixteen tries a block.
pub(crate) const EASY: Target = Target::from_zero_bits(4);

/// A chain with `count` more blocks on top of the first `fork` blocks of another, mined in
/// a lane, so that chains of two lanes differ.
pub(crate) fn grown(chain: &Chain, fork: usize, count: usize, lane: u64) -> Chain {
    let below = chain.as_bytes()[..fork * BLOCK_LEN].to_vec();
    let mut chain = Chain::from_bytes(below, chain.target()).expect("a part of a valid chain");
    for _ in 0..count {
        let earliest = chain.tip_at(chain.count()).earliest_timestamp();
        let block = chain.next_block(earliest + 1, lane, 7000).expect("it is easy");
        chain.push(&block).expect("it was mined for this");
    }
    chain
}

/// A chain of `count` blocks, genesis among them.
pub(crate) fn chain_of(count: usize, target: Target) -> Chain {
    grown(&Chain::genesis(target), 1, count - 1, 1)
}
