//! What goes wrong, and the faults of machines: crashes and clocks. (Those of
//! the network are in `network.rs`.)

use std::time::Duration;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::sight::Sight;
use super::{Check, Happening, World};
use crate::sim_disk::Loss;

/// What goes wrong. Shares of datagrams are in thousandths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Datagrams that are lost.
    pub loss: u32,
    /// Datagrams that arrive twice.
    pub duplicates: u32,
    /// Datagrams that are delayed, so that others overtake them.
    pub delays: u32,
    /// Datagrams that are truncated.
    pub truncations: u32,
    /// Datagrams of which a bit is flipped.
    pub flips: u32,
    /// How the network is split, again and again.
    pub partition: Option<Partition>,
    /// Whether machines crash, in the middle of a write or elsewhere.
    pub crashes: bool,
    /// Whether clocks are wrong by up to an hour.
    pub skew: bool,
    /// Whether the clocks of a minority jump by a day, and back.
    pub clock_jumps: bool,
    /// Whether one peer is hostile.
    pub mallory: bool,
}

/// How the network is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partition {
    /// In halves, once, for this long, but at most for
    /// [`max_partition`](super::Scenario::max_partition).
    Halves(Duration),
    /// In halves, one way, or one node from all others, for some minutes, again
    /// and again.
    Drawn,
}

impl Faults {
    /// Every kind of fault, each as strong as chance decides: up to 30 % lost, 20 % twice,
    /// 30 % delayed, 5 % truncated, and 2 % with a flipped bit.
    pub fn drawn(random: &mut ChaCha8Rng) -> Faults {
        Faults {
            loss: random.random_range(10..=300),
            duplicates: random.random_range(10..=200),
            delays: random.random_range(10..=300),
            truncations: random.random_range(5..=50),
            flips: random.random_range(5..=20),
            partition: Some(Partition::Drawn),
            crashes: true,
            skew: true,
            clock_jumps: true,
            mallory: true,
        }
    }

    /// By how many seconds a clock is wrong from the start.
    pub(super) fn skew(&self, random: &mut ChaCha8Rng) -> i64 {
        if self.skew { random.random_range(-3600..=3600) } else { 0 }
    }
}

impl World<'_> {
    pub(super) fn fault(&mut self, fault: Happening) -> Check {
        if self.is_calm {
            return self.back_to_normal(fault);
        }
        match fault {
            Happening::PartitionBegins => self.begin_partition(),
            Happening::PartitionEnds => self.end_partition(),
            Happening::CrashBegins => self.begin_crash(),
            Happening::ClockJumps => self.jump_clock(),
            Happening::CrashEnds(_) | Happening::ClockReturns(_) => {
                return self.back_to_normal(fault);
            }
            Happening::Calm => return self.calm(),
            _ => {}
        }
        Ok(())
    }

    /// Ends a fault; this happens even when no more faults may begin.
    fn back_to_normal(&mut self, end: Happening) -> Check {
        match end {
            Happening::ClockReturns(index) => {
                let host = &mut self.hosts[index];
                host.jump = 0;
                let name = host.name.clone();
                self.say(format_args!("{name}'s clock is set back"));
                Ok(())
            }
            Happening::CrashEnds(index) if self.is_waiting(index) => {
                let name = self.hosts[index].name.clone();
                self.say(format_args!("{name} starts again"));
                self.start_host(index)
            }
            _ => Ok(()),
        }
    }

    /// Whether a machine is down without an order.
    fn is_waiting(&self, index: usize) -> bool {
        let host = &self.hosts[index];
        host.up.is_none() && !host.is_stopped
    }

    /// The power of a machine fails: at once, or at some byte of its next writes.
    fn begin_crash(&mut self) {
        let index = self.random.random_range(0..self.hosts.len());
        let is_up = self.hosts[index].up.is_some();
        // The first is a kill, so that every run has one.
        let is_kill = self.random.random_ratio(1, 4) || self.counts.kills == 0;
        if is_up && is_kill {
            self.counts.kills += 1;
            self.crash(index);
        } else if is_up {
            let steps = self.random.random_range(0..500);
            self.hosts[index].disk.power_off_after(steps);
        }
        let wait = Duration::from_secs(self.random.random_range(20..180));
        self.plan_in(wait, Happening::CrashBegins);
    }

    /// A machine is down, and restarts after a while.
    pub(super) fn crash(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        if host.disk.is_off() {
            self.counts.power_failures += 1;
        }
        (host.up, host.wake) = (None, None);
        let loss = if self.random.random() { Loss::Unsynced } else { Loss::Nothing };
        host.disk.restart(loss);
        if !self.is_calm && self.random.random_ratio(1, 8) {
            // It will fail again while it starts, or soon after.
            host.disk.power_off_after(self.random.random_range(0..200));
        }
        let name = host.name.clone();
        self.show(Sight::Down(&name));
        self.say(format_args!("{name} crashes"));
        let down = Duration::from_secs(self.random.random_range(1..60));
        self.plan_in(down, Happening::CrashEnds(index));
    }

    /// The clock of a machine of the minority jumps by a day, forward or back, for a while.
    fn jump_clock(&mut self) {
        // Always the same few. If the clocks of a majority were wrong one after the other,
        // a block dated a day ahead could win, and the rest would refuse it until that day
        // has passed, as they would in Bitcoin.
        let minority = minority(self.hosts.len());
        if minority == 0 {
            return;
        }
        let index = self.random.random_range(0..minority);
        if self.hosts[index].jump == 0 {
            self.counts.clock_jumps += 1;
            let jump = if self.random.random() { DAY } else { -DAY };
            let host = &mut self.hosts[index];
            host.jump = jump;
            let name = host.name.clone();
            self.say(format_args!("{name}'s clock jumps by {jump} s"));
            let wait = Duration::from_secs(self.random.random_range(30..400));
            self.plan_in(wait, Happening::ClockReturns(index));
        }
        let wait = Duration::from_secs(self.random.random_range(10..200));
        self.plan_in(wait, Happening::ClockJumps);
    }

    /// From now on nothing goes wrong.
    fn calm(&mut self) -> Check {
        self.is_calm = true;
        self.end_partition();
        for index in 0..self.hosts.len() {
            let host = &mut self.hosts[index];
            host.disk.keep_power();
            host.jump = 0;
            if self.is_waiting(index) {
                self.start_host(index)?;
            }
        }
        self.say(format_args!("the faults are over"));
        Ok(())
    }
}

/// How many clocks may jump: none in a network of three, two in one of seven.
pub(super) fn minority(nodes: usize) -> usize {
    (nodes - 1) / 3
}

/// Seconds in a day.
const DAY: i64 = 24 * 60 * 60;
