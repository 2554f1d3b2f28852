//! Which peers to keep when there is one connection too many.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::entry::{Entry, State};
use super::{Met, Table};
use crate::net::group::{Group, group};
use crate::net::hello::Refused;
use crate::peer::PeerName;

/// How many of the oldest connections that we dialled ourselves are never closed for
/// others: an attacker who wants to surround us cannot influence them.
pub(super) const ANCHORS: usize = 4;

/// What happens to the other connections if a new one has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Free,
    /// The connection to the same peer is closed.
    Instead,
    /// The connection to this other peer is closed.
    Of(PeerName),
}

impl Table {
    /// A peer has sent its hello through a new connection: decides whether that has a
    /// place, and whose. From now on it counts as connected.
    ///
    /// # Errors
    /// Why the connection is closed again.
    pub fn meet(&mut self, now: Duration, met: Met) -> Result<Place, Refused> {
        if let Some(refused) = self.shut_out(now, &met.id, met.address) {
            return Err(refused);
        }
        let place = match self.entries.get(&met.id).map(|entry| entry.state) {
            Some(State::Connected { is_outgoing: old, .. }) => {
                self.instead(&met, old).then_some(Place::Instead).ok_or(Refused::Twice)?
            }
            _ => self.place(&met).ok_or(Refused::Full)?,
        };
        if let Place::Of(other) = &place {
            self.left(now, &other.clone());
        }
        self.crawl(now, met.address, &met.hello);
        if !self.entries.contains_key(&met.id) {
            self.make_room(met.address, |_| true);
        }
        let entry = self.entries.entry(met.id).or_insert_with(|| Entry::unknown(now));
        entry.state = State::Connected { since: now, is_outgoing: met.is_outgoing };
        entry.seen_at = met.address;
        entry.path = None;
        entry.is_relayed |= met.address.is_none();
        // A peer that dialled us can be dialled at its address, on the port that it names.
        let came_from = met.address.filter(|_| !met.is_outgoing);
        if let Some(place) = came_from.and_then(|ip| met.hello.place(ip)) {
            entry.address = Some(place);
        }
        entry.failures = 0;
        entry.last_seen = Some(now);
        entry.hello = Some(met.hello);
        entry.version = Some(met.version);
        Ok(place)
    }

    /// Whether a second connection to a peer replaces the first. Both sides decide alike:
    /// the connection that the lower identity dialled stays. If both were dialled from the
    /// same side, the second one stays: its dialler has seen that the first is dead.
    fn instead(&self, met: &Met, is_old_outgoing: bool) -> bool {
        let is_own_lower = self.own < met.id;
        met.is_outgoing == is_old_outgoing || met.is_outgoing == is_own_lower
    }

    /// Whether there is room for one more, or whose place it takes.
    fn place(&self, met: &Met) -> Option<Place> {
        let connected = self.connected().count();
        // An introducer has told the oldest peers what it knows, and keeps room for others.
        let most = self.policy.most;
        let most = if self.policy.is_introducer { most - most / 4 } else { most };
        if connected < most {
            return Some(Place::Free);
        }
        let given_up = if self.policy.is_introducer {
            let incoming = self.connected().filter(|(_, entry)| !entry.is_outgoing());
            incoming.min_by_key(|(_, entry)| since(entry)).map(|(id, _)| id.clone())
        } else {
            self.crowded(met)
        };
        given_up.map(Place::Of)
    }

    /// The youngest connection in the group with the most, if that group has more than the
    /// newcomer's group would have with it. The anchors stay.
    fn crowded(&self, met: &Met) -> Option<PeerName> {
        let mut groups = BTreeMap::<Option<Group>, Vec<_>>::new();
        for (id, entry) in self.connected() {
            groups.entry(entry.group()).or_default().push((id, entry));
        }
        let own = groups.get(&met.address.map(group)).map_or(0, Vec::len) + 1;
        let anchors = self.anchors();
        let crowd = groups.values().max_by_key(|group| group.len()).filter(|it| it.len() > own)?;
        let rest = crowd.iter().filter(|(id, _)| !anchors.contains(id));
        rest.max_by_key(|(_, entry)| (!entry.is_outgoing(), since(entry)))
            .map(|(id, _)| (*id).clone())
    }

    /// The oldest connections that we dialled.
    fn anchors(&self) -> Vec<&PeerName> {
        let mut dialled: Vec<_> =
            self.connected().filter(|(_, entry)| entry.is_outgoing()).collect();
        dialled.sort_by_key(|(_, entry)| (since(entry), Reverse(entry.learned)));
        dialled.into_iter().take(ANCHORS).map(|(id, _)| id).collect()
    }
}

fn since(entry: &Entry) -> Duration {
    match entry.state {
        State::Connected { since, .. } => since,
        State::Idle | State::Dialling => Duration::MAX,
    }
}
