//! What a datagram from the program says of it. Nothing here has a socket or a clock.

use std::ops::RangeInclusive;

use cairn::block::{self, BLOCK_LEN, Block, BlockBytes, Header, Nonce};
use cairn::fast;
use cairn::hash::Hash;
use cairn::rules::{self, Fault, Invalid};
use cairn::target::Target;

use super::hints;
use super::offers::{Kind, Offer};
use super::report::{Lesson, Task};

pub(super) const LISTENS: Task = Task { name: "listens", title: "it listens on its port" };
pub(super) const GENESIS: Task =
    Task { name: "genesis", title: "its chain begins with the genesis block" };
pub(super) const LONGER: Task = Task { name: "longer", title: "it takes over a longer chain" };
pub(super) const BLOCK: Task = Task { name: "block", title: "it mines a valid block" };
pub(super) const BROADCAST: Task =
    Task { name: "broadcast", title: "it sends its chain to both other nodes" };
pub(super) const PACE: Task =
    Task { name: "pace", title: "it mines in turns, and listens in between" };
pub(super) const NOT_LONGER: Task =
    Task { name: "not-longer", title: "it ignores a chain that is as long as its own, or shorter" };
pub(super) const INVALID: Task = Task { name: "invalid", title: "it ignores an invalid chain" };
pub(super) const CUT: Task = Task { name: "cut", title: "it ignores a chain that is cut off" };
pub(super) const EMPTY: Task = Task { name: "empty", title: "it ignores an empty message" };
pub(super) const LIVES: Task = Task { name: "lives", title: "it lives on after each" };

/// The tasks of exercise 1.3, in the order in which they are shown.
pub(super) const TASKS: [Task; 11] =
    [LISTENS, GENESIS, LONGER, BLOCK, BROADCAST, PACE, NOT_LONGER, INVALID, CUT, EMPTY, LIVES];

/// The port of the program, which its rewards name.
pub(super) const PORT: u16 = 7000;

/// How far a program's clock may be from ours, in seconds.
const NEAR: u32 = 120;

/// Counters from here on are taken for drawn, not counted: it would have taken hours.
const MAX_COUNTED: u64 = 10_000_000;

/// A block that is dated up to so many seconds after a chain was sent may have been searched
/// for without that chain.
const ON_ITS_WAY: u32 = 5;

/// What a datagram tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tale {
    /// Nothing: it is a chain that was there before, or a frame of a longer chain's.
    Nothing,
    /// The program has mined a block.
    Mined(Mined),
    /// Something is wrong.
    Wrong(Task, Lesson),
}

/// A block that the program has mined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mined {
    /// How many blocks its chain has now.
    pub(super) count: usize,
    /// Its date, in Unix seconds: when the search for it began.
    pub(super) date: u32,
    /// The offer that it stands on: its place among all. `None` for a chain of the
    /// program's own.
    pub(super) upon: Option<usize>,
    /// The low 40 bits of its nonce.
    pub(super) counter: u64,
    /// Whether the counter was counted up from 0: it is the first that fits.
    pub(super) is_counted: bool,
    /// Whether it has the date and the nonce that its offer was made for, which only a program
    /// that counts from 0 finds.
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
    /// Whether the program knew the offer in this place, of so many blocks, which was sent at
    /// this second. No longer chain was offered since.
    pub(super) fn knew(&self, place: usize, offered: usize, second: u32) -> Knew {
        match self.upon {
            Some(upon) if upon == place || self.count > offered => Knew::Yes,
            // Its own chain may have been as long.
            None if self.count > offered => Knew::Unsure,
            // It may come late, and the offer still wait to be read.
            _ if self.date <= second.saturating_add(ON_ITS_WAY) => Knew::Unsure,
            _ => Knew::No,
        }
    }
}

