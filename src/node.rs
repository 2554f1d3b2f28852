//! The node as a state machine: no socket, no clock, no disk.
//!
//! A driver tells the node what happened ([`Input`]) and when ([`Now`]), and
//! does what it asks for ([`Output`]), in order. The loop over a network, the
//! simulator and the tests are three drivers around the same [`Node::step`]: the
//! same inputs at the same times give the same outputs.
//!
//! The node alternates between mining and listening. When the time that
//! [`Node::wake`] names has come, the driver wakes it; the node asks for a
//! search, and with the search's result it starts to listen again.
//!
//! This file has the node's turns. Its inputs and outputs are in `node/interface.rs`, the
//! table of peers and the announcements to them in `node/peers.rs`, and the handling of
//! datagrams in `node/hearing.rs`. Each handler puts actions into the node's outbox, which
//! is emptied at the end of a step.

mod interface;
mod peers;
mod hearing;

use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use self::peers::Peers;
use crate::block::{Block, Header, Nonce, Transaction};
use crate::chain::Chain;
use crate::event::{Event, Started};
use crate::pages::Pool;
use crate::peer::PeerName;
use crate::sync::{Next, Sync};

pub use self::hearing::MAX_AHEAD_SECONDS;
pub use self::interface::{
    ANSWERS_TIME, Command, Input, MAX_ANSWERS, Now, Output, Save, Search, Settings,
};
pub use self::peers::{ANNOUNCED_BLOCKS, LAST_REPEAT_TURN};

/// A node: its chain, its search, and what it knows of its peers.
#[derive(Debug)]
pub struct Node {
    settings: Settings,
    chain: Chain,
    peers: Peers,
    lane: u64,
    /// The header under search and the next counter to try.
    header: Header,
    counter: u64,
    /// Turns since the start, except those without listening.
    turns: u32,
    /// Mining turns that must come before the next rest.
    owed_turns: u32,
    /// When the next turn is due; `None` while a search is under way.
    next_turn: Option<Duration>,
    sync: Sync,
    is_paused: bool,
    /// Whether to search without listening until a block is found.
    is_hurried: bool,
    /// The outputs of this step, in order; empty between steps.
    outbox: Vec<Output>,
}

impl Node {
    /// A node with this chain. It does nothing before [`Input::Start`].
    pub fn new(settings: Settings, chain: Chain) -> Node {
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        // The port distinguishes nodes that share a seed.
        random.set_stream(settings.port.into());
        let lane = random.next_u64();
        Node {
            peers: Peers::new(&settings.peers),
            lane,
            header: chain.next_header(0, lane),
            counter: 0,
            turns: 0,
            owed_turns: 0,
            next_turn: None,
            sync: Sync::new(random, settings.ask_more_after),
            is_paused: false,
            is_hurried: false,
            outbox: Vec::new(),
            settings,
            chain,
        }
    }

    /// Its settings from the start, with its current pace.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The chain of this node.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Moves the old blocks of its chain into pages of the pool, which others can share.
    pub(crate) fn share_chain(&mut self, pool: &mut Pool) {
        self.chain.share(pool);
    }

    /// The peers that it sends announcements to.
    pub fn peers(&self) -> impl Iterator<Item = &PeerName> {
        self.peers.listed().map(|peer| &peer.name)
    }

    /// The peers that we were told to refuse.
    pub fn refused(&self) -> impl Iterator<Item = &PeerName> {
        self.peers.refused().map(|peer| &peer.name)
    }

    /// Whether mining is paused.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// The counter of the next nonce to try.
    pub fn next_counter(&self) -> u64 {
        self.counter
    }

    /// When the next [`Input::Wake`] is due, on the monotonic clock; `None` before the
    /// start, and while only a search is under way.
    pub fn wake(&self) -> Option<Duration> {
        self.next_turn.into_iter().chain(self.sync.wake()).min()
    }

    /// The number of blocks of the longer chain that this node is fetching, as a peer says.
    pub fn fetching(&self) -> Option<usize> {
        self.sync.fetching()
    }

