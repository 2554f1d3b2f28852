//! The results of the measurements.

/// The measured things, in order, and the rate of each a second.
pub(super) type Rates = Vec<(String, f64)>;

/// The name of the rates with which all others are compared.
pub(super) const PLAINLY: &str = "the plain loop";

/// Blocks in the chain that is checked.
pub(super) const BLOCKS: usize = 200_000;

/// The measurements.
pub(super) struct Report {
    /// The processor's name for itself.
    pub(super) processor: String,
    /// Cycles a second of its clock, if that was measured.
    pub(super) clock: Option<f64>,
    /// Hashes a second.
    pub(super) mining: Rates,
    /// The most hashes a second that one thread of this processor could do if each of its
    /// vector units worked in each cycle.
    pub(super) limit: Option<f64>,
    /// Blocks a second, of a chain of [`BLOCKS`].
    pub(super) checking: Rates,
}
