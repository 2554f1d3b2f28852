//! Programs that get a question on the command line and print an answer.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use cairn::hash::Hash;

use super::guardian::News;
use super::program::Program;
use super::report::Lesson;
use super::terms::Terms;

/// The longest time for an answer: some programs are compiled first.
const ANSWER: Duration = Duration::from_secs(60);

/// How often the checker looks whether the program has ended.
const POLL: Duration = Duration::from_millis(10);

/// What a program printed, and its last lines.
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) last_words: String,
}

/// Runs the program with `value` in place of `placeholder`. The inner error says why there
/// is no answer.
pub(super) fn ask(terms: &Terms, placeholder: &str, value: &str) -> Result<Result<Answer, Lesson>> {
    let command: Vec<_> =
        terms.command.iter().map(|word| word.replace(placeholder, value)).collect();
    let mut program = Program::start(&command, None)?;
    let patience = ANSWER.min(terms.patience);
    let begun = Instant::now();
    loop {
        if terms.stop.load(Ordering::Relaxed) {
            bail!("stopped; the checked program has been ended");
        }
        match program.ended() {
            Some(News::NotStarted(why)) => {
                let wrong = format!("It could not be started: {why}.");
                let look = "the command after --: the program must be installed, or its path must be \
                            right";
                return Ok(Err(Lesson::new(wrong, look)));
            }
            Some(_) => {
                let last_words = program.last_words().to_string();
                return Ok(Ok(Answer { text: program.printed(), last_words }));
            }
            None if begun.elapsed() > patience => {
                let seconds = patience.as_secs();
                let words = program.last_words();
                let wrong = format!("It did not end within {seconds} s. {words}");
                let look = "the end of your program: it prints its answer and ends";
                return Ok(Err(Lesson::new(wrong, look)));
            }
            None => thread::sleep(POLL),
        }
    }
}

/// The runs of hexadecimal digits of this length in a text, as bytes.
pub(super) fn hexadecimal(text: &str, digits: usize) -> Vec<Vec<u8>> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    // Python and other languages write 0x before them.
    let words = words.map(|word| word.strip_prefix("0x").unwrap_or(word));
    words.filter(|word| word.len() == digits).filter_map(|word| hex::decode(word).ok()).collect()
}

/// The hashes in a text.
pub(super) fn hashes(text: &str) -> Vec<[u8; Hash::LEN]> {
    let found = hexadecimal(text, 2 * Hash::LEN).into_iter();
    found.filter_map(|bytes| bytes.try_into().ok()).collect()
}

/// Which of two words is in a text; `None` if neither is, or both are.
pub(super) fn which(text: &str, yes: &str, no: &str) -> Option<bool> {
    let has = |wanted: &str| {
        let mut words = text.split(|character: char| !character.is_alphanumeric());
        words.any(|word| word.eq_ignore_ascii_case(wanted))
    };
    match (has(yes), has(no)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whatever_stands_around_it_and_not_inside_another() {
        assert_eq!(which("Valid, tip 00", "valid", "invalid"), Some(true));
        assert_eq!(which("block 1: INVALID!", "valid", "invalid"), Some(false));
        assert_eq!(which("valid or invalid", "valid", "invalid"), None);
        assert_eq!(which("validity", "valid", "invalid"), None);
    }

    #[test]
    fn digits_are_found_by_their_number() {
        let text = "hash: 0x4b00, 4b, 4b000, xyzw";
        assert_eq!(hexadecimal(text, 4), [[0x4b, 0]]);
        assert_eq!(hexadecimal(text, 2), [[0x4b]]);
    }
}