    /// Takes an input and returns the outputs, in order.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Output> {
        let is_wake = matches!(input, Input::Wake);
        match input {
            Input::Start => self.start(now),
            Input::Wake => self.sync.time_out(now.monotonic),
            Input::Searched { search, found } => self.searched(now, &search, found),
            Input::Datagram { from, bytes } => self.hear(now, from, bytes),
            Input::Joined(name) => self.greet(name),
            Input::Left(name) => self.forget(&name),
            Input::Command(command) => self.obey(now, command),
        }
        self.catch_up(now);
        if is_wake && self.next_turn.is_some_and(|due| due <= now.monotonic) {
            self.turn(now);
        }
        std::mem::take(&mut self.outbox)
    }

    fn start(&mut self, now: Now) {
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
        self.tell(started);
        self.announce();
    }

    /// Does what the download asks for, until it asks for nothing.
    fn catch_up(&mut self, now: Now) {
        while let Some(next) = self.sync.next(now.monotonic, &self.chain) {
            match next {
                Next::Ask(to, question) => self.send(vec![to], question.encode()),
                Next::Adopt(from, branch) => self.adopt_fetched(now, from, branch),
            }
        }
    }

    fn turn(&mut self, now: Now) {
        if !self.is_hurried {
            // Turns without listening take no time, and a repeat makes sense only after
            // some time.
            self.turns = self.turns.saturating_add(1);
            self.repeat_announcement();
        }
        if self.is_paused && !self.is_hurried {
            self.listen(now, 1);
        } else {
            self.search(now);
        }
    }

    /// Asks for a search of the next nonces.
    fn search(&mut self, now: Now) {
        self.next_turn = None;
        if self.counter >= Nonce::COUNTER_END {
            // All counters of this lane are tried: continue in the next lane.
            self.lane = self.lane.wrapping_add(1);
            self.reset_search(now);
        }
        let end = self.counter.saturating_add(self.settings.nonces).min(Nonce::COUNTER_END);
        self.tell(Event::Tried { counter: self.counter });
        self.outbox.push(Output::Search(Search {
            header: self.header,
            counters: self.counter..end,
            target: self.chain.target(),
        }));
    }

    fn searched(&mut self, now: Now, search: &Search, found: Option<Header>) {
        if search.header != self.header {
            // The chain changed since this search was asked for.
            return;
        }
        self.listen(now, if self.is_hurried { 0 } else { 1 });
        self.owed_turns = self.owed_turns.saturating_sub(1);
        self.counter = search.counters.end;
        let Some(header) = found else { return };
        let block = Block { header, reward: Transaction::reward(self.settings.account) };
        // This fails only if a driver reports a nonce that is not valid.
        let Ok(()) = self.chain.push(&block) else { return };
        self.is_hurried = false;
        self.listen(now, 1);
        self.reset_search(now);
        self.save(self.chain.height());
        // Before the reactions of others, which may be quicker than our next line.
        self.tell(Event::Created { height: self.chain.height(), hash: self.chain.tip_hash() });
        self.announce();
        self.sync.chain_changed(now.monotonic, &self.chain);
    }

    fn obey(&mut self, now: Now, command: Command) {
        match command {
            Command::Pause => {
                self.is_hurried = false;
                self.set_paused(true);
            }
            Command::Resume => self.set_paused(false),
            Command::MineOne => {
                self.is_hurried = true;
                // Now, unless a search is already under way.
                self.next_turn = self.next_turn.map(|_| now.monotonic);
            }
            Command::Connect(name) => {
                if !self.is_listed(&name) {
                    self.tell(Event::Connected { peer: name.clone() });
                }
                self.peers.add(name.clone()).is_refused = false;
                self.announce_to(name);
            }
            Command::Disconnect(name) => {
                self.sync.forget(&name);
                let peer = self.peers.add(name.clone());
                if !std::mem::replace(&mut peer.is_refused, true) {
                    self.tell(Event::Disconnected { peer: name });
                }
            }
            Command::Pace { nonces, listen } => self.set_pace(nonces, listen),
            Command::Sync => self.announce(),
            Command::Ask(name) if self.is_listed(&name) => self.announce_to(name),
            Command::Ask(_) => {}
        }
    }

    /// A change that changes nothing is no event.
    fn set_paused(&mut self, is_paused: bool) {
        if std::mem::replace(&mut self.is_paused, is_paused) != is_paused {
            self.tell(if is_paused { Event::Paused } else { Event::Resumed });
        }
    }

    fn set_pace(&mut self, nonces: u64, listen: Duration) {
        if (self.settings.nonces, self.settings.listen) != (nonces, listen) {
            (self.settings.nonces, self.settings.listen) = (nonces, listen);
            self.tell(Event::Paced { nonces, listen });
        }
    }

    /// A peer has left.
    fn forget(&mut self, name: &PeerName) {
        self.sync.forget(name);
        self.peers.remove(name);
    }

    /// Listens for some turns before the next mining turn; returns how long that is.
    fn listen(&mut self, now: Now, turns: u32) -> Duration {
        let duration = self.settings.listen * turns;
        self.next_turn = Some(now.monotonic + duration);
        duration
    }

    /// Rests after a copy: listens for one to three turns, not the same number for all
    /// nodes, so that clocks and turns drift apart. That is the tutorial's rule. But a node
    /// that has rested first mines as many turns as it rested; otherwise a peer with a
    /// block every second would keep it from mining for ever.
    fn rest(&mut self, now: Now) {
        if self.owed_turns > 0 {
            // If a search is under way, its result will be dropped.
            let next = self.next_turn.unwrap_or(now.monotonic + self.settings.listen);
            self.next_turn = Some(next);
            return;
        }
        let turns = (usize::from(self.settings.port) + self.chain.count()) % 3 + 1;
        self.owed_turns = turns as u32;
        let duration = self.listen(now, turns as u32);
        self.tell(Event::Rested { duration });
    }

    /// Starts to search for the block after the tip, from the first counter on.
    fn reset_search(&mut self, now: Now) {
        self.counter = 0;
        self.header = self.chain.next_header(now.wall, self.lane);
    }

    /// Asks the driver to save the chain's blocks from this height on.
    fn save(&mut self, from: usize) {
        let blocks = self.chain.blocks_from(from).into_owned();
        self.outbox.push(Output::Save(Save { from, blocks }));
    }

    fn send(&mut self, to: Vec<PeerName>, bytes: Vec<u8>) {
        if !to.is_empty() {
            self.outbox.push(Output::Send { to, bytes });
        }
    }

    fn tell(&mut self, event: Event) {
        self.outbox.push(Output::Event(event));
    }
}
