//! The node as a state machine: no socket, no clock, no disk.
//!
//! A driver tells the node what happened ([`Input`]) and when ([`Now`]), and
//! does what it asks for ([`Output`]), in order. The UDP loop, the simulator and
//! the tests are three drivers around the same [`Node::step`]; whoever gives the
//! same inputs at the same times gets the same outputs.
//!
//! The node alternates between mining and listening. When the time that
//! [`Node::wake`] names has come, the driver gives it a turn; the node asks for
//! a search, and with the search's result it starts to listen again.

use std::ops::Range;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use crate::block::{self, BLOCK_LEN, Block, Header, Nonce, Transaction};
use crate::chain::{Branch, Chain};
use crate::event::{Event, Reason, Started};
use crate::peer::PeerName;
use crate::wire::Message;

/// How far ahead of our clock a new block from a peer may be dated, in seconds.
/// Bitcoin's two hours.
pub const MAX_AHEAD_SECONDS: u32 = 2 * 60 * 60;

/// The first announcement is repeated for peers that we have not heard from
/// when the number of turns since the start is a power of two from 2 to this.
pub const LAST_REPEAT_TURN: u32 = 64;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since some fixed moment, never going back: what timers run on.
    pub monotonic: Duration,
    /// Unix seconds, which may jump: only blocks are dated by it.
    pub wall: u32,
}

/// What a node is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the transport calls this node.
    pub name: PeerName,
    /// Who earns the rewards.
    pub port: u16,
    /// Whom to write to.
    pub peers: Vec<PeerName>,
    /// How many nonces a turn of mining tries.
    pub nonces: u64,
    /// How long a turn of listening lasts.
    pub listen: Duration,
    /// What all random numbers are grown from, together with the port.
    pub seed: u64,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The node is switched on. Comes once, first.
    Start,
    /// The time to wake has come.
    Turn,
    /// A search that the node asked for is over.
    Searched {
        /// The search, as it was asked for.
        search: Search,
        /// The first header in its range that meets the target.
        found: Option<Header>,
    },
    /// A datagram arrived.
    Datagram {
        /// Who sent it, or claims to have.
        from: PeerName,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// Whoever runs this node wants something of it.
    Command(Command),
}

/// What whoever runs a node can ask of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Mine no more, but go on listening.
    Pause,
    /// Mine again.
    Resume,
    /// Search without listening until a block is found, also where mining is paused.
    MineOne,
    /// Take this peer among ours, refused or not, and send it our chain.
    Connect(PeerName),
    /// Neither write to this peer nor hear it, until it is connected again.
    Disconnect(PeerName),
    /// Send our chain to all peers: whoever has a longer one answers.
    Sync,
}

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Search, and come back with [`Input::Searched`].
    Search(Search),
    /// Keep the chain's blocks from this height on, in the place of all that
    /// were kept from there on. What comes after this waits until that is done.
    Save {
        /// Height of the first block that is new.
        from: usize,
    },
    /// Send a datagram to one peer.
    Send {
        /// To whom.
        to: PeerName,
        /// All its bytes.
        bytes: Vec<u8>,
    },
    /// Send a datagram to every peer.
    Broadcast(Vec<u8>),
    /// Tell whoever watches.
    Event(Event),
}

/// A stretch of nonces to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The header; only its nonce's counter is to vary.
    pub header: Header,
    /// The counters to try, in order.
    pub counters: Range<u64>,
}

/// A node: its chain, its search, and what it knows of its peers.
#[derive(Clone, Debug)]
pub struct Node {
    settings: Settings,
    chain: Chain,
    peers: Vec<Peer>,
    lane: u64,
    /// The header under search and the next counter to try.
    header: Header,
    counter: u64,
    /// Turns since the start.
    turns: u32,
    /// When the next turn is due; `None` while a search is under way.
    wake: Option<Duration>,
    is_paused: bool,
    /// Whether to search on without listening until a block is found.
    is_hurried: bool,
}

#[derive(Clone, Debug)]
struct Peer {
    name: PeerName,
    /// Whether we were told to have nothing to do with it.
    is_refused: bool,
    is_heard: bool,
    /// When we last answered its shorter chain with ours.
    answered: Option<Duration>,
}

