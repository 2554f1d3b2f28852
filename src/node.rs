//! The node as a state machine: no socket, no clock, no disk.
//!
//! A driver tells the node what happened ([`Input`]) and when ([`Now`]), and
//! does what it asks for ([`Output`]), in order. The UDP loop, the simulator and
//! the tests are three drivers around the same [`Node::step`]; whoever gives the
//! same inputs at the same times gets the same outputs.
//!
//! The node alternates between mining and listening. When the time that
//! [`Node::wake`] names has come, the driver wakes it; the node asks for a
//! search, and with the search's result it starts to listen again.
//!
//! This file has its turns; what goes in and comes out is in `node/interface.rs`,
//! and what it makes of datagrams in `node/hearing.rs`.

mod interface;
mod hearing;

use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use self::hearing::Peer;
use crate::block::{Block, Header, Nonce, Transaction};
use crate::chain::{Branch, Chain};
use crate::event::{Event, Started};
use crate::peer::PeerName;
use crate::sync::Sync;

pub use self::hearing::{ANNOUNCED_BLOCKS, ANSWERS_TIME, MAX_AHEAD_SECONDS, MAX_ANSWERS};
pub use self::interface::{Command, Input, Now, Output, Search, Settings};

/// The first announcement is repeated for peers that we have not heard from
/// when the number of turns since the start is a power of two from 2 to this.
pub const LAST_REPEAT_TURN: u32 = 64;

/// A node: its chain, its search, and what it knows of its peers.
#[derive(Debug)]
pub struct Node {
    settings: Settings,
    chain: Chain,
    peers: Vec<Peer>,
    lane: u64,
    /// The header under search and the next counter to try.
    header: Header,
    counter: u64,
    /// Turns since the start, without those that did not listen.
    turns: u32,
    /// When the next turn is due; `None` while a search is under way.
    next_turn: Option<Duration>,
    sync: Sync,
    is_paused: bool,
    /// Whether to search on without listening until a block is found.
    is_hurried: bool,
}

impl Node {
    /// A node that stands on `chain`. It does nothing before [`Input::Start`].
    pub fn new(settings: Settings, chain: Chain) -> Node {
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        // Nodes that share a seed are told apart by their ports.
        random.set_stream(settings.port.into());
        let lane = random.next_u64();
        Node {
            peers: settings.peers.iter().cloned().map(Peer::new).collect(),
            lane,
            header: Header {
                previous: chain.tip_hash(),
                timestamp: 0,
                nonce: Nonce::in_lane(lane, 0),
            },
            counter: 0,
            turns: 0,
            next_turn: None,
            sync: Sync::new(random),
            is_paused: false,
            is_hurried: false,
            settings,
            chain,
        }
    }

    /// What it was told at its start.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The chain that this node stands on.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Whom a broadcast goes to.
    pub fn peers(&self) -> impl Iterator<Item = &PeerName> {
        self.peers.iter().filter(|peer| !peer.is_refused).map(|peer| &peer.name)
    }

    /// The peers with whom we were told to have nothing to do.
    pub fn refused(&self) -> impl Iterator<Item = &PeerName> {
        self.peers.iter().filter(|peer| peer.is_refused).map(|peer| &peer.name)
    }

    /// Whether mining is paused.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// The counter of the next nonce to try.
    pub fn next_counter(&self) -> u64 {
        self.counter
    }

    /// When the next [`Input::Wake`] is due, on the monotonic clock; `None`
    /// before the start, and while nothing but a search is under way.
    pub fn wake(&self) -> Option<Duration> {
        self.next_turn.into_iter().chain(self.sync.wake()).min()
    }

    /// How many blocks the longer chain has that this node is fetching, as a
    /// peer says.
    pub fn fetching(&self) -> Option<usize> {
        self.sync.fetching()
    }

