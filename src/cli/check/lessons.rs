//! The lessons for a node with a mistake: what was wrong, and where to look for the reason.

use std::ops::RangeInclusive;

use cairn::block::{self, BLOCK_LEN, Block, BlockBytes};
use cairn::hash::Hash;
use cairn::rules::{Fault, Invalid};

use super::hints;
use super::offers::{Kind, Offer};
use super::report::{Lesson, Task};
use super::tasks::{BLOCK, BROADCAST, CUT, GENESIS, INVALID, NOT_LONGER};

/// The program's port, which receives its rewards.
pub(super) const PORT: u16 = 7000;

/// How far a program's clock may differ from ours, in seconds.
const NEAR: u32 = 120;

/// The lesson for a program that adopted this offer; `None` if it may adopt it.
pub(super) fn took_over(kind: Kind) -> Option<(Task, Lesson)> {
    Some(match kind {
        Kind::Longer | Kind::Empty => return None,
        Kind::Tie => (
            NOT_LONGER,
            Lesson::new(
                "It adopted a chain with as many blocks as its own. If two chains are equally \
                 long, a node keeps its own; otherwise two nodes could swap their chains for ever.",
                "the comparison before you replace your chain: it must be > and not >=",
            ),
        ),
        Kind::Shorter => (
            NOT_LONGER,
            Lesson::new(
                "It adopted a chain that is shorter than its own, and threw its own work away.",
                "the comparison before you replace your chain: count the blocks of both, and \
                 replace yours only if the other has more",
            ),
        ),
        Kind::ProofOfWork => (
            INVALID,
            Lesson::new(
                "It adopted a chain whose last block has no proof of work: its hash does not begin \
                 with 16 zero bits. Then anyone could make chains of any length at once.",
                "where you validate: hash the header of every block after the genesis block, \
                 the last one too, and refuse the chain if one hash is too high",
            ),
        ),
        Kind::PreviousHash => (
            INVALID,
            Lesson::new(
                "It adopted a chain with a block that does not name the block before it.",
                "where you validate: bytes 2 to 33 of each block must be the hash of the block \
                 before it",
            ),
        ),
        Kind::Genesis => (
            INVALID,
            Lesson::new(
                "It adopted a chain that begins with another genesis block.",
                "where you validate: the hash of the first block must be the genesis block's, \
                 00001ff5... (or compare all its bytes)",
            ),
        ),
        Kind::Cut => (
            CUT,
            Lesson::new(
                "It adopted a chain whose last block is cut off.",
                "where you validate: refuse a message whose length is not a multiple of 75, \
                 before you look at any block",
            ),
        ),
    })
}

/// The lesson for a program that adopted only the beginning of an invalid chain.
pub(super) fn part() -> Lesson {
    Lesson::new(
        "It adopted the beginning of a chain that breaks a rule later on.",
        "where you validate: one bad block makes the whole chain invalid, so ignore all of it",
    )
}

/// What is wrong with the timestamp of a block, if anything is.
pub(super) fn misdated(timestamp: u32, time: &RangeInclusive<u32>) -> Option<Lesson> {
    let now = time.end();
    let wrong = format!("Its block has the timestamp {timestamp}; the clock says {now}.");
    (!is_within(timestamp, time)).then(|| Lesson::new(wrong, when(timestamp, time)))
}

/// Whether a search may have begun then: after the program's start, if its clock is right.
fn is_within(timestamp: u32, time: &RangeInclusive<u32>) -> bool {
    (time.start().saturating_sub(NEAR)..=time.end().saturating_add(NEAR)).contains(&timestamp)
}

/// The likely reason for a wrong timestamp.
fn when(timestamp: u32, time: &RangeInclusive<u32>) -> &'static str {
    if is_within(timestamp.swap_bytes(), time) {
        return "the byte order of the timestamp: its most significant byte comes first";
    }
    "the timestamp: it is the seconds since 1970, from the clock when each search begins"
}

