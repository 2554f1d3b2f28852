//! The terminal's width in a program that was built without the feature `console`.

/// The usual number of characters in a line.
pub(crate) fn columns() -> usize {
    80
}
