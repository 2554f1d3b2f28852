//! Bytes and back, and the results of arbitrary or damaged bytes.

use cairn::block::{BLOCK_LEN, Block, Header, Nonce, Transaction, field};
use cairn::chain::{Branch, Chain};
use cairn::hash::Hash;
use cairn::target::Target;
use cairn::wire::{
    Blocks, MAX_BLOCKS, MAX_DATAGRAM_LEN, MAX_PLACES, Message, Place, Question, SleepNotice,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

const EASY: Target = Target::from_zero_bits(8);

proptest! {
    #![proptest_config(config())]

    // There and back.

    #[test]
    fn a_block_survives_its_bytes(block in block()) {
        prop_assert_eq!(Block::from_bytes(&block.to_bytes()), block);
    }

    #[test]
    fn the_fields_of_a_block_lie_where_the_format_says(block in block()) {
        let bytes = block.to_bytes();
        let header = block.header;
        prop_assert_eq!((bytes[0], bytes[1], bytes[70]), (75, 0, 1));
        prop_assert_eq!(&bytes[2..34], header.previous.as_bytes());
        prop_assert_eq!(&bytes[34..38], header.timestamp.to_be_bytes());
        prop_assert_eq!(&bytes[38..70], header.nonce.as_bytes());
        prop_assert_eq!(&bytes[71..73], block.reward.sender.to_be_bytes());
        prop_assert_eq!(&bytes[73..75], block.reward.receiver.to_be_bytes());
    }

    #[test]
    fn a_header_is_the_bytes_of_its_block_that_are_hashed(block in block()) {
        let bytes = block.to_bytes();
        prop_assert_eq!(&block.header.to_bytes(), &bytes[1..70]);
        prop_assert_eq!(block.header.hash(), Hash::of(&bytes[1..70]));
        prop_assert_eq!(block.hash(), cairn::block::hash(&bytes));
        prop_assert_eq!(cairn::block::previous(&bytes), block.header.previous);
        prop_assert_eq!(cairn::block::timestamp(&bytes), block.header.timestamp);
    }

    #[test]
    fn any_75_bytes_survive_a_block_but_for_the_three_that_are_fixed(
        bytes in any::<[[u8; 25]; 3]>(),
    ) {
        let mut bytes: [u8; BLOCK_LEN] = bytes.concat().try_into().expect("three times 25");
        let block = Block::from_bytes(&bytes);
        bytes[field::SIZE] = 75;
        bytes[field::VERSION] = 0;
        bytes[field::TRANSACTION_COUNTER] = 1;
        prop_assert_eq!(block.to_bytes(), bytes);
    }

    #[test]
    fn a_sleep_notice_survives_its_bytes(port in any::<u16>(), seconds in any::<u8>()) {
        let notice = SleepNotice { port, seconds };
        let bytes = notice.encode();
        prop_assert_eq!(Message::decode(&bytes), Ok(Message::SleepNotice(notice)));
    }

    #[test]
    fn a_frame_of_blocks_survives_its_bytes(
        (number, count, height) in any::<(u64, u32, u32)>(),
        blocks in vec(block(), 1..=MAX_BLOCKS),
    ) {
        let blocks: Vec<_> = blocks.iter().map(Block::to_bytes).collect();
        let frame = Blocks { number, count, height, blocks: &blocks };
        let bytes = frame.encode();
        prop_assert!(bytes.len() <= MAX_DATAGRAM_LEN);
        prop_assert_eq!(Message::decode(&bytes), Ok(Message::Blocks(frame)));
    }

    #[test]
    fn a_question_survives_its_bytes(
        (number, count) in any::<(u64, u32)>(),
        places in vec(any::<(u32, [u8; 32])>(), 0..=MAX_PLACES),
    ) {
        let place = |(height, hash)| Place { height, hash: Hash::from_bytes(hash) };
        let question = Question { number, count, places: places.into_iter().map(place).collect() };
        let bytes = question.encode();
        prop_assert_eq!(Message::decode(&bytes), Ok(Message::Question(question)));
    }

    #[test]
    fn a_nonce_keeps_lane_and_counter_apart(
        lane in any::<u64>(),
        counter in 0..Nonce::COUNTER_END,
        other in 0..Nonce::COUNTER_END,
    ) {
        let nonce = Nonce::in_lane(lane, counter);
        prop_assert_eq!((nonce.lane(), nonce.counter()), (lane, counter));
        let (lane_bytes, counter_bytes) = (lane.to_be_bytes(), counter.to_be_bytes());
        let bytes = [&[0; 19], &lane_bytes[..], &counter_bytes[3..]].concat();
        prop_assert_eq!(&nonce.as_bytes()[..], bytes);
        prop_assert_eq!(nonce.with_counter(other), Nonce::in_lane(lane, other));
        prop_assert_eq!(Nonce::from_bytes(*nonce.as_bytes()), nonce);
    }

    #[test]
    fn a_counter_leaves_all_other_bits_of_a_nonce_alone(
        bytes in any::<[u8; 32]>(),
        counter in 0..Nonce::COUNTER_END,
    ) {
        let nonce = Nonce::from_bytes(bytes).with_counter(counter);
        prop_assert_eq!(&nonce.as_bytes()[..27], &bytes[..27]);
        prop_assert_eq!(&nonce.as_bytes()[27..], &counter.to_be_bytes()[3..]);
    }

    #[test]
    fn a_hash_survives_its_text(bytes in any::<[u8; 32]>()) {
        let hash = Hash::from_bytes(bytes);
        let text = hash.to_string();
        prop_assert_eq!(text.len(), 64);
        prop_assert_eq!(text.parse(), Ok(hash));
        prop_assert_eq!(text.to_uppercase().parse(), Ok(hash));
    }

    #[test]
    fn a_text_is_a_hash_only_if_it_is_64_hexadecimal_digits(text in "[0-9a-fg]{62,66}|.{0,70}") {
        let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        prop_assert_eq!(text.parse::<Hash>().is_ok(), is_hash);
    }

    #[test]
    fn hashes_are_ordered_like_their_texts(one in any::<[u8; 32]>(), other in any::<[u8; 32]>()) {
        let (one, other) = (Hash::from_bytes(one), Hash::from_bytes(other));
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }

    // Arbitrary bytes.

    #[test]
    fn what_a_datagram_was_read_as_is_all_that_it_says(bytes in datagram()) {
        match Message::decode(&bytes) {
            Ok(Message::SleepNotice(notice)) => prop_assert_eq!(&notice.encode()[..], bytes),
            Ok(Message::Blocks(blocks)) => {
                prop_assert!((1..=MAX_BLOCKS).contains(&blocks.blocks.len()));
                prop_assert_eq!(blocks.encode(), bytes);
            }
            Ok(Message::Question(question)) => prop_assert_eq!(question.encode(), bytes),
            Ok(Message::Chain(chain)) => {
                prop_assert_eq!(chain, &bytes);
                prop_assert!(bytes.len() != 3 && bytes.first() != Some(&0));
            }
            Err(_) => prop_assert!(bytes.len() != 3 && bytes.first() == Some(&0)),
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_chain(bytes in vec(any::<u8>(), 0..1000)) {
        let invalid = Chain::from_bytes(bytes.clone(), EASY).expect_err("not ours, at least");
        prop_assert!(invalid.height <= bytes.len() / BLOCK_LEN);
    }

    #[test]
    fn arbitrary_bytes_are_no_branch(bytes in vec(any::<u8>(), 0..400), fork in 0..=4_usize) {
        let chain = chain(4);
        let invalid = Branch::check(&chain, fork, &bytes).expect_err("no work was done");
        prop_assert!((fork..=fork + bytes.len() / BLOCK_LEN).contains(&invalid.height));
    }

    // Damaged chains.

    #[test]
    fn a_branch_gets_the_verdict_of_the_whole_chain(
        changes in vec((any::<Index>(), any::<u8>()), 0..3),
        cut in prop_oneof![Just(None), any::<Index>().prop_map(Some)],
        fork in 1..=5_usize,
    ) {
        let chain = chain(6);
        let (trunk, rest) = chain.as_bytes().split_at(fork * BLOCK_LEN);
        let mut rest = rest.to_vec();
        for (place, byte) in changes {
            let place = place.index(rest.len());
            rest[place] = byte;
        }
        rest.truncate(cut.map_or(rest.len(), |cut| cut.index(rest.len())));
        // A trunk with nothing after it is a chain; nothing is not a branch.
        prop_assume!(!rest.is_empty());
        let branch = Branch::check(&chain, fork, &rest).map(|branch| branch.count());
        let whole = Chain::from_bytes([trunk, &rest].concat(), EASY).map(|chain| chain.count());
        prop_assert_eq!(branch, whole);
    }

    #[test]
    fn damage_to_one_block_shows_there_or_in_the_next(
        height in 0..6_usize,
        changes in vec((0..BLOCK_LEN, any::<u8>()), 1..6),
    ) {
        let chain = chain(6);
        let mut blocks = chain.blocks().to_vec();
        for (place, byte) in changes {
            blocks[height][place] = byte;
        }
        match Chain::from_bytes(blocks.concat(), EASY) {
            Err(invalid) => prop_assert!([height, height + 1].contains(&invalid.height)),
            Ok(damaged) if height == 5 && damaged.tip_hash() != chain.tip_hash() => {
                // New work, done by luck.
                prop_assert!(EASY.is_met_by(&damaged.tip_hash()));
            }
            Ok(damaged) => {
                let (before, after) = (&chain.blocks()[height], &damaged.blocks()[height]);
                prop_assert_eq!(&before[..field::RECEIVER.start], &after[..field::RECEIVER.start]);
            }
        }
    }
}

#[test]
fn a_flip_of_any_bit_is_seen_unless_it_is_in_a_receiver() {
    // At the network's target, where no header is valid by chance.
    let chain = grown(4, Target::NETWORK);
    for bit in 0..chain.as_bytes().len() * 8 {
        let mut bytes = chain.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (height, place) = (bit / 8 / BLOCK_LEN, bit / 8 % BLOCK_LEN);
        let is_hole = field::RECEIVER.contains(&place) && height > 0;
        match Chain::from_bytes(bytes, Target::NETWORK) {
            Ok(_) => assert!(is_hole, "bit {bit} of block {height} is not covered"),
            Err(invalid) => {
                assert!(!is_hole, "{invalid}");
                assert_eq!(invalid.height, height, "{invalid}");
            }
        }
    }
}

/// The same cases at each run.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

/// Any bytes, of which many begin like a frame, and some are one.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let blocks = (0..3_usize).prop_map(|count| 19 + count * BLOCK_LEN);
    let places = (0..50_usize).prop_map(|count| 15 + count * 36);
    let len = prop_oneof![0..8_usize, 0..400_usize, blocks, places];
    let start = prop_oneof![
        Just(vec![]),
        (0..3_u8).prop_map(|version| vec![0, version]),
        (0..4_u8).prop_map(|kind| vec![0, 1, kind]),
    ];
    (len.prop_flat_map(|len| vec(any::<u8>(), len)), start).prop_map(|(mut bytes, start)| {
        bytes.iter_mut().zip(start).for_each(|(byte, start)| *byte = start);
        bytes
    })
}

/// Any values in all the fields of a block, valid or not.
fn block() -> impl Strategy<Value = Block> {
    let header = (any::<[u8; 32]>(), any::<u32>(), any::<[u8; 32]>());
    (header, any::<u16>(), any::<u16>()).prop_map(|(header, sender, receiver)| {
        let (previous, timestamp, nonce) = header;
        let (previous, nonce) = (Hash::from_bytes(previous), Nonce::from_bytes(nonce));
        let header = Header { previous, timestamp, nonce };
        Block { header, reward: Transaction { sender, receiver } }
    })
}

fn chain(count: usize) -> Chain {
    grown(count, EASY)
}

/// A valid chain of `count` blocks, ten minutes apart.
fn grown(count: usize, target: Target) -> Chain {
    let mut chain = Chain::genesis(target);
    let mut timestamp = Block::genesis().header.timestamp;
    while chain.count() < count {
        timestamp += 600;
        let block = chain.next_block(timestamp, 0, 8000).expect("a nonce");
        chain.push(&block).expect("a valid block");
    }
    chain
}
