//! A node's events as lines for people.

use std::env;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use cairn::event::Event;
use cairn::throttle::{self, Throttle};

/// Events of a kind that may repeat are printed at most once in this time.
const FOLD: Duration = Duration::from_secs(1);

/// Erases the line of the cursor.
const ERASE: &str = "\r\x1b[K";

/// The text to print for an event now; it may be empty, or include earlier events.
pub(crate) type Printer = Box<dyn FnMut(&Event) -> String>;

/// Whether standard output understands control sequences.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Prints events one below the other. On a terminal successive TRY lines
/// replace each other.
pub(crate) struct Lines {
    is_terminal: bool,
    /// The TRY line in which the cursor is; empty if it is in none.
    trying: String,
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
        Lines { is_terminal, trying: String::new(), folds: Folds::default() }
    }

    fn text(&mut self, now: Duration, event: &Event) -> String {
        let mut text = String::new();
        for line in self.folds.tell(now, event).iter().map(Told::line) {
            if !self.trying.is_empty() {
                text += ERASE;
            }
            if self.is_terminal && line.starts_with("TRY") {
                text += &line;
                self.trying = line;
                continue;
            }
            if !self.trying.is_empty() {
                // Erase once more, because the terminal shows Ctrl-C as `^C` after it.
                text += &(std::mem::take(&mut self.trying) + "\n");
            }
            text += &(line + "\n");
        }
        text
    }
}

/// Merges events that would repeat others of their kind within a second, so that a flood of
/// datagrams does not become a flood of lines.
pub(crate) struct Folds {
    /// Events, each with its time.
    throttle: Throttle<(Duration, Event)>,
    /// Whether tries are merged too.
    has_tries: bool,
}

/// An event to print now, when it happened, and how many of its kind it stands for.
pub(crate) struct Told {
    pub(crate) time: Duration,
    pub(crate) event: Event,
    pub(crate) count: u64,
}

impl Told {
    /// As a line for people.
    pub(crate) fn line(&self) -> String {
        match self.count {
            1 => self.event.to_string(),
            count => format!("{} (and {} more like it)", self.event, count - 1),
        }
    }
}

impl Default for Folds {
    fn default() -> Folds {
        Folds { throttle: Throttle::new(FOLD), has_tries: false }
    }
}

impl Folds {
    /// Merges tries too: there is one a turn.
    pub(crate) fn with_tries() -> Folds {
        Folds { has_tries: true, ..Folds::default() }
    }

    /// The events to print now that this one has happened, in order.
    pub(crate) fn tell(&mut self, now: Duration, event: &Event) -> Vec<Told> {
        let kind = match event {
            Event::Tried { .. } if self.has_tries => Some("tried"),
            event => throttle::kind(event),
        };
        // Held events are printed before any important one, to keep the order.
        let mut told = match (kind, event) {
            (Some(_), _) | (_, Event::Tried { .. }) => self.throttle.due(now),
            _ => self.throttle.flush(now),
        };
        told.sort_by_key(|((time, _), _)| *time);
        let this = (now, event.clone());
        told.extend(match kind {
            Some(kind) => self.throttle.offer(now, kind, this),
            None => Some((this, 1)),
        });
        told.into_iter().map(|((time, event), count)| Told { time, event, count }).collect()
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

    /// The printed events, each with its time in milliseconds.
    fn printed(is_terminal: bool, events: &[(u64, Event)]) -> String {
        let mut lines = Lines::new(is_terminal);
        let text = |(time, event): &(u64, Event)| lines.text(Duration::from_millis(*time), event);
        events.iter().map(text).collect()
    }

    #[test]
    fn in_a_pipe_every_line_is_printed() {
        let text = printed(false, &[(0, tried(0)), (1, tried(1000)), (2, ignored(1))]);
        let expected = "TRY up to 0...\nTRY up to 1000...\n\
                        IGNORE blockchain... from bob: not longer, the same as ours, up to block 0\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn on_a_terminal_tries_replace_each_other_and_the_last_stays() {
        let rested = Event::Rested { duration: FOLD };
        let text = printed(true, &[(0, tried(0)), (1, tried(1000)), (2, rested), (3, tried(0))]);
        let expected = "TRY up to 0...\r\x1b[KTRY up to 1000...\r\x1b[KTRY up to 1000...\n\
                        SLEEP for 1 seconds...\nTRY up to 0...";
        assert_eq!(text, expected);
    }

    #[test]
    fn repeated_ignores_fold_to_one_a_second_with_a_count() {
        let flood = (0..2_000).map(|time| (time, ignored(1)));
        let events: Vec<_> = flood.chain([(2_500, tried(0))]).collect();
        let text = printed(false, &events);
        let line = "IGNORE blockchain... from bob: not longer, the same as ours, up to block 0";
        let expected = format!(
            "{line}\n{line} (and 998 more like it)\n{line} (and 999 more like it)\n\
             TRY up to 0...\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn where_tries_are_folded_one_a_second_is_told() {
        let mut folds = Folds::with_tries();
        let tell = |time| folds.tell(Duration::from_millis(time), &tried(time)).len();
        assert_eq!((0..3_000).map(tell).sum::<usize>(), 3);
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
