//! The chains that the checker offers to a node: good ones, and one for each kind of
//! mistake. Each builds on the genesis block separately, so a chain that comes back shows
//! which one the program adopted.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use cairn::block::{Block, BlockBytes, Header, Nonce, Transaction};
use cairn::fast;
use cairn::hash::Hash;
use cairn::target::Target;

use super::tips::{self, SOON, Tip, Wish};

/// The number of bytes that are missing at the end of a cut chain.
const CUT: usize = 10;

/// How much older than its sending a block's timestamp is, in seconds: so even a program
/// whose clock is behind gives its own blocks later timestamps.
const AGE: u32 = 600;

/// The receiver of the rewards of the checker's blocks: a node that it plays.
const RECEIVER: u16 = 8000;

/// What is special about an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is valid and longer than the program's chain.
    Longer,
    /// It is valid and as long as the program's chain.
    Tie,
    /// It is valid and shorter than the program's chain.
    Shorter,
    /// Its last block has no proof of work.
    ProofOfWork,
    /// One of its blocks does not name the block before it.
    PreviousHash,
    /// It begins with another genesis block.
    Genesis,
    /// Its last block is not whole.
    Cut,
    /// It is an empty datagram.
    Empty,
}

/// A datagram for the program.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
    /// The seconds at which the program may begin to search on it, each with the first nonce
    /// that solves the block.
    pub(super) solved: Vec<(u32, u64)>,
}

/// A request for an offer.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) kind: Kind,
    /// The number of blocks.
    pub(super) count: usize,
    /// The second at which it is sent.
    pub(super) second: u32,
    /// How many seconds the program rests after it adopts the offer, if it rests.
    pub(super) rest: u32,
    /// The lowest nonce that may solve the next block.
    pub(super) first_nonce: u64,
    /// Makes this offer different from all others.
    pub(super) lane: u64,
}

impl Order {
    /// The timestamp of its blocks.
    fn date(&self) -> u32 {
        self.second.saturating_sub(AGE)
    }
}

/// Makes an offer. `None` if the user stopped it.
pub(super) fn make(order: Order, until: Instant, stop: &AtomicBool) -> Option<Offer> {
    if order.kind == Kind::Empty {
        return Some(Offer { kind: order.kind, bytes: Vec::new(), solved: Vec::new() });
    }
    let mut blocks = beginning(&order);
    let previous = cairn::block::hash(blocks.last().expect("it has a genesis block"));
    let start = Header { previous, timestamp: order.date(), nonce: Nonce::in_lane(order.lane, 0) };
    let Order { second, rest, .. } = order;
    let dates = vec![second + rest, second + rest + 1, second];
    let wish = Wish { dates, nonces: order.first_nonce..SOON };
    let Tip { block, solved } = match order.kind {
        Kind::ProofOfWork => tips::find_without_work(start, &wish, until, stop)?,
        _ => tips::find(start, &wish, until, stop)?,
    };
    blocks.push(block.to_bytes());
    let mut bytes = blocks.concat();
    if order.kind == Kind::Cut {
        // One more block, but not all of it.
        let next = mined(block.hash(), order.date(), order.lane).to_bytes();
        bytes.extend_from_slice(&next[..next.len() - CUT]);
    }
    Some(Offer { kind: order.kind, bytes, solved })
}

/// All blocks except the last.
fn beginning(order: &Order) -> Vec<BlockBytes> {
    let mut genesis = Block::genesis();
    if order.kind == Kind::Genesis {
        genesis = mined(Hash::ZERO, genesis.header.timestamp + 1, order.lane);
    }
    let whole = order.count - usize::from(order.kind == Kind::Cut);
    let mut blocks = vec![genesis.to_bytes()];
    let mut previous = genesis.hash();
    while blocks.len() + 1 < whole {
        if order.kind == Kind::PreviousHash && blocks.len() + 2 == whole {
            previous = Hash::of(&order.lane.to_be_bytes());
        }
        let block = mined(previous, order.date(), order.lane);
        previous = block.hash();
        blocks.push(block.to_bytes());
    }
    blocks
}

/// A block on `previous`, with proof of work.
fn mined(previous: Hash, timestamp: u32, lane: u64) -> Block {
    let start = Header { previous, timestamp, nonce: Nonce::in_lane(lane, 0) };
    let found = fast::search(&start, 0..Nonce::COUNTER_END, Target::NETWORK);
    let header = found.expect("there is proof of work among 2^40 nonces");
    Block { header, reward: Transaction::reward(RECEIVER) }
}

#[cfg(test)]
pub(super) mod tests {
    use cairn::rules::{self, Rule};

    use super::*;

    /// An offer of seven blocks.
    pub(in super::super) fn offer(kind: Kind, lane: u64) -> Offer {
        let second = 1_700_000_000;
        let order = Order { kind, count: 7, second, rest: 1, first_nonce: 0, lane };
        make(order, Instant::now(), &AtomicBool::new(false)).expect("nobody stops it")
    }

    #[test]
    fn each_offer_breaks_the_rule_that_it_is_about_and_no_other() {
        let verdict = |kind| {
            let bytes = offer(kind, 1).bytes;
            let checked = rules::check(rules::Tip::START, &bytes, Target::NETWORK);
            checked.map(|tip| tip.count()).map_err(|invalid| (invalid.height, invalid.rule()))
        };
        for kind in [Kind::Longer, Kind::Tie, Kind::Shorter] {
            assert_eq!(verdict(kind), Ok(7));
        }
        assert_eq!(verdict(Kind::ProofOfWork), Err((6, Rule::ProofOfWork)));
        assert_eq!(verdict(Kind::PreviousHash), Err((5, Rule::PreviousHash)));
        assert_eq!(verdict(Kind::Genesis), Err((0, Rule::Genesis)));
        assert_eq!(verdict(Kind::Cut), Err((6, Rule::WholeBlocks)));
        assert_eq!(verdict(Kind::Empty), Err((0, Rule::WholeBlocks)));
    }

    #[test]
    fn upon_an_offer_a_program_can_mine_whose_clock_is_behind() {
        let mut chain = offer(Kind::Longer, 1).bytes;
        let tip = cairn::block::hash(chain.last_chunk().expect("it has blocks"));
        chain.extend(mined(tip, 1_700_000_000 - 120, 0).to_bytes());
        assert!(rules::check(rules::Tip::START, &chain, Target::NETWORK).is_ok());
    }

    #[test]
    fn the_block_upon_an_offer_is_found_soon_after_the_rest() {
        for kind in [Kind::Longer, Kind::ProofOfWork, Kind::PreviousHash, Kind::Genesis] {
            let offer = offer(kind, 2);
            let (date, nonce) = offer.solved[0];
            let tip = cairn::block::hash(offer.bytes.last_chunk().expect("it has blocks"));
            assert_eq!(date, 1_700_000_001);
            assert_eq!(tips::first_nonce(tip, date, SOON), Some(nonce));
        }
    }
}
