//! How wide the terminal is.

use terminal_size::{Width, terminal_size};

/// Where nobody knows.
const USUAL: usize = 80;

/// How many characters fit into a line of the terminal.
pub(crate) fn columns() -> usize {
    terminal_size().map_or(USUAL, |(Width(columns), _)| columns.into())
}
