//! The network between the nodes, and its faults.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::RngExt;

use super::sight::Sight;
use super::{Happening, MALLORY, Partition, World};
use crate::peer::PeerName;

/// The longest delay of a datagram that is held up, in milliseconds.
const MAX_DELAY: u64 = 2_000;

/// The longest normal delay of a datagram, in milliseconds.
const MAX_LATENCY: u64 = 60;

/// Which links are blocked.
#[derive(Default)]
pub(super) struct Network {
    /// Pairs of nodes: nothing passes from the first to the second.
    blocked: BTreeSet<(usize, usize)>,
    /// The additional delay of each datagram.
    pub(super) delay: Duration,
}

impl World<'_> {
    /// Sends a datagram through all faults of the network. `sender` is its real source;
    /// `None` passes every partition.
    pub(super) fn transmit(
        &mut self,
        sender: Option<usize>,
        from: PeerName,
        to: &PeerName,
        bytes: &[u8],
    ) {
        let Some(index) = self.place_of(to) else { return };
        self.counts.sent += 1;
        if sender.is_some_and(|sender| self.network.blocked.contains(&(sender, index))) {
            self.counts.blocked += 1;
            self.say(format_args!("{from} to {to}: {} bytes blocked", bytes.len()));
            self.show_message(index, &from, bytes, None);
            return;
        }
        let faults = &self.scenario.faults;
        let (loss, duplicates) = (faults.loss, faults.duplicates);
        if self.chance(loss) {
            self.counts.lost += 1;
            self.say(format_args!("{from} to {to}: {} bytes lost", bytes.len()));
            self.show_message(index, &from, bytes, None);
            return;
        }
        self.deliver_later(index, &from, bytes);
        if self.chance(duplicates) {
            self.counts.duplicated += 1;
            self.deliver_later(index, &from, bytes);
        }
    }

    /// The machine of this name, or the index of the hostile peer.
    pub(super) fn place_of(&self, name: &PeerName) -> Option<usize> {
        if self.mallory.as_ref().is_some_and(|mallory| mallory.name == *name) {
            return Some(MALLORY);
        }
        self.hosts.iter().position(|host| host.name == *name)
    }

    fn deliver_later(&mut self, to: usize, from: &PeerName, bytes: &[u8]) {
        let faults = &self.scenario.faults;
        let (delays, truncations, flips) = (faults.delays, faults.truncations, faults.flips);
        let mut bytes = bytes.to_vec();
        if !bytes.is_empty() && self.chance(truncations) {
            self.counts.truncated += 1;
            bytes.truncate(self.random.random_range(0..bytes.len()));
        }
        if !bytes.is_empty() && self.chance(flips) {
            self.counts.flipped += 1;
            let at = self.random.random_range(0..bytes.len());
            bytes[at] ^= 1 << self.random.random_range(0..8);
        }
        let mut millis = self.random.random_range(1..=MAX_LATENCY);
        if self.chance(delays) {
            self.counts.delayed += 1;
            millis += self.random.random_range(0..=MAX_DELAY);
        }
        let delay = self.network.delay + Duration::from_millis(millis);
        self.show_message(to, from, &bytes, Some(delay));
        self.plan_in(delay, Happening::Deliver { to, from: from.clone(), bytes });
    }

    /// Shows a datagram and its delay, unless it is lost.
    fn show_message(&mut self, to: usize, from: &PeerName, bytes: &[u8], delay: Option<Duration>) {
        if let (Some(watch), Some(host)) = (&mut self.watch, self.hosts.get(to)) {
            watch(self.time, Sight::Sent { from, to: &host.name, bytes, delay });
        }
    }

    /// Whether a fault happens now, whose chance is given in thousandths.
    fn chance(&mut self, thousandths: u32) -> bool {
        !self.is_calm && thousandths > 0 && self.random.random_ratio(thousandths, 1000)
    }

    pub(super) fn begin_partition(&mut self) {
        let count = self.hosts.len();
        let half = |index: usize| index < count / 2;
        let (kind, time) = match self.scenario.faults.partition {
            None => return,
            Some(Partition::Halves(duration)) => (0, duration),
            Some(Partition::Drawn) => {
                let seconds = self.random.random_range(30..300);
                (self.random.random_range(0..3), Duration::from_secs(seconds))
            }
        };
        let alone = self.random.random_range(0..count);
        let is_blocked = |from: usize, to: usize| match kind {
            0 => half(from) != half(to),
            1 => half(from) && !half(to),
            _ => (from == alone) != (to == alone),
        };
        for from in 0..count {
            let ways = (0..count).filter(|&to| is_blocked(from, to)).map(|to| (from, to));
            self.network.blocked.extend(ways);
        }
        self.counts.partitions += 1;
        let what = ["in halves", "one way", "one from all others"][kind];
        self.say(format_args!("the network is split {what} for {time:?}"));
        self.show_blocked();
        self.plan_in(time, Happening::PartitionEnds);
    }

    /// Shows which nodes no longer hear which.
    fn show_blocked(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        for (to, host) in self.hosts.iter().enumerate() {
            let ways = self.network.blocked.iter().filter(|way| way.1 == to);
            let unheard = ways.map(|way| &self.hosts[way.0].name).collect();
            watch(self.time, Sight::Deaf(&host.name, unheard));
        }
    }

    pub(super) fn end_partition(&mut self) {
        self.network.blocked.clear();
        self.show_blocked();
        self.say(format_args!("the network is whole"));
        if !self.is_calm && self.scenario.faults.partition == Some(Partition::Drawn) {
            let wait = Duration::from_secs(self.random.random_range(30..300));
            self.plan_in(wait, Happening::PartitionBegins);
        }
    }
}
