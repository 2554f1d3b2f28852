//! A node under a flood of datagrams still hears an honest block at once.
//!
//! The figures for a minute: `cargo test --release --test flood -- --ignored --nocapture`.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use cairn::chain::Chain;
use cairn::driver::{self, Command, Setup};
use cairn::event::Event;
use cairn::node::{Node, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::udp::bind_socket;
use cairn::wire::{Blocks, MAX_BLOCKS};

/// Any hash will do, so that the flood costs its sender nothing.
const TARGET: Target = Target::from_zero_bits(0);

/// From one datagram of the flood to the next: 2,000 a second.
const FLOOD_PACE: Duration = Duration::from_micros(500);

/// Between two honest blocks.
const BLOCK_PAUSE: Duration = Duration::from_millis(20);

/// What is not worth a test's attention: threads are scheduled no finer.
const UNNOTICED: Duration = Duration::from_millis(10);

/// `count` blocks, on a fork of their own for each lane.
fn blocks(count: usize, lane: u64) -> Vec<u8> {
    let mut chain = Chain::genesis(TARGET);
    while chain.count() < count {
        let block = chain.next_block(0, lane, 7000).expect("any hash will do");
        chain.push(&block).expect("valid");
    }
    chain.as_bytes().to_vec()
}

fn socket() -> (UdpSocket, SocketAddr) {
    let socket = bind_socket(Ipv4Addr::LOCALHOST.into(), 0).expect("the system has a free port");
    let address = socket.local_addr().expect("it is bound");
    (socket, address)
}

/// What was seen of a flood.
struct Figures {
    /// Median times from an honest block's sending to its copying.
    unloaded: Duration,
    loaded: Duration,
    flood: u32,
    /// Kibibytes that this process has grown by, where that can be read.
    grown: Option<i64>,
}

/// Floods a node for so long, from a peer of its or from a stranger, after as
/// long without.
fn flood(time: Duration, is_listed: bool) -> Figures {
    let (mut socket_of_node, at) = socket();
    let ((honest, honest_at), (hostile, hostile_at)) = (socket(), socket());
    let mut peers = vec![PeerName::new(honest_at)];
    peers.extend(is_listed.then(|| PeerName::new(hostile_at)));
    let settings =
        Settings { nonces: 0, ..Settings::tutorial(PeerName::new(at), at.port(), peers) };
    let rounds = 2 * usize::try_from(time.as_millis() / BLOCK_PAUSE.as_millis()).expect("a few");
    let all = blocks(rounds + 1_000, 0);
    let all = all.as_chunks().0;
    let start = Chain::from_bytes(all[..500].as_flattened().to_vec(), TARGET).expect("valid");
    let mut node = Node::new(settings, start);
    let (commands, inbox) = mpsc::channel();
    let (copies, copied) = mpsc::channel();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut keep = |_: &_| Ok(());
            let setup =
                Setup { link: &mut socket_of_node, commands: &inbox, keep: &mut keep, threads: 1 };
            let mut observe = |_: &Node, event: &Event| {
                if let Event::Copied { height, .. } = event {
                    let _ = copies.send(*height);
                }
                ControlFlow::Continue(())
            };
            driver::run(&mut node, setup, &mut observe).expect("loopback works");
        });
        let mut next = 500;
        let mut honest_blocks = |time| honest_rounds(&honest, at, all, &mut next, &copied, time);
        let unloaded = honest_blocks(time);
        let before = resident();
        let flooding = scope.spawn(|| {
            let mut count = 0;
            // A valid chain, as long as a datagram takes, that is not longer than ours.
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
        let grown = before.zip(resident()).map(|(before, after)| after - before);
        is_over.store(true, Ordering::Relaxed);
        let flood = flooding.join().expect("no panic");
        commands.send(Command::Stop).expect("the node runs until then");
        Figures { unloaded, loaded, flood, grown }
    })
}

/// Announces one honest block after the other for so long; the median of the
/// times until each was copied.
fn honest_rounds(
    honest: &UdpSocket,
    at: SocketAddr,
    all: &[[u8; 75]],
    next: &mut usize,
    copied: &Receiver<usize>,
    time: Duration,
) -> Duration {
    let started = Instant::now();
    let mut times = Vec::new();
    while started.elapsed() < time {
        let end = *next + 1;
        let (height, count) = (end - 8, end as u32);
        let blocks = &all[height..end];
        let frame = Blocks { number: 0, count, height: height as u32, blocks }.encode();
        let sent = Instant::now();
        honest.send_to(&frame, at).expect("loopback takes all");
        while copied.recv_timeout(Duration::from_millis(200)) != Ok(end - 1) {
            // Lost, as the node's buffer was full; it counts as long as it takes.
            honest.send_to(&frame, at).expect("loopback takes all");
        }
        times.push(sent.elapsed());
        *next = end;
        thread::sleep(BLOCK_PAUSE);
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// Resident memory of this process in kibibytes, where the system tells.
fn resident() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn check(time: Duration) {
    for is_listed in [false, true] {
        let Figures { unloaded, loaded, flood, grown } = flood(time, is_listed);
        let who = if is_listed { "a peer" } else { "a stranger" };
        println!(
            "{flood} datagrams from {who} in {time:?}: a block is copied in {loaded:?}, \
             without them in {unloaded:?}; memory grew by {grown:?} KiB"
        );
        assert!(f64::from(flood) > 500.0 * time.as_secs_f64(), "{flood} are no flood");
        assert!(loaded <= 2 * unloaded.max(UNNOTICED), "{loaded:?} instead of {unloaded:?}");
        assert!(grown.is_none_or(|grown| grown < 4_096), "{grown:?} KiB more");
    }
}

#[test]
fn an_honest_block_is_copied_at_once_in_a_flood_from_a_stranger_or_a_peer() {
    check(Duration::from_secs(1));
}

#[test]
#[ignore = "takes four minutes: the figures of a minute's flood, for the record"]
fn an_honest_block_is_copied_at_once_in_a_flood_of_a_minute() {
    check(Duration::from_secs(60));
}
