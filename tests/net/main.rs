//! Nodes among strangers: real endpoints on loopback, each with its own key.

mod strangers;
mod handshakes;
mod blocks;
mod meeting;
#[cfg(feature = "relay")]
mod relays;
mod table;
mod eclipse;
mod liars;
mod statements;
mod program;
mod container;
mod messages;
mod confirm;
#[cfg(feature = "web")]
mod asking;
#[path = "../common/mod.rs"]
mod common;
