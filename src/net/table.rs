//! The table of peers: who is known, whom to dial, whom to keep.
//!
//! It has no socket and no clock: what happens is told to it with the time, which is
//! Unix time that never goes back. So that nobody can surround a node with peers of
//! their own, connections are spread over groups of addresses, a group has a share of
//! what is known, and the oldest connections that we dialled ourselves stay.

mod entry;
mod choose;
mod keep;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;

use self::entry::{Entry, State};
use super::group::{group, is_own_machine};
use super::hello::{Hello, Introduced, MAX_INTRODUCED, Refused};
use super::lists::Lists;
use super::reputation::Deed;
use crate::contacts::{Contact, Standing};
use crate::peer::PeerName;

pub use self::entry::Kept;
pub use self::keep::Place;

/// The most peers that are remembered.
pub const MAX_KNOWN: usize = 1_000;

/// The most of them in one group of addresses, other than this machine's own.
pub const MAX_KNOWN_IN_GROUP: usize = 64;

/// How the table decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many connections to keep up by dialling.
    pub target: usize,
    /// The most connections.
    pub most: usize,
    /// How long to wait after a dial that failed; twice as long after each more.
    pub retry: Duration,
    /// After how many dials in vain a peer is forgotten, unless it is a bootstrap peer.
    pub retries: u32,
    /// A connected peer that says nothing for so long is hung up on.
    pub silent_after: Duration,
    /// A peer that was not met for so long is forgotten.
    pub forget_after: Duration,
    /// How long the first ban lasts.
    pub ban: Duration,
    /// Whether this node only introduces others: then it makes room for new ones.
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
            ban: super::reputation::FIRST_BAN,
            is_introducer: false,
        }
    }
}

/// Where it is known from that there is a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The person who runs this node named it: it is never forgotten.
    Bootstrap,
    /// It is in the file of peers: it was met before.
    File,
    /// It is near: it made itself known on the local network.
    Lan,
    /// Another peer introduced it.
    Peer,
}

/// A new connection, as it stands after the two hellos.
#[derive(Clone, Debug)]
pub struct Met {
    /// Who is there.
    pub id: PeerName,
    /// Where from.
    pub address: Option<IpAddr>,
    /// Whether we dialled.
    pub is_outgoing: bool,
    /// What it says of itself.
    pub hello: Hello,
    /// The version that was agreed on.
    pub version: u8,
}

/// All that is known of the other nodes.
#[derive(Debug)]
pub struct Table {
    own: PeerName,
    policy: Policy,
    /// Whom the person who runs this node lets in.
    pub lists: Lists,
    entries: BTreeMap<PeerName, Entry>,
    random: ChaCha8Rng,
}

impl Table {
    /// A table of the node of this name, which knows nobody. What is random in its
    /// choices is grown from the seed.
    pub fn new(own: PeerName, policy: Policy, lists: Lists, seed: u64) -> Table {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Table { own, policy, lists, entries: BTreeMap::new(), random }
    }

    /// There is, or may be, a peer of this name at this address. Where a peer's address
    /// is known from its own connection, others do not change it.
    pub fn learn(&mut self, now: Duration, id: &PeerName, address: SocketAddr, source: Source) {
        if *id == self.own || address.port() == 0 || address.ip().is_unspecified() {
            return;
        }
        if let Some(entry) = self.entries.get_mut(id) {
            return entry.hear_of(now, address, source);
        }
        if source != Source::Bootstrap && !self.has_room(address.ip()) {
            return;
        }
        self.entries.insert(id.clone(), Entry::new(now, address, source));
    }

    /// Whether one more peer of this address may be remembered.
    fn has_room(&self, ip: IpAddr) -> bool {
        let is_alike = |entry: &&Entry| entry.ip().map(group) == Some(group(ip));
        let alike = self.entries.values().filter(is_alike).count();
        self.entries.len() < MAX_KNOWN && (alike < MAX_KNOWN_IN_GROUP || is_own_machine(ip))
    }

    /// Forgets somebody who is not connected, where one more of this address would be
    /// one too many: who was met last is kept.
    fn make_room(&mut self, ip: Option<IpAddr>) {
        if ip.is_none_or(|ip| self.has_room(ip)) {
            return;
        }
        let is_full = self.entries.len() >= MAX_KNOWN;
        let is_alike = |entry: &Entry| is_full || entry.ip().map(group) == ip.map(group);
        let may_go = |entry: &Entry| entry.state == State::Idle && !entry.is_bootstrap;
        let idle = self.entries.iter().filter(|(_, entry)| may_go(entry) && is_alike(entry));
        let oldest = idle.min_by_key(|(_, entry)| entry.last_seen).map(|(id, _)| id.clone());
        if let Some(oldest) = oldest {
            self.entries.remove(&oldest);
        }
    }

