//! Long chains: over real UDP, some of whose datagrams are lost, and in memory.

mod common;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use cairn::chain::Chain;
use cairn::driver::{self, Command, Keep, Setup};
use cairn::node::{Node, Save, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::udp::bind_socket;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Any hash will do: what is tested here is not the work.
const TARGET: Target = Target::from_zero_bits(0);

fn chain(count: usize) -> Chain {
    let mut chain = Chain::genesis(TARGET);
    while chain.count() < count {
        let block = chain.next_block(0, 0, 7000).expect("any hash will do");
        chain.push(&block).expect("valid");
    }
    chain
}

fn socket() -> (UdpSocket, SocketAddr) {
    let socket = bind_socket(Ipv4Addr::LOCALHOST.into(), 0).expect("the system has a free port");
    let address = socket.local_addr().expect("it is bound");
    (socket, address)
}

/// A node that does not mine.
fn node(name: SocketAddr, peer: SocketAddr, chain: Chain) -> Node {
    let peers = vec![PeerName::new(peer)];
    let settings = Settings::tutorial(PeerName::new(name), name.port(), peers);
    Node::new(Settings { nonces: 0, ..settings }, chain)
}

fn setup<'a>(
    link: &'a mut UdpSocket,
    commands: &'a Receiver<Command>,
    keep: &'a mut Keep<'a>,
) -> Setup<'a> {
    Setup { link, commands, keep, threads: 1 }
}

fn keep_nothing(_: &Save) -> anyhow::Result<()> {
    Ok(())
}

/// Sends on what arrives at `at` from `to` by way of `by`, but for one in ten.
fn relay(at: &UdpSocket, by: &UdpSocket, to: SocketAddr, seed: u64, is_over: &AtomicBool) -> u32 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut buffer = [0; 65_536];
    let mut lost = 0;
    at.set_read_timeout(Some(Duration::from_millis(20))).expect("not zero");
    while !is_over.load(Ordering::Relaxed) {
        let Ok(len) = at.recv(&mut buffer) else { continue };
        if random.random_ratio(1, 10) {
            lost += 1;
        } else {
            by.send_to(&buffer[..len], to).expect("loopback takes all");
        }
    }
    lost
}

#[test]
fn a_node_with_100_000_blocks_brings_a_fresh_one_up_to_date_though_one_datagram_in_ten_is_lost() {
    let count = 100_000;
    let long = chain(count);
    let ((mut alice, alice_at), (mut bob, bob_at)) = (socket(), socket());
    // Alice is known to bob by the first relay, bob to alice by the second.
    let ((to_alice, alice_by), (to_bob, bob_by)) = (socket(), socket());
    let is_over = AtomicBool::new(false);
    let started = Instant::now();
    let (lost, copied) = thread::scope(|scope| {
        let first = scope.spawn(|| relay(&to_alice, &to_bob, alice_at, 1, &is_over));
        let second = scope.spawn(|| relay(&to_bob, &to_alice, bob_at, 2, &is_over));
        let (stop, commands) = mpsc::channel();
        let mut alices = node(alice_at, bob_by, long.clone());
        scope.spawn(move || {
            let mut watch = |_: &Node, _: &_| ControlFlow::Continue(());
            driver::run(&mut alices, setup(&mut alice, &commands, &mut keep_nothing), &mut watch)
                .expect("the socket works");
        });
        let mut bobs = node(bob_at, alice_by, Chain::genesis(TARGET));
        let (_held, commands) = mpsc::channel();
        let mut watch = |node: &Node, _: &_| {
            let is_late = started.elapsed() > Duration::from_secs(60);
            let is_there = node.chain().count() == count;
            if is_there || is_late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        driver::run(&mut bobs, setup(&mut bob, &commands, &mut keep_nothing), &mut watch)
            .expect("the socket works");
        stop.send(Command::Stop).expect("alice runs until then");
        is_over.store(true, Ordering::Relaxed);
        let lost = first.join().expect("no panic") + second.join().expect("no panic");
        (lost, bobs.chain().clone())
    });
    let time = started.elapsed();
    assert!(copied == long, "bob has {} blocks after {time:?}", copied.count());
    assert!(lost > 50, "only {lost} datagrams were lost");
    assert!(time < Duration::from_secs(30), "it took {time:?}");
    println!("{count} blocks in {time:?}, {lost} datagrams lost");
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
