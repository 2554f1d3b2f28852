//! Ctrl-C, and the signals that ask a program to end.

use anyhow::{Context, Result};

/// Calls `stop` on SIGINT, SIGTERM and SIGHUP, so that the program can print a summary
/// instead of ending at once. Call it once.
pub(crate) fn on_stop(stop: impl Fn() + Send + 'static) -> Result<()> {
    ctrlc::set_handler(stop).context("cannot listen for Ctrl-C")
}
