//! How many requests one address may make.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::origin::household;
use super::problem::Problem;

/// How many requests an address may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Requests a second in the long run.
    pub per_second: NonZeroU32,
    /// Requests that an address may make at once after a while of silence. A class behind
    /// one address, or a thousand tabs, open their events like this.
    pub at_once: NonZeroU32,
    /// How long to refuse an address that keeps asking for more.
    pub refusal: Duration,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates {
            per_second: NonZeroU32::new(200).unwrap(),
            at_once: NonZeroU32::new(2_000).unwrap(),
            refusal: Duration::from_secs(30),
        }
    }
}

/// How many requests beyond its rate an address can make before it is refused ...
const OVERRUNS: u32 = 100;

/// ... if they come within this time.
const OVERRUN_WINDOW: Duration = Duration::from_secs(10);

/// The most accounts that are kept, less than 1 MB; if there are more, new ones are
/// refused.
const MAX_ACCOUNTS: usize = 10_000;

/// The account of a request: requests of one account are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account {
    household: IpAddr,
    /// Whether a page from elsewhere makes the request. It comes from the address of the
    /// page's reader, and must not use up the reader's own requests.
    is_foreign: bool,
}

impl Account {
    pub(super) fn new(address: IpAddr, is_foreign: bool) -> Account {
        Account { household: household(address), is_foreign }
    }
}

/// The requests so far, and the addresses that made too many.
pub(super) struct Limits {
    settings: Rates,
    rates: DefaultKeyedRateLimiter<Account>,
    clock: DefaultClock,
    offenders: Mutex<HashMap<Account, Offender>>,
}

/// An address that made too many requests.
struct Offender {
    overruns: u32,
    /// When the first of these was.
    since: Instant,
    refused_until: Option<Instant>,
}

impl Offender {
    fn is_over(&self, now: Instant) -> bool {
        match self.refused_until {
            Some(until) => now >= until,
            None => now.saturating_duration_since(self.since) >= OVERRUN_WINDOW,
        }
    }
}

impl Limits {
    pub(super) fn new(settings: Rates) -> Limits {
        let quota = Quota::per_second(settings.per_second).allow_burst(settings.at_once);
        Limits {
            settings,
            rates: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            offenders: Mutex::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// What to answer instead, if it is one too many.
    pub(super) fn check(&self, account: Account, now: Instant) -> Result<(), Problem> {
        let mut offenders = self.offenders.lock().unwrap_or_else(PoisonError::into_inner);
        offenders.retain(|_, offender| !offender.is_over(now));
        if let Some(until) = offenders.get(&account).and_then(|offender| offender.refused_until) {
            let seconds = until.saturating_duration_since(now).as_secs() + 1;
            return Err(Problem::rate(seconds, "this address kept asking for too much"));
        }
        if self.rates.len() >= MAX_ACCOUNTS {
            self.rates.retain_recent();
            if self.rates.len() >= MAX_ACCOUNTS {
                return Err(Problem::rate(1, "too many addresses ask at once"));
            }
        }
        let Err(too_early) = self.rates.check_key(&account) else { return Ok(()) };
        let first = Offender { overruns: 0, since: now, refused_until: None };
        let offender = offenders.entry(account).or_insert(first);
        offender.overruns += 1;
        if offender.overruns >= OVERRUNS {
            offender.refused_until = Some(now + self.settings.refusal);
        }
        let wait = too_early.wait_time_from(self.clock.now()).as_secs() + 1;
        let rate = self.settings.per_second;
        Err(Problem::rate(wait, format_args!("more than {rate} requests a second")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Account =
        Account { household: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), is_foreign: false };
    const BOB: Account =
        Account { household: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), is_foreign: false };

    /// Requests until one is too many.
    fn exhaust(limits: &Limits, now: Instant) -> u32 {
        let admitted = (0..1_000_000).take_while(|_| limits.check(ALICE, now).is_ok());
        u32::try_from(admitted.count()).expect("it is less")
    }

    #[test]
    fn an_address_that_asks_too_fast_is_told_so_and_another_is_not() {
        let (limits, now) = (Limits::new(Rates::default()), Instant::now());
        // The limiter's own clock goes on meanwhile.
        assert!(exhaust(&limits, now) >= Rates::default().at_once.get());
        assert!(limits.check(BOB, now).is_ok());
    }

    #[test]
    fn an_address_that_keeps_overrunning_is_refused_for_a_while() {
        let (limits, now) = (Limits::new(Rates::default()), Instant::now());
        let is_refused = |now| {
            let offenders = limits.offenders.lock().expect("nobody panicked");
            let offender = offenders.get(&ALICE);
            offender.is_some_and(|offender| offender.refused_until > Some(now))
        };
        // Some are admitted in between, as time passes.
        while !is_refused(now) {
            let _ = limits.check(ALICE, now);
        }
        let problem = limits.check(ALICE, now).expect_err("it is refused");
        assert!(format!("{problem:?}").contains("kept asking"), "{problem:?}");
        assert!(limits.check(BOB, now).is_ok());
        let _ = limits.check(ALICE, now + Rates::default().refusal);
        assert!(!is_refused(now + Rates::default().refusal));
    }

    #[test]
    fn how_much_an_address_may_ask_for_can_be_set() {
        let one = NonZeroU32::MIN;
        let refusal = Duration::from_secs(1);
        let limits = Limits::new(Rates { per_second: one, at_once: one, refusal });
        let now = Instant::now();
        assert!(exhaust(&limits, now) < 10);
    }
}
