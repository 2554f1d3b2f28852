//! The network between the nodes, and its faults.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::RngExt;

use super::sight::Sight;
use super::{Happening, Partition, World};
use crate::peer::PeerName;

/// The longest that a datagram is held up, in milliseconds.
const MAX_DELAY: u64 = 2_000;

/// The longest that a datagram takes where nothing is wrong, in milliseconds.
const MAX_LATENCY: u64 = 60;

/// Which ways are blocked.
#[derive(Default)]
pub(super) struct Network {
    /// Pairs of nodes: from the first to the second nothing passes.
    blocked: BTreeSet<(usize, usize)>,
}

impl World<'_> {
    /// Puts a datagram on its way, with all that can go wrong there. `sender` is
    /// where it really comes from; `None` passes every partition.
    pub(super) fn transmit(
        &mut self,
        sender: Option<usize>,
        from: PeerName,
        to: &PeerName,
        bytes: &[u8],
    ) {
        let Some(index) = self.names().position(|name| name == to) else { return };
        self.counts.sent += 1;
        if sender.is_some_and(|sender| self.network.blocked.contains(&(sender, index))) {
            self.counts.blocked += 1;
            self.say(format_args!("{from} to {to}: {} bytes blocked", bytes.len()));
            return;
        }
        let faults = &self.scenario.faults;
        let (loss, duplicates) = (faults.loss, faults.duplicates);
        if self.chance(loss) {
            self.counts.lost += 1;
            self.say(format_args!("{from} to {to}: {} bytes lost", bytes.len()));
            self.show(Sight::Sent { to, from: &from, bytes, delay: None });
            return;
        }
        self.deliver_later(index, &from, bytes);
        if self.chance(duplicates) {
            self.counts.duplicated += 1;
            self.deliver_later(index, &from, bytes);
        }
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
        let delay = Duration::from_millis(millis);
        if let (Some(watch), Some(host)) = (&mut self.watch, self.hosts.get(to)) {
            let sight = Sight::Sent { to: &host.name, from, bytes: &bytes, delay: Some(delay) };
            watch(self.time, sight);
        }
        let happening = Happening::Deliver { to, from: from.clone(), bytes };
        self.plan_in(delay, happening);
    }

    /// Whether a fault of so many thousandths comes about, now.
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

    /// Shows which nodes hear which no more.
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
