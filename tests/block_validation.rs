//! What makes bytes a chain: each rule broken by itself, and a table of
//! datagrams with the verdict that each must get.
//!
//! Most chains here are mined at an easy target, eight zero bits, so that a
//! test may mine as many blocks as it likes. The rules are the same at sixteen.

use std::time::Duration;

use byteorder::{BigEndian, ByteOrder};
use cairn::block::{self, BLOCK_LEN, Block, BlockBytes, GENESIS_HASH, Header, Nonce, field};
use cairn::chain::{Branch, Chain};
use cairn::event::{Event, Reason};
use cairn::hash::Hash;
use cairn::miner;
use cairn::node::{Input, MAX_AHEAD_SECONDS, Node, Now, Output, Settings};
use cairn::peer::PeerName;
use cairn::rules::{self, Fault, Invalid, Rule, Tip};
use cairn::target::Target;

const EASY: Target = Target::from_zero_bits(8);

const GENESIS_TIME: u32 = 1_634_700_000;

// The rules, one by one. `fault_of` breaks a field of one of five blocks, repeats the work
// from there on, and checks that nothing else was wrong.

#[test]
fn the_size_of_a_block_is_75() {
    for height in 0..5 {
        for found in [0, 1, 70, 74, 76, 255] {
            assert_eq!(fault_of(height, field::SIZE, &[found]), Fault::Size { found });
        }
    }
}

#[test]
fn the_version_of_a_block_is_0() {
    for height in 0..5 {
        for found in [1, 2, 128, 255] {
            assert_eq!(fault_of(height, field::VERSION, &[found]), Fault::Version { found });
        }
    }
}

#[test]
fn a_block_has_one_transaction() {
    for height in 0..5 {
        for found in [0, 2, 255] {
            let fault = fault_of(height, field::TRANSACTION_COUNTER, &[found]);
            assert_eq!(fault, Fault::OneTransaction { found });
        }
    }
}

#[test]
fn a_reward_comes_from_nobody() {
    for height in 0..5 {
        for found in [1, 256, 8000, u16::MAX] {
            let fault = fault_of(height, field::SENDER.start, &found.to_be_bytes());
            assert_eq!(fault, Fault::Sender { found });
        }
    }
}

#[test]
fn the_first_block_is_our_genesis_block_byte_for_byte() {
    let the_rest = (2..70).chain([73, 74]);
    for place in the_rest {
        let mut blocks = five_blocks();
        blocks[0][place] ^= 1;
        let found = block::hash(&blocks[0]);
        work(&mut blocks[1..], found);
        assert_eq!(verdict(&blocks), broken(0, Fault::Genesis { found }), "byte {place}");
    }
    assert_eq!(verdict(&five_blocks()), Ok(5));
}

#[test]
fn who_is_paid_for_the_genesis_block_is_fixed_although_its_hash_stays_the_same() {
    let fault = fault_of(0, field::RECEIVER.start, &9000_u16.to_be_bytes());
    assert_eq!(fault, Fault::Genesis { found: GENESIS_HASH });
}

#[test]
fn a_block_names_the_hash_of_the_block_before() {
    for height in 1..5 {
        let wanted = block::hash(&five_blocks()[height - 1]);
        for found in [Hash::ZERO, Hash::of(b"another"), flip_last_bit(wanted)] {
            let fault = fault_of(height, field::PREVIOUS.start, found.as_bytes());
            assert_eq!(fault, Fault::PreviousHash { found, wanted });
        }
    }
}

#[test]
fn a_block_that_names_the_block_before_the_last_is_no_better() {
    let mut blocks = five_blocks();
    let (grandparent, parent) = (block::hash(&blocks[1]), block::hash(&blocks[2]));
    work(&mut blocks[3..], grandparent);
    let fault = Fault::PreviousHash { found: grandparent, wanted: parent };
    assert_eq!(verdict(&blocks), broken(3, fault));
    work(&mut blocks[3..], parent);
    assert_eq!(verdict(&blocks), Ok(5));
}

#[test]
fn a_hash_meets_the_target() {
    for height in 1..5 {
        for zero_bits in [0, 1, 7] {
            let mut blocks = five_blocks();
            let found = mine_exactly(&mut blocks[height], zero_bits);
            work(&mut blocks[height + 1..], found);
            let fault = Fault::ProofOfWork { found, wanted: EASY };
            assert_eq!(verdict(&blocks), broken(height, fault));

            let parent = block::hash(&blocks[height - 1]);
            work(&mut blocks[height..], parent);
            assert_eq!(verdict(&blocks), Ok(5));
        }
    }
}

