//! The loop that holds all connections: it dials, accepts, and does what the table decides.

mod live;
mod confirm;
mod messages;
mod upkeep;
mod meeting;
mod orders;
mod outside;
mod statements;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use iroh::endpoint::Endpoint;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use self::confirm::{Asked, Found};
use self::live::Lives;
use self::outside::Outside;
use self::statements::Statements;
use super::gate::Gate;
use super::gossip::Gossip;
use super::hello::{Hello, Refused};
use super::lan::{Discovery, Near};
use super::link::{Inbox, Incoming as ToNode, Outboxes};
use super::notice::Notice;
use super::rate::Meter;
use super::relay::Impostors;
use super::reputation::{Deed, bad_stream};
use super::session::{Context, Event};
use super::settings::Settings;
use super::table::{Kept, Table};
use crate::contacts::{Contacts, Order, Told};
use crate::driver::Command;
use crate::metadata::Metadata;
use crate::peer::PeerName;
use crate::words::Request;

/// How often the hub checks what is due.
const TICK: Duration = Duration::from_millis(250);

/// How often the peers that were met are saved to their file.
const KEEP_EVERY: Duration = Duration::from_secs(30);

/// How long peers may take to confirm that the node is stopping.
const FAREWELL: Duration = Duration::from_millis(250);

/// A node that was heard from within this time counts as online.
const ONLINE: Duration = Duration::from_secs(120);

/// How many peers are asked for their tips each time.
const ASKED_FOR_TIPS: usize = 3;

/// The hub's inputs from outside the network's thread.
pub(super) enum ToHub {
    /// An order.
    Order(Order),
    /// A peer has done something that changes its reputation.
    Judge(PeerName, Deed),
    /// The node's loop takes commands here: it is told events, and asked about blocks.
    Node(std::sync::mpsc::Sender<Command>),
    /// A request that needs an answer.
    Request(Request),
    /// The node's loop has looked at its chain.
    Found(Found),
}

/// The parts of the hub.
pub(super) struct Parts {
    pub(super) settings: Settings,
    /// The peers from its file.
    pub(super) kept: Vec<Kept>,
    pub(super) endpoint: Endpoint,
    pub(super) impostors: Impostors,
    pub(super) inbox: Inbox,
    pub(super) outboxes: Outboxes,
    pub(super) contacts: Contacts,
    pub(super) metadata: Metadata,
    pub(super) tell: Box<dyn Fn(Notice) + Send>,
    /// The hub's own queue.
    pub(super) to_hub: mpsc::Sender<ToHub>,
}

/// All connections of a node, and what it knows of its peers.
pub(super) struct Hub {
    parts: Parts,
    /// This node's description of itself.
    hello: Hello,
    table: Table,
    lives: Lives,
    statements: Statements,
    gate: Arc<Mutex<Gate>>,
    outside: Outside,
    gossip: Gossip,
    /// The way to the node's loop, once it runs.
    node: Option<std::sync::mpsc::Sender<Command>>,
    /// Counts the refused messages that are reported.
    refusals: Meter,
    /// The number of look-ups in the chain that are under way.
    looks: usize,
    /// Questions about blocks that are under way.
    asked: Vec<Asked>,
    context: Context,
    sessions: JoinSet<()>,
    discovery: Option<Discovery>,
    near: mpsc::Sender<Near>,
    found: mpsc::Sender<(PeerName, Result<SocketAddr, String>)>,
    started: Instant,
    /// Unix time at the start.
    started_at: Duration,
    due: Due,
    handshakes: Vec<(&'static str, u64)>,
}

/// When the regular tasks are due.
struct Due {
    lookup: Duration,
    hello: Duration,
    tips: Duration,
    keep: Duration,
}

/// The hub's ends of its queues.
struct Queues {
    events: mpsc::Receiver<Event>,
    near: mpsc::Receiver<Near>,
    found: mpsc::Receiver<(PeerName, Result<SocketAddr, String>)>,
}

/// Runs the hub until `stop` is dropped.
pub(super) async fn run(
    parts: Parts,
    mut orders: mpsc::Receiver<ToHub>,
    mut stop: oneshot::Receiver<()>,
) {
    let (mut hub, mut queues) = Hub::new(parts);
    let endpoint = hub.parts.endpoint.clone();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(incoming) = endpoint.accept() => hub.accept(incoming),
            Some(event) = queues.events.recv() => hub.hear(event),
            Some(order) = orders.recv() => hub.obey(order),
            Some((id, address)) = queues.near.recv() => hub.meet_near(&id, address),
            Some((id, found)) = queues.found.recv() => hub.found(&id, found),
            _ = ticks.tick() => hub.tick(),
            _ = &mut stop => break,
        }
    }
    hub.keep();
    hub.outside.end().await;
    // The peers are told; those that do not answer find out by themselves.
    let _ = timeout(FAREWELL, endpoint.close()).await;
}

