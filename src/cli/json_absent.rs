//! `--json` in a program that was built without the feature `console`.

use anyhow::Result;

use super::exit::Exit;
use super::lines::{Printer, Told};

/// A printer that cannot be made.
pub(crate) type NamedPrinter = Box<dyn Fn(&str, &Told) -> String>;

/// Reports the missing feature.
pub(crate) fn printer() -> Result<Printer> {
    Err(missing())
}

/// Reports the missing feature.
pub(crate) fn named_printer() -> Result<NamedPrinter> {
    Err(missing())
}

fn missing() -> anyhow::Error {
    Exit::usage("--json needs the feature console: build without --no-default-features")
}
