//! A node's events as lines for people.

use std::collections::HashMap;
use std::env;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use cairn::event::Event;

/// Lines that repeat themselves are printed at most once in this time.
const FOLD: Duration = Duration::from_secs(1);

/// Makes of an event the text to be printed now; it may be empty, or tell of
/// earlier events too.
pub(crate) type Printer = Box<dyn FnMut(&Event) -> String>;

/// Whether control sequences make sense on standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Prints events one below the other. On a terminal successive TRY lines
/// replace each other.
pub(crate) struct Lines {
    is_terminal: bool,
    /// Whether the cursor stands behind a TRY line.
    is_trying: bool,
    folds: Folds,
}

impl Lines {
    /// A printer for standard output.
    pub(crate) fn printer() -> Printer {
        let started = Instant::now();
        let mut lines = Lines::new(is_terminal());
        Box::new(move |event| lines.text(started.elapsed(), event))
    }

    fn new(is_terminal: bool) -> Lines {
        Lines { is_terminal, is_trying: false, folds: Folds::default() }
    }

    fn text(&mut self, now: Duration, event: &Event) -> String {
        let mut text = String::new();
        // What was held back is told before anything of weight, to keep the order.
        let is_of_weight = Fold::kind(event).is_none() && !matches!(event, Event::Tried { .. });
        let due = self.folds.due(now, is_of_weight);
        let line = self.folds.admit(now, event).then(|| event.to_string());
        for line in due.into_iter().chain(line) {
            let is_try = line.starts_with("TRY");
            text += match (self.is_trying, is_try) {
                (true, true) => "\r\x1b[K",
                (true, false) => "\n",
                (false, _) => "",
            };
            text += &line;
            self.is_trying = is_try && self.is_terminal;
            text += if self.is_trying { "" } else { "\n" };
        }
        text
    }
}

/// Keeps count of lines that would repeat others of their kind within a second:
/// a flood of datagrams must not become a flood of lines.
#[derive(Default)]
struct Folds {
    kinds: HashMap<&'static str, Fold>,
}

/// What became of a kind of line since one was printed.
struct Fold {
    printed: Duration,
    held_back: usize,
    last: String,
}

impl Fold {
    /// What kind of line an event has, if it is one of those that fold.
    fn kind(event: &Event) -> Option<&'static str> {
        match event {
            Event::Ignored { reason, .. } => Some(reason.name()),
            Event::Unsent { .. } => Some("unsent"),
            _ => None,
        }
    }
}

impl Folds {
    /// Whether the event's line is to be printed now.
    fn admit(&mut self, now: Duration, event: &Event) -> bool {
        let Some(kind) = Fold::kind(event) else { return true };
        match self.kinds.get_mut(kind) {
            Some(fold) => {
                fold.held_back += 1;
                fold.last = event.to_string();
                false
            }
            None => {
                self.kinds.insert(kind, Fold { printed: now, held_back: 0, last: String::new() });
                true
            }
        }
    }

    /// The lines that stand for those held back: for long enough, or all.
    fn due(&mut self, now: Duration, all: bool) -> Vec<String> {
        let mut lines = Vec::new();
        self.kinds.retain(|_, fold| {
            let is_young = now.saturating_sub(fold.printed) < FOLD;
            if is_young && !all {
                return true;
            }
            match fold.held_back {
                0 => return is_young,
                1 => lines.push(fold.last.clone()),
                count => lines.push(format!("{} (and {} more like it)", fold.last, count - 1)),
            }
            fold.printed = now;
            fold.held_back = 0;
            true
        });
        lines.sort_unstable();
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn::event::Reason;
    use cairn::peer::PeerName;

    fn tried(counter: u64) -> Event {
        Event::Tried { counter }
    }

    fn ignored(count: usize) -> Event {
        let reason = Reason::Tie { count, same: true };
        Event::Ignored { from: PeerName::new("bob"), reason }
    }

    /// What is printed of events, each with its time in milliseconds.
    fn printed(is_terminal: bool, events: &[(u64, Event)]) -> String {
        let mut lines = Lines::new(is_terminal);
        let text = |(time, event): &(u64, Event)| lines.text(Duration::from_millis(*time), event);
        events.iter().map(text).collect()
    }

    #[test]
    fn in_a_pipe_every_line_is_printed() {
        let text = printed(false, &[(0, tried(0)), (1, tried(1000)), (2, ignored(1))]);
        let expected = "TRY up to 0...\nTRY up to 1000...\n\
                        IGNORE blockchain... from bob: not longer, the same 1 block as ours\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn on_a_terminal_tries_replace_each_other_and_the_last_stays() {
        let rested = Event::Rested { duration: FOLD };
        let text = printed(true, &[(0, tried(0)), (1, tried(1000)), (2, rested), (3, tried(0))]);
        let expected = "TRY up to 0...\r\x1b[KTRY up to 1000...\nSLEEP for 1 seconds...\n\
                        TRY up to 0...";
        assert_eq!(text, expected);
    }

    #[test]
    fn repeated_ignores_fold_to_one_a_second_with_a_count() {
        let flood = (0..2_000).map(|time| (time, ignored(1)));
        let events: Vec<_> = flood.chain([(2_500, tried(0))]).collect();
        let text = printed(false, &events);
        let line = "IGNORE blockchain... from bob: not longer, the same 1 block as ours";
        let expected = format!(
            "{line}\n{line} (and 998 more like it)\n{line} (and 999 more like it)\n\
             TRY up to 0...\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn what_was_held_back_is_told_before_the_chain_changes() {
        let created = Event::Created { height: 1, hash: cairn::hash::Hash::ZERO };
        let text = printed(false, &[(0, ignored(1)), (1, ignored(1)), (2, created)]);
        let words: Vec<_> = text.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(words, ["IGNORE", "IGNORE", "CREATE"]);
    }

    #[test]
    fn different_reasons_do_not_hide_each_other() {
        let shorter = Reason::Shorter { theirs: 1, ours: 2, answered: false };
        let shorter = Event::Ignored { from: PeerName::new("bob"), reason: shorter };
        let text = printed(false, &[(0, ignored(1)), (1, shorter), (2, ignored(1))]);
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
