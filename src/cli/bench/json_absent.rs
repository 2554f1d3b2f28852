//! `cairn bench --json` in a program that was built without the feature `console`.

use anyhow::Result;

use super::report::Report;
use crate::cli::exit::Exit;

/// Reports the missing feature.
pub(super) fn printer() -> Result<fn(&Report) -> Result<()>> {
    Err(Exit::usage("--json needs the feature console: build without --no-default-features"))
}
