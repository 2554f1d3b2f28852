//! Messages between nodes that need not be neighbours: what to show, pass on or refuse.
//!
//! A message to a neighbour goes straight to it; any other goes to all neighbours, which
//! pass it on, each once. What is shown or passed on is proven: its sender has signed it, and
//! has signed the record that says what it calls itself. Where that is not known, introducers
//! and the neighbour that brought the message are asked for it first.
//!
//! There is no socket and no clock here: what comes is told with the time, and what is
//! to be done is returned.

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

/// What a neighbour may bring, of its own and of others.
pub(super) const OF_NEIGHBOUR: Rate = Rate::new(200, 50);

/// What one node may say, by whichever neighbour it comes.
pub(super) const OF_SENDER: Rate = Rate::new(20, 5);

/// How long the record of a sender is waited for.
pub(super) const RECORD_WAIT: Duration = Duration::from_secs(2);

/// The most messages that wait for the records of their senders.
pub(super) const MAX_WAITING: usize = 64;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Send this to a neighbour.
    Send(PeerName, Kind, Vec<u8>),
    /// Tell of this.
    Tell(Event),
    /// A neighbour has done this.
    Judge(PeerName, Deed),
    /// Look whether this block is on our chain, for the node that asks with this number.
    Look(PeerName, u64, Hash),
    /// A node, which calls itself so, has answered us.
    Answered(PeerName, Option<String>, Answer),
}

/// A connected peer that takes messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Neighbour {
    pub(super) id: PeerName,
    pub(super) is_introducer: bool,
}

/// How things stand when something comes.
pub(super) struct Around<'a> {
    /// Unix time that never goes back.
    pub(super) now: Duration,
    pub(super) neighbours: &'a [Neighbour],
    /// Whether we have to do with a node at all.
    pub(super) is_let_in: &'a dyn Fn(&PeerName) -> bool,
}

/// All that a node has heard and said.
pub(super) struct Gossip {
    key: Key,
    own: PeerName,
    /// What this node says of itself.
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

/// A message whose sender is not known yet.
struct Waiting {
    until: Duration,
    via: PeerName,
    hops: u8,
    message: Message,
    signed: Signed,
    /// Whether somebody has shown a record that its sender has not signed.
    is_doubted: bool,
}

impl Gossip {
    /// A node with this key and this hello, of these groups, has heard nothing yet.
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

    /// What each neighbour is told first.
    pub(super) fn own_record(&self) -> Vec<u8> {
        self.record.1.to_bytes()
    }

    /// Who was heard of since then, and the accounts that they claim; this node first.
    pub(super) fn heard_since(&self, since: Duration) -> Vec<(PeerName, u16)> {
        let heard = self.records.iter().filter(|(_, known)| known.heard >= since);
        let others = heard.map(|(id, known)| (id.clone(), known.record.account));
        [(self.own.clone(), self.record.0.account)].into_iter().chain(others).collect()
    }

    /// What a node calls itself, as it has signed.
    fn name_of(&self, id: &PeerName) -> Option<String> {
        let known = self.records.get(id)?;
        Some(known.record.name.clone()).filter(|name| !name.is_empty())
    }
}
