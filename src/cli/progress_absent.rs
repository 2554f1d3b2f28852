//! No bar, in a program that was built without the feature `console`.

/// Shows nothing.
pub(crate) struct Progress;

impl Progress {
    /// Shows nothing.
    pub(crate) fn new(_doing: &str, _blocks: usize) -> Progress {
        Progress
    }

    /// Shows nothing.
    pub(crate) fn done(&self, _blocks: usize) {}

    /// Nothing to hide.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        print()
    }
}
