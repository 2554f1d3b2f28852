//! `--json` in a program that was built without the feature `console`.

use anyhow::Result;

use super::exit::Exit;
use super::lines::Printer;

/// Says what is missing.
pub(crate) fn printer() -> Result<Printer> {
    Err(Exit::usage("--json needs the feature console: build without --no-default-features"))
}
