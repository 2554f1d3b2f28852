//! Whatever a node is sent, it keeps running, and its chain stays valid and no shorter.

use cairn::block::BLOCK_LEN;
use cairn::chain::Chain;
use cairn::node::{Input, Output, Search};
use cairn::target::Target;
use cairn::wire::{Blocks, MAX_DATAGRAM_LEN, Message, Place, Question};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

use crate::bench::*;

/// Any hash meets this target, so that changed blocks get past proof of work, like those of
/// an attacker with time.
const ANY: Target = Target::from_zero_bits(0);

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_datagrams_kill_a_node_or_cost_it_a_block(letters in vec(letter(), 1..12)) {
        let mut alice = Bench::on(&Chain::genesis(ANY));
        let mut question: Option<(String, u64)> = None;
        for Letter { from, mut bytes, wall, answers, mines } in letters {
            let count = alice.node.chain().count();
            alice.now.wall = wall;
            let mut outputs = if mines { alice.turn() } else { Vec::new() };
            let search = searches(&outputs);
            let open = question.take_if(|_| answers && bytes.starts_with(&[0, 1, 1]));
            if let (Some((_, number)), Some(place)) = (&open, bytes.get_mut(3..11)) {
                place.copy_from_slice(&number.to_be_bytes());
            }
            let from = open.as_ref().map_or(from, |(asked, _)| asked);
            outputs.extend(alice.hears(from, &bytes));
            question = asks(&outputs).or(question).or(open);
            if let Some(search) = search {
                alice.step(Input::Searched { search, found: None });
            }
            let chain = alice.node.chain();
            prop_assert!(chain.count() >= count);
            let checked = Chain::from_bytes(chain.as_bytes().to_vec(), ANY);
            prop_assert_eq!(checked.as_ref(), Ok(chain));
            prop_assert!(alice.node.wake().is_some(), "it goes on mining");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2),
        ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_bytes_change_nothing(bytes in vec(any::<u8>(), 0..=MAX_DATAGRAM_LEN)) {
        let mut alice = Bench::on(&genesis());
        let wake = alice.node.wake();
        prop_assert!(ignored(&alice.hears("bob", &bytes)).is_some());
        prop_assert_eq!((alice.node.chain(), alice.node.wake()), (&genesis(), wake));
    }
}

/// A datagram, and what the node is doing when it arrives.
#[derive(Clone, Debug)]
struct Letter {
    from: &'static str,
    bytes: Vec<u8>,
    wall: u32,
    /// Whether it looks like an answer to the node's last question.
    answers: bool,
    mines: bool,
}

fn letter() -> impl Strategy<Value = Letter> {
    let from = select(&["bob", "carol", "a stranger"][..]);
    let wall = select(&[0, GENESIS_TIME, START_TIME, u32::MAX][..]);
    let valid = prop_oneof![select(whole_chains()), select(frames())];
    let bytes = (valid, vec(change(), 0..3)).prop_map(|(mut bytes, changes)| {
        for change in changes {
            change.apply(&mut bytes);
        }
        bytes
    });
    (from, bytes, wall, any::<[bool; 2]>()).prop_map(|(from, bytes, wall, [answers, mines])| {
        Letter { from, bytes, wall, answers, mines }
    })
}

/// The search among outputs.
fn searches(outputs: &[Output]) -> Option<Search> {
    outputs.iter().find_map(|output| match output {
        Output::Search(search) => Some(search.clone()),
        _ => None,
    })
}

/// The peer that the outputs ask a question, and its number.
fn asks(outputs: &[Output]) -> Option<(String, u64)> {
    sent(outputs).into_iter().rev().find_map(|(to, bytes)| match Message::decode(bytes) {
        Ok(Message::Question(question)) => Some((to.to_owned(), question.number)),
        _ => None,
    })
}

fn whole_chains() -> Vec<Vec<u8>> {
    chains().iter().map(|chain| chain.as_bytes().to_vec()).collect()
}

/// Parts of the chains, and questions for them.
fn frames() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for chain in chains() {
        let count = chain.count() as u32;
        for height in (0..count).step_by(3) {
            let blocks = &chain.blocks()[height as usize..];
            frames.push(Blocks { number: 0, count, height, blocks }.encode());
            let hash = chain.hash_at(height as usize).expect("a height of the chain");
            let places = vec![Place { height, hash }];
            frames.push(Question { number: 7, count, places }.encode());
        }
    }
    frames
}

/// Valid chains that fork from each other at different heights.
fn chains() -> Vec<Chain> {
    let trunk = grow(&Chain::genesis(ANY), 3, 8000);
    let mut chains = vec![Chain::genesis(ANY), trunk.clone()];
    for blocks in [1, 2, 9] {
        chains.push(grow(&trunk, blocks, 8000));
        chains.push(grow(&trunk, blocks + 1, 9000));
        chains.push(grow(&Chain::genesis(ANY), blocks, 9000));
    }
    chains
}

/// What may happen to bytes on their way.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    FlipInLastBlock(Index, u8),
    Cut(Index),
    CutToBlocks(Index),
    SwapBlocks(Index, Index),
    Repeat(Index),
    Append(Vec<u8>),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        let block = |index: &Index| index.index(len / BLOCK_LEN) * BLOCK_LEN;
        match self {
            Change::Append(more) => bytes.extend(more),
            // The others have nothing to work on.
            _ if len < BLOCK_LEN => {}
            Change::Flip(place, bits) => bytes[place.index(len)] ^= bits,
            Change::FlipInLastBlock(place, bits) => {
                bytes[len - 1 - place.index(BLOCK_LEN)] ^= bits;
            }
            Change::Cut(place) => bytes.truncate(place.index(len)),
            Change::CutToBlocks(place) => bytes.truncate(block(place)),
            Change::SwapBlocks(one, other) => {
                let (one, other) = (block(one), block(other));
                (0..BLOCK_LEN).for_each(|byte| bytes.swap(one + byte, other + byte));
            }
            Change::Repeat(place) => bytes.extend_from_within(block(place)..),
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        (index(), 1..=255_u8).prop_map(|(place, bits)| Change::Flip(place, bits)),
        (index(), 1..=255_u8).prop_map(|(place, bits)| Change::FlipInLastBlock(place, bits)),
        index().prop_map(Change::Cut),
        index().prop_map(Change::CutToBlocks),
        (index(), index()).prop_map(|(one, other)| Change::SwapBlocks(one, other)),
        index().prop_map(Change::Repeat),
        vec(any::<u8>(), 1..200).prop_map(Change::Append),
    ]
}
