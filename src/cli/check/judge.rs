//! What a datagram shows about the program that sent it. No code here uses a socket or a clock.

use std::ops::RangeInclusive;

use cairn::block::{BLOCK_LEN, Block, BlockBytes, Header, Nonce};
use cairn::fast;
use cairn::rules;
use cairn::target::Target;

use super::lessons::{misdated, mispaid, part, refused, took_over};
use super::offers::{Kind, Offer};
use super::report::{Lesson, Task};
use super::tasks::BLOCK;

/// Counters from here on count as random, because counting to them would take hours.
const MAX_COUNTED: u64 = 10_000_000;

/// For this many seconds after a chain was sent, a program may begin a search without that
/// chain.
const ON_ITS_WAY: u32 = 5;

/// What a datagram shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tale {
    /// Nothing: it is a known chain, or a frame with part of a longer chain.
    Nothing,
    /// The program mined a block.
    Mined(Mined),
    /// Something is wrong.
    Wrong(Task, Lesson),
}

/// A block that the program mined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mined {
    /// The number of blocks in its chain.
    pub(super) count: usize,
    /// Its timestamp, in Unix seconds: when the search for it began.
    pub(super) date: u32,
    /// The index of the offer that it builds on. `None` if the program built its chain alone.
    pub(super) upon: Option<usize>,
    /// The low 40 bits of its nonce.
    pub(super) counter: u64,
    /// Whether the counter is the first that fits, as if counted up from 0.
    pub(super) is_counted: bool,
    /// Whether it has the timestamp and nonce that the checker predicted for its offer. Only a
    /// program that counts from 0 finds them.
    pub(super) is_foretold: bool,
}

/// Whether a program knew a longer chain when it began to search for a block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Knew {
    Yes,
    Unsure,
    No,
}

impl Mined {
    /// Whether the program knew the offer with index `place`, which has `offered` blocks and was
    /// sent at this second. No longer chain was offered since.
    pub(super) fn knew(&self, place: usize, offered: usize, second: u32) -> Knew {
        match self.upon {
            Some(upon) if upon == place || self.count > offered => Knew::Yes,
            // Its own chain may have been as long.
            None if self.count > offered => Knew::Unsure,
            // The block may come late, and the program may not have read the offer yet.
            _ if self.date <= second.saturating_add(ON_ITS_WAY) => Knew::Unsure,
            _ => Knew::No,
        }
    }
}

/// Judges a datagram from the program, which got these offers before. `time` is when the
/// program ran: from its start to now, in Unix seconds.
pub(super) fn judge(datagram: &[u8], offers: &[Offer], time: &RangeInclusive<u32>) -> Tale {
    // A frame: Cairn's nodes send them for chains that are too long for a datagram.
    if datagram.first() == Some(&0) {
        return Tale::Nothing;
    }
    if let Some(wrong) = took_over_wrong(datagram, offers) {
        return wrong;
    }
    let Err(invalid) = rules::check(rules::Tip::START, datagram, Target::NETWORK) else {
        return judge_valid(datagram, offers, time);
    };
    let (task, lesson) = refused(datagram, &invalid, offers, time);
    Tale::Wrong(task, lesson)
}

/// Whether a chain builds on an offer that a program must ignore whatever chain it has, or on
/// the beginning of such an offer. No two offers have the same second block.
fn took_over_wrong(chain: &[u8], offers: &[Offer]) -> Option<Tale> {
    let is_bad = |offer: &&Offer| !matches!(offer.kind, Kind::Tie | Kind::Shorter);
    let mut bad = offers.iter().filter(is_bad);
    bad.find_map(|offer| {
        let (task, lesson) = took_over(offer.kind)?;
        let offered = whole_blocks(&offer.bytes);
        match () {
            () if chain.starts_with(offered) => Some(Tale::Wrong(task, lesson)),
            () if chain.starts_with(&offered[..2 * BLOCK_LEN]) => Some(Tale::Wrong(task, part())),
            () => None,
        }
    })
}

fn whole_blocks(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() - bytes.len() % BLOCK_LEN]
}

/// Judges a valid chain.
fn judge_valid(chain: &[u8], offers: &[Offer], time: &RangeInclusive<u32>) -> Tale {
    let blocks: &[BlockBytes] = chain.as_chunks().0;
    let is_ours = |offer: &Offer| offer.bytes == chain;
    if blocks.len() == 1 || offers.iter().any(is_ours) {
        return Tale::Nothing;
    }
    // The last offer that fits; of two, that is the longer one.
    let upon =
        offers.iter().rposition(|offer| !offer.bytes.is_empty() && chain.starts_with(&offer.bytes));
    let last = Block::from_bytes(&blocks[blocks.len() - 1]);
    if let Some((task, lesson)) = upon.and_then(|place| took_over(offers[place].kind)) {
        return Tale::Wrong(task, lesson);
    }
    if let Some(lesson) = misdated(last.header.timestamp, time).or_else(|| mispaid(&last)) {
        return Tale::Wrong(BLOCK, lesson);
    }
    let Header { timestamp: date, nonce, .. } = last.header;
    let counter = nonce.counter();
    let is_solved = |place: usize| offers[place].solved.contains(&(date, counter));
    let is_foretold = nonce == Nonce::in_lane(0, counter) && upon.is_some_and(is_solved);
    let is_counted = is_counted(&last.header);
    Tale::Mined(Mined { count: blocks.len(), date, upon, counter, is_counted, is_foretold })
}

