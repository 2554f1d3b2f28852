//! The connections that are in use.

use std::collections::BTreeMap;

use iroh::endpoint::Connection;
use tokio::sync::mpsc;

use super::Parts;
use crate::net::gossip::Neighbour;
use crate::net::link::{Entrance, MAX_WAITING_OUT, Outbox};
use crate::net::paths;
use crate::net::session::ENDED;
use crate::net::table::Table;
use crate::peer::PeerName;

/// One connection.
struct Live {
    serial: u64,
    connection: Connection,
    outbox: Outbox,
    /// Whether it accepts messages, and whether it introduces others.
    takes_messages: bool,
    is_introducer: bool,
}

/// The parameters of a new connection.
pub(super) struct Beginning<'a> {
    pub(super) id: &'a PeerName,
    pub(super) connection: Connection,
    /// What both sides support.
    pub(super) has_blocks: bool,
    pub(super) takes_messages: bool,
    pub(super) is_introducer: bool,
}

/// All connections, by the names of the peers.
#[derive(Default)]
pub(super) struct Lives {
    all: BTreeMap<PeerName, Live>,
    /// The number of connections so far.
    serial: u64,
}

impl Lives {
    /// Adds a connection. Another one to the same peer is closed.
    pub(super) fn begin(
        &mut self,
        beginning: Beginning,
        parts: &Parts,
    ) -> (u64, mpsc::Receiver<Vec<u8>>, Entrance) {
        let Beginning { id, connection, has_blocks, takes_messages, is_introducer } = beginning;
        self.close(id, ENDED, "there is a newer connection");
        self.serial += 1;
        let (outbox, frames) = mpsc::channel(MAX_WAITING_OUT);
        let entrance = Entrance::new(id.clone(), parts.inbox.clone(), outbox.clone(), has_blocks);
        parts.outboxes.insert(id.clone(), outbox.clone());
        let serial = self.serial;
        let live = Live { serial, connection, outbox, takes_messages, is_introducer };
        self.all.insert(id.clone(), live);
        (self.serial, frames, entrance)
    }

    /// Closes the connection to a peer; the connection then reports its end.
    pub(super) fn close(&self, id: &PeerName, code: u32, why: &str) {
        if let Some(live) = self.all.get(id) {
            live.connection.close(code.into(), why.as_bytes());
        }
    }

    /// Whether the connection that has ended was the one in use.
    pub(super) fn end(&self, id: &PeerName, serial: u64) -> bool {
        self.all.get(id).is_some_and(|live| live.serial == serial)
    }

    /// Whether there is a connection to this peer.
    pub(super) fn has(&self, id: &PeerName) -> bool {
        self.all.contains_key(id)
    }

    /// Forgets the connection to a peer.
    pub(super) fn forget(&mut self, id: &PeerName, parts: &Parts) {
        self.all.remove(id);
        parts.outboxes.remove(id);
    }

    /// All peers.
    pub(super) fn names(&self) -> Vec<PeerName> {
        self.all.keys().cloned().collect()
    }

    /// The peers that accept messages.
    pub(super) fn neighbours(&self) -> Vec<Neighbour> {
        let live = self.all.iter().filter(|(_, live)| live.takes_messages);
        let neighbour = |(id, live): (&PeerName, &Live)| Neighbour {
            id: id.clone(),
            is_introducer: live.is_introducer,
        };
        live.map(neighbour).collect()
    }

    /// Sends a frame to a peer, unless too many already wait. Returns whether it is on its
    /// way.
    pub(super) fn send(&self, id: &PeerName, frame: Vec<u8>) -> bool {
        self.all.get(id).is_some_and(|live| live.outbox.try_send(frame).is_ok())
    }

    /// Records the path of each connection's packets, and its round-trip time.
    pub(super) fn measure(&self, table: &mut Table) {
        for (id, live) in &self.all {
            if let Some((path, time)) = paths::taken(&live.connection) {
                table.took(id, path);
                table.measured(id, time);
            }
        }
    }
}
