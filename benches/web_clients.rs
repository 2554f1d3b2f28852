//! How much a thousand clients of a node's events, and one that never reads, slow the
//! node's loop, and how much memory they take.
//!
//! `cargo bench --bench web_clients` prints both, and the figures of a node alone. Compare
//! only figures of one run: the clients share the machine with the node.

use std::time::Instant;

use common::http::{CROWD, Crowd, Node, resident};
use common::wait_until;

#[path = "../tests/common/mod.rs"]
mod common;

/// Turns of mining and listening over which the pace is measured.
const TURNS: f64 = 300.0;

fn main() {
    let node = Node::start(&["--zero-bits", "200", "--listen", "10ms"]);
    let (alone, before) = (pace(&node), resident(&node));
    let deaf = node.events("?after=0");
    let crowd = Crowd::follow(&node);
    let (together, after) = (pace(&node), resident(&node));
    crowd.leave();
    drop(deaf);
    let ratio = together / alone;
    println!("turns a second: {alone:.1} alone, {together:.1} with {CROWD} clients: {ratio:.2}");
    if let (Some(before), Some(after)) = (before, after) {
        let each = after.saturating_sub(before) as f64 / CROWD as f64;
        println!("memory: {before} KiB alone, {after} KiB with clients: {each:.1} KiB each");
    }
}

/// Turns a second, measured over the next few.
fn pace(node: &Node) -> f64 {
    let turns = || node.metric("cairn_turns_total");
    let (from, started) = (turns(), Instant::now());
    let mut now = from;
    wait_until("turns go by", || {
        now = turns();
        now >= from + TURNS
    });
    (now - from) / started.elapsed().as_secs_f64()
}
