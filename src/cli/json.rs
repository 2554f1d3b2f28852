//! A node's events as lines of JSON for programs.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use cairn::json::Record;

use super::lines::Printer;

/// A printer for standard output: an event, a line.
pub(crate) fn printer() -> Result<Printer> {
    Ok(Box::new(|event| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Record::new(now, event).to_line() + "\n"
    }))
}
