//! The result of a simulation.

use std::fmt;
use std::time::Duration;

use super::faults::{Faults, Partition, minority};

/// How often each thing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says what is counted")]
pub struct Counts {
    pub sent: u64,
    pub blocked: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub delayed: u64,
    pub truncated: u64,
    pub flipped: u64,
    pub partitions: u64,
    pub kills: u64,
    pub power_failures: u64,
    pub repairs: u64,
    pub skewed: u64,
    pub clock_jumps: u64,
    pub floods: u64,
    pub replays: u64,
    pub spoofs: u64,
    pub claims: u64,
    pub releases: u64,
    pub questions_unanswered: u64,
    pub questions_answered_with_junk: u64,
    pub ignored: u64,
    pub copies: u64,
    pub reorganisations: u64,
    pub deepest: u64,
}

/// A fault that is expected to hit this many datagrams is sure to hit one. At most half of
/// all datagrams cannot be hit, because they are blocked, lost, or sent after the faults;
/// the chance that none of the others is hit is e^-30.
const SURE: u64 = 60;

impl Counts {
    /// A chain was copied, and this many blocks were abandoned.
    pub(super) fn note_copy(&mut self, abandoned: usize) {
        self.copies += 1;
        self.reorganisations += u64::from(abandoned > 0);
        self.deepest = self.deepest.max(abandoned as u64);
    }

    /// The name of a requested fault that never happened. A fault with few datagrams to hit
    /// may miss them all by chance: that is no failure.
    pub(super) fn unused(&self, faults: &Faults, nodes: usize) -> Option<&'static str> {
        let mallory = faults.mallory;
        let is_sure = |thousandths: u32| self.sent * u64::from(thousandths) >= SURE * 1000;
        let is_drawn = faults.partition == Some(Partition::Drawn);
        let wanted = [
            (is_sure(faults.loss), self.lost, "loss"),
            (is_sure(faults.duplicates), self.duplicated, "duplicates"),
            (is_sure(faults.delays), self.delayed, "delays"),
            (is_sure(faults.truncations), self.truncated, "truncations"),
            (is_sure(faults.flips), self.flipped, "flips"),
            (faults.partition.is_some(), self.partitions, "partition"),
            (is_drawn, self.blocked, "datagrams blocked by a partition"),
            (faults.crashes, self.kills, "kills"),
            (faults.crashes, self.power_failures, "power failures"),
            (faults.skew, self.skewed, "skew"),
            (faults.clock_jumps && minority(nodes) > 0, self.clock_jumps, "clock jumps"),
            (mallory, self.floods, "floods"),
            (mallory, self.replays, "replays"),
            (mallory, self.spoofs, "spoofs"),
            (mallory, self.claims, "claims"),
            (mallory, self.releases, "releases"),
            (mallory, self.questions_unanswered, "questions left unanswered"),
            (mallory, self.questions_answered_with_junk, "questions answered with junk"),
        ];
        let unused = wanted.into_iter().find(|(is_wanted, count, _)| *is_wanted && *count == 0);
        unused.map(|(_, _, name)| name)
    }
}

/// A simulation without a failed check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Its length, in virtual time.
    pub time: Duration,
    /// The number of honest nodes.
    pub nodes: usize,
    /// The greatest height at the end.
    pub height: usize,
    /// Blocks that honest nodes made.
    pub made: usize,
    /// Heights at which more than one block was made.
    pub forks: usize,
    /// Whether all agree at the end.
    pub is_agreed: bool,
    /// How long after the last fault all agreed for the first time. A partition counts as a
    /// fault until the network is whole.
    pub agreed: Option<Duration>,
    /// How often each thing happened.
    pub counts: Counts,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Counts { sent, lost, blocked, copies, reorganisations, deepest, .. } = self.counts;
        let minutes = self.time.as_secs() / 60;
        writeln!(f, "seed {}: {} nodes, {minutes} simulated minutes", self.seed, self.nodes)?;
        writeln!(f, "  blocks     {} made, height {}", self.made, self.height)?;
        writeln!(f, "  forks      {} heights at which more than one was made", self.forks)?;
        write!(f, "  copies     {copies}, of them {reorganisations} reorganisations")?;
        writeln!(f, ", the deepest of {deepest} blocks")?;
        writeln!(f, "  datagrams  {sent} sent, {lost} lost, {blocked} blocked")?;
        if let Some(agreed) = self.agreed {
            writeln!(f, "  agreement  {:.1} s after the last fault", agreed.as_secs_f64())?;
        }
        let end = if self.is_agreed { "all agree" } else { "not all agree, a block is on its way" };
        write!(f, "  at the end {end}")
    }
}

/// A simulation with a failed check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// When, in virtual time.
    pub time: Duration,
    /// The check.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "seed {} at {} s: {}", self.seed, self.time.as_secs_f64(), self.what)
    }
}

impl std::error::Error for Failure {}
