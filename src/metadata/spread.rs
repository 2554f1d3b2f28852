//! Batches of entries on their way to peers: when to send them, to whom, and how often to
//! try.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::entry::Entry;
use crate::peer::PeerName;

/// The most entries that wait to be put into batches; more are left to the next sync.
const MAX_WAITING: usize = 4_096;

/// The most batches that wait to be sent.
const MAX_PARCELS: usize = 1_024;

/// How entries are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    /// The most entries in a batch, of which 48 fit into a frame.
    pub entries: usize,
    /// How long entries are collected for a batch.
    pub interval: Duration,
    /// How often to try to send a batch that a peer does not take.
    pub attempts: u32,
    /// How long to wait between two such attempts.
    pub delay: Duration,
    /// The most bytes to send to a peer, and to accept from one, in a minute.
    pub bytes_per_minute: usize,
}

impl Batches {
    /// The highest setting of entries in a batch: they fit into a frame.
    pub const MOST: usize = 48;
}

impl Default for Batches {
    fn default() -> Batches {
        Batches {
            entries: 32,
            interval: Duration::from_secs(1),
            attempts: 3,
            delay: Duration::from_millis(500),
            bytes_per_minute: 64 * 1024,
        }
    }
}

/// A batch for a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The peer.
    pub to: PeerName,
    /// The entries.
    pub entries: Vec<Entry>,
    /// How often it was tried.
    tried: u32,
    /// When to try it next.
    due: Duration,
}

/// Waiting entries, and batches to send. Times count from any moment.
#[derive(Debug)]
pub struct Spread {
    settings: Batches,
    /// Each with the peer that it came from, which need not get it again.
    waiting: VecDeque<(Entry, Option<PeerName>)>,
    next_batch: Duration,
    parcels: VecDeque<Parcel>,
}

impl Spread {
    /// Nothing waits yet.
    pub fn new(settings: Batches) -> Spread {
        let (waiting, parcels) = (VecDeque::new(), VecDeque::new());
        Spread { settings, waiting, next_batch: Duration::ZERO, parcels }
    }

    /// Adds entries to spread, each with the peer that it came from.
    pub fn offer(&mut self, entries: impl IntoIterator<Item = (Entry, Option<PeerName>)>) {
        let room = MAX_WAITING.saturating_sub(self.waiting.len());
        self.waiting.extend(entries.into_iter().take(room));
    }

    /// The batches to send now, to these peers. Those that cannot be sent go back to
    /// [`Spread::undelivered`].
    pub fn due(&mut self, now: Duration, peers: &[PeerName]) -> Vec<Parcel> {
        if now >= self.next_batch && !self.waiting.is_empty() {
            self.next_batch = now + self.settings.interval;
            let count = self.settings.entries.clamp(1, Batches::MOST).min(self.waiting.len());
            let batch: Vec<_> = self.waiting.drain(..count).collect();
            self.pack(now, &batch, peers);
        }
        let (due, later) = self.parcels.drain(..).partition(|parcel| parcel.due <= now);
        self.parcels = later;
        Vec::from(due)
    }

    fn pack(&mut self, now: Duration, batch: &[(Entry, Option<PeerName>)], peers: &[PeerName]) {
        for to in peers {
            let news = batch.iter().filter(|(_, from)| from.as_ref() != Some(to));
            let entries: Vec<_> = news.map(|(entry, _)| entry.clone()).collect();
            if !entries.is_empty() && self.parcels.len() < MAX_PARCELS {
                self.parcels.push_back(Parcel { to: to.clone(), entries, tried: 0, due: now });
            }
        }
    }

    /// Sends all these entries to one peer, a batch in each interval.
    pub fn send_all(&mut self, now: Duration, to: &PeerName, entries: Vec<Entry>) {
        let most = self.settings.entries.clamp(1, Batches::MOST);
        let mut due = now;
        for entries in entries.chunks(most) {
            if self.parcels.len() < MAX_PARCELS {
                let (to, entries) = (to.clone(), entries.to_vec());
                self.parcels.push_back(Parcel { to, entries, tried: 0, due });
            }
            due += self.settings.interval;
        }
    }

    /// A peer did not take a batch; returns whether it will be tried again.
    pub fn undelivered(&mut self, now: Duration, parcel: Parcel) -> bool {
        let tried = parcel.tried + 1;
        let is_tried_again = tried < self.settings.attempts;
        if is_tried_again {
            let due = now + self.settings.delay;
            self.parcels.push_back(Parcel { tried, due, ..parcel });
        }
        is_tried_again
    }
}