impl Hub {
    fn new(parts: Parts) -> (Hub, Queues) {
        let settings = &parts.settings;
        let (events_in, events) = mpsc::channel(256);
        let (near_in, near) = mpsc::channel(64);
        let (found_in, found) = mpsc::channel(64);
        let port = parts.endpoint.bound_sockets().first().map_or(0, SocketAddr::port);
        let (own, lists) = (settings.key.name(), settings.lists.clone());
        let zero = Duration::ZERO;
        let outside = Outside::new(settings, &parts.endpoint);
        let started_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let hello = settings.hello(port);
        let mut hub = Hub {
            table: Table::new(own, settings.policy, lists, settings.seed),
            lives: Lives::default(),
            outside,
            statements: Statements::new(parts.metadata.clone(), settings.batches),
            gossip: Gossip::new(started_at, settings.key.clone(), &hello),
            hello,
            node: None,
            refusals: Meter::default(),
            looks: 0,
            asked: Vec::new(),
            gate: Arc::new(Mutex::new(Gate::new(settings.limits, settings.policy.most))),
            context: Context {
                events: events_in,
                patience: settings.handshake,
                unread: settings.unread,
            },
            sessions: JoinSet::new(),
            discovery: None,
            near: near_in,
            found: found_in,
            started: Instant::now(),
            started_at,
            due: Due { lookup: zero, hello: zero, tips: zero, keep: zero },
            handshakes: Vec::new(),
            parts,
        };
        let now = hub.now();
        let Settings { hello, tips, .. } = hub.parts.settings;
        hub.due = Due { lookup: now, hello: now + hello, tips: now + tips, keep: now + KEEP_EVERY };
        for kept in std::mem::take(&mut hub.parts.kept) {
            hub.table.recall(now, &kept);
        }
        hub.discover(hub.parts.settings.is_discovering);
        (hub, Queues { events, near, found })
    }

    /// Unix time that never goes back.
    fn now(&self) -> Duration {
        self.started_at + self.started.elapsed()
    }

    fn tell(&self, notice: Notice) {
        (self.parts.tell)(notice);
    }

    /// Counts a handshake with this outcome.
    fn count(&mut self, outcome: &'static str) {
        match self.handshakes.iter_mut().find(|(name, _)| *name == outcome) {
            Some((_, count)) => *count += 1,
            None => self.handshakes.push((outcome, 1)),
        }
    }

    fn trouble(&self, what: &str) {
        self.tell(Notice::Trouble(what.to_owned()));
    }

    /// Does what is due.
    fn tick(&mut self) {
        let now = self.now();
        while self.sessions.try_join_next().is_some() {}
        if now >= self.due.lookup {
            self.due.lookup = now + self.parts.settings.lookup;
            self.look_up();
            self.follow_interfaces();
        }
        if now >= self.due.tips {
            self.due.tips = now + self.parts.settings.tips;
            for id in self.table.some_connected(ASKED_FOR_TIPS) {
                self.parts.inbox.put(ToNode::Ask(id));
            }
        }
        if now >= self.due.hello {
            self.due.hello = now + self.parts.settings.hello;
            self.greet_all(now);
        }
        if now >= self.due.keep {
            self.due.keep = now + KEEP_EVERY;
            self.keep();
        }
        for silent in self.table.sweep(now) {
            self.hang_up(now, &silent, &Refused::Silent.to_string());
        }
        self.hang_up_on_unwanted(now);
        self.spread(now);
        self.lives.measure(&mut self.table);
        self.look_outside(now);
        self.dial(now);
        self.tick_messages(now);
        self.publish(now);
    }

    fn hear(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::Hello(greeting) => self.meet(now, greeting),
            Event::Again(id, hello) => {
                self.crawl_relayed(now, &hello);
                self.table.heard(now, &id, hello);
            }
            Event::Said(id, kind, bytes) => self.hear_message(now, &id, kind, &bytes),
            Event::Batch(id, batch) => self.take_in_batch(now, &id, &batch),
            Event::Wrong(id, what) => self.judge(now, &id, bad_stream(what)),
            Event::Ended(id, serial, why) => {
                if self.lives.end(&id, serial) {
                    self.part(now, &id, why);
                }
            }
            Event::Undialled(id, why, by_them) => {
                self.count(if by_them { "turned-away" } else { "unreachable" });
                self.table.failed(now, &id);
                // If two nodes dial each other at once, they have one connection too many.
                if by_them && !self.lives.has(&id) {
                    self.tell(Notice::Refused { who: id.to_string(), why, by_them });
                }
            }
            Event::Unmet(who, refused) => {
                self.count(refused.name());
                self.refuse_notice(who, &refused);
            }
        }
    }

    /// Publishes the state to others.
    fn publish(&self, now: Duration) {
        self.parts.contacts.tell(Told {
            contacts: self.table.contacts(now),
            region: self.hello.region.clone(),
            is_discovering: self.discovery.is_some(),
            reach: self.outside.reach().clone(),
            handshakes: self.handshakes.clone(),
            online: self.gossip.heard_since(now.saturating_sub(ONLINE)),
            weight_minimum: self.parts.settings.weight_minimum,
        });
    }
}
