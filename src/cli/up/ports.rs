//! The ports of the nodes.

use anyhow::Result;
use cairn::config::NODE_PORTS;

use crate::cli::exit::Exit;

/// The smallest network that can be called one.
const MIN_NODES: usize = 2;

/// The largest: ports go up in thousands, from 7000 to 65000.
pub(super) const MAX_NODES: usize = 59;

/// How to choose free ports.
pub(super) const OTHERS: &str = "choose other ports, as in --ports 7100,8100,9100";

/// The default ports of nodes, and of those that are added.
pub(super) fn all() -> impl Iterator<Item = u16> {
    (NODE_PORTS[0]..=u16::MAX).step_by(1000)
}

/// The ports of a network of this many nodes, or the given ones.
pub(super) fn chosen(nodes: usize, given: &[u16]) -> Result<Vec<u16>> {
    let ports = match given {
        [] if !(MIN_NODES..=MAX_NODES).contains(&nodes) => {
            return Err(Exit::usage(format!(
                "--nodes {}: write a number from {MIN_NODES} to {MAX_NODES}; for a single node \
                 type cairn node 7000",
                nodes
            )));
        }
        [] => all().take(nodes).collect(),
        ports => ports.to_vec(),
    };
    let mut sorted = ports.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != ports.len() || ports.len() < MIN_NODES || sorted[0] == 0 {
        return Err(Exit::usage("--ports: write two or more different ports, such as 7000,8000"));
    }
    Ok(ports)
}
