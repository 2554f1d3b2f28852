//! What is told of the measurements.

/// What was measured, in order, and its rate a second.
pub(super) type Rates = Vec<(String, f64)>;

/// How the rates that all others are compared with are named.
pub(super) const PLAINLY: &str = "the plain loop";

/// Blocks in the chain that is checked.
pub(super) const BLOCKS: usize = 200_000;

/// What was measured.
pub(super) struct Report {
    /// The processor's name for itself.
    pub(super) processor: String,
    /// Cycles a second of its clock, where that is measured.
    pub(super) clock: Option<f64>,
    /// Hashes a second.
    pub(super) mining: Rates,
    /// The most hashes a second that one thread of this processor could do, if each
    /// of its vector units did something in each cycle.
    pub(super) limit: Option<f64>,
    /// Blocks a second, of a chain of [`BLOCKS`].
    pub(super) checking: Rates,
}
