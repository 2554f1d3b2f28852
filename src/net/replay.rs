//! The messages that have arrived already, so that none counts twice.
//!
//! A message is identified by its sender and its number, which is Unix time in milliseconds
//! and grows with each message of the sender, also over the sender's restarts. Messages
//! from before this node's start are too old, so nothing has to be saved over our restarts.
//! The memory is bounded: if there is too much, the oldest is forgotten, and no message
//! that old is accepted any more.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::peer::PeerName;

/// How far a sender's clock may be from ours, in either direction, in milliseconds.
pub const MAX_APART_MS: u64 = 60_000;

/// The most messages that are remembered.
pub const MAX_SEEN: usize = 1 << 15;

/// For one message, the most neighbours that are remembered to have brought it. A liar can
/// return under ever new names.
const MAX_BRINGERS: usize = 32;

/// A time since the Unix epoch, in milliseconds.
pub fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What is known of a message that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It has not come before.
    New,
    /// Another neighbour has brought it: all neighbours pass on what they hear.
    Again,
    /// This neighbour has brought it before; honest neighbours do not do that.
    Replayed,
    /// It is older than the memory.
    TooOld,
    /// Its sender's clock is ahead of ours.
    Ahead,
}

/// All messages that arrived lately.
#[derive(Debug)]
pub struct Replay {
    /// Messages with this number or a lower one are not accepted.
    floor: u64,
    /// The neighbours that brought each message, the first ones in their order.
    seen: BTreeMap<(u64, PeerName), Vec<PeerName>>,
}

impl Replay {
    /// The memory of a node that starts now, in Unix milliseconds: empty.
    pub fn new(now_ms: u64) -> Replay {
        Replay { floor: now_ms.saturating_sub(1), seen: BTreeMap::new() }
    }

    /// Accepts a message, signed by its sender, from a neighbour.
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

    /// Whether a message has arrived: then its signature need not be checked again, which
    /// costs far more than everything else.
    pub fn has(&self, from: &PeerName, number: u64) -> bool {
        self.seen.contains_key(&(number, from.clone()))
    }

    /// The neighbours that brought a message, the first ones in their order.
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
