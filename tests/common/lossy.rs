//! A node that catches up with a long chain over real UDP, where one datagram in
//! ten is lost.

use std::net::{SocketAddr, UdpSocket};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cairn::chain::Chain;
use cairn::driver::Command;
use cairn::node::Node;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::loopback::{TARGET, node, run, socket};

/// The state of a new node, and the number of datagrams lost on the way.
pub(crate) struct Fetched {
    pub(crate) chain: Chain,
    pub(crate) lost: u32,
}

/// Forwards what arrives at `at` from `to` through `by`, except one datagram in ten.
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

/// Lets bob, who is new, fetch alice's chain, for at most this long.
pub(crate) fn fetch(long: &Chain, at_most: Duration) -> Fetched {
    let ((alice, alice_at), (bob, bob_at)) = (socket(), socket());
    // Bob knows alice by the first relay's address, alice knows bob by the second's.
    let ((to_alice, alice_by), (to_bob, bob_by)) = (socket(), socket());
    let is_over = AtomicBool::new(false);
    let started = Instant::now();
    thread::scope(|scope| {
        let first = scope.spawn(|| relay(&to_alice, &to_bob, alice_at, 1, &is_over));
        let second = scope.spawn(|| relay(&to_bob, &to_alice, bob_at, 2, &is_over));
        let (stop, commands) = mpsc::channel();
        let mut alices = node(alice_at, &[bob_by], long.clone());
        scope.spawn(move || {
            let mut watch = |_: &Node, _: &_| ControlFlow::Continue(());
            run(&mut alices, &alice, &commands, &mut watch);
        });
        let mut bobs = node(bob_at, &[alice_by], Chain::genesis(TARGET));
        let (_held, commands) = mpsc::channel();
        let mut watch = |node: &Node, _: &_| {
            let is_late = started.elapsed() > at_most;
            let is_there = node.chain().count() == long.count();
            if is_there || is_late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        run(&mut bobs, &bob, &commands, &mut watch);
        stop.send(Command::Stop).expect("alice runs until then");
        is_over.store(true, Ordering::Relaxed);
        let lost = first.join().expect("no panic") + second.join().expect("no panic");
        Fetched { chain: bobs.chain().clone(), lost }
    })
}
