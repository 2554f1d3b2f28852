//! The table of peers: which peers are known, which to dial, and which to keep.
//!
//! It has no socket and no clock: it receives events together with the time, which is Unix
//! time that never goes back. So that nobody can surround a node with their own peers,
//! connections are spread over groups of addresses, each group has a limited share of the
//! known peers, and the oldest connections that we dialled ourselves stay.

mod entry;
mod remember;
mod keep;
mod relayed;
mod choose;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;

use self::entry::{Entry, State};
use super::hello::{Hello, Refused};
use super::lists::Lists;
use super::reputation::{Bans, Deed};
use crate::contacts::{Contact, Standing};
use crate::peer::PeerName;

pub use self::entry::Kept;
pub use self::keep::Place;

/// The most peers that are remembered.
pub const MAX_KNOWN: usize = 1_000;

/// The most remembered peers in one group of addresses, other than this machine's own.
pub const MAX_KNOWN_IN_GROUP: usize = 64;

/// The rules by which the table decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many connections to maintain by dialling.
    pub target: usize,
    /// The most connections.
    pub most: usize,
    /// How long to wait after a failed dial; twice as long after each further one.
    pub retry: Duration,
    /// After this many failed dials a peer is forgotten, unless it is a bootstrap peer.
    pub retries: u32,
    /// A connected peer that says nothing for this long is disconnected.
    pub silent_after: Duration,
    /// A peer that was not met for this long is forgotten.
    pub forget_after: Duration,
    /// How peers are banned.
    pub bans: Bans,
    /// Whether this node only introduces others: then it makes room for new peers.
    pub is_introducer: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            target: 8,
            most: 125,
            retry: Duration::from_secs(2),
            retries: 8,
            silent_after: Duration::from_secs(90),
            forget_after: Duration::from_secs(7 * 24 * 60 * 60),
            bans: Bans::default(),
            is_introducer: false,
        }
    }
}

/// How we know of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The person who runs this node named it: it is never forgotten.
    Bootstrap,
    /// It is in the file of peers: it was met in an earlier run.
    File,
    /// It announced itself on the local network.
    Lan,
    /// Another peer introduced it.
    Peer,
}

/// A new connection after the two hellos.
#[derive(Clone, Debug)]
pub struct Met {
    /// The peer's identity.
    pub id: PeerName,
    /// The peer's address.
    pub address: Option<IpAddr>,
    /// Whether we dialled it.
    pub is_outgoing: bool,
    /// Its hello.
    pub hello: Hello,
    /// The version that was agreed on.
    pub version: u8,
}

/// Everything that is known of the other nodes.
#[derive(Debug)]
pub struct Table {
    own: PeerName,
    policy: Policy,
    /// The nodes that the person who runs this node lets in.
    pub lists: Lists,
    entries: BTreeMap<PeerName, Entry>,
    random: ChaCha8Rng,
}

impl Table {
    /// The table of the node with this name, with no known peers. The seed determines its
    /// random choices.
    pub fn new(own: PeerName, policy: Policy, lists: Lists, seed: u64) -> Table {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Table { own, policy, lists, entries: BTreeMap::new(), random }
    }

    /// A dial has failed, or ended with a refusal.
    pub fn failed(&mut self, now: Duration, id: &PeerName) {
        let policy = self.policy;
        let is_alone = self.connected().next().is_none();
        let Some(entry) = self.entries.get_mut(id) else { return };
        // If it has dialled us in the meantime, there is nothing to try again.
        if entry.state == State::Dialling {
            entry.state = State::Idle;
        }
        entry.failures = entry.failures.saturating_add(1);
        // A node without peers returns to these. The node itself may be cut off.
        let is_last_resort = entry.is_bootstrap || (is_alone && entry.last_seen.is_some());
        let most = if is_last_resort { 3 } else { 10 };
        let doublings = entry.failures.saturating_sub(1).min(most);
        entry.next_dial = now + policy.retry.saturating_mul(2_u32.pow(doublings));
        if entry.failures > policy.retries && !is_last_resort && entry.state == State::Idle {
            self.entries.remove(id);
        }
    }

    /// A connected peer has sent another hello.
    pub fn heard(&mut self, now: Duration, id: &PeerName, hello: Hello) {
        let from = self.entries.get(id).and_then(Entry::ip);
        self.crawl(now, from, &hello);
        if let Some(entry) = self.entries.get_mut(id) {
            entry.last_seen = Some(now);
            entry.place(&hello);
            entry.hello = Some(hello);
        }
    }

