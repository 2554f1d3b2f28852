//! `cairn net --nodes`: a network of strangers in one process.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cairn::chain::Chain;
use cairn::driver::{self, Command, Observer, Setup};
use cairn::event::Event;
use cairn::net::bootstrap::Bootstrap;
use cairn::net::key::Key;
use cairn::net::{self, NetLink, Network, Settings};
use cairn::node::{Node, Save};
use cairn::peer::PeerName;
use cairn::target::Target;

use super::Args;
use super::delivery::{Delivery, Seen};
use super::flags::node_settings;
use crate::cli::exit::Exit;
use crate::cli::http::{self, Flags, Http, Pool};
use crate::cli::{print, signals};

/// The smallest network of strangers.
const MIN_NODES: usize = 2;

/// The largest: each node has two threads and some megabytes.
const MAX_NODES: usize = 100;

/// A message to the thread that watches the nodes.
enum Message {
    /// The node of this index has a new tip.
    Seen(usize, Seen),
    Stop,
}

/// Runs the nodes until something stops them, and prints how blocks spread.
pub(super) fn run(args: &Args, count: usize) -> Result<()> {
    check(args, count)?;
    let (messages, inbox) = mpsc::channel();
    let stop = messages.clone();
    signals::on_stop(move || drop(stop.send(Message::Stop)))?;
    let seed = args.effort.seed()?;
    let networks = start_all(args, count, seed)?;
    let ports: Vec<_> = networks.iter().map(|(network, _)| network.address().port()).collect();
    let pages = ports.iter().filter_map(|port| port.checked_add(1));
    let flags = Flags::of_nodes(pages.map(|port| format!("{}:{port}", Ipv4Addr::LOCALHOST)));
    let pool = http::pool(&flags, count)?;
    if let Some(page) = http::page_of(&ports) {
        print::text(format!("PAGE {page}\n"))?;
    }
    print::text(format!("NET {count} strangers on this machine; Ctrl-C stops them all.\n"))?;
    let mut nodes = Vec::new();
    for (index, (network, link)) in networks.into_iter().enumerate() {
        let plan = Plan { index, args, seed, flags: &flags, pool: pool.as_ref() };
        nodes.push(start(&plan, network, link, messages.clone())?);
    }
    let delivery = watch(args, count, &inbox)?;
    for node in &nodes {
        // This fails if the node has ended by itself.
        let _ = node.commands.send(Command::Stop);
    }
    let chain = nodes.into_iter().map(Running::end).max_by_key(Chain::count);
    print::text(delivery.report(&chain.expect("there are nodes")))
}

fn check(args: &Args, count: usize) -> Result<()> {
    if !(MIN_NODES..=MAX_NODES).contains(&count) {
        let range = format!("{MIN_NODES} to {MAX_NODES}");
        return Err(Exit::usage(format!("--nodes {count}: write a number from {range}")));
    }
    if args.run.data.is_some() || args.run.json {
        return Err(Exit::usage("--nodes takes neither --data nor --json: they are for one node"));
    }
    Ok(())
}

/// Binds all nodes. Each knows one of those before it and finds the others by itself.
fn start_all(args: &Args, count: usize, seed: u64) -> Result<Vec<(Network, NetLink)>> {
    let mut all: Vec<(Network, NetLink)> = Vec::new();
    for index in 0..count {
        let known = all.get(index / 2).map(|(network, _)| Bootstrap {
            id: network.name().clone(),
            place: network.address().to_string(),
        });
        let settings = Settings {
            address: (IpAddr::from(Ipv4Addr::LOCALHOST), 0).into(),
            name: format!("node {}", index + 1),
            account: None,
            zero_bits: args.effort.zero_bits,
            bootstrap: known.into_iter().collect(),
            seed: seed.wrapping_add(index as u64),
            ..Settings::new(Key::random())
        };
        all.push(net::start(settings, |_| {})?);
    }
    Ok(all)
}

