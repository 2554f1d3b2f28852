//! What must hold: safety after every step, agreement once the faults are over.

use super::machine::Host;
use super::{AGREEMENT_BOUND, CALM_PART, Check, TARGET, World};
use crate::chain::Chain;
use crate::peer::PeerName;
use crate::rules::{self, Tip};

impl World<'_> {
    /// Whether all machines are up and stand on the same block.
    pub(super) fn is_agreed(&self) -> bool {
        let tip = |host: &Host| host.up.as_ref().map(|(node, _)| node.chain().tip_hash());
        let first = tip(&self.hosts[0]);
        first.is_some() && self.hosts.iter().all(|host| tip(host) == first)
    }

    pub(super) fn check_agreement(&mut self) -> Check {
        if !self.is_calm || self.agreed.is_some() {
            return Ok(());
        }
        let calm = self.scenario.duration - self.scenario.duration / CALM_PART;
        if self.is_agreed() {
            self.agreed = Some(self.time - calm);
            let time = self.time - calm;
            self.say(format_args!("all agree, {time:?} after the last fault"));
        } else if self.time > calm + AGREEMENT_BOUND {
            let heights = self.hosts.iter().map(|host| match &host.up {
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
            if let Some((node, _)) = &host.up {
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

/// Whether the blocks from a height on are valid, by the plain rules.
pub(super) fn check_tail(name: &PeerName, chain: &Chain, from: usize) -> Check {
    let tail = chain.blocks()[from..].as_flattened();
    match rules::check(chain.tip_at(from), tail, TARGET) {
        Ok(tip) if tip.hash() == chain.tip_hash() => Ok(()),
        Ok(_) => Err(format!("{name} has another tip than its chain")),
        Err(invalid) => Err(format!("{name}'s chain is not valid: {invalid}")),
    }
}

pub(super) fn check_whole(name: &PeerName, chain: &Chain) -> Check {
    match rules::check(Tip::START, chain.as_bytes(), TARGET) {
        Ok(tip) if tip.hash() == chain.tip_hash() => Ok(()),
        Ok(_) => Err(format!("{name} has another tip than its chain")),
        Err(invalid) => Err(format!("{name}'s chain is not valid: {invalid}")),
    }
}
