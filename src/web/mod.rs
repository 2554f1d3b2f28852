//! A node's HTTP API, its live events and its page.
//!
//! Data flows one way. The loop shows what it does to a [`Watcher`], which keeps
//! the latest view of the node in a watch and puts events into a feed; the
//! server, in a thread and a runtime of its own, reads both and never waits for
//! the loop. What a client wants of the node goes to the loop as a
//! [`Command`], and the loop takes it when it looks for commands.
//!
//! ```text
//!             Watcher ── view (watch) ──▶ handlers ──▶ clients
//! the loop ──▶   └────── feed (broadcast) ──▶ events ──▶ clients
//!     ▲                                          │
//!     └────────────── Command (mpsc) ────────────┘
//! ```

mod api;
mod assets;
mod blocks;
mod book;
mod control;
mod events;
mod feed;
mod guard;
mod limits;
mod meters;
mod metrics;
mod origin;
mod page;
mod pages;
mod peers;
mod problem;
mod server;
mod shared;
mod status;
mod view;
mod watcher;

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::driver::Command;
use crate::node::Node;

pub use self::api::openapi_json;
pub use self::server::Server;
pub use self::watcher::Watcher;

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
}

impl Settings {
    /// How often clients are pinged unless told otherwise.
    pub const PING: Duration = Duration::from_secs(15);

    /// The API on this address, without a token and without other addresses.
    pub fn new(address: SocketAddr) -> Settings {
        Settings { address, token: None, peers: Vec::new(), ping: Settings::PING }
    }
}

/// Starts the API of a node that is about to run with these commands. The
/// watcher is to be shown what the loop does; the API ends with the server.
///
/// # Errors
/// What the system says, such as that the port is taken
/// ([`io::ErrorKind::AddrInUse`]).
pub fn start(
    settings: Settings,
    node: &Node,
    commands: Sender<Command>,
) -> io::Result<(Server, Watcher)> {
    server::start(settings, node, commands)
}
