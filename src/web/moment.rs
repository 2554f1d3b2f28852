//! Moments and times, as the API shows them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment on both clocks.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    /// Since the Unix epoch.
    pub(super) unix: Duration,
}

impl Moment {
    pub(super) fn now() -> Moment {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment { instant: Instant::now(), unix }
    }

    /// Unix milliseconds.
    pub(super) fn ms(self) -> u64 {
        milliseconds(self.unix)
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
