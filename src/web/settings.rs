//! The settings of an API at its start.

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

/// The settings of a node's HTTP API at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on; port 0 lets the system choose.
    pub address: SocketAddr,
    /// The token that a post must carry. Without one, posts are accepted on loopback only.
    pub token: Option<String>,
    /// The keys whose sessions posts may use instead of the token.
    pub keys: Vec<AllowedKey>,
    /// How long a session lasts.
    pub session: Duration,
    /// Addresses at which a router or a container passes connections on to `address`: a
    /// client may sign them when it opens a session.
    pub reached_at: Vec<SocketAddr>,
    /// How many requests one address may make.
    pub rates: Rates,
    /// HTTP addresses of the network, besides each peer's own port + 1.
    pub peers: Vec<SocketAddr>,
    /// How often a client of the events is pinged. It is cut off if it has not answered by
    /// the second ping after.
    pub ping: Duration,
    /// How long a client may read nothing of an answer before it is cut off.
    pub patience: Duration,
    /// The pool of its connections: one for all nodes of a process.
    pub pool: Pool,
    /// The access to this node's network, if one process runs all its nodes: posts can add,
    /// stop and start them.
    pub orders: Option<Orders>,
    /// The stage on which it is shown to an audience, besides its own address.
    pub stage: Option<Stage>,
    /// The access to the open network, if the node is among strangers: its contacts are
    /// shown, and posts can change them.
    pub contacts: Option<Contacts>,
    /// The metadata of blocks, if the node's link shares it.
    pub metadata: Option<Metadata>,
}

/// The nodes of a process that an [`Audience`](super::Audience) sees.
#[derive(Clone, Debug, Default)]
pub struct Stage(watch::Sender<BTreeMap<u16, Router>>);

impl Stage {
    /// From now on shows the node of this port, which answers through this router.
    pub(super) fn enter(&self, port: u16, router: Router) {
        self.0.send_modify(|nodes| drop(nodes.insert(port, router)));
    }

    /// No longer shows the node of this port.
    pub(super) fn leave(&self, port: u16) {
        self.0.send_modify(|nodes| drop(nodes.remove(&port)));
    }

    /// The shown nodes, now and later.
    pub(super) fn nodes(&self) -> watch::Receiver<BTreeMap<u16, Router>> {
        self.0.subscribe()
    }
}

impl Settings {
    /// The default time between pings.
    pub const PING: Duration = Duration::from_secs(15);

    /// The default time in which a client may read nothing of an answer.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// The default length of a session.
    pub const SESSION: Duration = Duration::from_secs(60 * 60);

    /// The API on this address, without a token and without other addresses.
    pub fn new(address: SocketAddr, pool: Pool) -> Settings {
        Settings {
            address,
            token: None,
            keys: Vec::new(),
            session: Settings::SESSION,
            reached_at: Vec::new(),
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
