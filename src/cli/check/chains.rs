//! Exercise 1.2: a program that mines block 1 and says whether a chain is valid.

use anyhow::Result;
use cairn::block::{Block, BlockBytes, Header, Nonce, Transaction};
use cairn::fast;
use cairn::hash::Hash;
use cairn::rules;
use cairn::target::Target;

use super::answers::{Answer, ask, hexadecimal, which};
use super::report::{Lesson, Report, Task};
use super::terms::Terms;

/// The placeholder for the question in the command.
pub(super) const PLACEHOLDER: &str = "{chain}";

/// The timestamp of block 1, and the nonce that solves it.
const DATE: u32 = 1_634_700_600;
const NONCE: &str = "58768";

const MINES: Task = Task { name: "mine", title: "it mines block 1" };
const VALID: Task = Task { name: "valid", title: "it calls a valid chain valid" };
const WHOLE: Task = Task { name: "whole-blocks", title: "it refuses a chain that is cut off" };
const GENESIS: Task = Task { name: "genesis", title: "it refuses another genesis block" };
const PREVIOUS: Task =
    Task { name: "previous-hash", title: "it refuses a block with a wrong previous hash" };
const WORK: Task =
    Task { name: "proof-of-work", title: "it refuses a block without proof of work" };

/// The tasks of this exercise.
pub(super) const TASKS: [Task; 6] = [MINES, VALID, WHOLE, GENESIS, PREVIOUS, WORK];

/// A chain, and the right verdict on it.
struct Question {
    task: Task,
    chain: Vec<u8>,
    is_valid: bool,
    /// A description of the chain.
    what: &'static str,
    look: &'static str,
}

/// Tests a program.
pub(super) fn check(terms: &Terms) -> Result<Report> {
    let mut report = Report::new("1.2", &TASKS);
    match ask(terms, PLACEHOLDER, "mine")?.and_then(|answer| judge_mined(&answer)) {
        Ok(()) => report.pass(MINES),
        Err(lesson) => report.fail(MINES, lesson),
    }
    for question in questions() {
        let answer = ask(terms, PLACEHOLDER, &hex::encode(&question.chain))?;
        match answer.and_then(|answer| judge_verdict(&answer, &question)) {
            Ok(()) => report.pass(question.task),
            Err(lesson) => report.fail(question.task, lesson),
        }
    }
    Ok(report)
}

fn judge_mined(answer: &Answer) -> Result<(), Lesson> {
    let chains = hexadecimal(&answer.text, 300);
    let has_nonce = answer.text.split(|c: char| !c.is_ascii_digit()).any(|word| word == NONCE);
    let valid = |chain: &Vec<u8>| rules::check(rules::Tip::START, chain, Target::NETWORK);
    let look = "the search: previous hash 00001ff5..., timestamp 1634700600, and nonces from 0 \
                on, each in 32 bytes with the most significant first";
    match chains.first().map(valid) {
        Some(Ok(_)) if has_nonce => Ok(()),
        Some(Err(invalid)) => {
            let wrong = format!("The chain that it mined is not valid: {invalid}.");
            Err(Lesson::new(wrong, look))
        }
        _ if !has_nonce => {
            let wrong = format!(
                "With mine for {PLACEHOLDER}, it should find the nonce {NONCE} for the timestamp \
                 {DATE}, and print it. {}",
                answer.last_words
            );
            Err(Lesson::new(wrong, look))
        }
        _ => {
            let wrong = "It found the nonce, but did not print the chain of genesis and block 1 \
                         as 300 hexadecimal digits.";
            Err(Lesson::new(wrong, "what it prints: both blocks, one after the other"))
        }
    }
}

fn judge_verdict(answer: &Answer, question: &Question) -> Result<(), Lesson> {
    let Question { is_valid, what, look, .. } = question;
    match which(&answer.text, "valid", "invalid") {
        Some(found) if found == *is_valid => Ok(()),
        Some(found) => {
            let found = if found { "valid" } else { "invalid" };
            Err(Lesson::new(format!("It called {what} {found}."), look))
        }
        None => {
            let wrong = format!(
                "For {what} it should print one of the words valid and invalid, but did not. {}",
                answer.last_words
            );
            Err(Lesson::new(wrong, look))
        }
    }
}

