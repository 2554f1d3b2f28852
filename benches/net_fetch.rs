//! How long a new node takes to fetch 100,000 blocks from another node among strangers,
//! over QUIC on loopback: `cargo bench --features net --bench net_fetch`.

use std::ops::ControlFlow;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use cairn::chain::Chain;
use cairn::driver::{self, Command, Setup};
use cairn::event::Event;
use cairn::net::bootstrap::Bootstrap;
use cairn::net::key::Key;
use cairn::net::{self, NetLink, Network, Settings};
use cairn::node::{self, Node, Save};
use cairn::target::Target;

/// Any hash meets this target: a check of a block costs the same under any target.
const TARGET: Target = Target::from_zero_bits(0);

const BLOCKS: usize = 100_000;

const ROUNDS: usize = 5;

fn main() {
    let mut chain = Chain::genesis(TARGET);
    while chain.count() < BLOCKS {
        let block = chain.next_block(0, 0, 7000).expect("any hash will do");
        chain.push(&block).expect("it is valid");
    }
    for _ in 0..ROUNDS {
        let (alice, link) = endpoint(Vec::new());
        let id = alice.name().clone();
        let bootstrap = vec![Bootstrap { id, place: alice.address().to_string() }];
        let full = run(&alice, link, chain.clone(), usize::MAX);
        let started = Instant::now();
        let (bob, link) = endpoint(bootstrap);
        let fresh = run(&bob, link, Chain::genesis(TARGET), BLOCKS);
        fresh.thread.join().expect("it fetches all");
        let took = started.elapsed();
        println!("{BLOCKS} blocks, from the start of the fresh node on: {took:.2?}");
        full.stop.send(Command::Stop).expect("it runs");
        full.thread.join().expect("it ends");
    }
}

fn endpoint(bootstrap: Vec<Bootstrap>) -> (Network, NetLink) {
    let mut settings = Settings::new(Key::random());
    settings.address = ([127, 0, 0, 1], 0).into();
    settings.zero_bits = TARGET.zero_bits();
    settings.bootstrap = bootstrap;
    net::start(settings, |_| {}).expect("loopback has a free port")
}

struct Running {
    stop: Sender<Command>,
    thread: thread::JoinHandle<()>,
}

/// Runs a node that does not mine, until its chain has this many blocks.
fn run(network: &Network, mut link: NetLink, chain: Chain, until: usize) -> Running {
    let (stop, commands) = mpsc::channel();
    stop.send(Command::Node(node::Command::Pause)).expect("its receiver is here");
    let listen = Duration::from_millis(100);
    let settings = node::Settings { listen, ..network.node_settings() };
    let thread = thread::spawn(move || {
        let mut node = Node::new(settings, chain);
        let mut keep = |_: &Save| Ok(());
        let setup = Setup { link: &mut link, commands: &commands, keep: &mut keep, threads: 1 };
        let mut observer = |node: &Node, _: &Event| match node.chain().count() >= until {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        driver::run(&mut node, setup, &mut observer).expect("the link works");
    });
    Running { stop, thread }
}
