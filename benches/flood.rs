//! How soon a node copies an honest block while it is flooded with datagrams, and how soon
//! without a flood: `cargo bench --bench flood` prints both, for a flood of half a minute
//! from a stranger and from a peer.

#![allow(dead_code, reason = "the tests use more of what this file offers")]

#[path = "../tests/common/loopback.rs"]
mod loopback;

use std::env;
use std::net::{SocketAddr, UdpSocket};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use cairn::block::BlockBytes;
use cairn::driver::Command;
use cairn::event::Event;
use cairn::node::Node;
use cairn::wire::MAX_BLOCKS;

use loopback::{announcement, blocks, chain, node, run, socket};

/// How long a node is flooded for a measurement, and for a mere test by `cargo test`.
const MEASURED: Duration = Duration::from_secs(30);
const TRIED: Duration = Duration::from_millis(100);

fn main() {
    let is_measured = env::args().any(|argument| argument == "--bench");
    let time = if is_measured { MEASURED } else { TRIED };
    for is_listed in [false, true] {
        let Figures { unloaded, loaded, flood } = flood(time, is_listed);
        let who = if is_listed { "a peer" } else { "a stranger" };
        println!(
            "{flood} datagrams from {who} in {time:?}: a block is copied in {loaded:?}, without \
             them in {unloaded:?} (medians)"
        );
    }
}

/// The time between two datagrams of the flood: 2,000 a second.
const FLOOD_PACE: Duration = Duration::from_micros(500);

/// The time between two honest blocks.
const BLOCK_PAUSE: Duration = Duration::from_millis(20);

/// The node's blocks at the start.
const START: usize = 500;

/// The measurements of a flood.
struct Figures {
    /// Median times from sending an honest block to its copy.
    unloaded: Duration,
    loaded: Duration,
    flood: u32,
}

/// Floods a node for this long, from one of its peers or from a stranger, after the same
/// time without a flood.
fn flood(time: Duration, is_listed: bool) -> Figures {
    let (socket_of_node, at) = socket();
    let ((honest, honest_at), (hostile, hostile_at)) = (socket(), socket());
    let rounds = 2 * usize::try_from(time.as_millis() / BLOCK_PAUSE.as_millis()).expect("a few");
    let all = blocks(START + rounds + 2, 0);
    let all = all.as_chunks().0;
    let peers = [honest_at, hostile_at];
    let mut node = node(at, &peers[..1 + usize::from(is_listed)], chain(START));
    let (commands, inbox) = mpsc::channel();
    let (copies, copied) = mpsc::channel();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut observe = |_: &Node, event: &Event| {
                if let Event::Copied { height, .. } = event {
                    let _ = copies.send(*height);
                }
                ControlFlow::Continue(())
            };
            run(&mut node, &socket_of_node, &inbox, &mut observe);
        });
        let mut next = START;
        let mut honest_blocks = |time| honest_rounds(&honest, at, all, &mut next, &copied, time);
        let unloaded = honest_blocks(time);
        let flooding = scope.spawn(|| {
            let mut count = 0;
            // A valid chain as long as a datagram can hold, but not longer than ours.
            let junk = blocks(MAX_BLOCKS, 1);
            let started = Instant::now();
            while !is_over.load(Ordering::Relaxed) {
                hostile.send_to(&junk, at).expect("loopback takes all");
                count += 1;
                thread::sleep((FLOOD_PACE * count).saturating_sub(started.elapsed()));
            }
            count
        });
        let loaded = honest_blocks(time);
        is_over.store(true, Ordering::Relaxed);
        let flood = flooding.join().expect("no panic");
        commands.send(Command::Stop).expect("the node runs until then");
        Figures { unloaded, loaded, flood }
    })
}

/// Announces one honest block after the other for this long; returns the median of the
/// times until each was copied.
fn honest_rounds(
    honest: &UdpSocket,
    at: SocketAddr,
    all: &[BlockBytes],
    next: &mut usize,
    copied: &Receiver<usize>,
    time: Duration,
) -> Duration {
    let started = Instant::now();
    let mut times = Vec::new();
    while started.elapsed() < time {
        let end = *next + 1;
        let frame = announcement(all, end);
        let sent = Instant::now();
        honest.send_to(&frame, at).expect("loopback takes all");
        while copied.recv_timeout(Duration::from_millis(200)) != Ok(end - 1) {
            // Lost, because the node's buffer was full; the time until the next copy
            // counts.
            honest.send_to(&frame, at).expect("loopback takes all");
        }
        times.push(sent.elapsed());
        *next = end;
        thread::sleep(BLOCK_PAUSE);
    }
    times.sort_unstable();
    times[times.len() / 2]
}