fn questions() -> Vec<Question> {
    let genesis = Block::genesis();
    let chain = chain(genesis, 5);
    let mut previous = chain.clone();
    // From here on the blocks build on a block that is not in the chain.
    previous[2] = mined(Hash::of(b"another block"), 9);
    previous[3] = mined(cairn::block::hash(&previous[2]), 9);
    previous[4] = mined(cairn::block::hash(&previous[3]), 9);
    let mut lazy = chain.clone();
    lazy[4] = block(cairn::block::hash(&chain[3]), without_work);
    let mut lazy_inside = chain.clone();
    lazy_inside[2] = block(cairn::block::hash(&chain[1]), without_work);
    lazy_inside[3] = mined(cairn::block::hash(&lazy_inside[2]), 8);
    lazy_inside[4] = mined(cairn::block::hash(&lazy_inside[3]), 8);
    let mut other = genesis;
    other.header.timestamp += 1;
    other.header = fast::search(&other.header, 0..Nonce::COUNTER_END, Target::NETWORK)
        .expect("there is one among 2^40 nonces");
    let other = self::chain(other, 3);
    let whole = "the length: it must be a multiple of 75, and not 0";
    let names = "bytes 2 to 33 of each block: they must be the hash of the block before it";
    let work = "the hash of every block after the genesis block, also of the last: 16 zero bits";
    let first = "the first block: its hash must be 00001ff5..., or its bytes the genesis block's";
    let valid = "whether you refuse too much: there is no block before the first one, and \
                 timestamps may be equal";
    let question = |task, chain: &[BlockBytes], is_valid, what, look| Question {
        task,
        chain: chain.as_flattened().to_vec(),
        is_valid,
        what,
        look,
    };
    let mut cut = question(WHOLE, &chain, false, "a chain without its last 10 bytes", whole);
    cut.chain.truncate(cut.chain.len() - 10);
    vec![
        question(VALID, &chain[..1], true, "the genesis block alone", valid),
        question(VALID, &chain[..2], true, "a valid chain of 2 blocks", valid),
        question(VALID, &chain, true, "a valid chain of 5 blocks", valid),
        cut,
        question(GENESIS, &other, false, "a chain on another genesis block", first),
        question(PREVIOUS, &previous, false, "a chain with a gap in it", names),
        question(WORK, &lazy, false, "a chain whose last block has no proof of work", work),
        question(WORK, &lazy_inside, false, "a chain whose third block has no proof of work", work),
    ]
}

fn chain(genesis: Block, count: usize) -> Vec<BlockBytes> {
    let mut blocks = vec![genesis.to_bytes()];
    while let Some(last) = blocks.last().filter(|_| blocks.len() < count) {
        blocks.push(mined(cairn::block::hash(last), 7));
    }
    blocks
}

/// A block on `previous`, with proof of work. Each lane gives a different block.
fn mined(previous: Hash, lane: u64) -> BlockBytes {
    let in_lane = |header: Header| {
        let header = Header { nonce: Nonce::in_lane(lane, 0), ..header };
        fast::search(&header, 0..Nonce::COUNTER_END, Target::NETWORK).expect("there is one")
    };
    block(previous, in_lane)
}

fn without_work(header: Header) -> Header {
    let later = |counter| Header { nonce: Nonce::in_lane(0, counter), ..header };
    let mut headers = (0..Nonce::COUNTER_END).map(later);
    headers.find(|header| !Target::NETWORK.is_met_by(&header.hash())).expect("most have none")
}

fn block(previous: Hash, solve: impl Fn(Header) -> Header) -> BlockBytes {
    let header = Header { previous, timestamp: DATE, nonce: Nonce::in_lane(0, 0) };
    Block { header: solve(header), reward: Transaction::reward(8000) }.to_bytes()
}

#[cfg(test)]
mod tests {
    use cairn::block::GENESIS_HASH;

    use super::*;

    #[test]
    fn each_question_breaks_the_rule_of_its_task() {
        for question in questions() {
            let checked = rules::check(rules::Tip::START, &question.chain, Target::NETWORK);
            match checked {
                Ok(_) => assert_eq!((question.task, question.is_valid), (VALID, true)),
                Err(invalid) => assert_eq!(invalid.rule().name(), question.task.name),
            }
        }
    }

    #[test]
    fn block_1_is_known_by_its_nonce_and_its_bytes() {
        let header =
            Header { previous: GENESIS_HASH, timestamp: DATE, nonce: Nonce::in_lane(0, 58_768) };
        let block = Block { header, reward: Transaction::reward(7000) }.to_bytes();
        let chain = hex::encode([Block::genesis().to_bytes(), block].concat());
        let says = |text: String| Answer { text, last_words: String::new() };
        assert_eq!(judge_mined(&says(format!("nonce {NONCE}\n{chain}"))), Ok(()));
        for (text, why) in [
            (NONCE.to_owned(), "300 hexadecimal digits"),
            (chain.clone(), "should find the nonce 58768"),
            (format!("{NONCE} {}", chain.replace("e590", "e591")), "breaks proof-of-work"),
        ] {
            let lesson = judge_mined(&says(text)).expect_err(why);
            assert!(lesson.wrong.contains(why), "{lesson:?}");
        }
    }

    #[test]
    fn a_wrong_verdict_is_told_with_what_was_asked() {
        let question = questions().pop().expect("there are some");
        let answer = Answer { text: "valid".to_owned(), last_words: String::new() };
        let lesson = judge_verdict(&answer, &question).expect_err("it is invalid");
        let wanted = "It called a chain whose third block has no proof of work valid.";
        assert_eq!(lesson.wrong, wanted);
    }
}
