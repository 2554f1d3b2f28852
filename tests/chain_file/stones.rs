//! Chains to try a store on.

use cairn::block::{Block, Header, Nonce, Transaction};
use cairn::chain::{Branch, Chain};
use cairn::miner;
use cairn::target::Target;

/// Some sixteen tries a block.
pub(crate) const EASY: Target = Target::from_zero_bits(4);

/// A chain with `count` more blocks upon the first `fork` blocks of another,
/// mined in a lane, so that chains of two lanes differ.
pub(crate) fn grown(chain: &Chain, fork: usize, count: usize, lane: u64) -> Chain {
    let mut chain = chain.clone();
    for height in fork..fork + count {
        let tip = chain.tip_at(height);
        let header = Header {
            previous: tip.hash(),
            timestamp: tip.earliest_timestamp() + 1,
            nonce: Nonce::in_lane(lane, 0),
        };
        let header = miner::search(&header, 0..1 << 20, chain.target()).expect("it is easy");
        let block = Block { header, reward: Transaction::reward(7000) }.to_bytes();
        let branch = Branch::check(&chain, height, &block).expect("it was mined for this");
        chain.adopt(branch);
    }
    chain
}

/// A chain of so many blocks, with genesis.
pub(crate) fn chain_of(count: usize, target: Target) -> Chain {
    grown(&Chain::genesis(target), 1, count - 1, 1)
}