    /// A dial has failed, or ended in a refusal.
    pub fn failed(&mut self, now: Duration, id: &PeerName) {
        let policy = self.policy;
        let Some(entry) = self.entries.get_mut(id) else { return };
        // Where it has dialled us in the meantime there is nothing to try again.
        if entry.state == State::Dialling {
            entry.state = State::Idle;
        }
        entry.failures = entry.failures.saturating_add(1);
        // The bootstrap list is what a node without peers goes back to.
        let most = if entry.is_bootstrap { 3 } else { 10 };
        let doublings = entry.failures.saturating_sub(1).min(most);
        entry.next_dial = now + policy.retry.saturating_mul(2_u32.pow(doublings));
        if entry.failures > policy.retries && !entry.is_bootstrap && entry.state == State::Idle {
            self.entries.remove(id);
        }
    }

    /// A connected peer has said hello again.
    pub fn heard(&mut self, now: Duration, id: &PeerName, hello: Hello) {
        self.crawl(now, &hello);
        if let Some(entry) = self.entries.get_mut(id) {
            entry.last_seen = Some(now);
            entry.hello = Some(hello);
        }
    }

    /// Takes in whom a hello introduces.
    fn crawl(&mut self, now: Duration, hello: &Hello) {
        for peer in &hello.peers {
            self.learn(now, &peer.name(), peer.address, Source::Peer);
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

    /// How long a round trip to a peer takes.
    pub fn measured(&mut self, id: &PeerName, latency: Duration) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.latency = Some(latency);
        }
    }

    /// A peer has done something; returns for how long it is banned now, if it is.
    pub fn judge(&mut self, now: Duration, id: &PeerName, deed: Deed) -> Option<Duration> {
        let ban = self.policy.ban;
        self.entries.get_mut(id)?.reputation.judge(now, deed, ban)
    }

    /// Ends a ban before its time.
    pub fn pardon(&mut self, id: &PeerName) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.reputation.pardon();
        }
    }

    /// Forgets a peer.
    pub fn remove(&mut self, id: &PeerName) {
        self.entries.remove(id);
    }

    /// Forgets those who were not met for long, and names the connected who have
    /// said nothing for too long.
    pub fn sweep(&mut self, now: Duration) -> Vec<PeerName> {
        let Policy { forget_after, silent_after, .. } = self.policy;
        self.entries.retain(|_, entry| {
            let since = entry.last_seen.unwrap_or(entry.learned);
            let is_old = now.saturating_sub(since) > forget_after;
            entry.is_bootstrap || entry.state != State::Idle || !is_old
        });
        let is_silent = |entry: &Entry| {
            let since = entry.last_seen.unwrap_or(entry.learned);
            entry.is_connected() && now.saturating_sub(since) > silent_after
        };
        let silent = self.entries.iter().filter(|(_, entry)| is_silent(entry));
        silent.map(|(id, _)| id.clone()).collect()
    }

    /// Some peers at random that were met, to be introduced to another.
    pub fn introduce(&mut self, now: Duration, to: &PeerName) -> Vec<Introduced> {
        let is_met = |(id, entry): &(&PeerName, &Entry)| {
            *id != to && entry.last_seen.is_some() && entry.reputation.banned_until(now).is_none()
        };
        let met = self.entries.iter().filter(is_met);
        let met: Vec<_> = met.filter_map(|(id, entry)| Some((id, entry.address?))).collect();
        let some = met.sample(&mut self.random, MAX_INTRODUCED);
        some.map(|(id, address)| Introduced { id: id.to_string(), address: *address }).collect()
    }

    /// Some of those who are connected, at random.
    pub fn some_connected(&mut self, most: usize) -> Vec<PeerName> {
        let connected: Vec<_> = self.connected().map(|(id, _)| id.clone()).collect();
        connected.sample(&mut self.random, most).cloned().collect()
    }

    /// The peers that were met, to be kept in a file.
    pub fn kept(&self) -> Vec<Kept> {
        let kept = |(id, entry): (&PeerName, &Entry)| {
            let (address, seen) = (entry.address?, entry.last_seen?.as_secs());
            Some(Kept { id: id.to_string(), address, last_seen: seen })
        };
        self.entries.iter().filter_map(kept).collect()
    }

    /// All that is known, for people and programs to read.
    pub fn contacts(&self, now: Duration) -> Vec<Contact> {
        let contact = |(id, entry): (&PeerName, &Entry)| {
            let is_let_in = self.lists.lets_in(now, id, entry.ip());
            let standing = entry.standing(now);
            let standing = if is_let_in { standing } else { Standing::Blocked };
            entry.contact(now, id, standing)
        };
        self.entries.iter().map(contact).collect()
    }

    fn connected(&self) -> impl Iterator<Item = (&PeerName, &Entry)> {
        self.entries.iter().filter(|(_, entry)| entry.is_connected())
    }

    /// Why a peer is not let in, whatever else holds.
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