impl Peer {
    fn new(name: PeerName) -> Peer {
        Peer { name, is_refused: false, is_heard: false, answered: None }
    }
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
            wake: None,
            is_paused: false,
            is_hurried: false,
            settings,
            chain,
        }
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

    /// When the next [`Input::Turn`] is due, on the monotonic clock; `None`
    /// before the start and while a search is under way.
    pub fn wake(&self) -> Option<Duration> {
        self.wake
    }

    /// Takes in what happened and returns what is to be done, in order.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Output> {
        match input {
            Input::Start => self.start(now),
            Input::Turn => self.turn(now),
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

    fn turn(&mut self, now: Now) -> Vec<Output> {
        if self.wake.is_none_or(|wake| now.monotonic < wake) {
            return Vec::new();
        }
        self.turns = self.turns.saturating_add(1);
        let mut outputs = self.repeat_announcement();
        if self.is_paused && !self.is_hurried {
            self.listen(now, 1);
        } else {
            outputs.extend(self.search(now));
        }
        outputs
    }

    /// Asks for a search of the next nonces.
    fn search(&mut self, now: Now) -> [Output; 2] {
        self.wake = None;
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
        vec![
            Output::Save { from: height },
            Output::Broadcast(self.announcement()),
            Output::Event(Event::Created { height, hash: self.chain.tip_hash() }),
        ]
    }

    fn hear(&mut self, now: Now, from: PeerName, bytes: &[u8]) -> Vec<Output> {
        let peer = self.peers.iter_mut().find(|peer| peer.name == from);
        if peer.as_ref().is_some_and(|peer| peer.is_refused) {
            return vec![Output::Event(Event::Ignored { from, reason: Reason::Refused })];
        }
        let is_new = peer.is_some_and(|peer| !std::mem::replace(&mut peer.is_heard, true));
        let heard = match Message::decode(bytes) {
            Message::Chain(bytes) => self.judge(now, bytes),
            Message::SleepNotice(notice) => Err(Reason::SleepNotice(notice)),
        };
        match heard {
            Ok(branch) => self.copy(now, from, branch),
            Err(Reason::Shorter { theirs, ours, .. }) => self.answer(now, from, theirs, ours),
            Err(reason @ Reason::Tie { same: true, .. }) if is_new => self.greet(from, reason),
            Err(reason) => vec![Output::Event(Event::Ignored { from, reason })],
        }
    }

    /// A peer says for the first time what we could have said: it has started
    /// after us, and missed our announcement. It would repeat its own up to six
    /// times, were it not to hear from us once.
    fn greet(&self, from: PeerName, reason: Reason) -> Vec<Output> {
        let greeting = Output::Send { to: from.clone(), bytes: self.announcement() };
        vec![greeting, Output::Event(Event::Ignored { from, reason })]
    }

    /// What to make of a chain: the branch to adopt, or why not.
    fn judge(&self, now: Now, bytes: &[u8]) -> Result<Branch, Reason> {
        let ours = self.chain.count();
        let fork = self.chain.common_prefix(bytes);
        let is_ours = fork > 0 && fork * BLOCK_LEN == bytes.len();
        if is_ours && fork == ours {
            return Err(Reason::Tie { count: ours, same: true });
        }
        if is_ours {
            return Err(Reason::Shorter { theirs: fork, ours, answered: false });
        }
        let branch = Branch::check(&self.chain, fork, &bytes[fork * BLOCK_LEN..])
            .map_err(Reason::Invalid)?;
        // All blocks have the same target, so the longest chain has the most work.
        match branch.count() {
            theirs if theirs < ours => Err(Reason::Shorter { theirs, ours, answered: false }),
            count if count == ours => Err(Reason::Tie { count, same: false }),
            _ => admit(now, branch),
        }
    }

    fn copy(&mut self, now: Now, from: PeerName, branch: Branch) -> Vec<Output> {
        let fork = branch.fork();
        let abandoned = self.chain.count() - fork;
        self.chain.adopt(branch);
        self.reset_search(now);
        // Rest for a while, not all for the same, so that clocks and turns drift
        // apart; the tutorial's rule.
        let turns = (usize::from(self.settings.port) + self.chain.count()) % 3 + 1;
        let duration = self.listen(now, turns as u32);
        let listed = self.peers().any(|name| *name == from);
        let (height, hash) = (self.chain.height(), self.chain.tip_hash());
        vec![
            Output::Save { from: fork },
            Output::Event(Event::Copied { height, hash, from, listed, abandoned }),
            Output::Event(Event::Rested { duration }),
        ]
    }

    /// A shorter chain is a question, and ours is the answer: but only for our
    /// peers, and once a turn, so that nobody can be flooded through us.
    fn answer(&mut self, now: Now, from: PeerName, theirs: usize, ours: usize) -> Vec<Output> {
        let turn = self.settings.listen;
        let peer = self.peers.iter_mut().find(|peer| peer.name == from);
        let due = peer.filter(|peer| {
            peer.answered.is_none_or(|last| now.monotonic.saturating_sub(last) >= turn)
        });
        let mut outputs = Vec::new();
        let answered = due.is_some();
        if let Some(peer) = due {
            peer.answered = Some(now.monotonic);
            outputs.push(Output::Send { to: from.clone(), bytes: self.announcement() });
        }
        let reason = Reason::Shorter { theirs, ours, answered };
        outputs.push(Output::Event(Event::Ignored { from, reason }));
        outputs
    }

    fn obey(&mut self, now: Now, command: Command) -> Vec<Output> {
        match command {
            Command::Pause => (self.is_paused, self.is_hurried) = (true, false),
            Command::Resume => self.is_paused = false,
            Command::MineOne => {
                self.is_hurried = true;
                // Now, unless a search is under way already.
                self.wake = self.wake.map(|_| now.monotonic);
            }
            Command::Connect(name) => {
                self.peer(name.clone()).is_refused = false;
                return vec![Output::Send { to: name, bytes: self.announcement() }];
            }
            Command::Disconnect(name) => self.peer(name).is_refused = true,
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

    /// What tells others of our chain: all of it.
    fn announcement(&self) -> Vec<u8> {
        self.chain.as_bytes().to_vec()
    }

    /// Listens for so many turns before the next is due; says how long that is.
    fn listen(&mut self, now: Now, turns: u32) -> Duration {
        let duration = self.settings.listen * turns;
        self.wake = Some(now.monotonic + duration);
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

/// The rule of admission: a new block may not be dated far ahead of our clock.
/// It is about our clock as much as about the block, so it is not a rule of
/// validity: it judges neither our own blocks nor those we once took.
fn admit(now: Now, branch: Branch) -> Result<Branch, Reason> {
    let latest = now.wall.saturating_add(MAX_AHEAD_SECONDS);
    let late = branch.blocks().iter().position(|block| block::timestamp(block) > latest);
    match late {
        None => Ok(branch),
        Some(index) => Err(Reason::Future {
            height: branch.fork() + index,
            seconds: block::timestamp(&branch.blocks()[index]) - now.wall,
        }),
    }
}
