//! Which peers to dial.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rand::Rng;

use super::Table;
use super::entry::{Entry, State};
use super::keep::ANCHORS;
use crate::net::group::{Group, group, is_own_machine};
use crate::peer::PeerName;

/// A peer that may be dialled, and its rank.
struct Candidate {
    id: PeerName,
    address: SocketAddr,
    group: Option<Group>,
    /// The candidates with the lowest rank are dialled first: peers that were met before or
    /// are near, then those with a good reputation, then by chance.
    rank: (bool, Reverse<i32>, u64),
}

impl Table {
    /// The peers to dial now to reach the target number of connections, `ANCHORS` of them
    /// our own choice, no matter how many peers dial us. From now on they count as being
    /// dialled. Groups of addresses with the fewest of our connections come first, then
    /// peers that were met before or are near, then the best reputations.
    pub fn dials(&mut self, now: Duration) -> Vec<(PeerName, SocketAddr)> {
        let count =
            |is_it: fn(&Entry) -> bool| self.entries.values().filter(|entry| is_it(entry)).count();
        let target = self.policy.target;
        let wanted = target.saturating_sub(count(|entry| entry.state != State::Idle));
        let wanted = wanted.max(target.min(ANCHORS).saturating_sub(count(Entry::is_ours)));
        let mut candidates = self.candidates(now);
        let mut dialled = self.groups();
        let mut dials = Vec::new();
        while dials.len() < wanted && !candidates.is_empty() {
            let crowd = |it: &Candidate| it.group.and_then(|group| dialled.get(&group)).copied();
            let best = (0..candidates.len())
                .min_by_key(|&index| (crowd(&candidates[index]), candidates[index].rank));
            let chosen = candidates.swap_remove(best.expect("there is one"));
            if let Some(group) = chosen.group {
                *dialled.entry(group).or_insert(0) += 1;
            }
            dials.push((chosen.id, chosen.address));
        }
        for (id, _) in &dials {
            self.entries.get_mut(id).expect("it is known").state = State::Dialling;
        }
        dials
    }

    /// The address to dial this peer at once, no matter how many connections there are;
    /// `None` if it is connected, being dialled, or not let in. From now on it counts as
    /// being dialled.
    pub fn dial_now(&mut self, now: Duration, id: &PeerName) -> Option<SocketAddr> {
        let entry = self.entries.get(id).filter(|entry| entry.state == State::Idle)?;
        let address = entry.address?;
        if self.shut_out(now, id, Some(address.ip())).is_some() {
            return None;
        }
        self.entries.get_mut(id)?.state = State::Dialling;
        Some(address)
    }

    fn candidates(&mut self, now: Duration) -> Vec<Candidate> {
        let is_due = |entry: &Entry| entry.state == State::Idle && entry.next_dial <= now;
        let due = self.entries.iter().filter(|(_, entry)| is_due(entry));
        let candidate = |(id, entry): (&PeerName, &Entry)| {
            let address = entry.address?;
            if self.shut_out(now, id, Some(address.ip())).is_some() {
                return None;
            }
            let is_own = is_own_machine(address.ip());
            let group = (!is_own).then(|| group(address.ip()));
            let reputation = Reverse(entry.reputation.points(now, &self.policy.bans));
            let rank = (!entry.is_first_choice, reputation, 0);
            Some(Candidate { id: id.clone(), address, group, rank })
        };
        let mut candidates: Vec<_> = due.filter_map(candidate).collect();
        for candidate in &mut candidates {
            candidate.rank.2 = self.random.next_u64();
        }
        candidates
    }

    /// How many of our own connections and dials go to each group of addresses.
    fn groups(&self) -> BTreeMap<Group, usize> {
        let mut groups = BTreeMap::new();
        for entry in self.entries.values().filter(|entry| entry.is_ours()) {
            if let Some(ip) = entry.ip().filter(|ip| !is_own_machine(*ip)) {
                *groups.entry(group(ip)).or_insert(0) += 1;
            }
        }
        groups
    }
}
