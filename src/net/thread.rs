//! The network's thread, which has its own async runtime, and the access to it.

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

/// The most orders and deeds that wait for the hub.
const MAX_WAITING: usize = 1_024;

/// How long peers may bring too little of a longer chain before another peer is asked too.
/// An answer over a stream is not lost, and within one continent it begins to arrive by
/// then.
const ASK_MORE_AFTER: Duration = Duration::from_millis(100);

/// A node's access to the network. Dropping it ends all connections.
pub struct Network {
    name: PeerName,
    address: SocketAddr,
    contacts: Contacts,
    metadata: Metadata,
    orders: mpsc::Sender<ToHub>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Binds the node's socket and starts to look for peers. Events are reported to a function,
/// which must not wait.
///
/// # Errors
/// The system provides no socket at this address, or no thread, or the file of peers has
/// other content.
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
    /// The node's name for others.
    pub fn name(&self) -> &PeerName {
        &self.name
    }

    /// The address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Settings of a node that runs over this network's link. They are those of
    /// [`node::Settings::tutorial`], except for what authenticated streams allow, and that
    /// the node relays, as not every node is connected to every other.
    pub fn node_settings(&self) -> node::Settings {
        node::Settings {
            relay: true,
            // The link limits how many frames are under way to each peer.
            answers: u32::MAX,
            ask_more_after: Some(ASK_MORE_AFTER),
            ..node::Settings::tutorial(self.name.clone(), self.address.port(), Vec::new())
        }
    }

    /// The peers that it knows, and the access to change them.
    pub fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// The node's loop takes commands here: it receives the messages of others, and their
    /// questions about blocks. Without it, messages are passed on but not shown.
    pub fn attend(&self, commands: std::sync::mpsc::Sender<driver::Command>) {
        // The queue is almost empty when a node starts.
        let _ = self.orders.try_send(ToHub::Node(commands));
    }

    /// The statements about blocks, which are spread among the peers. It must be told about
    /// changes of the chain ([`Metadata::follow`]).
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Reports an event of the node: what peers do changes their reputation.
    pub fn judge(&self, event: &Event) {
        let deed = match event {
            Event::Ignored { from, reason } => cost(reason).map(|deed| (from, deed)),
            Event::Copied { from, .. } => Some((from, useful())),
            _ => None,
        };
        if let Some((from, deed)) = deed {
            // If a flood of lies fills the queue, the earlier ones suffice.
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
            // If it panicked, there is nothing left to stop.
            let _ = thread.join();
        }
    }
}
