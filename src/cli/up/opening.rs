//! The first moments of a network, in which all nodes send each other the same chain.

use std::time::Duration;

use cairn::event::{Event, Reason};

use crate::cli::lines::Told;

/// Counts the chains that nodes ignore because they have the same, until the first block is
/// found or copied.
#[derive(Default)]
pub(super) struct Opening {
    /// When the first block came.
    over: Option<Duration>,
    count: u64,
}

impl Opening {
    /// Whether this is counted here instead of being printed. An event from before the
    /// first block that was held back until after it is neither.
    pub(super) fn takes(&mut self, told: &Told) -> bool {
        let is_same =
            matches!(told.event, Event::Ignored { reason: Reason::Tie { same: true, .. }, .. });
        let is_early = self.over.is_none_or(|over| told.time <= over);
        if is_same && is_early {
            self.count += told.count;
        }
        is_same && is_early
    }

    /// The line about the opening to print before this event: once, when it is over.
    pub(super) fn line_before(&mut self, told: &Told) -> Option<String> {
        let ends = matches!(told.event, Event::Created { .. } | Event::Copied { .. });
        if self.over.is_some() || !ends {
            return None;
        }
        self.over = Some(told.time);
        let times = if self.count == 1 { "once" } else { &format!("{} times", self.count) };
        let line =
            format!("IGNORE blockchain... {times}: nodes told each other the chain they had");
        (self.count > 0).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn::hash::Hash;
    use cairn::peer::PeerName;

    /// This many chains were ignored at this second, either all equal to ours or all
    /// different.
    fn ignored(same: bool, count: u64, second: u64) -> Told {
        let reason = Reason::Tie { count: 1, same };
        let event = Event::Ignored { from: PeerName::new("bob"), reason };
        Told { time: Duration::from_secs(second), event, count }
    }

    #[test]
    fn equal_chains_are_counted_until_the_first_block_and_told_once() {
        let event = Event::Created { height: 1, hash: Hash::ZERO };
        let created = Told { time: Duration::from_secs(5), event, count: 1 };
        let mut opening = Opening::default();
        assert!(opening.takes(&ignored(true, 1, 1)) && opening.takes(&ignored(true, 4, 2)));
        assert!(!opening.takes(&ignored(false, 1, 3)), "what is not the same is told");
        assert_eq!(opening.line_before(&ignored(false, 1, 3)), None);
        let line = "IGNORE blockchain... 5 times: nodes told each other the chain they had";
        assert_eq!(opening.line_before(&created).as_deref(), Some(line));
        assert!(opening.takes(&ignored(true, 1, 4)), "it happened before the block");
        assert!(!opening.takes(&ignored(true, 1, 6)), "from then on each is told");
        assert_eq!(opening.line_before(&created), None);
    }
}
