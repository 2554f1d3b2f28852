//! `cairn check --report` in a program that was built without the feature `client`.

use anyhow::Result;

use super::report::Report;
use crate::cli::exit::Exit;

/// Reports the missing feature.
pub(super) fn post(_url: &str, _name: &str, _report: &Report) -> Result<()> {
    Err(Exit::usage("--report needs the feature client: build without --no-default-features"))
}
