//! Our nodes together with the tutorial's: a node in Python, as in the tutorial.
//!
//! They need python3, so they run only on request: `cargo test --test mixed -- --ignored`.
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::Command;

use cairn::chain::Chain;
use cairn::target::Target;
use cairn::wire::MAX_BLOCKS;
use common::{Running, cairn};

/// About 256 tries a block.
const ZERO_BITS: &str = "8";

/// A loopback address for each test, because the tutorial's ports are fixed.
fn python(ip: &str, port: u16, nonces: &str) -> Running {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mixed/node.py");
    let mut command = Command::new("python3");
    command.arg(node).arg(port.to_string()).env("NODE_IP", ip);
    command.env("ZERO_BITS", ZERO_BITS).env("NONCES", nonces).env("LISTEN", "0.05");
    Running::start(&mut command)
}

fn ours(ip: &str, port: u16, args: &[&str]) -> Running {
    let mut command = cairn();
    command.args(["node", &port.to_string(), "--ip", ip, "--listen", "50ms"]);
    Running::start(command.args(["--zero-bits", ZERO_BITS]).args(args))
}

/// Reads on to a copied block of this height or above.
fn copies(node: &mut Running, height: usize) -> String {
    let is_it = |line: &str| {
        let rest = line.strip_prefix("COPY block ").and_then(|rest| rest.split_once(':'));
        rest.and_then(|(found, _)| found.parse().ok()).is_some_and(|found: usize| found >= height)
    };
    node.find(is_it).unwrap_or_else(|| panic!("it ended:\n{}", node.text()))
}

#[test]
#[ignore = "needs python3"]
fn two_of_ours_and_one_of_the_tutorials_take_over_each_others_blocks() {
    let ip = "127.53.1.1";
    let mut theirs = python(ip, 9000, "60");
    let (mut first, mut second) =
        (ours(ip, 7000, &["--nonces", "60"]), ours(ip, 8000, &["--nonces", "60"]));
    for _ in 0..3 {
        let created = theirs.find(|line| line.starts_with("CREATE block "));
        assert!(created.is_some(), "{}", theirs.text());
    }
    copies(&mut theirs, 1);
    for node in [&mut first, &mut second] {
        let from = format!("from {ip}:9000");
        let is_theirs = |line: &str| line.starts_with("COPY block") && line.contains(&from);
        assert!(node.find(is_theirs).is_some(), "{}", node.text());
    }
}

#[test]
#[ignore = "needs python3"]
fn a_node_of_the_tutorials_that_is_far_behind_gets_as_much_as_it_can_read() {
    let ip = "127.53.1.2";
    let mut chain = Chain::genesis(Target::from_zero_bits(8));
    while chain.count() < MAX_BLOCKS + 20 {
        let block = chain.next_block(0, 1, 7000).expect("it is easy");
        chain.push(&block).expect("it was mined");
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mixed.chain");
    std::fs::write(&file, chain.as_bytes()).expect("there is room");
    let file = file.to_str().expect("UTF-8");
    let _ours = ours(ip, 7000, &["--nonces", "1", "--data", file]);
    let mut theirs = python(ip, 9000, "1000");
    let line = copies(&mut theirs, MAX_BLOCKS - 1);
    let tip = chain.hash_at(MAX_BLOCKS - 1).expect("it has that block");
    assert_eq!(line, format!("COPY block {}: {tip}!", MAX_BLOCKS - 1));
}

#[test]
#[ignore = "needs python3"]
fn a_network_of_cairn_up_writes_to_a_node_of_the_tutorials_that_it_is_told_of() {
    let ip = "127.53.1.3";
    let mut theirs = python(ip, 9000, "1");
    let mut command = cairn();
    command.args(["up", "--ports", "7000,8000", "--ip", ip, "--peer", &format!("{ip}:9000")]);
    command.args(["--zero-bits", ZERO_BITS, "--nonces", "100", "--listen", "50ms"]);
    let _up = Running::start(&mut command);
    copies(&mut theirs, 2);
}
