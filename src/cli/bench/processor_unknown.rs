//! Which processor this is, where no instruction says it.

use std::env::consts::ARCH;

/// The kind of processor that this program was built for.
pub(super) fn name() -> String {
    format!("of the kind {ARCH}")
}

/// The clock is not measured.
pub(super) fn clock() -> Option<f64> {
    None
}

/// Nothing is known of its units.
pub(super) fn limit(_clock: f64) -> Option<f64> {
    None
}
