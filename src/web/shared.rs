//! The state that all handlers share.

use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::driver::{Command, Hear, Look};
use crate::event::Event;
use crate::hash::Hash;
use crate::metadata::Metadata;
use crate::node::{self, Node};
use crate::peer::PeerName;
use crate::target::Target;
use crate::udp;

use super::feed::Feed;
use super::limits::Limits;
use super::meters::{Counters, Meters, counters, metric};
use super::moment::Moment;
use super::origin;
use super::peers::MAX_PEERS;
use super::pool::Place;
use super::problem::Problem;
use super::sessions::Sessions;
use super::settings::Settings;
use super::tidings;
use super::view::View;
use super::watcher::Watcher;

/// How long a handler waits for the loop, which looks for commands every 50 ms unless its
/// disk delays it.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The most clients of the events.
pub(super) const MAX_EVENT_CLIENTS: usize = 2_000;

/// The resources of a client of the events while it is connected.
pub(super) type EventPlaces = (OwnedSemaphorePermit, Arc<Place>);

/// The server's state.
pub(super) struct Shared {
    /// The part of the node that does not change.
    pub(super) node: node::Settings,
    pub(super) target: Target,
    pub(super) started: Moment,
    /// The address of this API.
    pub(super) address: SocketAddr,
    /// Its settings.
    pub(super) settings: Settings,
    /// The hash of the token that a post must carry.
    pub(super) token: Option<Hash>,
    /// The sessions that it may use instead.
    pub(super) sessions: Mutex<Sessions>,
    pub(super) view: watch::Receiver<View>,
    pub(super) feed: Arc<Feed>,
    pub(super) limits: Limits,
    pub(super) traffic: Traffic,
    /// All metrics, of the node and of HTTP.
    pub(super) registry: Registry,
    /// A place for each client of the events.
    pub(super) event_places: Arc<Semaphore>,
    /// A place for each post about a peer that is in progress.
    pub(super) introductions: Semaphore,
    /// The metadata of blocks.
    pub(super) metadata: Metadata,
    /// The channel to the loop.
    pub(super) commands: Sender<Command>,
}

/// The metrics of HTTP itself.
pub(super) struct Traffic {
    pub(super) requests: Counter,
    pub(super) refused: Counter,
    pub(super) cut_off: Counter,
    operations: Counters,
}

impl Traffic {
    pub(super) fn new(registry: &mut Registry) -> Traffic {
        let help = "Clients of the events that were too slow or sent too much";
        let cut_off = metric(registry, "event_clients_cut_off", help);
        let outcomes = ["done", "failed", "refused"];
        let help = "Posts, by result";
        Traffic {
            requests: metric(registry, "http_requests", "HTTP requests"),
            refused: metric(registry, "http_refused", "HTTP requests that were refused"),
            cut_off,
            operations: counters(registry, "operations", help, "outcome", &outcomes),
        }
    }

    /// Counts a post with this answer.
    pub(super) fn operation(&self, status: StatusCode) {
        let outcome = match status {
            status if status.is_success() => "done",
            status if status.is_server_error() => "failed",
            _ => "refused",
        };
        self.operations.get_or_create(&[("outcome", outcome)]).inc();
    }
}

