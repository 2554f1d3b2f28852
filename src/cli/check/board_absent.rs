//! `cairn check --board` in a program that was built without the feature `web`.

use anyhow::Result;

use crate::cli::exit::Exit;

/// Reports the missing feature.
pub(super) fn run(_text: &str) -> Result<()> {
    Err(Exit::usage("--board needs the feature web: build without --no-default-features"))
}
