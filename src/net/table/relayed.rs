//! Peers that are met through relays.

use std::time::Duration;

use super::Table;
use super::entry::{Entry, State};
use crate::contacts::Path;
use crate::net::hello::Hello;
use crate::peer::PeerName;

impl Table {
    /// The person who runs this node named a peer that is dialled through relays.
    pub fn learn_relayed(&mut self, now: Duration, id: &PeerName) {
        if *id != self.own {
            let entry = self.entries.entry(id.clone()).or_insert_with(|| Entry::unknown(now));
            entry.is_bootstrap = true;
            entry.is_relayed = true;
        }
    }

    /// Whom to dial now through relays alone, as nobody knows another place. They count as
    /// being dialled from now on.
    pub fn relay_dials(&mut self, now: Duration) -> Vec<PeerName> {
        let busy = self.entries.values().filter(|entry| entry.state != State::Idle).count();
        let wanted = self.policy.target.saturating_sub(busy);
        let is_due = |(id, entry): &(&PeerName, &Entry)| {
            let is_alone = entry.is_relayed && entry.address.is_none();
            let is_idle = entry.state == State::Idle && entry.next_dial <= now;
            is_alone && is_idle && self.shut_out(now, id, None).is_none()
        };
        let due = self.entries.iter().filter(is_due).take(wanted);
        let dials: Vec<_> = due.map(|(id, _)| id.clone()).collect();
        for id in &dials {
            self.entries.get_mut(id).expect("it is known").state = State::Dialling;
        }
        dials
    }

    /// The packets of a connected peer take this way now.
    pub fn took(&mut self, id: &PeerName, path: Path) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        if let Path::Direct(address) = path {
            entry.seen_at = Some(address.ip());
            // Where a hole was punched it may be open for others, too.
            if entry.is_relayed {
                entry.address = Some(address);
            }
        }
        entry.path = Some(path);
    }
}

impl Entry {
    /// A connected peer that came by itself says again where it can be dialled.
    pub(super) fn place(&mut self, hello: &Hello) {
        let came_by_itself = matches!(self.state, State::Connected { is_outgoing: false, .. });
        if let Some(ip) = self.seen_at.filter(|_| came_by_itself && !self.is_relayed)
            && let Some(place) = hello.place(ip)
        {
            self.address = Some(place);
        }
    }
}
