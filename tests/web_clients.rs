//! Many clients of one node's events, and one that never reads: the node's
//! loop must not feel them.
#![cfg(feature = "web")]

mod common;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;
use std::{fs, thread};

use common::http::{Events, Node};
use common::{POLL, wait_until};
use tungstenite::Error;

/// As many as a large lecture hall has seats.
const CLIENTS: usize = 1_000;

/// Turns of mining and listening over which the pace is taken.
const TURNS: f64 = 100.0;

/// The most memory that a client may cost the node, in KiB. Less than a third
/// of it was measured.
const KIB_A_CLIENT: u64 = 64;

/// Turns a second, over the next so many.
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

/// The memory that a process holds, in KiB; unknown where the system does not
/// tell in this way.
fn resident(node: &Node) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", node.running.child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Reads whatever comes to any of the clients until told to stop, and counts it.
fn read_all(mut clients: Vec<Events>, stop: &AtomicBool, messages: &AtomicUsize) -> usize {
    while !stop.load(Ordering::Relaxed) {
        for client in &mut clients {
            loop {
                match client.socket.read() {
                    Ok(_) => messages.fetch_add(1, Ordering::Relaxed),
                    Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("a client that reads was left: {error}"),
                };
            }
        }
        thread::sleep(POLL);
    }
    clients.len()
}

#[test]
fn a_thousand_clients_and_one_that_never_reads_do_not_slow_a_node() {
    let node = Node::start(&["--zero-bits", "200", "--listen", "10ms"]);
    let (alone, before) = (pace(&node), resident(&node));

    let deaf = node.events("?after=0");
    let clients: Vec<_> = (0..CLIENTS).map(|_| node.events("")).collect();
    for client in &clients {
        client.socket.get_ref().set_nonblocking(true).expect("any socket can be");
    }
    let (stop, messages) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (stopped, counted) = (stop.clone(), messages.clone());
    let reader = thread::spawn(move || read_all(clients, &stopped, &counted));
    wait_until("each has a few messages", || messages.load(Ordering::Relaxed) >= 3 * CLIENTS);
    assert_eq!(node.metric("cairn_event_clients"), CLIENTS as f64 + 1.0);
    let (together, after) = (pace(&node), resident(&node));
    stop.store(true, Ordering::Relaxed);
    assert_eq!(reader.join().expect("every client was served"), CLIENTS);

    let ratio = together / alone;
    println!("{alone:.1} turns a second alone, {together:.1} with clients: {ratio:.2}");
    assert!(ratio > 0.5, "{alone:.1} turns a second alone, {together:.1} with clients");
    if let (Some(before), Some(after)) = (before, after) {
        println!("{before} KiB alone, {after} KiB with clients");
        let most = before + KIB_A_CLIENT * CLIENTS as u64;
        assert!(after < most, "{before} KiB alone, {after} KiB with clients");
    }
    drop(deaf);
}

#[test]
fn who_never_reads_is_cut_off_and_who_reads_is_not() {
    let node = Node::start(&["--zero-bits", "0", "--listen", "1ms"]);
    let mut reader = node.events("");
    let deaf = node.events("?after=0");
    // So that it takes seconds and not half a minute until the systems hold all
    // that they will.
    let system = socket2::SockRef::from(deaf.socket.get_ref());
    system.set_recv_buffer_size(4096).expect("any socket can have less");
    let before = resident(&node);
    let cut_off = || node.metric("cairn_event_clients_cut_off_total");
    while cut_off() < 1.0 {
        reader.find("created");
    }
    assert_eq!(cut_off(), 1.0);
    reader.find("created");
    if let (Some(before), Some(after)) = (before, resident(&node)) {
        println!("{before} KiB before, {after} KiB when it was cut off");
        assert!(after < before + 16 * 1024, "{before} KiB before, {after} KiB after");
    }
    drop(deaf);
}
