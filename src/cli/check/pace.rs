//! Judges the pace of a node by the times at which its blocks came.

use std::time::Duration;

use cairn::target::Target;

use super::judge::Mined;
use super::report::{Lesson, Outcome};

/// Judges the time that a block took. In a turn a node tries `nonces` nonces, after a second
/// of listening.
pub(super) fn of_block(block: &Mined, nonces: u64, elapsed: Duration) -> Outcome {
    let outcome = of_counter(block.counter, nonces, elapsed);
    // A random nonce may by chance be the first that fits.
    let is_sure = block.is_foretold || !matches!(outcome, Outcome::Failed(_));
    if block.is_counted && is_sure {
        return outcome;
    }
    let why = "it does not count its nonces from 0, so the time of one block shows nothing";
    Outcome::Untried(why.to_owned())
}

/// Judges the time of a search that counts from 0.
///
/// A program may rest first, and may begin to mine at once, so `counter / nonces` seconds is
/// the minimum.
fn of_counter(counter: u64, nonces: u64, elapsed: Duration) -> Outcome {
    let turns = counter / nonces + 1;
    let seconds = elapsed.as_secs_f64();
    if turns < 3 {
        return Outcome::Untried(format!("the block was found in turn {turns}: too soon to tell"));
    }
    let (turns, count) = (turns as f64, turns);
    if seconds < 0.9 * (turns - 1.0) {
        let wrong = format!(
            "It tried {counter} nonces within {seconds:.1} s. With {nonces} nonces and a second \
             of listening in each turn, that is {count} turns, which take {count} s. A node that \
             does not listen gets the blocks of others too late.",
        );
        let look = "your loop: it mines only after a second without a message, tries 1000 nonces, \
                    and then listens again";
        return Outcome::Failed(Lesson::new(wrong, look));
    }
    if seconds > 4.0 * turns + 15.0 {
        let wrong = format!(
            "It took {seconds:.0} s for {counter} nonces; at {nonces} nonces a turn, {count} s \
             are enough.",
        );
        let look = "how many nonces you try in a turn (1000), and how long you listen (1 s)";
        return Outcome::Failed(Lesson::new(wrong, look));
    }
    Outcome::Passed
}

/// The lesson for a program that mined too many blocks within a time: it has one turn a
/// second, and finds a block with one of 65,536 nonces on average.
pub(super) fn of_all(blocks: usize, nonces: u64, elapsed: Duration) -> Option<Lesson> {
    let chance = (nonces as f64 / Target::NETWORK.expected_tries()).min(1.0);
    let expected = chance * (elapsed.as_secs_f64() + 1.0);
    if blocks < 6 || (blocks as f64) < 4.0 * expected + 4.0 {
        return None;
    }
    let seconds = elapsed.as_secs_f64();
    let wrong = format!(
        "It mined {blocks} blocks within {seconds:.1} s. At {nonces} nonces and a second of \
         listening in each turn, a block takes about a minute. A node that does not listen gets \
         the blocks of others too late.",
    );
    let look = "your loop: it mines only after a second without a message, tries 1000 nonces, and \
                then listens again";
    Some(Lesson::new(wrong, look))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_a_turn_a_second_and_a_quick_find_tells_nothing() {
        let pace =
            |counter, seconds| of_counter(counter, 1_000, Duration::from_secs_f64(seconds)).name();
        assert_eq!(pace(1_500, 0.1), "untried");
        assert_eq!(pace(3_500, 5.0), "passed");
        assert_eq!(pace(3_500, 3.0), "passed", "it did not rest, and began with a turn");
        assert_eq!(pace(3_500, 1.1), "failed", "it rested, and never listened");
        assert_eq!(pace(3_500, 40.0), "failed");
        assert_eq!(pace(65_000, 70.0), "passed");
    }

    #[test]
    fn only_who_certainly_counts_its_nonces_is_too_quick() {
        let pace = |is_counted, is_foretold| {
            let (count, date, upon) = (6, 1_700_000_000, Some(0));
            let block = Mined { count, date, upon, counter: 4_500, is_counted, is_foretold };
            of_block(&block, 1_000, Duration::from_secs(1)).name()
        };
        assert_eq!(pace(true, true), "failed");
        assert_eq!(pace(true, false), "untried", "it may be random");
        assert_eq!(pace(false, false), "untried");
    }

    #[test]
    fn more_blocks_than_turns_allow_are_haste_and_luck_is_not() {
        let haste = |blocks, nonces, seconds| {
            of_all(blocks, nonces, Duration::from_secs(seconds)).is_some()
        };
        assert!(haste(10, 1_000, 3));
        assert!(!haste(4, 1_000, 3), "some of these were meant to be found soon");
        assert!(!haste(20, 200_000, 20));
        assert!(haste(200, 200_000, 20));
    }
}
