//! Exercise 1.1: a program that makes the genesis block, hashes a block, and says whether
//! the hash meets the target.

use anyhow::Result;
use cairn::block::{Block, BlockBytes, GENESIS_HASH, Header, Nonce, Transaction, field};
use cairn::hash::Hash;
use cairn::target::Target;

use super::answers::{Answer, ask, hashes, hexadecimal, which};
use super::hints;
use super::report::{Lesson, Report, Task};
use super::terms::Terms;

/// The placeholder for the question in the command.
pub(super) const PLACEHOLDER: &str = "{block}";

const GENESIS: Task = Task { name: "genesis", title: "it makes the genesis block" };
const HASH: Task = Task { name: "hash", title: "it hashes a block" };
const HEADER: Task = Task { name: "header", title: "it hashes the header and nothing else" };
const TARGET: Task = Task { name: "target", title: "it says whether the hash meets the target" };

/// The tasks of this exercise.
pub(super) const TASKS: [Task; 4] = [GENESIS, HASH, HEADER, TARGET];

/// Tests a program.
pub(super) fn check(terms: &Terms) -> Result<Report> {
    let mut report = Report::new("1.1", &TASKS);
    let answer = ask(terms, PLACEHOLDER, "genesis")?;
    match answer.and_then(|answer| judge_genesis(&answer)) {
        Ok(()) => report.pass(GENESIS),
        Err(lesson) => report.fail(GENESIS, lesson),
    }
    let mut outside = with_zero_bits(16);
    outside[field::SIZE] = 9;
    outside[field::TRANSACTION_COUNTER..].fill(9);
    let questions = [(HASH, with_zero_bits(15)), (HASH, with_zero_bits(16)), (HEADER, outside)];
    for (task, block) in questions {
        match ask(terms, PLACEHOLDER, &hex::encode(block))? {
            Err(lesson) => report.fail(task, lesson),
            Ok(answer) => match judge_hash(&answer, &block) {
                Err(lesson) => report.fail(task, lesson),
                Ok(()) => {
                    report.pass(task);
                    match judge_target(&answer, &block) {
                        Ok(()) => report.pass(TARGET),
                        Err(lesson) => report.fail(TARGET, lesson),
                    }
                }
            },
        }
    }
    Ok(report)
}

/// A block whose hash begins with exactly `bits` zero bits. It is different in each run.
fn with_zero_bits(bits: u32) -> BlockBytes {
    let date = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let timestamp = date.map_or(0, |since| since.as_secs() as u32);
    let header = |counter| Header {
        previous: GENESIS_HASH,
        timestamp,
        nonce: Nonce::in_lane(u64::from(bits), counter),
    };
    let has_them = |header: &Header| header.hash().leading_zero_bits() == bits;
    let found = (0..Nonce::COUNTER_END).map(header).find(has_them);
    let header = found.expect("there is one among 2^40 nonces");
    Block { header, reward: Transaction::reward(7000) }.to_bytes()
}

fn judge_genesis(answer: &Answer) -> Result<(), Lesson> {
    let genesis = Block::genesis().to_bytes();
    let blocks = hexadecimal(&answer.text, 2 * genesis.len());
    let look = "chapter 1.1: size 75, version 0, previous hash zero, timestamp 1634700000, nonce \
                70822, transaction counter 1, sender 0, receiver 7000, each with its most \
                significant byte first";
    let Some(found) = blocks.first() else {
        let wrong = format!(
            "With genesis for {PLACEHOLDER}, it should print the block as 150 hexadecimal digits, \
             but did not. {}",
            answer.last_words
        );
        return Err(Lesson::new(wrong, look));
    };
    if !blocks.iter().any(|block| block[..] == genesis) {
        let found: &BlockBytes = found[..].try_into().expect("it has 75 bytes");
        let field = hints::of_genesis(found).unwrap_or_default();
        return Err(Lesson::new(format!("Its genesis block is wrong: {field}."), look));
    }
    judge_hash(answer, &genesis)
}

/// Whether the program printed the right hash.
fn judge_hash(answer: &Answer, block: &BlockBytes) -> Result<(), Lesson> {
    let wanted = cairn::block::hash(block);
    let hashes = hashes(&answer.text);
    if hashes.contains(wanted.as_bytes()) {
        return Ok(());
    }
    let Some(found) = hashes.first() else {
        let wrong = format!(
            "It should print the hash of the block as 64 hexadecimal digits, but did not. {}",
            answer.last_words
        );
        let look = "what it prints; it gets the block as 150 digits in place of {block}";
        return Err(Lesson::new(wrong, look));
    };
    let wrong =
        format!("It printed {} for a block with the hash {wanted}.", Hash::from_bytes(*found));
    let mut hints = hashes.iter().filter_map(|found| hints::of_hash(block, found));
    let usual = "what is hashed: SHA-256 of the SHA-256 of bytes 1 to 69, each time as bytes and \
                 not as text";
    Err(Lesson::new(wrong, hints.next().unwrap_or(usual)))
}

/// Whether the program printed the right one of the two words.
fn judge_target(answer: &Answer, block: &BlockBytes) -> Result<(), Lesson> {
    let hash = cairn::block::hash(block);
    let meets = Target::NETWORK.is_met_by(&hash);
    let (right, other) = if meets { ("meets", "misses") } else { ("misses", "meets") };
    let bits = hash.leading_zero_bits();
    let look = "where you compare: the hash meets the target if its first 16 bits, which are its \
                first two bytes, are zero; 16 are enough, 15 are not";
    match which(&answer.text, "meets", "misses") {
        Some(found) if found == meets => Ok(()),
        Some(_) => {
            let wrong = format!(
                "The hash {hash} begins with {bits} zero bits, so it {right} the target; the \
                 program says that it {other} it.",
            );
            Err(Lesson::new(wrong, look))
        }
        None => {
            let wrong = "It should print one of the words meets and misses, but did not.";
            Err(Lesson::new(wrong, "what it prints after the hash"))
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn says(text: String) -> Answer {
        Answer { text, last_words: "It printed nothing.".to_owned() }
    }

    #[test]
    fn a_right_answer_passes_and_a_wrong_one_tells_why() {
        let genesis = Block::genesis().to_bytes();
        let right = format!("{} {GENESIS_HASH}", hex::encode(genesis));
        assert_eq!(judge_genesis(&says(right)), Ok(()));
        let mut other = genesis;
        other[74] = 0;
        let lesson = judge_genesis(&says(hex::encode(other))).expect_err("it is another");
        assert!(lesson.wrong.contains("its receiver, bytes 73 to 74, is 1b00"), "{lesson:?}");
        let once: [u8; 32] = Sha256::digest(&genesis[field::HEADER]).into();
        let lesson = judge_hash(&says(hex::encode(once)), &genesis).expect_err("it is wrong");
        assert!(lesson.look.contains("hash the result once more"), "{lesson:?}");
    }

    #[test]
    fn sixteen_bits_meet_the_target_and_fifteen_miss_it() {
        for (bits, right, wrong) in [(15, "misses", "meets"), (16, "meets", "misses")] {
            let block = with_zero_bits(bits);
            assert_eq!(judge_target(&says(right.to_owned()), &block), Ok(()));
            let lesson = judge_target(&says(wrong.to_owned()), &block).expect_err("it is wrong");
            assert!(lesson.wrong.contains(&format!("{bits} zero bits")), "{lesson:?}");
        }
    }
}
