//! The network's thread, which has an async runtime of its own, and the way to it.

use std::fmt;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};

use super::batch;
use super::endpoint;
use super::hub::{self, Parts, ToHub};
use super::link::{NetLink, queues};
use super::notice::Notice;
use super::peers_file;
use super::reputation::{cost, useful};
use super::settings::Settings;
use crate::contacts::Contacts;
use crate::driver;
use crate::event::Event;
use crate::metadata::Metadata;
use crate::node;
use crate::peer::PeerName;

/// The most orders and judgements that wait for the hub.
const MAX_WAITING: usize = 1_024;

/// How long peers may bring too little of a longer chain before another is asked too. An
/// answer over a stream is not lost, and on one continent it has begun to come after this.
const ASK_MORE_AFTER: Duration = Duration::from_millis(100);

/// A node's way into the network. Dropping it ends all connections.
pub struct Network {
    name: PeerName,
    address: SocketAddr,
    contacts: Contacts,
    metadata: Metadata,
    orders: mpsc::Sender<ToHub>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Binds the node's socket and starts to look for peers. What happens is told to a
/// function, which must not wait.
///
/// # Errors
/// The system gives no socket at this address, or no thread, or the file of peers is
/// something else.
pub fn start(
    settings: Settings,
    tell: impl Fn(Notice) + Send + 'static,
) -> Result<(Network, NetLink)> {
    let kept = settings.peers_file.as_deref().map(peers_file::read).transpose()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let bound = endpoint::bind(&settings);
    let (endpoint, impostors) = runtime.block_on(bound)?;
    let address = endpoint.bound_sockets();
    let address = *address.first().context("a bound endpoint has a socket")?;
    let name = settings.key.name();
    let (link, inbox, outboxes) = queues();
    let (orders, to_hub) = mpsc::channel(MAX_WAITING);
    let (stop, stopped) = oneshot::channel();
    let (give, ask, to_self) = (orders.clone(), orders.clone(), orders.clone());
    let contacts = Contacts::new(
        move |order| give.try_send(ToHub::Order(order)).is_ok(),
        move |request| ask.try_send(ToHub::Request(request)).is_ok(),
    );
    let shown = contacts.clone();
    let metadata = Metadata::new(name.clone());
    let secret = settings.key.secret();
    metadata.spread(move |entry| batch::sign(&secret, entry));
    let stated = metadata.clone();
    let (kept, tell) = (kept.unwrap_or_default(), Box::new(tell));
    let parts = Parts {
        settings,
        kept,
        endpoint,
        impostors,
        inbox,
        outboxes,
        contacts: shown,
        metadata: stated,
        tell,
        to_hub: to_self,
    };
    let thread = thread::Builder::new()
        .name("net".into())
        .spawn(move || runtime.block_on(hub::run(parts, to_hub, stopped)))?;
    let stop = Some(stop);
    let network = Network { name, address, contacts, metadata, orders, stop, thread: Some(thread) };
    Ok((network, link))
}

impl Network {
    /// What others call this node.
    pub fn name(&self) -> &PeerName {
        &self.name
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Settings of a node that is to run over this network's link: all as in
    /// [`node::Settings::tutorial`] but what authenticated streams allow, and that it relays,
    /// as not every node is connected to every other.
    pub fn node_settings(&self) -> node::Settings {
        node::Settings {
            relay: true,
            // The link bounds what is under way to each peer.
            answers: u32::MAX,
            ask_more_after: Some(ASK_MORE_AFTER),
            ..node::Settings::tutorial(self.name.clone(), self.address.port(), Vec::new())
        }
    }

    /// Whom it knows, and the way to change that.
    pub fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// The node's loop takes commands here: it is told what others say, and asked about
    /// blocks that they ask about. Without it messages are passed on and not shown.
    pub fn attend(&self, commands: std::sync::mpsc::Sender<driver::Command>) {
        // The queue is as good as empty when a node starts.
        let _ = self.orders.try_send(ToHub::Node(commands));
    }

    /// What is stated of blocks, which is spread among the peers. It is to be told of the
    /// chain ([`Metadata::follow`]).
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The node tells of an event: what peers do is held for or against them.
    pub fn judge(&self, event: &Event) {
        let deed = match event {
            Event::Ignored { from, reason } => cost(reason).map(|deed| (from, deed)),
            Event::Copied { from, .. } => Some((from, useful())),
            _ => None,
        };
        if let Some((from, deed)) = deed {
            // Where a flood of lies fills the queue, those before will do.
            let _ = self.orders.try_send(ToHub::Judge(from.clone(), deed));
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Network({} at {})", self.name, self.address)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Where it panicked there is nothing left to end.
            let _ = thread.join();
        }
    }
}
