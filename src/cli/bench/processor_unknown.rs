//! The processor, if no instruction identifies it.

use std::env::consts::ARCH;

/// The kind of processor that this program was built for.
pub(super) fn name() -> String {
    format!("of the kind {ARCH}")
}

/// The clock is not measured.
pub(super) fn clock() -> Option<f64> {
    None
}

/// Its units are not known.
pub(super) fn limit(_clock: f64) -> Option<f64> {
    None
}
