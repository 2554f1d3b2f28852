//! How a world advances: step by step, or to a time.

use std::cmp::Reverse;
use std::time::Duration;

use super::{Failure, World};

impl World<'_> {
    /// Switches all machines on. Call it once, first.
    ///
    /// # Errors
    /// A failed check, and when it failed.
    pub fn start(&mut self) -> Result<(), Failure> {
        self.plan_faults();
        let started = (0..self.hosts.len()).try_for_each(|index| self.start_host(index));
        started.map_err(|what| self.failure(what))
    }

    /// The virtual time: that of the last step.
    pub fn time(&self) -> Duration {
        self.time
    }

    /// The time of the next step, unless the scenario is over.
    pub fn next(&self) -> Option<Duration> {
        let Reverse((time, ..)) = self.plan.peek()?;
        (*time <= self.scenario.duration).then_some(*time)
    }

    /// Does the next step; returns whether there was one.
    ///
    /// # Errors
    /// A failed check, and when it failed. After that, further steps mean nothing.
    pub fn advance(&mut self) -> Result<bool, Failure> {
        if self.next().is_none() {
            return Ok(false);
        }
        let Some(Reverse((time, _, happening))) = self.plan.pop() else { return Ok(false) };
        self.time = time;
        let done = self.happen(happening).and_then(|()| self.check_agreement());
        done.map(|()| true).map_err(|what| self.failure(what))
    }

    /// Does all steps until `time`, which is then the virtual time.
    ///
    /// # Errors
    /// As of [`World::advance`].
    pub fn run_to(&mut self, time: Duration) -> Result<(), Failure> {
        while self.next().is_some_and(|next| next <= time) {
            self.advance()?;
        }
        self.time = self.time.max(time.min(self.scenario.duration));
        Ok(())
    }

    /// What must hold at the end of a scenario.
    ///
    /// # Errors
    /// The check that failed.
    pub fn end(&mut self) -> Result<(), Failure> {
        self.check_end().map_err(|what| self.failure(what))
    }

    /// A check failed, now.
    pub(super) fn failure(&self, what: String) -> Failure {
        Failure { seed: self.scenario.seed, time: self.time, what }
    }
}
