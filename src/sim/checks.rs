//! What must hold at the end: all chains are valid, every requested fault has happened, and
//! all nodes have agreed once the faults were over.

use super::machine::Host;
use super::scenario::{AGREEMENT_BOUND, CALM_PART};
use super::validity::check_whole;
use super::{Check, World};

impl World<'_> {
    /// Whether all machines are up and have the same tip.
    pub(super) fn is_agreed(&self) -> bool {
        let tip = |host: &Host| host.up.as_deref().map(|(node, _)| node.chain().tip_hash());
        let first = tip(&self.hosts[0]);
        first.is_some() && self.hosts.iter().all(|host| tip(host) == first)
    }

    pub(super) fn check_agreement(&mut self) -> Check {
        if !self.is_calm || self.agreed.is_some() {
            return Ok(());
        }
        let calm = self.scenario.calm();
        if self.is_agreed() {
            self.agreed = Some(self.time - calm);
            let time = self.time - calm;
            self.say(format_args!("all agree, {time:?} after the last fault"));
        } else if self.time > calm + AGREEMENT_BOUND {
            let heights = self.hosts.iter().map(|host| match host.up.as_deref() {
                Some((node, _)) => format!("{} at {}", host.name, node.chain().height()),
                None => format!("{} down", host.name),
            });
            let heights = heights.collect::<Vec<_>>().join(", ");
            return Err(format!("no agreement in {AGREEMENT_BOUND:?} without faults: {heights}"));
        }
        Ok(())
    }

    pub(super) fn check_end(&mut self) -> Check {
        for host in &self.hosts {
            if let Some((node, _)) = host.up.as_deref() {
                check_whole(&host.name, node.chain())?;
            }
        }
        if let Some(unused) = self.counts.unused(&self.scenario.faults, self.hosts.len()) {
            return Err(format!("a fault that should have come never did: {unused}"));
        }
        let is_short = self.scenario.duration / CALM_PART < AGREEMENT_BOUND;
        match self.agreed {
            None if !is_short => Err("they never agreed after the last fault".to_owned()),
            _ => Ok(()),
        }
    }
}
