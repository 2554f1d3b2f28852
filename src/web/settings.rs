//! What an API is told at its start.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::sync::watch;

use crate::contacts::Contacts;
use crate::metadata::Metadata;
use crate::network::Orders;

use super::limits::Rates;
use super::pool::Pool;
use super::sessions::AllowedKey;

/// What a node's HTTP API is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 lets the system choose.
    pub address: SocketAddr,
    /// What a post must show. Without one, posts are taken on loopback only.
    pub token: Option<String>,
    /// Whose sessions posts may show instead of the token.
    pub keys: Vec<AllowedKey>,
    /// How long a session lasts.
    pub session: Duration,
    /// How much one address may ask for.
    pub rates: Rates,
    /// HTTP addresses of the network, beside each peer's own port + 1.
    pub peers: Vec<SocketAddr>,
    /// How often a client of the events is pinged; it is cut off when it has not
    /// answered by the time of the second ping after.
    pub ping: Duration,
    /// How long a client may take nothing of an answer before it is cut off.
    pub patience: Duration,
    /// Where its connections have their places: one pool for all nodes of a process.
    pub pool: Pool,
    /// The way to the network that this node is one of, where one process runs all its
    /// nodes: they can be added, stopped and started by posts.
    pub orders: Option<Orders>,
    /// Where it is shown to an audience, beside its own address.
    pub stage: Option<Stage>,
    /// The way to the open network, where the node is among strangers: whom it knows
    /// is shown, and can be changed by posts.
    pub contacts: Option<Contacts>,
    /// What is stated of blocks, where the node's link shares that.
    pub metadata: Option<Metadata>,
}

/// The nodes of a process that an [`Audience`](super::Audience) is shown.
#[derive(Clone, Debug, Default)]
pub struct Stage(watch::Sender<BTreeMap<u16, Router>>);

impl Stage {
    /// The node of this port is shown from now on; it answers through this router.
    pub(super) fn enter(&self, port: u16, router: Router) {
        self.0.send_modify(|nodes| drop(nodes.insert(port, router)));
    }

    /// The node of this port is not shown any more.
    pub(super) fn leave(&self, port: u16) {
        self.0.send_modify(|nodes| drop(nodes.remove(&port)));
    }

    /// The nodes that are shown, now and later.
    pub(super) fn nodes(&self) -> watch::Receiver<BTreeMap<u16, Router>> {
        self.0.subscribe()
    }
}

impl Settings {
    /// How often clients are pinged unless told otherwise.
    pub const PING: Duration = Duration::from_secs(15);

    /// How long a client may take nothing of an answer unless told otherwise.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// How long a session lasts unless told otherwise.
    pub const SESSION: Duration = Duration::from_secs(60 * 60);

    /// The API on this address, without a token and without other addresses.
    pub fn new(address: SocketAddr, pool: Pool) -> Settings {
        Settings {
            address,
            token: None,
            keys: Vec::new(),
            session: Settings::SESSION,
            rates: Rates::default(),
            peers: Vec::new(),
            ping: Settings::PING,
            patience: Settings::PATIENCE,
            pool,
            orders: None,
            stage: None,
            contacts: None,
            metadata: None,
        }
    }
}
