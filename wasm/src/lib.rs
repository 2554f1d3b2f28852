//! Cairn in a browser's tab: the simulator, under a clock that the page owns, and the
//! search for a nonce, for workers.
//!
//! The page reads the events as the lines of a recording (`docs/recording.md`).

mod orders;
mod seen;
mod asked;
mod network;
mod mining;

pub use self::asked::Asked;
pub use self::mining::{Mining, trace_hash};
pub use self::network::{Network, check_order};
