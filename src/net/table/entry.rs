//! The entry for one peer.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Source;
use crate::contacts::{Contact, Path, Standing};
use crate::net::group::{Group, group};
use crate::net::hello::Hello;
use crate::net::reputation::{Bans, Reputation};
use crate::peer::PeerName;

/// A peer as it is saved in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its public key in hexadecimal.
    pub id: String,
    /// Where it can be dialled.
    pub address: SocketAddr,
    /// When it was last heard from, in Unix seconds.
    pub last_seen: u64,
}

/// The state of the connection to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Dialling,
    Connected { since: Duration, is_outgoing: bool },
}

/// One peer.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where it can be dialled.
    pub(super) address: Option<SocketAddr>,
    /// The address of its current or last connection.
    pub(super) seen_at: Option<IpAddr>,
    /// Whether it can be dialled through our relays.
    pub(super) is_relayed: bool,
    pub(super) is_bootstrap: bool,
    /// Whether it was met before or is near: then it is dialled before others.
    pub(super) is_first_choice: bool,
    pub(super) learned: Duration,
    pub(super) last_seen: Option<Duration>,
    pub(super) state: State,
    pub(super) next_dial: Duration,
    /// Failed dials since the last success.
    pub(super) failures: u32,
    pub(super) hello: Option<Hello>,
    pub(super) version: Option<u8>,
    /// The path of its packets, while it is connected.
    pub(super) path: Option<Path>,
    pub(super) latency: Option<Duration>,
    pub(super) reputation: Reputation,
}

impl Entry {
    pub(super) fn new(now: Duration, address: SocketAddr, source: Source) -> Entry {
        Entry {
            address: Some(address),
            is_bootstrap: source == Source::Bootstrap,
            is_first_choice: matches!(source, Source::File | Source::Lan),
            ..Entry::unknown(now)
        }
    }

    /// The entry for a peer that dialled us.
    pub(super) fn unknown(now: Duration) -> Entry {
        Entry {
            address: None,
            seen_at: None,
            is_relayed: false,
            is_bootstrap: false,
            is_first_choice: false,
            learned: now,
            last_seen: None,
            state: State::Idle,
            next_dial: Duration::ZERO,
            failures: 0,
            hello: None,
            version: None,
            path: None,
            latency: None,
            reputation: Reputation::default(),
        }
    }

    /// We are told its address.
    pub(super) fn hear_of(&mut self, now: Duration, address: SocketAddr, source: Source) {
        self.is_bootstrap |= source == Source::Bootstrap;
        // What others say is accepted only for a peer that was never met.
        let is_believed = source != Source::Peer || self.last_seen.is_none();
        if is_believed && !self.is_connected() && self.address != Some(address) {
            self.address = Some(address);
            self.seen_at = None;
            if matches!(source, Source::Bootstrap | Source::Lan) {
                self.next_dial = now;
            }
        }
        self.is_first_choice |= matches!(source, Source::File | Source::Lan);
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    /// Its address, as far as it is known: from its connection, or from others.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        self.seen_at.or(self.address.map(|address| address.ip()))
    }

    /// The group of that address.
    pub(super) fn group(&self) -> Option<Group> {
        self.ip().map(group)
    }

    pub(super) fn is_outgoing(&self) -> bool {
        matches!(self.state, State::Connected { is_outgoing: true, .. })
    }

    /// Whether its connection is our own choice, or will be.
    pub(super) fn is_ours(&self) -> bool {
        self.state == State::Dialling || self.is_outgoing()
    }

    pub(super) fn standing(&self, now: Duration) -> Standing {
        match self.state {
            _ if self.reputation.banned_until(now).is_some() => Standing::Banned,
            State::Connected { .. } => Standing::Connected,
            State::Dialling => Standing::Dialling,
            State::Idle => Standing::Known,
        }
    }

    pub(super) fn contact(
        &self,
        now: Duration,
        id: &PeerName,
        standing: Standing,
        bans: &Bans,
    ) -> Contact {
        let hello = self.hello.as_ref();
        let name = hello.map(|hello| hello.name.clone()).filter(|name| !name.is_empty());
        let reasons = self.reputation.reasons();
        Contact {
            id: id.clone(),
            name,
            address: self.address,
            http: hello.and_then(|hello| hello.http),
            version: self.version,
            capabilities: hello.map(|hello| hello.capabilities.clone()).unwrap_or_default(),
            region: hello.and_then(|hello| hello.region.clone()),
            groups: hello.map(|hello| hello.groups.clone()).unwrap_or_default(),
            last_seen: self.last_seen.map(|seen| seen.as_secs()),
            standing,
            is_outgoing: self.is_outgoing(),
            path: self.path.clone().filter(|_| self.is_connected()),
            latency: self.latency.filter(|_| self.is_connected()),
            reputation: self.reputation.points(now, bans),
            reasons: reasons.map(|deed| format!("{:+}: {}", deed.points, deed.why)).collect(),
            banned_until: self.reputation.banned_until(now).map(|until| until.as_secs()),
        }
    }
}
