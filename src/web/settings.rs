//! What an API is told at its start.

use std::net::SocketAddr;
use std::time::Duration;

use crate::network::Orders;

use super::pool::Pool;

/// What a node's HTTP API is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 lets the system choose.
    pub address: SocketAddr,
    /// What a post must show. Without one, posts are taken on loopback only.
    pub token: Option<String>,
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
}

impl Settings {
    /// How often clients are pinged unless told otherwise.
    pub const PING: Duration = Duration::from_secs(15);

    /// How long a client may take nothing of an answer unless told otherwise.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// The API on this address, without a token and without other addresses.
    pub fn new(address: SocketAddr, pool: Pool) -> Settings {
        Settings {
            address,
            token: None,
            peers: Vec::new(),
            ping: Settings::PING,
            patience: Settings::PATIENCE,
            pool,
            orders: None,
        }
    }
}