impl Shared {
    /// The state of a server on this address, and the loop's access to it.
    pub(super) fn new(
        settings: Settings,
        address: SocketAddr,
        node: &Node,
        commands: Sender<Command>,
    ) -> (Arc<Shared>, Watcher) {
        let started = Moment::now();
        let port = node.settings().port;
        let feed =
            Arc::new(Feed::new(format!("{}-{port}", started.ms()), node.settings().name.clone()));
        let mut registry = Registry::with_prefix("cairn");
        let (view_in, view) = watch::channel(View::new(node, Meters::new(&mut registry)));
        let own = node.settings().name.clone();
        let metadata = settings.metadata.clone().unwrap_or_else(|| Metadata::new(own));
        metadata.follow(node.chain());
        tidings::of_metadata(&metadata, feed.clone());
        let watcher = Watcher::new(view_in, feed.clone(), metadata.clone());
        let limits = Limits::new(settings.rates);
        let shared = Shared {
            node: node.settings().clone(),
            target: node.chain().target(),
            started,
            address,
            token: settings.token.as_ref().map(|token| Hash::of(token.as_bytes())),
            sessions: Mutex::new(Sessions::new(settings.keys.clone(), settings.session)),
            settings,
            view,
            feed,
            limits,
            traffic: Traffic::new(&mut registry),
            registry,
            event_places: Arc::new(Semaphore::new(MAX_EVENT_CLIENTS)),
            introductions: Semaphore::new(MAX_PEERS),
            metadata,
            commands,
        };
        (Arc::new(shared), watcher)
    }

    /// Whether a post needs a token.
    pub(super) fn needs_token(&self) -> bool {
        let is_guarded = self.token.is_some() || !self.settings.keys.is_empty();
        is_guarded || !self.address.ip().is_loopback()
    }

    /// The known HTTP addresses of the network's other nodes.
    pub(super) fn network(&self) -> Vec<SocketAddr> {
        let view = self.view.borrow();
        let peers = view.peers.iter().filter(|peer| peer.is_of_network);
        let mut network: Vec<_> = peers.filter_map(|peer| self.http_of(&peer.name)).collect();
        for address in &self.settings.peers {
            if !network.contains(address) {
                network.push(*address);
            }
        }
        network
    }

    /// The address of a peer's HTTP API, as far as its name tells. The nodes of one process
    /// have their APIs on one address, whatever address their sockets have.
    pub(super) fn http_of(&self, peer: &PeerName) -> Option<SocketAddr> {
        let address = origin::http_of(peer)?;
        let own = udp::address(&self.node.name).map(|address| address.ip());
        let is_beside = self.settings.orders.is_some() && own == Some(address.ip());
        let ip = if is_beside { self.address.ip() } else { address.ip() };
        Some(SocketAddr::new(ip, address.port()))
    }

    /// The address at which others reach this API. A server on "any address" is reached at
    /// the node's own.
    pub(super) fn own_address(&self) -> SocketAddr {
        let mut address = self.address;
        if address.ip().is_unspecified()
            && let Some(node) = udp::address(&self.node.name)
            && !node.ip().is_unspecified()
        {
            address.set_ip(node.ip());
        }
        address
    }

    /// When clients of the events are pinged.
    pub(super) fn pings(&self) -> Interval {
        let ping = self.settings.ping;
        let mut pings = interval_at(Instant::now() + ping, ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings
    }

    /// Gives the node a command and waits until that has taken effect.
    pub(super) async fn command(&self, command: node::Command) -> Result<(), Problem> {
        self.send(Command::Node(command))?;
        // The loop takes commands in order.
        self.look(|_| ()).await
    }

    /// Looks at the node, between two of its steps.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Node) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        // The client that asked may have gone.
        let look = Look::new(move |node| drop(reply.send(look(node))));
        self.send(Command::Look(look))?;
        answer_of(answer).await
    }

    /// Gives the node a datagram as if this peer had sent it; returns the events that
    /// follow from it.
    pub(super) async fn hear(&self, from: PeerName, bytes: Vec<u8>) -> Result<Vec<Event>, Problem> {
        let (reply, answer) = oneshot::channel();
        let hear = Hear::new(from, bytes, move |events| drop(reply.send(events)));
        self.send(Command::Hear(hear))?;
        answer_of(answer).await
    }

    fn send(&self, command: Command) -> Result<(), Problem> {
        self.commands.send(command).map_err(|_| Problem::stopped())
    }
}

/// The loop's answer, if it comes in time.
async fn answer_of<T>(answer: oneshot::Receiver<T>) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) => Err(Problem::stopped()),
        Err(_) => Err(Problem::busy("the node's loop is held up")),
    }
}