#[test]
fn a_timestamp_is_not_before_the_median_of_those_before() {
    // Ten minutes apart: the median of one to four blocks, the later of a middle two.
    for (height, earliest) in [(1, 0), (2, 600), (3, 600), (4, 1200)] {
        let earliest = GENESIS_TIME + earliest;
        for found in [0, GENESIS_TIME - 1, earliest - 1] {
            let fault = fault_of(height, field::TIMESTAMP.start, &found.to_be_bytes());
            assert_eq!(fault, Fault::Timestamp { found, earliest });
        }
    }
}

#[test]
fn bytes_are_whole_blocks_at_every_length() {
    let bytes = five_blocks()[..3].concat();
    for len in 0..=bytes.len() {
        let verdict = check(bytes[..len].to_vec());
        if [75, 150, 225].contains(&len) {
            assert_eq!(verdict, Ok(len / BLOCK_LEN));
        } else {
            let fault = Fault::WholeBlocks { bytes: len };
            assert_eq!(verdict, broken(len / BLOCK_LEN, fault));
        }
    }
}

#[test]
fn no_bytes_are_no_chain() {
    assert_eq!(check(Vec::new()), broken(0, Fault::WholeBlocks { bytes: 0 }));
}

#[test]
fn nothing_may_follow_the_last_block() {
    for byte in 0..=255 {
        let mut bytes = five_blocks().concat();
        bytes.push(byte);
        assert_eq!(check(bytes), broken(5, Fault::WholeBlocks { bytes: 376 }));
    }
}

#[test]
fn a_node_admits_no_block_from_more_than_two_hours_ahead() {
    let blocks = chain_dated(&[600, 1200, 9000, 1800]);
    let clock = GENESIS_TIME + 9000 - MAX_AHEAD_SECONDS - 1;
    let (node, heard) = fresh_node_hears(EASY, clock, &blocks.concat());
    assert_eq!(heard, Err(Reason::Future { height: 3, seconds: MAX_AHEAD_SECONDS + 1 }));
    assert_eq!(node.chain().count(), 1);
    // This is about the clock and not about the chain, which is valid.
    assert_eq!(verdict(&blocks), Ok(5));
    let (node, heard) = fresh_node_hears(EASY, clock + 1, &blocks.concat());
    assert_eq!(heard, Ok(()));
    assert_eq!(node.chain().count(), 5);
}

// How the rules are applied.

#[test]
fn a_block_is_held_against_the_rules_in_their_order() {
    // A block that breaks every rule that it can break alone, with one byte too many after
    // it.
    let parent = block::hash(&five_blocks()[0]);
    let mut bytes = [five_blocks()[0], [0xee; BLOCK_LEN]].concat();
    bytes[BLOCK_LEN..][field::TIMESTAMP].fill(0);
    bytes.push(0);
    type Repair<'a> = &'a dyn Fn(&mut [u8]);
    let repairs: [(Rule, Repair); 7] = [
        (Rule::Size, &|block| block[field::SIZE] = 75),
        (Rule::Version, &|block| block[field::VERSION] = 0),
        (Rule::OneTransaction, &|block| block[field::TRANSACTION_COUNTER] = 1),
        (Rule::Sender, &|block| block[field::SENDER].fill(0)),
        (Rule::PreviousHash, &|block| block[field::PREVIOUS].copy_from_slice(parent.as_bytes())),
        (Rule::ProofOfWork, &|block| mine(block.try_into().expect("75 bytes"))),
        (Rule::Timestamp, &|block| {
            BigEndian::write_u32(&mut block[field::TIMESTAMP], GENESIS_TIME);
            mine(block.try_into().expect("75 bytes"));
        }),
    ];
    assert_eq!(rule_broken_by(&bytes), Some((1 + 1, Rule::WholeBlocks)));
    bytes.pop();
    for (rule, repair) in repairs {
        assert_eq!(rule_broken_by(&bytes), Some((1, rule)));
        repair(&mut bytes[BLOCK_LEN..]);
    }
    assert_eq!(rule_broken_by(&bytes), None);
}

