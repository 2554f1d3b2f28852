//! How wide the terminal is.

use terminal_size::{Width, terminal_size};

/// The width if nobody knows it.
const USUAL: usize = 80;

/// How many characters fit into a line of the terminal.
pub(crate) fn columns() -> usize {
    terminal_size().map_or(USUAL, |(Width(columns), _)| columns.into())
}