    /// The connection to a peer has ended.
    pub fn left(&mut self, now: Duration, id: &PeerName) {
        let retry = self.policy.retry;
        if let Some(entry) = self.entries.get_mut(id) {
            entry.state = State::Idle;
            entry.next_dial = now + retry;
        }
    }

    /// The measured round-trip time to a peer.
    pub fn measured(&mut self, id: &PeerName, latency: Duration) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.latency = Some(latency);
        }
    }

    /// A peer has done something; returns how long it is banned now, if it is.
    pub fn judge(&mut self, now: Duration, id: &PeerName, deed: Deed) -> Option<Duration> {
        let bans = self.policy.bans;
        self.entries.get_mut(id)?.reputation.judge(now, deed, &bans)
    }

    /// Ends a ban before its time.
    pub fn pardon(&mut self, id: &PeerName) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.reputation.pardon();
        }
    }

    /// Forgets peers that were not met for long, and returns the connected peers that have
    /// said nothing for too long.
    pub fn sweep(&mut self, now: Duration) -> Vec<PeerName> {
        let Policy { forget_after, silent_after, .. } = self.policy;
        self.entries.retain(|_, entry| {
            let since = entry.last_seen.unwrap_or_default().max(entry.learned);
            let is_old = now.saturating_sub(since) > forget_after;
            entry.is_bootstrap || entry.state != State::Idle || !is_old
        });
        let is_silent = |entry: &Entry| {
            let since = entry.last_seen.unwrap_or_default();
            entry.is_connected() && now.saturating_sub(since) > silent_after
        };
        let silent = self.entries.iter().filter(|(_, entry)| is_silent(entry));
        silent.map(|(id, _)| id.clone()).collect()
    }

    /// Some of the connected peers, at random.
    pub fn some_connected(&mut self, most: usize) -> Vec<PeerName> {
        let connected: Vec<_> = self.connected().map(|(id, _)| id.clone()).collect();
        connected.sample(&mut self.random, most).cloned().collect()
    }

    /// The connected peers that claim this capability.
    pub fn connected_that_can(&self, capability: &str) -> Vec<PeerName> {
        let can = |entry: &Entry| entry.hello.as_ref().is_some_and(|hello| hello.can(capability));
        self.connected().filter(|(_, entry)| can(entry)).map(|(id, _)| id.clone()).collect()
    }

    /// All known peers, for people and programs to read.
    pub fn contacts(&self, now: Duration) -> Vec<Contact> {
        let contact = |(id, entry): (&PeerName, &Entry)| {
            let is_let_in = self.lists.lets_in(now, id, entry.ip());
            let standing = entry.standing(now);
            let standing = if is_let_in { standing } else { Standing::Blocked };
            entry.contact(now, id, standing, &self.policy.bans)
        };
        self.entries.iter().map(contact).collect()
    }

    /// Whether a node is let in, regardless of its address.
    pub fn lets_in(&self, now: Duration, id: &PeerName) -> bool {
        let ip = self.entries.get(id).and_then(Entry::ip);
        !matches!(self.shut_out(now, id, ip), Some(Refused::Blocked | Refused::Banned))
    }

    /// The connected peers that may no longer be: lists change, and their entries expire.
    pub fn unwanted(&self, now: Duration) -> Vec<PeerName> {
        let is_unwanted =
            |(id, entry): &(&PeerName, &Entry)| self.shut_out(now, id, entry.ip()).is_some();
        self.connected().filter(is_unwanted).map(|(id, _)| id.clone()).collect()
    }

    fn connected(&self) -> impl Iterator<Item = (&PeerName, &Entry)> {
        self.entries.iter().filter(|(_, entry)| entry.is_connected())
    }

    /// Why a peer is not let in, regardless of everything else.
    fn shut_out(&self, now: Duration, id: &PeerName, ip: Option<IpAddr>) -> Option<Refused> {
        if *id == self.own {
            return Some(Refused::Own);
        }
        if !self.lists.lets_in(now, id, ip) {
            return Some(Refused::Blocked);
        }
        let entry = self.entries.get(id)?;
        entry.reputation.banned_until(now).map(|_| Refused::Banned)
    }
}