/// Reads a datagram of the program's, to which these offers were made before. It has run for
/// this `time`, in Unix seconds, to now.
pub(super) fn judge(datagram: &[u8], offers: &[Offer], time: &RangeInclusive<u32>) -> Tale {
    // A frame, as cairn's own nodes send them for chains that no datagram holds.
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

/// Whether a chain stands on an offer that should have been ignored for what it is, however
/// many blocks the program had, or on its beginning: no two offers have the same second block.
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

/// Reads a chain that keeps all rules.
fn judge_valid(chain: &[u8], offers: &[Offer], time: &RangeInclusive<u32>) -> Tale {
    let blocks: &[BlockBytes] = chain.as_chunks().0;
    let is_ours = |offer: &Offer| offer.bytes == chain;
    if blocks.len() == 1 || offers.iter().any(is_ours) {
        return Tale::Nothing;
    }
    // The last offer that fits: of two, the longer.
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

/// Whether no smaller counter than a header's would have done, in its lane.
fn is_counted(header: &Header) -> bool {
    let counter = header.nonce.counter();
    counter < MAX_COUNTED && fast::search(header, 0..counter, Target::NETWORK).is_none()
}

/// What is wrong where a program took over this offer; `None` where nothing is.
fn took_over(kind: Kind) -> Option<(Task, Lesson)> {
    Some(match kind {
        Kind::Longer | Kind::Empty => return None,
        Kind::Tie => (
            NOT_LONGER,
            Lesson::new(
                "It took over a chain with as many blocks as its own. Where two chains are as \
                 long, the one that came first stays; else two nodes would swap their chains \
                 for ever.",
                "the comparison before you replace your chain: it must be > and not >=",
            ),
        ),
        Kind::Shorter => (
            NOT_LONGER,
            Lesson::new(
                "It took over a chain that is shorter than its own, and threw its own work away.",
                "the comparison before you replace your chain: count the blocks of both, and \
                 replace yours only if the other has more",
            ),
        ),
        Kind::ProofOfWork => (
            INVALID,
            Lesson::new(
                "It took over a chain whose last block has no proof of work: its hash does not \
                 begin with 16 zero bits. So anybody could write chains of any length at once.",
                "where you validate: hash the header of every block after the genesis block, \
                 the last one too, and refuse the chain if one hash is too high",
            ),
        ),
        Kind::PreviousHash => (
            INVALID,
            Lesson::new(
                "It took over a chain with a block that does not name the block before it.",
                "where you validate: bytes 2 to 33 of each block must be the hash of the block \
                 before it",
            ),
        ),
        Kind::Genesis => (
            INVALID,
            Lesson::new(
                "It took over a chain that stands on another genesis block.",
                "where you validate: the hash of the first block must be the genesis block's, \
                 00001ff5... (or compare all its bytes)",
            ),
        ),
        Kind::Cut => (
            CUT,
            Lesson::new(
                "It took over a chain whose last block is cut off.",
                "where you validate: refuse bytes whose number is not a multiple of 75, before \
                 you look at any block",
            ),
        ),
    })
}

/// What is wrong where it took over no more than the beginning of one.
fn part() -> Lesson {
    Lesson::new(
        "It took over the beginning of a chain that breaks a rule further on.",
        "where you validate: one bad block makes the whole chain invalid, and all of it is ignored",
    )
}

/// What is wrong with the date of a block, if anything is.
fn misdated(timestamp: u32, time: &RangeInclusive<u32>) -> Option<Lesson> {
    let now = time.end();
    let wrong = format!("Its block is dated {timestamp}; the clock says {now}.");
    (!is_within(timestamp, time)).then(|| Lesson::new(wrong, when(timestamp, time)))
}

/// Whether a search may have begun then: since the program was started, but for its clock.
fn is_within(timestamp: u32, time: &RangeInclusive<u32>) -> bool {
    (time.start().saturating_sub(NEAR)..=time.end().saturating_add(NEAR)).contains(&timestamp)
}

/// What may be the reason for a wrong date.
fn when(timestamp: u32, time: &RangeInclusive<u32>) -> &'static str {
    if is_within(timestamp.swap_bytes(), time) {
        return "the byte order of the timestamp: its most significant byte comes first";
    }
    "the timestamp: it is the seconds since 1970, taken from the clock as each search begins"
}

/// What is wrong with the reward of a block, if anything is.
fn mispaid(block: &Block) -> Option<Lesson> {
    let receiver = block.reward.receiver;
    let wrong = format!("The reward of its block goes to {receiver}, and not to its port, {PORT}.");
    let look = "bytes 73 and 74 of the block: your port, its high byte first";
    (receiver != PORT).then(|| Lesson::new(wrong, look))
}

/// What is wrong with a chain of the program's own making.
fn refused(
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
            return (BROADCAST, Lesson::new(wrong, "what you send: all blocks from genesis on"));
        }
        Fault::Genesis { .. } => {
            let field = hints::of_genesis(block).unwrap_or_default();
            let wrong = format!("The first block that it sent is not the genesis block: {field}.");
            let look = "where you make the genesis block: version 0, previous hash zero, \
                        timestamp 1634700000, nonce 70822, receiver 7000";
            return (GENESIS, Lesson::new(wrong, look));
        }
        Fault::ProofOfWork { .. } => hints::of_work(block).unwrap_or(
            "where you compare the hash with the target: 16 bits, which are its first two \
             bytes, must be zero; and that the nonce you send is the one that you found",
        ),
        Fault::PreviousHash { found, wanted } => previous_hint(blocks, height, found, wanted),
        Fault::Size { .. } => "byte 0 of the block: it is 75, the size of the whole block",
        Fault::Version { .. } => "byte 1 of the block: the version is 0",
        Fault::OneTransaction { .. } => "byte 70 of the block: one transaction follows, so it is 1",
        Fault::Sender { .. } => "bytes 71 and 72 of the block: a reward comes from nobody, 0",
        Fault::Timestamp { found, .. } => when(*found, time),
        Fault::WholeBlocks { .. } => return (BLOCK, not_whole(chain.len())),
    };
    // What is wrong with the first block's bytes is wrong with the genesis block.
    (if height == 0 { GENESIS } else { BLOCK }, Lesson::new(wrong, look))
}

fn not_whole(len: usize) -> Lesson {
    Lesson::new(
        format!("It sent {len} bytes, which are not whole blocks of {BLOCK_LEN}."),
        "what you send: the blocks of the chain, 75 bytes each, and nothing else",
    )
}

/// Whether a block stands on one that the program can know.
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
        () if *found.as_bytes() == backwards => "the byte order: a hash goes in as it came out",
        () if hints::of_hash(before, found.as_bytes()).is_some() => {
            "the hash of the block before: it is SHA-256 of SHA-256 of bytes 1 to 69"
        }
        () if blocks[..height].iter().any(|block| block::hash(block) == *found) => {
            "what the next search begins with after you took over a chain or made a block: the \
             hash of the last block of the chain; this one names an older block"
        }
        () => {
            "bytes 2 to 33 of the block, and what the next search begins with after you took \
             over a chain or made a block: the hash of the last block of the chain"
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn::block::{BlockBytes, field};
    use cairn::chain::Chain;

    use super::*;
    use crate::cli::check::offers::tests::offer;

    const CLOCK: u32 = 1_700_000_005;
    const NOW: RangeInclusive<u32> = CLOCK..=CLOCK;

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
        assert_eq!(knew(Some(0), 6, CLOCK - 3), Knew::Unsure, "it has yet to read the offer");
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
