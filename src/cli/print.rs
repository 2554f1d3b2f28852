//! Writing to standard output, where a closed pipe is an error and not a panic.

use std::fmt;
use std::io::{self, Write};

use anyhow::{Context, Result};

/// Writes a text as it is and flushes it.
pub(crate) fn text(text: impl fmt::Display) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = write!(out, "{text}").and_then(|()| out.flush());
    written.context("cannot write to standard output")
}

/// Writes a line and flushes it.
pub(crate) fn line(line: impl fmt::Display) -> Result<()> {
    text(format_args!("{line}\n"))
}