/// How many bytes each peer has left in this minute.
#[derive(Debug)]
pub struct Allowance {
    per_minute: usize,
    minute: u64,
    used: BTreeMap<PeerName, usize>,
}

impl Allowance {
    /// Each peer may send `per_minute` bytes a minute.
    pub fn new(per_minute: usize) -> Allowance {
        Allowance { per_minute, minute: 0, used: BTreeMap::new() }
    }

    /// Uses `len` bytes of a peer's allowance; returns whether it had them.
    pub fn take(&mut self, now: Duration, peer: &PeerName, len: usize) -> bool {
        let minute = now.as_secs() / 60;
        if minute != self.minute {
            self.minute = minute;
            self.used.clear();
        }
        let used = self.used.entry(peer.clone()).or_insert(0);
        let is_left = len <= self.per_minute.saturating_sub(*used);
        if is_left {
            *used += len;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::{Temperature, Value};
    use super::*;
    use crate::hash::Hash;

    fn entry(number: u8) -> Entry {
        let value = Value::Temperature { temperature: Some(Temperature::Hot), is_by_use: false };
        let block = Hash::from_bytes([number; 32]);
        Entry { block, value, time_ms: 1, by: PeerName::new("alice"), signature: None }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn entries_go_in_batches_to_all_but_whom_they_came_from() {
        let settings = Batches { entries: 2, ..Batches::default() };
        let mut spread = Spread::new(settings);
        let [bob, carol] = ["bob", "carol"].map(PeerName::new);
        let peers = [bob.clone(), carol.clone()];
        spread.offer([(entry(1), Some(bob.clone())), (entry(2), None), (entry(3), None)]);
        let sent = |parcels: Vec<Parcel>| {
            let sent = parcels.into_iter().map(|parcel| (parcel.to, parcel.entries));
            sent.collect::<Vec<_>>()
        };
        let first = sent(spread.due(seconds(0), &peers));
        assert_eq!(
            first,
            [(bob.clone(), vec![entry(2)]), (carol.clone(), vec![entry(1), entry(2)])]
        );
        assert_eq!(sent(spread.due(Duration::from_millis(999), &peers)), [], "not yet");
        let last = sent(spread.due(seconds(1), &peers));
        assert_eq!(last, [(bob, vec![entry(3)]), (carol, vec![entry(3)])]);
    }

    #[test]
    fn a_batch_that_is_not_taken_is_tried_again_after_a_while_and_not_for_ever() {
        let mut spread = Spread::new(Batches { attempts: 2, ..Batches::default() });
        let peers = [PeerName::new("bob")];
        spread.offer([(entry(1), None)]);
        let parcel = spread.due(seconds(0), &peers).pop().expect("it is due");
        assert!(spread.undelivered(seconds(0), parcel));
        assert!(spread.due(Duration::from_millis(499), &peers).is_empty());
        let parcel = spread.due(Duration::from_millis(500), &peers).pop().expect("again");
        assert!(!spread.undelivered(seconds(1), parcel), "that was the second time");
        assert!(spread.due(seconds(9), &peers).is_empty());
    }

    #[test]
    fn who_comes_later_gets_all_a_batch_in_each_interval() {
        let mut spread = Spread::new(Batches { entries: 2, ..Batches::default() });
        let bob = PeerName::new("bob");
        spread.send_all(seconds(5), &bob, (1..=3).map(entry).collect());
        let sent = |parcels: Vec<Parcel>| parcels.into_iter().flat_map(|it| it.entries);
        assert!(sent(spread.due(seconds(5), &[])).eq([entry(1), entry(2)]));
        assert!(sent(spread.due(seconds(6), &[])).eq([entry(3)]));
    }

    #[test]
    fn what_waits_has_an_end() {
        let mut spread = Spread::new(Batches::default());
        spread.offer((0..=MAX_WAITING).map(|_| (entry(1), None)));
        assert_eq!(spread.waiting.len(), MAX_WAITING);
    }

    #[test]
    fn a_peer_has_its_bytes_in_a_minute_and_new_ones_in_the_next() {
        let mut allowance = Allowance::new(100);
        let [bob, carol] = ["bob", "carol"].map(PeerName::new);
        assert!(allowance.take(seconds(60), &bob, 60));
        assert!(!allowance.take(seconds(61), &bob, 41));
        assert!(allowance.take(seconds(62), &bob, 40));
        assert!(allowance.take(seconds(63), &carol, 100));
        assert!(allowance.take(seconds(120), &bob, 100));
    }
}
