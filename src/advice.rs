//! How the accounts of the last blocks vote on a block: advice for people.
//!
//! Each peer says whether the block is on its chain, and its weight is the share of the
//! last blocks that went to its account. An account here is a number that anybody can claim
//! and mine to, so this decides nothing: only its length decides which chain a node adopts.

use std::collections::BTreeMap;

use crate::hash::Hash;
use crate::peer::PeerName;

/// How many of the last blocks give accounts their weight.
pub const WEIGHING_BLOCKS: usize = 100;

/// The most weight to wait for, in percent: all of it.
pub const MAX_PERCENT: u8 = 100;

/// The last line of every table of advice.
pub const CAUTION: &str = "This is advice and decides nothing: an account is a number that \
                           anybody can claim and mine to, so weight can be forged.";

/// Where a block is on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its height.
    pub height: u64,
    /// How many blocks are above it.
    pub above: u64,
}

/// A node's answer about a block, with the account that it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The node.
    pub id: PeerName,
    /// The node's name for itself.
    pub name: Option<String>,
    /// The account that it claims.
    pub account: u16,
    /// Where the block is on its chain; `None` if it is not there.
    pub place: Option<Place>,
}

/// A claim, and its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The claim.
    pub claim: Claim,
    /// How many of the last blocks went to its account.
    pub blocks: usize,
    /// Whether it counts: no other claims the same account.
    pub counts: bool,
}

/// The result of asking the peers about a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The block.
    pub hash: Hash,
    /// The weight that must answer, in percent.
    pub minimum: u8,
    /// The number of blocks that gave weight: [`WEIGHING_BLOCKS`], or all but genesis.
    pub total: usize,
    /// All claims, that of this node first.
    pub claims: Vec<Weighed>,
}

impl Advice {
    /// The number of blocks whose accounts have answered.
    pub fn answered(&self) -> usize {
        self.weight(|_| true)
    }

    /// The number of blocks whose accounts have the block on their chains.
    pub fn confirmed(&self) -> usize {
        self.weight(|claim| claim.place.is_some())
    }

    /// Whether enough of the weight has answered.
    pub fn is_enough(&self) -> bool {
        self.total > 0 && self.answered() * 100 >= usize::from(self.minimum) * self.total
    }

    fn weight(&self, is_it: impl Fn(&Claim) -> bool) -> usize {
        let counted = self.claims.iter().filter(|it| it.counts && is_it(&it.claim));
        counted.map(|it| it.blocks).sum()
    }
}

/// Weighs answers by the accounts of the last blocks. Of two answers of one node the first
/// counts; nodes that claim the same account count for nothing, because one of them lies.
pub fn weigh(receivers: &[u16], claims: impl IntoIterator<Item = Claim>) -> Vec<Weighed> {
    let mut first: Vec<Claim> = Vec::new();
    for claim in claims {
        if first.iter().all(|other| other.id != claim.id) {
            first.push(claim);
        }
    }
    let mut claimed = BTreeMap::<u16, usize>::new();
    first.iter().for_each(|claim| *claimed.entry(claim.account).or_default() += 1);
    let weighed = |claim: Claim| Weighed {
        blocks: receivers.iter().filter(|receiver| **receiver == claim.account).count(),
        counts: claimed[&claim.account] == 1,
        claim,
    };
    first.into_iter().map(weighed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a hundred blocks 60 went to account 1, 30 to 2 and 10 to 3.
    fn receivers() -> Vec<u16> {
        [vec![1; 60], vec![2; 30], vec![3; 10]].concat()
    }

    fn says(id: &str, account: u16, is_there: bool) -> Claim {
        let place = is_there.then_some(Place { height: 5, above: 2 });
        Claim { id: PeerName::new(id), name: None, account, place }
    }

    fn advice(minimum: u8, claims: &[Claim]) -> Advice {
        let receivers = receivers();
        let claims = weigh(&receivers, claims.iter().cloned());
        Advice { hash: Hash::ZERO, minimum, total: receivers.len(), claims }
    }

    #[test]
    fn a_claim_counts_by_its_accounts_share_of_the_blocks() {
        let advice = advice(70, &[says("a", 1, true), says("b", 3, false), says("c", 9, true)]);
        assert_eq!((advice.answered(), advice.confirmed()), (70, 60));
        assert!(advice.is_enough());
        assert!(!Advice { minimum: 71, ..advice }.is_enough());
    }

    #[test]
    fn two_that_claim_one_account_count_for_nothing() {
        let advice = advice(1, &[says("a", 1, true), says("liar", 1, false), says("b", 2, true)]);
        assert_eq!((advice.answered(), advice.confirmed()), (30, 30));
        assert_eq!(advice.claims.iter().filter(|it| it.counts).count(), 1);
    }

    #[test]
    fn one_that_answers_twice_is_heard_once() {
        let advice = advice(1, &[says("a", 1, false), says("a", 2, true), says("a", 1, true)]);
        assert_eq!((advice.answered(), advice.confirmed()), (60, 0));
    }

    #[test]
    fn without_blocks_there_is_no_weight_and_never_enough() {
        let claims = weigh(&[], [says("a", 1, true)]);
        assert!(!Advice { hash: Hash::ZERO, minimum: 0, total: 0, claims }.is_enough());
    }
}
