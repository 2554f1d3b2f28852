//! Messages between nodes that need not be neighbours: what to show, pass on or refuse.
//!
//! A message to a neighbour goes straight to it; any other goes to all neighbours, and each
//! passes it on once. Messages that are shown or passed on are proven: the sender has
//! signed the message, and also the record with its name. If the record is unknown, the
//! node first asks introducers and the neighbour that brought the message for it.
//!
//! There is no socket and no clock here: inputs come with the time, and the actions are
//! returned.

mod say;
mod hear;
mod find;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use super::frames::Kind;
use super::hello::Hello;
use super::key::Key;
use super::message::{Answer, Message};
use super::rate::{Meter, Rate};
use super::record::{Record, Records};
use super::replay::{Replay, ms};
use super::reputation::Deed;
use super::signed::{Purpose, Signed};
use crate::event::Event;
use crate::hash::Hash;
use crate::peer::PeerName;

/// How many frames a neighbour may bring, its own and those of others.
pub(super) const OF_NEIGHBOUR: Rate = Rate::new(200, 50);

/// How many messages one node may send, by any neighbour.
pub(super) const OF_SENDER: Rate = Rate::new(20, 5);

/// How long to wait for the record of a sender.
pub(super) const RECORD_WAIT: Duration = Duration::from_secs(2);

/// The most messages that wait for their senders' records.
pub(super) const MAX_WAITING: usize = 64;

/// An action for the hub.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Send this to a neighbour.
    Send(PeerName, Kind, Vec<u8>),
    /// Tell this event.
    Tell(Event),
    /// Judge a neighbour for this deed.
    Judge(PeerName, Deed),
    /// Look whether this block is on our chain, for the node whose question has this
    /// number.
    Look(PeerName, u64, Hash),
    /// A node with this name for itself has answered us.
    Answered(PeerName, Option<String>, Answer),
}

/// A connected peer that takes messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Neighbour {
    pub(super) id: PeerName,
    pub(super) is_introducer: bool,
}

/// The surroundings at the time of an input.
pub(super) struct Around<'a> {
    /// Unix time that never goes back.
    pub(super) now: Duration,
    pub(super) neighbours: &'a [Neighbour],
    /// Whether a node is let in.
    pub(super) is_let_in: &'a dyn Fn(&PeerName) -> bool,
}

/// Everything that a node has heard and said.
pub(super) struct Gossip {
    key: Key,
    own: PeerName,
    /// This node's record of itself.
    record: (Record, Signed),
    messages: Purpose,
    records_are: Purpose,
    records: Records,
    replay: Replay,
    /// The number of our last message.
    number: u64,
    meter: Meter,
    meters: BTreeMap<PeerName, Meter>,
    waiting: Vec<Waiting>,
}

/// A message whose sender is not yet known.
struct Waiting {
    until: Duration,
    via: PeerName,
    hops: u8,
    message: Message,
    signed: Signed,
    /// Whether somebody has brought a record that the sender has not signed.
    is_doubted: bool,
}

impl Gossip {
    /// The gossip of a node with this key and this hello, which has heard nothing yet.
    pub(super) fn new(now: Duration, key: Key, hello: &Hello) -> Gossip {
        let network = hello.network();
        let own = key.name();
        let record = Record {
            id: own.to_string(),
            name: hello.name.clone(),
            groups: hello.groups.clone(),
            account: hello.account,
            time_ms: ms(now),
        };
        let records_are = Purpose::new("record", &network);
        let signed = Signed::new(&key, &records_are, &record);
        Gossip {
            own,
            record: (record, signed),
            messages: Purpose::new("message", &network),
            records_are,
            records: Records::default(),
            replay: Replay::new(ms(now)),
            number: 0,
            meter: Meter::default(),
            meters: BTreeMap::new(),
            waiting: Vec::new(),
            key,
        }
    }

    /// The first frame to each neighbour.
    pub(super) fn own_record(&self) -> Vec<u8> {
        self.record.1.to_bytes()
    }

    /// The nodes that were heard from since then, with the accounts that they claim; this
    /// node first.
    pub(super) fn heard_since(&self, since: Duration) -> Vec<(PeerName, u16)> {
        let heard = self.records.iter().filter(|(_, known)| known.heard >= since);
        let others = heard.map(|(id, known)| (id.clone(), known.record.account));
        [(self.own.clone(), self.record.0.account)].into_iter().chain(others).collect()
    }

    /// A node's name for itself, as it has signed it.
    fn name_of(&self, id: &PeerName) -> Option<String> {
        let known = self.records.get(id)?;
        Some(known.record.name.clone()).filter(|name| !name.is_empty())
    }
}