#[test]
fn the_verdict_names_the_first_bad_block() {
    let mut blocks = five_blocks();
    blocks[4][field::SIZE] = 0;
    blocks[2][field::RECEIVER.start - 1] = 7;
    assert_eq!(verdict(&blocks), broken(2, Fault::Sender { found: 7 }));
}

#[test]
fn the_message_says_height_rule_found_and_wanted() {
    let mut blocks = five_blocks();
    blocks[3][field::VERSION] = 2;
    let invalid = verdict(&blocks).expect_err("version 2");
    assert_eq!(invalid.to_string(), "block 3 breaks version: version is 2, not 0");
}

#[test]
fn the_order_of_blocks_matters() {
    let mut blocks = five_blocks();
    blocks.swap(2, 3);
    assert_eq!(rule_broken_by(&blocks.concat()), Some((2, Rule::PreviousHash)));
    blocks.swap(2, 3);
    assert_eq!(rule_broken_by(&blocks.concat()), None);
}

#[test]
fn a_missing_block_shows_in_the_next() {
    let mut blocks = five_blocks();
    blocks.remove(2);
    assert_eq!(rule_broken_by(&blocks.concat()), Some((2, Rule::PreviousHash)));
}

// The target's border.

#[test]
fn exactly_the_zero_bits_of_the_target_are_enough_and_one_less_is_not() {
    for zero_bits in 1..=10 {
        let mut blocks = [Block::genesis().to_bytes(), after(GENESIS_HASH, 600)];
        let found = mine_exactly(&mut blocks[1], zero_bits.into());
        let at = |zero_bits| {
            let target = Target::from_zero_bits(zero_bits);
            Chain::from_bytes(blocks.concat(), target).map(|chain| chain.count())
        };
        assert_eq!(at(zero_bits - 1), Ok(2));
        assert_eq!(at(zero_bits), Ok(2));
        let wanted = Target::from_zero_bits(zero_bits + 1);
        assert_eq!(at(zero_bits + 1), broken(1, Fault::ProofOfWork { found, wanted }));
    }
}

#[test]
fn the_genesis_block_stands_whatever_the_target() {
    // Its hash has 19 zero bits; it is the genesis block by its bytes, not by its work.
    for zero_bits in [0, 16, 19, 20, 255] {
        let target = Target::from_zero_bits(zero_bits);
        let bytes = Block::genesis().to_bytes().to_vec();
        assert_eq!(Chain::from_bytes(bytes, target), Ok(Chain::genesis(target)));
    }
}

// The median, over fewer blocks than eleven and over more.

#[test]
fn a_timestamp_may_be_exactly_the_median_and_not_a_second_less() {
    // Blocks ten seconds apart: block `i` is dated `10 * i`.
    let median_of = [0, 10, 10, 20, 20, 30, 30, 40, 40, 50, 50, 60, 70, 80, 90];
    for (count, median) in (1..).zip(median_of) {
        let past: Vec<u32> = (1..count).map(|height| 10 * height).collect();
        let next = |offset| verdict(&chain_dated(&[&past[..], &[offset]].concat()));
        assert_eq!(next(median), Ok(past.len() + 2));
        let earliest = GENESIS_TIME + median;
        let fault = Fault::Timestamp { found: earliest.wrapping_sub(1), earliest };
        assert_eq!(next(median.wrapping_sub(1)), broken(past.len() + 1, fault));
    }
}

