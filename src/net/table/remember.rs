//! Which peers are remembered, and which are introduced to others.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rand::seq::IndexedRandom;

use super::entry::{Entry, Kept, State};
use super::{MAX_KNOWN, MAX_KNOWN_IN_GROUP, Source, Table};
use crate::net::group::{Group, group, is_dialable, is_own_machine};
use crate::net::hello::{Hello, Introduced, MAX_INTRODUCED};
use crate::peer::PeerName;

impl Table {
    /// There is, or may be, a peer with this name at this address. If its address is known
    /// from its own connection, others do not change it.
    pub fn learn(&mut self, now: Duration, id: &PeerName, address: SocketAddr, source: Source) {
        if *id == self.own || !is_dialable(address) {
            return;
        }
        if let Some(entry) = self.entries.get_mut(id) {
            return entry.hear_of(now, address, source);
        }
        if source != Source::Bootstrap && !self.has_room_for_hearsay(Some(address.ip())) {
            return;
        }
        self.entries.insert(id.clone(), Entry::new(now, address, source));
    }

    /// A peer is in the file of peers that were met before.
    pub fn recall(&mut self, now: Duration, kept: &Kept) {
        let id = PeerName::new(&kept.id);
        self.learn(now, &id, kept.address, Source::File);
        if let Some(entry) = self.entries.get_mut(&id) {
            // The clock may have been ahead when it was written.
            entry.last_seen = Some(Duration::from_secs(kept.last_seen).min(now));
        }
    }

    /// Accepts the peers that a hello introduces. Only a peer on this machine can know
    /// others on it.
    pub(super) fn crawl(&mut self, now: Duration, from: Option<IpAddr>, hello: &Hello) {
        let is_near = from.is_some_and(is_own_machine);
        let known = hello.peers.iter().filter(|it| is_near || !is_own_machine(it.address.ip()));
        for peer in known {
            self.learn(now, &peer.name(), peer.address, Source::Peer);
        }
    }

    /// Whether there is room for one more introduced peer with this address. Made-up peers
    /// are dialled without success, and then they give way.
    pub(super) fn has_room_for_hearsay(&mut self, ip: Option<IpAddr>) -> bool {
        self.make_room(ip, |entry| entry.last_seen.is_none() && entry.failures > 0);
        self.has_room(ip)
    }

    /// Whether there is room for one more peer with this address. Peers without an address,
    /// because a relay is in between, are a group too.
    fn has_room(&self, ip: Option<IpAddr>) -> bool {
        let is_alike = |entry: &&Entry| entry.group() == ip.map(group);
        let alike = self.entries.values().filter(is_alike).count();
        let is_within_share = ip.is_some_and(is_own_machine) || alike < MAX_KNOWN_IN_GROUP;
        self.entries.len() < MAX_KNOWN && is_within_share
    }

    /// If one more peer with this address would be too many, forgets one that may go and is
    /// not connected: from the same group if that has used its share, otherwise from the
    /// largest group; of these the one that was met longest ago or never.
    pub(super) fn make_room(&mut self, ip: Option<IpAddr>, may_go: impl Fn(&Entry) -> bool) {
        if self.has_room(ip) {
            return;
        }
        let mut sizes = BTreeMap::<Option<Group>, usize>::new();
        for entry in self.entries.values() {
            *sizes.entry(entry.group()).or_insert(0) += 1;
        }
        let own = ip.map(group);
        let has_share =
            !ip.is_some_and(is_own_machine) && sizes.get(&own) >= Some(&MAX_KNOWN_IN_GROUP);
        let is_free = |entry: &Entry| entry.state == State::Idle && !entry.is_bootstrap;
        let is_near = |entry: &Entry| !has_share || entry.group() == own;
        let gone = self
            .entries
            .iter()
            .filter(|(_, entry)| is_free(entry) && is_near(entry) && may_go(entry))
            .min_by_key(|(_, entry)| (Reverse(sizes[&entry.group()]), entry.last_seen));
        if let Some(gone) = gone.map(|(id, _)| id.clone()) {
            self.entries.remove(&gone);
        }
    }

    /// Forgets a peer.
    pub fn remove(&mut self, id: &PeerName) {
        self.entries.remove(id);
    }

    /// Some random peers that were met since the start, to introduce to another peer.
    pub fn introduce(&mut self, now: Duration, to: &PeerName) -> Vec<Introduced> {
        let is_met = |(id, entry): &(&PeerName, &Entry)| {
            let is_there = entry.hello.is_some() && entry.failures == 0;
            *id != to && is_there && entry.reputation.banned_until(now).is_none()
        };
        let met = self.entries.iter().filter(is_met);
        let met: Vec<_> = met.filter_map(|(id, entry)| Some((id, entry.address?))).collect();
        let some = met.sample(&mut self.random, MAX_INTRODUCED);
        some.map(|(id, address)| Introduced { id: id.to_string(), address: *address }).collect()
    }

    /// The peers that were met, to save in a file.
    pub fn kept(&self) -> Vec<Kept> {
        let kept = |(id, entry): (&PeerName, &Entry)| {
            let (address, seen) = (entry.address?, entry.last_seen?.as_secs());
            Some(Kept { id: id.to_string(), address, last_seen: seen })
        };
        self.entries.iter().filter_map(kept).collect()
    }
}
