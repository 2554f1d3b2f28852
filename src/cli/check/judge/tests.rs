use cairn::block::{BlockBytes, field};
use cairn::chain::Chain;

use super::super::offers::tests::offer;
use super::*;

const CLOCK: u32 = 1_700_000_005;

/// A block upon this chain that the program may have made.
fn next(chain: &[u8]) -> BlockBytes {
    let chain = Chain::from_bytes(chain.to_vec(), Target::NETWORK).expect("valid");
    chain.next_block(CLOCK, 0, PORT).expect("there is one").to_bytes()
}

fn upon(offer: &Offer) -> Vec<u8> {
    [&offer.bytes[..], &next(&offer.bytes)].concat()
}

/// What is wrong, and with what.
fn wrong(datagram: &[u8], offers: &[Offer]) -> (Task, String) {
    match judge(datagram, offers, CLOCK) {
        Tale::Wrong(task, lesson) => (task, format!("{} Look at: {}", lesson.wrong, lesson.look)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_valid_block_tells_what_it_stands_on() {
    let offers = [offer(Kind::Longer, 1), offer(Kind::Longer, 600)];
    for (place, offer) in offers.iter().enumerate() {
        let Tale::Mined(mined) = judge(&upon(offer), &offers, CLOCK) else { panic!("mined") };
        assert_eq!((mined.upon, mined.count, mined.is_counted), (Some(place), 8, true));
    }
    let genesis = Block::genesis().to_bytes();
    let own = [genesis, next(&genesis)].concat();
    let Tale::Mined(mined) = judge(&own, &offers, CLOCK) else { panic!("mined") };
    assert_eq!((mined.upon, mined.count), (None, 2));
}

#[test]
fn what_was_there_before_tells_nothing() {
    let offers = [offer(Kind::Longer, 1)];
    let genesis = Block::genesis().to_bytes();
    for datagram in [&genesis[..], &offers[0].bytes, &[0, 1, 1]] {
        assert_eq!(judge(datagram, &offers, CLOCK), Tale::Nothing);
    }
}

#[test]
fn a_chain_that_should_have_been_ignored_is_told_by_what_is_wrong_with_it() {
    for (kind, task, words) in [
        (Kind::Tie, NOT_LONGER, "as many blocks as its own"),
        (Kind::Shorter, NOT_LONGER, "shorter than its own"),
        (Kind::ProofOfWork, INVALID, "no proof of work"),
        (Kind::PreviousHash, INVALID, "does not name the block before it"),
        (Kind::Genesis, INVALID, "another genesis block"),
        (Kind::Cut, CUT, "cut off"),
    ] {
        let offers = [offer(kind, 1)];
        let (found, sentence) = match kind {
            Kind::Tie | Kind::Shorter => wrong(&upon(&offers[0]), &offers),
            _ => wrong(&[&offers[0].bytes[..], &[0; BLOCK_LEN]].concat(), &offers),
        };
        assert_eq!(found, task);
        assert!(sentence.contains(words), "{kind:?}: {sentence}");
    }
}

#[test]
fn a_wrong_block_of_the_programs_own_is_told_by_its_field() {
    let offers = [offer(Kind::Longer, 1)];
    let good = upon(&offers[0]);
    let start = good.len() - BLOCK_LEN;
    let with = |place: usize, byte: u8| {
        let mut chain = good.clone();
        chain[start + place] = byte;
        wrong(&chain, &offers)
    };
    for (place, words) in [
        (field::SIZE, "byte 0 of the block"),
        (field::VERSION, "byte 1 of the block"),
        (field::TRANSACTION_COUNTER, "byte 70 of the block"),
        (field::SENDER.start, "bytes 71 and 72"),
        (field::PREVIOUS.start, "bytes 2 to 33"),
        (field::NONCE.start, "where you compare the hash with the target"),
        (field::RECEIVER.start, "your port, its high byte first"),
    ] {
        let (task, sentence) = with(place, 0xfe);
        assert_eq!(task, BLOCK);
        assert!(sentence.contains(words), "{sentence}");
    }
    let (task, sentence) = wrong(&good[..good.len() - 1], &offers);
    assert!(task == BLOCK && sentence.contains("not whole blocks of 75"), "{sentence}");
    let (task, sentence) = wrong(&good[start..], &offers);
    assert!(task == BROADCAST && sentence.contains("new block alone"), "{sentence}");
}

#[test]
fn another_genesis_block_is_told_by_the_field_that_differs() {
    let mut chain = upon(&offer(Kind::Longer, 1));
    chain[field::TIMESTAMP.end - 1] ^= 1;
    let (task, sentence) = wrong(&chain, &[]);
    assert!(task == GENESIS && sentence.contains("its timestamp, bytes 34 to 37"), "{sentence}");
}

#[test]
fn an_old_hash_and_a_hash_made_otherwise_are_told_apart() {
    let good = offer(Kind::Longer, 1).bytes;
    let blocks: &[BlockBytes] = good.as_chunks().0;
    let naming = |previous: &[u8]| {
        let mut block = next(&good);
        block[field::PREVIOUS].copy_from_slice(previous);
        wrong(&[&good[..], &block].concat(), &[]).1
    };
    let old = *block::hash(&blocks[3]).as_bytes();
    assert!(naming(&old).contains("names an older block"));
    let mut backwards = *block::hash(&blocks[6]).as_bytes();
    backwards.reverse();
    assert!(naming(&backwards).contains("byte order"));
    let whole = *Hash::of(&blocks[6]).as_bytes();
    assert!(naming(&whole).contains("SHA-256 of bytes 1 to 69"));
}

#[test]
fn a_date_far_from_the_clock_is_told() {
    let offers = [offer(Kind::Longer, 1)];
    let chain = upon(&offers[0]);
    for (clock, words) in [
        (CLOCK + 10_000, "seconds since 1970"),
        (CLOCK.swap_bytes(), "byte order of the timestamp"),
    ] {
        let Tale::Wrong(task, lesson) = judge(&chain, &offers, clock) else { panic!("wrong") };
        assert!(task == BLOCK && lesson.look.contains(words), "{lesson:?}");
    }
}

#[test]
fn a_drawn_nonce_is_not_taken_for_a_counted_one() {
    let offers = [offer(Kind::Longer, 1)];
    let chain = Chain::from_bytes(offers[0].bytes.clone(), Target::NETWORK).expect("valid");
    let first = chain.next_block(CLOCK, 0, PORT).expect("there is one").header;
    let later = first.nonce.counter() + 1..Nonce::COUNTER_END;
    let header = fast::search(&first, later, Target::NETWORK).expect("there is another");
    let block = Block { header, reward: cairn::block::Transaction::reward(PORT) };
    let sent = [chain.as_bytes(), &block.to_bytes()].concat();
    let Tale::Mined(mined) = judge(&sent, &offers, CLOCK) else { panic!("mined") };
    assert!(!mined.is_counted && !mined.is_soon);
}