/// Whether a header's counter is the smallest in its lane that meets the target.
fn is_counted(header: &Header) -> bool {
    let counter = header.nonce.counter();
    counter < MAX_COUNTED && fast::search(header, 0..counter, Target::NETWORK).is_none()
}

#[cfg(test)]
mod tests {
    use cairn::block::{self, BlockBytes, field};
    use cairn::chain::Chain;
    use cairn::hash::Hash;

    use super::*;
    use crate::cli::check::lessons::PORT;
    use crate::cli::check::offers::tests::offer;
    use crate::cli::check::tasks::{BROADCAST, CUT, GENESIS, INVALID, NOT_LONGER};

    const CLOCK: u32 = 1_700_000_005;
    const NOW: RangeInclusive<u32> = CLOCK..=CLOCK;

    /// A block on this chain that the program could have mined.
    fn next(chain: &[u8]) -> BlockBytes {
        let chain = Chain::from_bytes(chain.to_vec(), Target::NETWORK).expect("valid");
        chain.next_block(CLOCK, 0, PORT).expect("there is one").to_bytes()
    }

    fn upon(offer: &Offer) -> Vec<u8> {
        [&offer.bytes[..], &next(&offer.bytes)].concat()
    }

    /// The failed task, and the lesson.
    fn wrong(datagram: &[u8], offers: &[Offer]) -> (Task, String) {
        match judge(datagram, offers, &NOW) {
            Tale::Wrong(task, lesson) => {
                (task, format!("{} Look at: {}", lesson.wrong, lesson.look))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_valid_block_tells_what_it_stands_on() {
        let offers = [offer(Kind::Longer, 1), offer(Kind::Longer, 600)];
        for (place, offer) in offers.iter().enumerate() {
            let Tale::Mined(mined) = judge(&upon(offer), &offers, &NOW) else { panic!("mined") };
            assert_eq!((mined.upon, mined.count, mined.is_counted), (Some(place), 8, true));
        }
        let genesis = Block::genesis().to_bytes();
        let own = [genesis, next(&genesis)].concat();
        let Tale::Mined(mined) = judge(&own, &offers, &NOW) else { panic!("mined") };
        assert_eq!((mined.upon, mined.count), (None, 2));
    }

    #[test]
    fn what_was_there_before_tells_nothing() {
        let offers = [offer(Kind::Longer, 1)];
        let genesis = Block::genesis().to_bytes();
        for datagram in [&genesis[..], &offers[0].bytes, &[0, 1, 1]] {
            assert_eq!(judge(datagram, &offers, &NOW), Tale::Nothing);
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
        assert!(
            task == GENESIS && sentence.contains("its timestamp, bytes 34 to 37"),
            "{sentence}"
        );
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
            let tale = judge(&chain, &offers, &(clock..=clock));
            let Tale::Wrong(task, lesson) = tale else { panic!("wrong") };
            assert!(task == BLOCK && lesson.look.contains(words), "{lesson:?}");
        }
    }

    #[test]
    fn a_search_may_take_as_long_as_the_program_runs() {
        let offers = [offer(Kind::Longer, 1)];
        let tale = judge(&upon(&offers[0]), &offers, &(CLOCK - 5..=CLOCK + 10_000));
        assert!(matches!(tale, Tale::Mined(_)), "{tale:?}");
    }

    #[test]
    fn a_block_is_foretold_where_its_offer_was_made_for_it() {
        let offers = [offer(Kind::Longer, 1)];
        let chain = Chain::from_bytes(offers[0].bytes.clone(), Target::NETWORK).expect("valid");
        let is_foretold = |date| {
            let block = chain.next_block(date, 0, PORT).expect("there is one").to_bytes();
            let tale = judge(&[chain.as_bytes(), &block].concat(), &offers, &NOW);
            matches!(tale, Tale::Mined(Mined { is_foretold: true, .. }))
        };
        assert!(is_foretold(offers[0].solved[0].0));
        assert!(!is_foretold(CLOCK), "counted, but of another second");
    }

    #[test]
    fn a_block_that_comes_late_says_nothing_of_a_chain_that_was_sent_meanwhile() {
        let knew = |upon, count, date| {
            let block =
                Mined { count, date, upon, counter: 1, is_counted: true, is_foretold: false };
            block.knew(1, 8, CLOCK)
        };
        assert_eq!(knew(Some(1), 9, CLOCK + 1), Knew::Yes);
        assert_eq!(knew(Some(0), 6, CLOCK - 3), Knew::Unsure, "it has not read the offer yet");
        assert_eq!(knew(Some(0), 6, CLOCK + 60), Knew::No);
        assert_eq!(knew(Some(0), 9, CLOCK + 60), Knew::Yes, "it is longer than the offer");
        assert_eq!(knew(None, 2, CLOCK - 60), Knew::Unsure, "found long before it was sent");
        assert_eq!(knew(None, 2, CLOCK + 60), Knew::No);
        assert_eq!(knew(None, 9, CLOCK + 60), Knew::Unsure);
    }

    #[test]
    fn a_part_of_an_invalid_chain_is_no_more_to_be_taken_over() {
        for (kind, task) in [(Kind::ProofOfWork, INVALID), (Kind::PreviousHash, INVALID)] {
            let offers = [offer(kind, 1)];
            let (found, sentence) = wrong(&offers[0].bytes[..4 * BLOCK_LEN], &offers);
            assert!(found == task && sentence.contains("the whole chain invalid"), "{sentence}");
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
        let Tale::Mined(mined) = judge(&sent, &offers, &NOW) else { panic!("mined") };
        assert!(!mined.is_counted && !mined.is_foretold);
    }
}
