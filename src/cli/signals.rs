//! Ctrl-C, and the signals that ask a program to end.

use anyhow::{Context, Result};

/// Calls `stop` on SIGINT, SIGTERM and SIGHUP, so that the program can end with
/// a last word instead of at once. To be called once.
pub(crate) fn on_stop(stop: impl Fn() + Send + 'static) -> Result<()> {
    ctrlc::set_handler(stop).context("cannot listen for Ctrl-C")
}
