//! Long chains: over real UDP with lost datagrams, and in memory. (`benches/long_chains.rs`
//! measures how long that takes.)

mod common;

use common::DEADLINE;
use common::loopback::chain;
use common::lossy::fetch;

#[test]
fn a_node_with_100_000_blocks_brings_a_fresh_one_up_to_date_though_one_datagram_in_ten_is_lost() {
    let long = chain(100_000);
    let fetched = fetch(&long, DEADLINE);
    assert!(fetched.chain == long, "bob has {} blocks", fetched.chain.count());
    assert!(fetched.lost > 50, "only {} datagrams were lost", fetched.lost);
}

/// The most memory that a process ever had, in kibibytes.
#[cfg(target_os = "linux")]
fn peak_memory(running: &common::Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id()));
    let status = status.expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux tells");
    line.split_whitespace().nth(1).and_then(|peak| peak.parse().ok()).expect("a number")
}

#[cfg(target_os = "linux")]
#[test]
fn a_node_with_a_million_blocks_stays_under_100_mb() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("million.chain");
    std::fs::write(&file, chain(1_000_000).as_bytes()).expect("there is room for 75 MB");
    let args = ["node", "0", "--peer", "127.0.0.1:9", "--zero-bits", "0", "--listen", "1ms"];
    let mut node = common::Running::start(common::cairn().args(args).arg("--data").arg(&file));
    // It reads, checks, announces, mines and keeps.
    assert!(
        node.find(|line| line.starts_with("CREATE block 1000005")).is_some(),
        "{}",
        node.text()
    );
    let peak = peak_memory(&node);
    drop(node);
    std::fs::remove_file(&file).expect("we wrote it");
    assert!(peak < 100_000, "{peak} KiB");
}