#[test]
fn the_median_does_not_ask_in_which_order_the_eleven_came() {
    // After six blocks dated like the genesis block, eleven dated 10 to 20.
    let orders = [
        [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
        [15, 14, 13, 12, 11, 10, 20, 19, 18, 17, 16],
        [12, 10, 15, 11, 14, 13, 18, 20, 16, 19, 17],
    ];
    for order in orders {
        let past = [&[0; 5][..], &order].concat();
        let next = |offset| verdict(&chain_dated(&[&past[..], &[offset]].concat()));
        assert_eq!(next(15), Ok(18));
        let (found, earliest) = (GENESIS_TIME + 14, GENESIS_TIME + 15);
        assert_eq!(next(14), broken(17, Fault::Timestamp { found, earliest }));
    }
}

#[test]
fn the_twelfth_block_back_no_longer_counts() {
    // One that is dated far ahead, and eleven after it: counting it would move the median.
    let past = [0, 0, 1_000_000, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110];
    let next = |offset| verdict(&chain_dated(&[&past[..], &[offset]].concat()));
    assert_eq!(next(60), Ok(16));
    let (found, earliest) = (GENESIS_TIME + 59, GENESIS_TIME + 60);
    assert_eq!(next(59), broken(15, Fault::Timestamp { found, earliest }));
}

#[test]
fn one_miner_with_a_wrong_clock_moves_the_median_little() {
    let far_ahead = 1_000_000_000;
    assert_eq!(verdict(&chain_dated(&[10, 20, 30, far_ahead, 40, 50])), Ok(7));
}

#[test]
fn a_timestamp_may_be_the_last_there_is() {
    let last = u32::MAX - GENESIS_TIME;
    assert_eq!(verdict(&chain_dated(&[10, last, last, last, last])), Ok(6));
}

// Branches: blocks that are checked from a fork on, without all those below it.

#[test]
fn a_branch_is_checked_from_where_a_walk_up_to_its_fork_would_be() {
    let offsets = [0, 0, 0, 0, 0, 12, 10, 15, 11, 14, 13, 18, 20, 16, 19, 17, 40, 30];
    let bytes = chain_dated(&offsets).concat();
    let chain = Chain::from_bytes(bytes.clone(), EASY).expect("a valid chain");
    assert_eq!(chain.tip_at(0), Tip::START);
    for fork in 1..=chain.count() {
        let walked = rules::check(Tip::START, &bytes[..fork * BLOCK_LEN], EASY);
        assert_eq!(Ok(chain.tip_at(fork)), walked);
    }
}

#[test]
#[should_panic(expected = "checked against")]
fn a_branch_cannot_be_put_on_another_chain() {
    let blocks = five_blocks();
    let chain = Chain::from_bytes(blocks.concat(), EASY).expect("a valid chain");
    let branch = Branch::check(&chain, 3, &blocks[3..].concat()).expect("a valid branch");
    let other = chain_dated(&[10, 20, 30, 40]).concat();
    Chain::from_bytes(other, EASY).expect("a valid chain").adopt(branch);
}

#[test]
#[should_panic(expected = "checked against")]
fn a_branch_cannot_be_put_on_a_chain_of_another_target() {
    let blocks = five_blocks();
    let branch = Branch::check(&Chain::genesis(EASY), 1, &blocks[1..].concat());
    Chain::genesis(Target::NETWORK).adopt(branch.expect("a valid branch"));
}

// What the hash does not cover.

#[test]
fn a_known_hole_whoever_passes_a_block_on_can_change_who_is_paid() {
    for height in 1..5 {
        let mut blocks = five_blocks();
        let hash = block::hash(&blocks[height]);
        BigEndian::write_u16(&mut blocks[height][field::RECEIVER], 6666);
        assert_eq!(block::hash(&blocks[height]), hash, "not a bit of work is lost");
        assert_eq!(verdict(&blocks), Ok(5), "and no rule sees it");
    }
}

// Datagrams with known verdicts, at the network's own target.

#[test]
fn a_fresh_node_gives_each_datagram_of_the_table_its_verdict() {
    for vector in vectors() {
        // Past every timestamp of the table.
        let clock = 2_000_000_000;
        let (node, heard) = fresh_node_hears(Target::NETWORK, clock, &vector.bytes);
        match (&vector.expected, heard) {
            (Expected::Adopt, Ok(())) => {
                assert_eq!(node.chain().as_bytes(), vector.bytes, "{}", vector.name);
            }
            (Expected::Ignore { reason, height }, Err(found)) => {
                assert_eq!(found.name(), *reason, "{}", vector.name);
                assert_eq!(height_in(&found), *height, "{}", vector.name);
                assert_eq!(node.chain(), &Chain::genesis(Target::NETWORK), "{}", vector.name);
            }
            (expected, heard) => panic!("{}: {expected:?}, but {heard:?}", vector.name),
        }
    }
}

#[test]
fn the_rules_alone_give_the_same_verdicts() {
    for vector in vectors() {
        let verdict = Chain::from_bytes(vector.bytes.clone(), Target::NETWORK);
        let broken = verdict.err().map(|invalid| (invalid.rule().name(), Some(invalid.height)));
        let expected = match vector.expected {
            Expected::Adopt | Expected::Ignore { reason: "tie", .. } => None,
            // The rules know no other messages: to them these are just bytes.
            Expected::Ignore { reason: "sleep-notice", .. } => Some(("whole-blocks", Some(0))),
            Expected::Ignore { reason: "bad-frame", .. } => Some(("size", Some(0))),
            Expected::Ignore { reason, height } => Some((reason, height)),
        };
        assert_eq!(broken, expected, "{}", vector.name);
    }
}

#[test]
fn the_table_breaks_every_rule() {
    let vectors = vectors();
    for rule in Rule::ALL {
        let breaks = |vector: &Vector| matches!(vector.expected, Expected::Ignore { reason, .. } if reason == rule.name());
        assert!(vectors.iter().any(breaks), "{rule}");
    }
    assert_eq!(vectors.len(), 55);
}

#[test]
fn searches_with_known_results_find_them() {
    let search = |previous, timestamp, counters| {
        let header = Header { previous, timestamp, nonce: Nonce::in_lane(0, 0) };
        let found = miner::search(&header, counters, Target::NETWORK)?;
        Some((found.nonce.counter(), found.hash().to_string()))
    };
    let hash = "00001ff58495c3dc2a1aaa69ebca4e9b3e05e63e5a319fb73bcdccbcdbba1e72";
    let genesis = Some((70_822, hash.into()));
    assert_eq!(search(Hash::ZERO, GENESIS_TIME, 70_000..71_000), genesis);
    assert_eq!(search(Hash::ZERO, GENESIS_TIME, 0..1000), None);
    let hash = "000071e6ff5b358e57339b42d45b20acc0f112c218fa435b3ffa8f239b777347";
    let second = Some((58_768, hash.into()));
    assert_eq!(search(GENESIS_HASH, GENESIS_TIME + 600, 58_000..59_000), second);
}

// Helpers: making chains, good and bad.

/// Five valid blocks, ten minutes apart.
fn five_blocks() -> Vec<BlockBytes> {
    chain_dated(&[600, 1200, 1800, 2400])
}

/// The genesis block, and a block for each timestamp, in seconds after genesis.
fn chain_dated(offsets: &[u32]) -> Vec<BlockBytes> {
    let mut blocks = vec![Block::genesis().to_bytes()];
    for &offset in offsets {
        let mut block = after(block::hash(blocks.last().expect("genesis")), offset);
        mine(&mut block);
        blocks.push(block);
    }
    blocks
}

/// A block that lacks only proof of work.
fn after(previous: Hash, offset: u32) -> BlockBytes {
    let mut block = Block::genesis();
    block.header.previous = previous;
    block.header.timestamp = GENESIS_TIME.wrapping_add(offset);
    block.to_bytes()
}

/// Writes other bytes into a field of one of five blocks, repeats the work from there on,
/// and returns the rule's complaint about that block. With the right bytes put back the
/// chain is valid, so nothing else was wrong with it.
fn fault_of(height: usize, field: usize, bytes: &[u8]) -> Fault {
    let mut blocks = five_blocks();
    let place = field..field + bytes.len();
    let right = blocks[height][place.clone()].to_vec();
    put(&mut blocks, height, place.start, bytes);
    let invalid = verdict(&blocks).expect_err("a rule is broken");
    assert_eq!(invalid.height, height);
    put(&mut blocks, height, place.start, &right);
    assert_eq!(verdict(&blocks), Ok(5), "nothing else was wrong");
    invalid.fault
}

/// Writes bytes into a block, and repeats the work from there on, except the work of the
/// genesis block: only its own nonce makes it ours.
fn put(blocks: &mut [BlockBytes], height: usize, field: usize, bytes: &[u8]) {
    let block = &mut blocks[height];
    block[field..field + bytes.len()].copy_from_slice(bytes);
    if height > 0 {
        mine(block);
    }
    let hash = block::hash(block);
    work(&mut blocks[height + 1..], hash);
}

/// Builds blocks on `parent` and on each other, and does their work.
fn work(blocks: &mut [BlockBytes], mut parent: Hash) {
    for block in blocks {
        block[field::PREVIOUS].copy_from_slice(parent.as_bytes());
        mine(block);
        parent = block::hash(block);
    }
}

/// Varies the nonce of a block, valid or not, until its hash meets the target.
fn mine(block: &mut BlockBytes) {
    mine_until(block, |hash| EASY.is_met_by(hash));
}

/// Varies the nonce until the hash has exactly this number of zero bits; returns the hash.
fn mine_exactly(block: &mut BlockBytes, zero_bits: u32) -> Hash {
    mine_until(block, |hash| hash.leading_zero_bits() == zero_bits)
}

fn mine_until(block: &mut BlockBytes, is_enough: impl Fn(&Hash) -> bool) -> Hash {
    for counter in 0.. {
        let nonce = Nonce::in_lane(0, counter);
        block[field::NONCE].copy_from_slice(nonce.as_bytes());
        let hash = block::hash(block);
        if is_enough(&hash) {
            return hash;
        }
    }
    unreachable!("there are more nonces than these tests can try");
}

fn flip_last_bit(hash: Hash) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[Hash::LEN - 1] ^= 1;
    Hash::from_bytes(bytes)
}

