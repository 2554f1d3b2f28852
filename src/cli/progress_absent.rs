//! No bar, in a program that was built without the feature `console`.

/// Shows nothing.
pub(crate) struct Progress;

impl Progress {
    /// Shows nothing.
    pub(crate) fn new(_blocks: usize) -> Progress {
        Progress
    }

    /// Shows nothing.
    pub(crate) fn done(&self, _blocks: usize) {}
}