/// The parts of a node at its start, besides its link.
struct Plan<'a> {
    index: usize,
    args: &'a Args,
    seed: u64,
    flags: &'a Flags,
    pool: Option<&'a Pool>,
}

struct Running {
    commands: Sender<Command>,
    thread: JoinHandle<Chain>,
}

impl Running {
    /// Waits for the end of the node, and returns its chain.
    fn end(self) -> Chain {
        self.thread.join().unwrap_or_else(|_| Chain::genesis(Target::NETWORK))
    }
}

fn start(
    plan: &Plan,
    network: Network,
    mut link: NetLink,
    messages: Sender<Message>,
) -> Result<Running> {
    let Plan { index, args, .. } = *plan;
    let account = network.address().port();
    let seed = plan.seed.wrapping_add(index as u64);
    let settings = node_settings(&network, account, &args.effort, args.listen, seed);
    let target = Target::from_zero_bits(args.effort.zero_bits);
    let mut node = Node::new(settings, Chain::genesis(target));
    let (commands, orders) = mpsc::channel();
    let mut flags = plan.flags.clone();
    flags.show(network.contacts().clone(), network.metadata().clone());
    network.attend(commands.clone());
    let http = Http::start(&flags, plan.pool, &node, &commands)?;
    let threads = args.effort.threads;
    let thread = thread::Builder::new().name(format!("node {}", index + 1)).spawn(move || {
        let mut teller = Teller { index, http, network: Arc::new(network), messages };
        let mut keep = |_: &Save| Ok(());
        let setup = Setup { link: &mut link, commands: &orders, keep: &mut keep, threads };
        // It ends on a command: the network's thread ends after it.
        let _ = driver::run(&mut node, setup, &mut teller);
        node.chain().clone()
    });
    let thread = thread.context("there is no thread left for a node")?;
    Ok(Running { commands, thread })
}

/// Reports tips to the watching thread, and everything over HTTP.
struct Teller {
    index: usize,
    http: Http,
    network: Arc<Network>,
    messages: Sender<Message>,
}

impl Observer for Teller {
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()> {
        self.network.judge(event);
        self.network.metadata().follow(node.chain());
        if let Event::Created { hash, height } | Event::Copied { hash, height, .. } = *event {
            let is_own = matches!(event, Event::Created { .. });
            let seen = Seen { hash, height, at: Instant::now(), is_own };
            // This fails when all nodes are about to end.
            let _ = self.messages.send(Message::Seen(self.index, seen));
        }
        self.http.event(node, event)
    }

    fn received(&mut self, from: &PeerName, datagram: &[u8]) {
        self.http.received(from, datagram);
    }

    fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        self.http.sent(to, datagram);
    }

    fn settled(&mut self, node: &Node) {
        self.http.settled(node);
    }
}

/// Takes the nodes' reports until it has enough.
fn watch(args: &Args, count: usize, inbox: &Receiver<Message>) -> Result<Delivery> {
    let deadline = args.run.time.map(|time| Instant::now() + time);
    let mut delivery = Delivery::new(count);
    let mut tips = HashMap::new();
    loop {
        let left = deadline.map_or(Duration::from_secs(3_600), |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        match inbox.recv_timeout(left) {
            Ok(Message::Seen(index, seen)) => {
                if seen.is_own {
                    print::text(format!(
                        "node {}: CREATE block {}: {}!\n",
                        index + 1,
                        seen.height,
                        seen.hash
                    ))?;
                }
                tips.insert(index, (seen.height, seen.hash));
                delivery.take_in(index, seen);
                let is_there = |height| {
                    let first = tips.get(&0).filter(|(at, _)| *at >= height);
                    first.is_some() && (0..count).all(|node| tips.get(&node) == first)
                };
                if args.run.until_height.is_some_and(is_there) {
                    return Ok(delivery);
                }
            }
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(delivery),
            Err(RecvTimeoutError::Timeout) if deadline.is_some() => return Ok(delivery),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