/// What is wrong with the reward of a block, if anything is.
pub(super) fn mispaid(block: &Block) -> Option<Lesson> {
    let receiver = block.reward.receiver;
    let wrong = format!("The reward of its block goes to {receiver}, not to its port, {PORT}.");
    let look = "bytes 73 and 74 of the block: your port, its high byte first";
    (receiver != PORT).then(|| Lesson::new(wrong, look))
}

/// What is wrong with an invalid chain that the program made itself.
pub(super) fn refused(
    chain: &[u8],
    invalid: &Invalid,
    offers: &[Offer],
    time: &RangeInclusive<u32>,
) -> (Task, Lesson) {
    let (blocks, rest): (&[BlockBytes], _) = chain.as_chunks();
    let height = invalid.height;
    let Some(block) = blocks.get(height).filter(|_| rest.is_empty()) else {
        return (BLOCK, not_whole(chain.len()));
    };
    let wrong =
        format!("Block {height} of the chain that it sent breaks a rule: {}.", invalid.fault);
    let look = match &invalid.fault {
        Fault::Genesis { .. } if blocks.len() == 1 && names_known(block, offers) => {
            let wrong = "It sent the new block alone.";
            return (
                BROADCAST,
                Lesson::new(wrong, "what you send: all blocks from the genesis block on"),
            );
        }
        Fault::Genesis { .. } => {
            let field = hints::of_genesis(block).unwrap_or_default();
            let wrong = format!("The first block that it sent is not the genesis block: {field}.");
            let look = "where you make the genesis block: version 0, previous hash zero, \
                        timestamp 1634700000, nonce 70822, receiver 7000";
            return (GENESIS, Lesson::new(wrong, look));
        }
        Fault::ProofOfWork { .. } => hints::of_work(block).unwrap_or(
            "where you compare the hash with the target: its first 16 bits, which are its first \
             two bytes, must be zero; and whether you send the nonce that you found",
        ),
        Fault::PreviousHash { found, wanted } => previous_hint(blocks, height, found, wanted),
        Fault::Size { .. } => "byte 0 of the block: it is 75, the size of the whole block",
        Fault::Version { .. } => "byte 1 of the block: the version is 0",
        Fault::OneTransaction { .. } => "byte 70 of the block: one transaction follows, so it is 1",
        Fault::Sender { .. } => "bytes 71 and 72 of the block: the sender of a reward is 0",
        Fault::Timestamp { found, .. } => when(*found, time),
        Fault::WholeBlocks { .. } => return (BLOCK, not_whole(chain.len())),
    };
    // A mistake in the first block is a mistake in the genesis block.
    (if height == 0 { GENESIS } else { BLOCK }, Lesson::new(wrong, look))
}

fn not_whole(len: usize) -> Lesson {
    Lesson::new(
        format!("It sent {len} bytes, which are not whole blocks of {BLOCK_LEN}."),
        "what you send: the blocks of the chain, 75 bytes each, and nothing else",
    )
}

/// Whether a block builds on one that the program can know.
fn names_known(block: &BlockBytes, offers: &[Offer]) -> bool {
    let previous = block::previous(block);
    let mut tips = offers.iter().filter_map(|offer| offer.bytes.last_chunk());
    previous == block::GENESIS_HASH || tips.any(|tip| block::hash(tip) == previous)
}

fn previous_hint(
    blocks: &[BlockBytes],
    height: usize,
    found: &Hash,
    wanted: &Hash,
) -> &'static str {
    let mut backwards = *wanted.as_bytes();
    backwards.reverse();
    let before = &blocks[height - 1];
    match () {
        () if *found.as_bytes() == backwards => {
            "the byte order: copy the bytes of a hash as they are"
        }
        () if hints::of_hash(before, found.as_bytes()).is_some() => {
            "the hash of the block before: it is SHA-256 of SHA-256 of bytes 1 to 69"
        }
        () if blocks[..height].iter().any(|block| block::hash(block) == *found) => {
            "where the next search begins after you adopted a chain or made a block: with the \
             hash of the last block of the chain; this one names an older block"
        }
        () => {
            "bytes 2 to 33 of the block, and where the next search begins after you adopted a \
             chain or made a block: with the hash of the last block of the chain"
        }
    }
}
