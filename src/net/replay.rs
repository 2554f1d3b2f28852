//! Which messages have come already, so that none counts twice.
//!
//! A message is known by its sender and its number, which is Unix time in milliseconds and
//! grows with each message of the sender, also over its restarts. What was sent before this node
//! started is too old, so nothing has to be kept over our restarts. What is kept
//! is bounded: where there is too much, the oldest is forgotten and nothing that old is
//! taken any more.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::peer::PeerName;

/// How far a sender's clock may be from ours, either way, in milliseconds.
pub const MAX_APART_MS: u64 = 60_000;

/// The most messages that are remembered.
pub const MAX_SEEN: usize = 1 << 15;

/// The most neighbours that are remembered to have brought one message. A liar can come again
/// under ever new names.
const MAX_BRINGERS: usize = 32;

/// A time since the Unix epoch as numbers count it.
pub fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What is known of a message that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It has not come before.
    New,
    /// Another neighbour has brought it: they all pass on what they hear.
    Again,
    /// This neighbour has brought it before, which honest ones do not do.
    Replayed,
    /// It is older than what is remembered.
    TooOld,
    /// Its sender's clock is ahead of ours.
    Ahead,
}

/// All that has come lately.
#[derive(Debug)]
pub struct Replay {
    /// What has this number or a lower one is not taken.
    floor: u64,
    /// Who has brought which message, the first ones in their order.
    seen: BTreeMap<(u64, PeerName), Vec<PeerName>>,
}

impl Replay {
    /// Nothing has come to a node that starts now, in Unix milliseconds.
    pub fn new(now_ms: u64) -> Replay {
        Replay { floor: now_ms.saturating_sub(1), seen: BTreeMap::new() }
    }

    /// A message that its sender has signed comes by a neighbour.
    pub fn take(&mut self, now_ms: u64, from: &PeerName, number: u64, via: &PeerName) -> Seen {
        self.floor = self.floor.max(now_ms.saturating_sub(MAX_APART_MS));
        self.seen = self.seen.split_off(&(self.floor + 1, PeerName::new("")));
        if number <= self.floor {
            return Seen::TooOld;
        }
        if number > now_ms.saturating_add(MAX_APART_MS) {
            return Seen::Ahead;
        }
        if let Some(bringers) = self.seen.get_mut(&(number, from.clone())) {
            let is_second = bringers.contains(via);
            if !is_second && bringers.len() < MAX_BRINGERS {
                bringers.push(via.clone());
            }
            return if is_second { Seen::Replayed } else { Seen::Again };
        }
        self.seen.insert((number, from.clone()), vec![via.clone()]);
        if self.seen.len() > MAX_SEEN
            && let Some(((oldest, _), _)) = self.seen.pop_first()
        {
            self.floor = oldest;
        }
        Seen::New
    }

    /// Whether a message has come: then its signature need not be looked at again, which costs
    /// far more than all else.
    pub fn has(&self, from: &PeerName, number: u64) -> bool {
        self.seen.contains_key(&(number, from.clone()))
    }

    /// Who has brought a message, the first ones in their order.
    pub fn bringers(&self, from: &PeerName, number: u64) -> &[PeerName] {
        self.seen.get(&(number, from.clone())).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_800_000_000_000;

    fn name(text: &str) -> PeerName {
        PeerName::new(text)
    }

    #[test]
    fn a_message_counts_once_and_a_neighbour_that_brings_it_twice_replays_it() {
        let mut replay = Replay::new(START);
        let mut take =
            |number, via: &str| replay.take(START + 10, &name("alice"), number, &name(via));
        assert_eq!(take(START + 2, "bob"), Seen::New);
        assert_eq!(take(START + 1, "bob"), Seen::New, "another way may be shorter");
        assert_eq!(take(START + 2, "carol"), Seen::Again);
        assert_eq!(take(START + 2, "bob"), Seen::Replayed);
        assert_eq!(take(START + 2, "carol"), Seen::Replayed);
        assert_eq!(replay.bringers(&name("alice"), START + 2), [name("bob"), name("carol")]);
    }

    #[test]
    fn of_those_who_bring_a_message_only_the_first_are_remembered() {
        let mut replay = Replay::new(START);
        for number in 0..10 * MAX_BRINGERS {
            replay.take(START, &name("alice"), START, &name(&format!("mallory {number}")));
        }
        let bringers = replay.bringers(&name("alice"), START);
        assert_eq!((bringers.len(), &bringers[0]), (MAX_BRINGERS, &name("mallory 0")));
    }

    #[test]
    fn what_was_sent_before_our_start_or_long_ago_or_ahead_of_time_is_not_taken() {
        let mut replay = Replay::new(START);
        let mut take = |now, number| replay.take(now, &name("alice"), number, &name("bob"));
        assert_eq!(take(START, START - 1), Seen::TooOld, "we may have had it before");
        assert_eq!(take(START, START), Seen::New);
        assert_eq!(take(START, START + MAX_APART_MS), Seen::New);
        assert_eq!(take(START, START + MAX_APART_MS + 1), Seen::Ahead);
        let later = START + 2 * MAX_APART_MS;
        assert_eq!(take(later, START), Seen::TooOld);
        assert_eq!(take(later, START + MAX_APART_MS + 1), Seen::New);
        assert_eq!(take(later, u64::MAX), Seen::Ahead);
    }

    #[test]
    fn where_too_much_comes_the_oldest_is_forgotten_and_cannot_come_again() {
        let mut replay = Replay::new(START);
        for number in 0..=MAX_SEEN as u64 {
            let seen = replay.take(START, &name("mallory"), START + number, &name("bob"));
            assert_eq!(seen, Seen::New);
        }
        assert_eq!(replay.seen.len(), MAX_SEEN);
        let seen = replay.take(START, &name("mallory"), START, &name("bob"));
        assert_eq!(seen, Seen::TooOld);
    }
}
