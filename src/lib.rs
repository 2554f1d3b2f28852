//! Cairn: a toy proof-of-work blockchain network that is real enough to run,
//! read, break and measure.

pub mod hash;
pub mod target;
pub mod block;
pub mod miner;
pub mod rules;
pub mod chain;
pub mod peer;
pub mod wire;
pub mod event;
pub mod node;
pub mod config;
pub mod udp;
#[cfg(feature = "console")]
pub mod json;