    /// Takes in what happened and returns what is to be done, in order.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Output> {
        match input {
            Input::Start => self.start(now),
            Input::Wake => self.awake(now),
            Input::Searched { search, found } => self.searched(now, &search, found),
            Input::Datagram { from, bytes } => self.hear(now, from, bytes),
            Input::Command(command) => self.obey(now, command),
        }
    }

    fn start(&mut self, now: Now) -> Vec<Output> {
        self.reset_search(now);
        self.listen(now, 1);
        let started = Event::Started(Started {
            name: self.settings.name.clone(),
            port: self.settings.port,
            peers: self.settings.peers.clone(),
            nonces: self.settings.nonces,
            listen: self.settings.listen,
            target: self.chain.target(),
            seed: self.settings.seed,
            lane: self.lane,
            height: self.chain.height(),
            hash: self.chain.tip_hash(),
        });
        vec![Output::Event(started), Output::Broadcast(self.announcement())]
    }

    fn awake(&mut self, now: Now) -> Vec<Output> {
        let next = self.sync.time_out(now.monotonic, &self.chain);
        let mut outputs = self.follow(now, next);
        if self.next_turn.is_some_and(|due| due <= now.monotonic) {
            outputs.extend(self.turn(now));
        }
        outputs
    }

    fn turn(&mut self, now: Now) -> Vec<Output> {
        let mut outputs = Vec::new();
        if !self.is_hurried {
            // Turns without listening take no time, and it is time that makes a
            // repeat worthwhile.
            self.turns = self.turns.saturating_add(1);
            outputs = self.repeat_announcement();
        }
        if self.is_paused && !self.is_hurried {
            self.listen(now, 1);
        } else {
            outputs.extend(self.search(now));
        }
        outputs
    }

    /// Asks for a search of the next nonces.
    fn search(&mut self, now: Now) -> [Output; 2] {
        self.next_turn = None;
        if self.counter >= Nonce::COUNTER_END {
            // Every counter of this lane is tried: go on in the next.
            self.lane = self.lane.wrapping_add(1);
            self.reset_search(now);
        }
        let end = self.counter.saturating_add(self.settings.nonces).min(Nonce::COUNTER_END);
        let search = Search { header: self.header, counters: self.counter..end };
        [Output::Event(Event::Tried { counter: self.counter }), Output::Search(search)]
    }

    /// A datagram may be lost, and a peer may start after us: say who we are
    /// again to those who have never written, ever more rarely, and then no
    /// more, as any datagram costs a tutorial's node a second of mining.
    fn repeat_announcement(&self) -> Vec<Output> {
        if !(2..=LAST_REPEAT_TURN).contains(&self.turns) || !self.turns.is_power_of_two() {
            return Vec::new();
        }
        let unheard = self.peers.iter().filter(|peer| !peer.is_heard && !peer.is_refused);
        let send = |peer: &Peer| Output::Send { to: peer.name.clone(), bytes: self.announcement() };
        unheard.map(send).collect()
    }

    fn searched(&mut self, now: Now, search: &Search, found: Option<Header>) -> Vec<Output> {
        if search.header != self.header {
            // The chain changed since this search was asked for.
            return Vec::new();
        }
        self.listen(now, if self.is_hurried { 0 } else { 1 });
        self.counter = search.counters.end;
        let Some(header) = found else { return Vec::new() };
        let reward = Transaction::reward(self.settings.port);
        let block = Block { header, reward }.to_bytes();
        let height = self.chain.count();
        // It fails only where a driver found what is not there.
        let Ok(branch) = Branch::check(&self.chain, height, &block) else { return Vec::new() };
        self.chain.adopt(branch);
        self.is_hurried = false;
        self.listen(now, 1);
        self.reset_search(now);
        let mut outputs = vec![
            Output::Save { from: height },
            Output::Broadcast(self.announcement()),
            Output::Event(Event::Created { height, hash: self.chain.tip_hash() }),
        ];
        let next = self.sync.chain_changed(now.monotonic, &self.chain);
        outputs.extend(self.follow(now, next));
        outputs
    }

    fn obey(&mut self, now: Now, command: Command) -> Vec<Output> {
        match command {
            Command::Pause => (self.is_paused, self.is_hurried) = (true, false),
            Command::Resume => self.is_paused = false,
            Command::MineOne => {
                self.is_hurried = true;
                // Now, unless a search is under way already.
                self.next_turn = self.next_turn.map(|_| now.monotonic);
            }
            Command::Connect(name) => {
                self.peer(name.clone()).is_refused = false;
                return vec![Output::Send { to: name, bytes: self.announcement() }];
            }
            Command::Disconnect(name) => {
                self.peer(name.clone()).is_refused = true;
                let next = self.sync.forget(now.monotonic, &self.chain, &name);
                return self.follow(now, next);
            }
            Command::Sync => return vec![Output::Broadcast(self.announcement())],
        }
        Vec::new()
    }

    /// The peer of this name, which is one of ours from now on.
    fn peer(&mut self, name: PeerName) -> &mut Peer {
        let index = self.peers.iter().position(|peer| peer.name == name);
        let index = index.unwrap_or_else(|| {
            self.peers.push(Peer::new(name));
            self.peers.len() - 1
        });
        &mut self.peers[index]
    }

    /// Listens for so many turns before the next is due; says how long that is.
    fn listen(&mut self, now: Now, turns: u32) -> Duration {
        let duration = self.settings.listen * turns;
        self.next_turn = Some(now.monotonic + duration);
        duration
    }

    /// Starts to search for the block after the tip, from the first counter on.
    fn reset_search(&mut self, now: Now) {
        let earliest = self.chain.tip_at(self.chain.count()).earliest_timestamp();
        self.counter = 0;
        self.header = Header {
            previous: self.chain.tip_hash(),
            timestamp: now.wall.max(earliest),
            nonce: Nonce::in_lane(self.lane, 0),
        };
    }
}
