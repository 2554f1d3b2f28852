//! The events that the screen has not taken yet. Their number is limited, so nodes that are
//! faster than the screen wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// If more events than this wait, a node waits before its next event.
const MAX_UNTAKEN: usize = 4_096;

/// How often a waiting node looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// A count that all nodes and the screen share.
#[derive(Clone, Default)]
pub(super) struct Backlog {
    untaken: Arc<AtomicUsize>,
    /// Whether no node has to wait, because the screen waits for a node to end.
    is_open: Arc<AtomicBool>,
}

impl Backlog {
    /// A node has sent an event.
    pub(super) fn add(&self) {
        self.untaken.fetch_add(1, Ordering::Relaxed);
    }

    /// The screen has taken it.
    pub(super) fn take(&self) {
        self.untaken.fetch_sub(1, Ordering::Relaxed);
    }

    /// Lets every node continue, or stops doing so.
    pub(super) fn open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::Relaxed);
    }

    /// Waits until there is room, or every node may continue.
    pub(super) fn wait(&self) {
        self.wait_by(|| thread::sleep(LOOK_AGAIN));
    }

    fn wait_by(&self, mut pause: impl FnMut()) {
        while self.untaken.load(Ordering::Relaxed) > MAX_UNTAKEN
            && !self.is_open.load(Ordering::Relaxed)
        {
            pause();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a node looks until it continues, if this happens at its third look.
    fn pauses(backlog: &Backlog, at_third: impl Fn()) -> u32 {
        let mut count = 0;
        backlog.wait_by(|| {
            count += 1;
            if count == 3 {
                at_third();
            }
        });
        count
    }

    #[test]
    fn a_node_waits_while_too_much_is_untaken_and_not_where_all_are_let_through() {
        let backlog = Backlog::default();
        (0..MAX_UNTAKEN).for_each(|_| backlog.add());
        assert_eq!(pauses(&backlog, || ()), 0, "there is room for one more");
        backlog.add();
        assert_eq!(pauses(&backlog, || backlog.take()), 3);
        backlog.add();
        assert_eq!(pauses(&backlog, || backlog.open(true)), 3);
        assert_eq!(pauses(&backlog, || ()), 0, "all are let through");
        backlog.open(false);
        assert_eq!(pauses(&backlog, || backlog.take()), 3, "no longer");
    }
}
