//! Nodes in this process over loopback, which carry out the orders of a pattern.

use std::net::Ipv4Addr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cairn::chain::Chain;
use cairn::contacts::{Order, Standing};
use cairn::driver::{self, Command, Setup};
use cairn::event::Event;
use cairn::net::bootstrap::Bootstrap;
use cairn::net::key::Key;
use cairn::net::{self, NetLink, Network, Settings};
use cairn::node::{self, Node, Save};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::words::{Reply, Request};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// Blocks need no work: only their spread is measured.
const TARGET: Target = Target::from_zero_bits(0);

/// The number of groups.
pub(super) const GROUPS: usize = 3;

/// The minimum number of connections of each node in a mesh.
const MESHED: usize = 4;

/// The longest time to wait for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// How the nodes are connected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each node is connected to the one before it and the one after it.
    Line,
    /// Nodes connect by themselves.
    Mesh,
}

/// All nodes.
pub(super) struct Cluster {
    pub(super) members: Vec<Member>,
    happened: Receiver<Happened>,
    pub(super) random: ChaCha8Rng,
}

/// One node.
pub(super) struct Member {
    network: Arc<Network>,
    commands: Sender<Command>,
    thread: JoinHandle<Chain>,
}

/// A report of a node.
pub(super) struct Happened {
    pub(super) node: usize,
    pub(super) at: Instant,
    pub(super) event: Event,
}

impl Cluster {
    /// Starts the nodes, and waits until they are connected.
    pub(super) fn start(count: usize, shape: Shape, seed: u64) -> Result<Cluster> {
        let (tell, happened) = mpsc::channel();
        let mut members: Vec<Member> = Vec::new();
        for index in 0..count {
            let known = members.get(index / 2).map(|member| member.network.clone());
            let (network, link) =
                net::start(settings(index, shape, known.as_deref(), seed), |_| {})?;
            members.push(Member::start(index, network, link, tell.clone(), seed)?);
        }
        let random = ChaCha8Rng::seed_from_u64(seed);
        let cluster = Cluster { members, happened, random };
        let wanted = match shape {
            Shape::Line => {
                (1..count).for_each(|index| cluster.connect(index, index - 1));
                |count: usize, index: usize| if index == 0 || index == count - 1 { 1 } else { 2 }
            }
            Shape::Mesh => |count: usize, _: usize| MESHED.min(count - 1),
        };
        cluster.wait("the nodes are connected", |cluster| {
            (0..count).all(|index| cluster.connected(index).len() >= wanted(count, index))
        })?;
        Ok(cluster)
    }

    /// Makes one node dial another.
    pub(super) fn connect(&self, from: usize, to: usize) {
        let network = &self.members[to].network;
        self.order(from, Order::Add(network.name().clone(), network.address()));
    }

    pub(super) fn order(&self, node: usize, order: Order) {
        self.members[node].network.contacts().give(order);
    }

    pub(super) fn id(&self, node: usize) -> &PeerName {
        self.members[node].network.name()
    }

    /// The peers to which a node is connected.
    pub(super) fn connected(&self, node: usize) -> Vec<PeerName> {
        let contacts = self.members[node].network.contacts().told().contacts.into_iter();
        let connected = contacts.filter(|contact| contact.standing == Standing::Connected);
        connected.map(|contact| contact.id).collect()
    }

    /// Makes a node send a message; returns the time of the order.
    pub(super) fn say(&self, from: usize, to: &str, text: &str) -> Result<Instant> {
        let (reply, answer) = mpsc::channel();
        let reply = Reply::new(move |answer| drop(reply.send(answer)));
        let to = to.parse().unwrap_or_else(|never| match never {});
        let at = Instant::now();
        self.members[from].network.contacts().ask(Request::Say(to, text.to_owned(), reply));
        match answer.recv_timeout(PATIENCE) {
            Ok(Ok(_)) => Ok(at),
            Ok(Err(unsent)) => bail!("node {} cannot send: {unsent}", from + 1),
            Err(_) => bail!("node {} does not answer", from + 1),
        }
    }

    /// Makes a node mine a block.
    pub(super) fn mine(&self, node: usize) {
        // This fails if the node has ended; then it has no effect.
        let _ = self.members[node].commands.send(Command::Node(node::Command::MineOne));
    }

    /// The next report, if there is one before then.
    pub(super) fn next(&self, deadline: Instant) -> Option<Happened> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.happened.recv_timeout(left).ok()
    }

    /// Waits until a condition holds.
    pub(super) fn wait(&self, what: &str, is_so: impl Fn(&Cluster) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            if Instant::now() >= deadline {
                bail!("it took too long until {what}");
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Ends all nodes; returns their chains.
    pub(super) fn end(self) -> Vec<Chain> {
        for member in &self.members {
            // This fails if the node has ended by itself.
            let _ = member.commands.send(Command::Stop);
        }
        let ended = self.members.into_iter().map(|member| member.thread.join());
        ended.map(|chain| chain.unwrap_or_else(|_| Chain::genesis(TARGET))).collect()
    }
}

impl Member {
    fn start(
        index: usize,
        network: Network,
        mut link: NetLink,
        tell: Sender<Happened>,
        seed: u64,
    ) -> Result<Member> {
        let network = Arc::new(network);
        let (commands, inbox) = mpsc::channel();
        network.attend(commands.clone());
        commands.send(Command::Node(node::Command::Pause)).expect("its receiver is here");
        let settings = node::Settings {
            listen: Duration::from_millis(20),
            seed: seed.wrapping_add(index as u64),
            ..network.node_settings()
        };
        let judge = network.clone();
        let run = move || {
            let mut node = Node::new(settings, Chain::genesis(TARGET));
            let mut keep = |_: &Save| Ok(());
            let setup = Setup { link: &mut link, commands: &inbox, keep: &mut keep, threads: 1 };
            let mut observer = |_: &Node, event: &Event| {
                judge.judge(event);
                // This fails if the cluster has ended.
                let _ =
                    tell.send(Happened { node: index, at: Instant::now(), event: event.clone() });
                ControlFlow::Continue(())
            };
            // It ends on a command.
            let _ = driver::run(&mut node, setup, &mut observer);
            node.chain().clone()
        };
        let thread = thread::Builder::new().name(format!("node {}", index + 1)).spawn(run);
        let thread = thread.context("there is no thread left for a node")?;
        Ok(Member { network, commands, thread })
    }
}

fn settings(index: usize, shape: Shape, known: Option<&Network>, seed: u64) -> Settings {
    let mut settings = Settings {
        address: (Ipv4Addr::LOCALHOST, 0).into(),
        name: format!("node {}", index + 1),
        groups: vec![format!("group {}", index % GROUPS + 1)],
        account: None,
        zero_bits: TARGET.zero_bits(),
        seed: seed.wrapping_add(index as u64),
        ..Settings::new(Key::random())
    };
    settings.policy.retry = Duration::from_millis(200);
    settings.hello = Duration::from_secs(1);
    match shape {
        // A node dials only on an order.
        Shape::Line => settings.policy.target = 0,
        Shape::Mesh => {
            let known = known.map(|network| Bootstrap {
                id: network.name().clone(),
                place: network.address().to_string(),
            });
            settings.bootstrap.extend(known);
        }
    }
    settings
}
