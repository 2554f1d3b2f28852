//! The settings of a check.

use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The settings of a check, from the command line.
pub(super) struct Terms<'a> {
    /// The program and its arguments, with their placeholders.
    pub(super) command: &'a [String],
    /// The address for a node. If `None`, the checker chooses one.
    pub(super) ip: Option<IpAddr>,
    /// How many nonces a node tries in a turn.
    pub(super) nonces: u64,
    /// How long to wait for a block or an answer.
    pub(super) patience: Duration,
    /// Whether the checker shows its progress.
    pub(super) is_told: bool,
    /// Set when the user stops the check.
    pub(super) stop: &'a AtomicBool,
}
