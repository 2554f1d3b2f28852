//! `cairn net --relay-server` in a program that was built without the feature `relay`.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::cli::exit::Exit;

/// Reports the missing feature.
pub(super) fn run(_listen: &str, _file: &Path, _time: Option<Duration>) -> Result<()> {
    Err(Exit::usage(
        "cairn net --relay-server needs the feature relay: cargo install --path . --features relay",
    ))
}
