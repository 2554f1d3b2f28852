//! What must hold after every step: a node's chain is valid.

use super::Check;
use crate::chain::Chain;
use crate::peer::PeerName;
use crate::rules::{self, Tip};

/// Whether the blocks from a height on are valid, by the plain rules.
pub(super) fn check_tail(name: &PeerName, chain: &Chain, from: usize) -> Check {
    let tail = chain.blocks_from(from);
    match rules::check(chain.tip_at(from), tail.as_flattened(), chain.target()) {
        Ok(tip) if tip.hash() == chain.tip_hash() => Ok(()),
        Ok(_) => Err(format!("{name} has another tip than its chain")),
        Err(invalid) => Err(format!("{name}'s chain is not valid: {invalid}")),
    }
}

/// Whether all blocks are.
pub(super) fn check_whole(name: &PeerName, chain: &Chain) -> Check {
    match rules::check(Tip::START, chain.as_bytes(), chain.target()) {
        Ok(tip) if tip.hash() == chain.tip_hash() => Ok(()),
        Ok(_) => Err(format!("{name} has another tip than its chain")),
        Err(invalid) => Err(format!("{name}'s chain is not valid: {invalid}")),
    }
}