// Helpers: asking for verdicts.

/// How many blocks the chain has, or what is wrong with it.
fn check(bytes: Vec<u8>) -> Result<usize, Invalid> {
    Chain::from_bytes(bytes, EASY).map(|chain| chain.count())
}

fn verdict(blocks: &[BlockBytes]) -> Result<usize, Invalid> {
    check(blocks.concat())
}

fn broken(height: usize, fault: Fault) -> Result<usize, Invalid> {
    Err(Invalid { height, fault })
}

fn rule_broken_by(bytes: &[u8]) -> Option<(usize, Rule)> {
    let invalid = check(bytes.to_vec()).err()?;
    Some((invalid.height, invalid.rule()))
}

/// A node with only the genesis block, after it heard one datagram: `Ok` if it adopted the
/// chain.
fn fresh_node_hears(target: Target, wall: u32, bytes: &[u8]) -> (Node, Result<(), Reason>) {
    let settings = Settings::tutorial(PeerName::new("alice"), 7000, Vec::new());
    let mut node = Node::new(settings, Chain::genesis(target));
    let now = Now { monotonic: Duration::ZERO, wall };
    node.step(now, Input::Start);
    let outputs = node.step(now, Input::Datagram { from: PeerName::new("bob"), bytes });
    let verdict = outputs.into_iter().find_map(|output| match output {
        Output::Event(Event::Copied { .. }) => Some(Ok(())),
        Output::Event(Event::Ignored { reason, .. }) => Some(Err(reason)),
        _ => None,
    });
    (node, verdict.expect("each datagram is copied or ignored"))
}

