//! A node's HTTP API, its live events and its page.
//!
//! Data flows in one direction. The loop shows its actions to a [`Watcher`], which keeps
//! the latest view of the node in a watch channel and puts events into a feed. The server,
//! in its own thread and runtime, reads both and never waits for the loop. A client's
//! request to the node goes to the loop as a [`Command`](crate::driver::Command), and the
//! loop takes it when it looks for commands.
//!
//! ```text
//!             Watcher ── view (watch) ──▶ handlers ──▶ clients
//! the loop ──▶   └────── feed (broadcast) ──▶ events ──▶ clients
//!     ▲                                          │
//!     └────────────── Command (mpsc) ────────────┘
//! ```

// A file uses only files above it.
mod moment;
mod problem;
mod origin;
mod limits;
mod pool;
mod book;
mod peers;
mod meters;
mod view;
mod kinds;
mod envelope;
mod channel;
mod feed;
mod tidings;
mod watcher;
mod sessions;
mod settings;
mod shared;
mod guard;
mod login;
mod blocks;
mod metadata;
mod pages;
mod contacts;
mod reach;
mod messages;
mod status;
mod control;
mod hear;
mod network;
mod metrics;
mod following;
mod client;
mod sse;
mod events;
mod page;
mod api;
mod connections;
mod listener;
mod exhibition;
mod audience;
mod board;
mod server;

pub use self::api::openapi_json;
pub use self::audience::Audience;
pub use self::board::Board;
pub use self::exhibition::Exhibition;
pub use self::limits::Rates;
pub use self::pool::Pool;
pub use self::server::{Server, start};
pub use self::sessions::AllowedKey;
pub use self::settings::{Settings, Stage};
pub use self::watcher::{Onlookers, Watcher};
