//! Three real nodes over real UDP, with the network's real target.

mod common;

use std::process::Command;

use cairn::event::Event;
use cairn::hash::Hash;
use cairn::peer::PeerName;
use common::lines::Line;
use common::{Running, cairn, free_ports};

/// More nonces and shorter turns than the tutorial's, so that blocks come in
/// tenths of seconds; the target is the network's.
const PACE: [&str; 4] = ["--nonces", "20000", "--listen", "20ms"];

type Tip = (usize, Hash);

#[test]
fn three_nodes_agree_and_one_that_was_killed_catches_up() {
    // A port may be taken between our choice and its use.
    let is_done = (0..5).any(|_| agree_and_catch_up(&free_ports(3)).is_some());
    assert!(is_done, "five times a port was taken");
}

/// `None` if a node ended because its port was taken.
fn agree_and_catch_up(ports: &[u16]) -> Option<()> {
    let mut nodes: Vec<_> =
        ports.iter().map(|port| Running::start(&mut node(*port, ports))).collect();
    let tip = agreed_tip(&mut nodes, 3)?;

    drop(nodes.remove(1));
    nodes.insert(1, Running::start(&mut node(ports[1], ports)));
    let later = agreed_tip(&mut nodes, tip.0 + 1)?;
    assert!(later.0 > tip.0);
    let copied = nodes[1].seen.iter().any(|line| line.starts_with("COPY"));
    assert!(copied, "a node that starts at genesis catches up by copying:\n{}", nodes[1].text());
    Some(())
}

fn node(port: u16, ports: &[u16]) -> Command {
    let mut command = cairn();
    command.args(["node", &port.to_string()]).args(PACE);
    for peer in ports.iter().filter(|&&peer| peer != port) {
        command.args(["--peer", &format!("127.0.0.1:{peer}")]);
    }
    command
}

/// Reads until all nodes have had the same tip of this height or above.
fn agreed_tip(nodes: &mut [Running], height: usize) -> Option<Tip> {
    let mut stood: Vec<Vec<Tip>> = vec![Vec::new(); nodes.len()];
    loop {
        for (node, stood) in nodes.iter_mut().zip(&mut stood) {
            let line = node.find(|line| tip(line).is_some_and(|tip| tip.0 >= height));
            stood.extend(line.and_then(|line| tip(&line)));
            if line_of_a_taken_port(node) {
                return None;
            }
        }
        let is_common = |tip: &&Tip| stood.iter().all(|stood| stood.contains(tip));
        if let Some(tip) = stood[0].iter().find(is_common) {
            return Some(*tip);
        }
    }
}

/// The tip in a line.
fn tip(line: &str) -> Option<Tip> {
    match Line::parse(line)? {
        Line::Created(height, hash) | Line::Copied(height, hash) => Some((height, hash)),
        Line::Tried(_) | Line::Stands(..) => None,
    }
}

fn line_of_a_taken_port(node: &Running) -> bool {
    node.seen.last().is_some_and(|line| line.contains("is taken"))
}

#[test]
fn a_line_about_the_chain_can_be_read_back() {
    let (hash, from) = (Hash::of(b"tip"), PeerName::new("127.0.0.1:8000"));
    let read = |event: Event| Line::parse(&event.to_string());
    assert_eq!(read(Event::Tried { counter: 42_000 }), Some(Line::Tried(42_000)));
    assert_eq!(read(Event::Created { height: 5, hash }), Some(Line::Created(5, hash)));
    let copied = Event::Copied { height: 6, hash, from, listed: false, abandoned: 2 };
    assert_eq!(read(copied), Some(Line::Copied(6, hash)));
    assert_eq!(read(Event::Stopped { height: 7, hash }), Some(Line::Stands(7, hash)));
    assert_eq!(Line::parse(&format!("  chain   block 3: {hash}")), Some(Line::Stands(3, hash)));
    let long = format!("CREATE block 1: {}", "é".repeat(40));
    for line in ["", "TRY up to x...", "TRY up to 5", "CREATE block 1: 00ff!", "SLEEP", &long] {
        assert_eq!(Line::parse(line), None, "{line:?}");
    }
}
