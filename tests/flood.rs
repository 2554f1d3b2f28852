//! A node under a flood of datagrams still hears every honest block, and stores nothing of
//! the flood. (`benches/flood.rs` measures how soon it hears a block.)

mod common;

use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cairn::driver::Command;
use cairn::event::Event;
use cairn::node::Node;
use cairn::wire::MAX_BLOCKS;

use common::DEADLINE;
use common::loopback::{announcement, blocks, chain, node, run, socket};

/// Honest blocks that are announced, one after the other.
const HONEST: usize = 50;

/// Datagrams of the flood before each of them: more than fit in the node's buffer.
const FLOOD: usize = 200;

/// The node's blocks at the start.
const START: usize = 500;

/// A block is announced again after this time, if the node's buffer may have been full.
const AGAIN: Duration = Duration::from_millis(20);

/// Resident memory of this process in kibibytes, where the system tells.
fn resident() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Floods a node from one of its peers, or from a stranger, while another peer announces
/// honest blocks.
fn flood(is_listed: bool) {
    let (socket_of_node, at) = socket();
    let ((honest, honest_at), (hostile, hostile_at)) = (socket(), socket());
    let peers = [honest_at, hostile_at];
    let mut node = node(at, &peers[..1 + usize::from(is_listed)], chain(START));
    let all = blocks(START + HONEST, 0);
    // A valid chain as long as a datagram can hold, but not longer than the node's.
    let junk = blocks(MAX_BLOCKS, 1);
    let ((stop, commands), (copies, copied)) = (mpsc::channel(), mpsc::channel());
    thread::scope(|scope| {
        // Dropped where this fails, which stops the node.
        let stop = stop;
        scope.spawn(move || {
            let mut observe = |_: &Node, event: &Event| {
                if let Event::Copied { height, .. } = event {
                    let _ = copies.send(*height);
                }
                ControlFlow::Continue(())
            };
            run(&mut node, &socket_of_node, &commands, &mut observe);
        });
        let before = resident();
        for count in START + 1..=START + HONEST {
            for _ in 0..FLOOD {
                hostile.send_to(&junk, at).expect("loopback takes all");
            }
            let deadline = Instant::now() + DEADLINE;
            let frame = announcement(all.as_chunks().0, count);
            honest.send_to(&frame, at).expect("loopback takes all");
            while copied.recv_timeout(AGAIN) != Ok(count - 1) {
                assert!(Instant::now() < deadline, "block {} is not copied", count - 1);
                honest.send_to(&frame, at).expect("loopback takes all");
            }
        }
        let grown = before.zip(resident()).map(|(before, after)| after - before);
        assert!(grown.is_none_or(|grown| grown < 4_096), "{grown:?} KiB more");
        stop.send(Command::Stop).expect("the node runs until then");
    });
}

#[test]
fn every_honest_block_is_copied_in_a_flood_from_a_stranger_and_nothing_of_it_is_held() {
    flood(false);
}

#[test]
fn every_honest_block_is_copied_in_a_flood_from_a_peer_and_nothing_of_it_is_held() {
    flood(true);
}
