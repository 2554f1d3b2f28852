//! Peers that are reached through relays.

use std::time::Duration;

use rand::seq::IndexedRandom;

use super::Table;
use super::entry::{Entry, State};
use super::keep::ANCHORS;
use crate::contacts::Path;
use crate::net::hello::{Hello, MAX_RELAYED};
use crate::peer::PeerName;

/// How many unnamed peers behind relays a node dials and keeps: half of the anchors. A
/// relay costs a liar nothing, and has no groups of addresses.
const UNNAMED: usize = ANCHORS / 2;

impl Table {
    /// The person who runs this node has named a peer that is dialled through relays.
    pub fn learn_relayed(&mut self, now: Duration, id: &PeerName) {
        if *id != self.own {
            let entry = self.entries.entry(id.clone()).or_insert_with(|| Entry::unknown(now));
            entry.is_bootstrap = true;
            entry.is_relayed = true;
        }
    }

    /// Others introduce a peer that can be dialled through one of our relays.
    pub fn hear_of_relayed(&mut self, now: Duration, id: &PeerName) {
        let is_news = *id != self.own && !self.entries.contains_key(id);
        if is_news && self.has_room_for_hearsay(None) {
            let entry = Entry { is_relayed: true, ..Entry::unknown(now) };
            self.entries.insert(id.clone(), entry);
        }
    }

    /// Some random peers whose packets go through a relay, each with the endpoint's name
    /// for that relay, to introduce to another peer.
    pub fn introduce_relayed(&mut self, to: &PeerName) -> Vec<(PeerName, String)> {
        let relayed = |(id, entry): (&PeerName, &Entry)| match &entry.path {
            Some(Path::Relay(url)) if entry.address.is_none() => Some((id.clone(), url.clone())),
            _ => None,
        };
        let relayed: Vec<_> =
            self.connected().filter(|(id, _)| *id != to).filter_map(relayed).collect();
        relayed.sample(&mut self.random, MAX_RELAYED).cloned().collect()
    }

    /// The peers to dial now through relays only, as no other address is known. From now on
    /// they count as being dialled. Named peers go first; the others are chosen at random.
    pub fn relay_dials(&mut self, now: Duration) -> Vec<PeerName> {
        let busy = self.entries.values().filter(|entry| entry.state != State::Idle).count();
        let wanted = self.policy.target.saturating_sub(busy);
        let is_due = |(id, entry): &(&PeerName, &Entry)| {
            let is_alone = entry.is_relayed && entry.address.is_none();
            let is_idle = entry.state == State::Idle && entry.next_dial <= now;
            is_alone && is_idle && self.shut_out(now, id, None).is_none()
        };
        let due = self.entries.iter().filter(is_due);
        let (named, others): (Vec<_>, Vec<_>) = due.partition(|(_, entry)| entry.is_bootstrap);
        let is_other = |entry: &&Entry| entry.is_relayed && !entry.is_bootstrap && entry.is_ours();
        let share = UNNAMED.saturating_sub(self.entries.values().filter(is_other).count());
        let others = others.sample(&mut self.random, share);
        let dials = named.iter().chain(others).take(wanted);
        let dials: Vec<_> = dials.map(|(id, _)| (*id).clone()).collect();
        for id in &dials {
            self.entries.get_mut(id).expect("it is known").state = State::Dialling;
        }
        dials
    }

    /// The packets of a connected peer now take this path.
    pub fn took(&mut self, id: &PeerName, path: Path) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        if let Path::Direct(address) = path {
            entry.seen_at = Some(address.ip());
            // If a hole was punched, it may be open for others, too.
            if entry.is_relayed {
                entry.address = Some(address);
            }
        }
        entry.path = Some(path);
    }
}

impl Entry {
    /// A connected peer that dialled us says again where it can be dialled.
    pub(super) fn place(&mut self, hello: &Hello) {
        let came_by_itself = matches!(self.state, State::Connected { is_outgoing: false, .. });
        if let Some(ip) = self.seen_at.filter(|_| came_by_itself && !self.is_relayed)
            && let Some(place) = hello.place(ip)
        {
            self.address = Some(place);
        }
    }
}
