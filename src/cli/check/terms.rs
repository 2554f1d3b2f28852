//! What a check is to be done with.

use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How a check is to be done.
pub(super) struct Terms<'a> {
    /// The program and its arguments, with their placeholders.
    pub(super) command: &'a [String],
    /// The address for a node. `None` for one of the checker's choice.
    pub(super) ip: Option<IpAddr>,
    /// How many nonces a node tries in a turn.
    pub(super) nonces: u64,
    /// How long to wait for a block or an answer.
    pub(super) patience: Duration,
    /// Whether the user is told what is going on.
    pub(super) is_told: bool,
    /// Set where the user stops it.
    pub(super) stop: &'a AtomicBool,
}
