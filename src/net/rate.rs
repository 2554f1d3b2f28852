//! Limits on how many of a kind may come in a second.

use std::time::Duration;

/// A rate: this many at once, and then one more after each time of `apart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once.
    pub burst: u32,
    /// How long it takes to forget one.
    pub apart: Duration,
}

impl Rate {
    /// A rate of `burst` at once and `per_second` on average.
    pub const fn new(burst: u32, per_second: u32) -> Rate {
        Rate { burst, apart: Duration::from_nanos(1_000_000_000 / per_second as u64) }
    }
}

/// Counts the arrivals from one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// When all arrivals are forgotten.
    clear: Duration,
}

impl Meter {
    /// Whether one more may come now; if so, it is counted.
    pub fn take(&mut self, now: Duration, rate: Rate) -> bool {
        let clear = self.clear.max(now) + rate.apart;
        let may_come = clear <= now + rate.apart * rate.burst;
        if may_come {
            self.clear = clear;
        }
        may_come
    }

    /// Whether all arrivals are forgotten: then a new meter is as good.
    pub fn is_clear(&self, now: Duration) -> bool {
        self.clear <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_as_many_as_the_rate_says() {
        let rate = Rate::new(3, 10);
        let mut meter = Meter::default();
        let mut at = |ms| {
            let now = Duration::from_secs(100) + Duration::from_millis(ms);
            (0..10).filter(|_| meter.take(now, rate)).count()
        };
        assert_eq!([at(0), at(0), at(99), at(100), at(350), at(10_000)], [3, 0, 0, 1, 2, 3]);
    }
}