/// The height of the bad block, where a broken rule is the reason.
fn height_in(reason: &Reason) -> Option<usize> {
    match reason {
        Reason::Invalid(invalid) => Some(invalid.height),
        _ => None,
    }
}

// Helpers: reading the table.

/// A datagram of the table and its expected result.
struct Vector {
    name: &'static str,
    expected: Expected,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum Expected {
    Adopt,
    Ignore { reason: &'static str, height: Option<usize> },
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("vectors.txt").lines();
    let mut vectors: Vec<Vector> = Vec::new();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("    ") {
            Some(bytes) => {
                let vector = vectors.last_mut().expect("bytes follow a name");
                vector.bytes.extend(parse_bytes(bytes));
            }
            None => vectors.push(parse_entry(line)),
        }
    }
    vectors
}

/// Reads `name adopt`, or `name ignore reason` and perhaps a height.
fn parse_entry(line: &'static str) -> Vector {
    let words: Vec<_> = line.split_whitespace().collect();
    let (name, expected) = match words[..] {
        [name, "adopt"] => (name, Expected::Adopt),
        [name, "ignore", reason] => (name, Expected::Ignore { reason, height: None }),
        [name, "ignore", reason, height] => {
            let height = Some(height.parse().expect("a height is a number"));
            (name, Expected::Ignore { reason, height })
        }
        _ => panic!("no entry of the table: {line}"),
    };
    Vector { name, expected, bytes: Vec::new() }
}

/// Reads hexadecimal digits, or `xx*N`: N times a byte.
fn parse_bytes(text: &str) -> Vec<u8> {
    let (text, times) = text.split_once('*').unwrap_or((text, "1"));
    let bytes = hex::decode(text).expect("hexadecimal digits");
    bytes.repeat(times.parse().expect("how many times"))
}
