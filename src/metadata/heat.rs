//! How warm a block is by its use.

use super::entry::Temperature;

/// After this time without use a block is half as warm, in milliseconds: ten minutes.
const HALF_LIFE_MS: f64 = 600_000.0;

/// A block with this heat is hot: eight readings at once, or a few more over a while.
const HOT: f64 = 8.0;

/// A block with this heat is warm: it stays so for a half-life after a single reading.
const WARM: f64 = 0.5;

/// The readings of a block, of which old ones count for less.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heat {
    level: f64,
    at_ms: u64,
}

impl Heat {
    /// The block was read.
    pub(super) fn read(&mut self, now_ms: u64) {
        *self = Heat { level: self.level(now_ms) + 1.0, at_ms: now_ms };
    }

    /// How warm it is now.
    pub(super) fn temperature(&self, now_ms: u64) -> Temperature {
        match self.level(now_ms) {
            level if level >= HOT => Temperature::Hot,
            level if level >= WARM => Temperature::Warm,
            _ => Temperature::Cold,
        }
    }

    fn level(&self, now_ms: u64) -> f64 {
        let since = now_ms.saturating_sub(self.at_ms) as f64;
        self.level * (-since / HALF_LIFE_MS).exp2()
    }
}
