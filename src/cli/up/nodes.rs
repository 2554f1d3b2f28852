//! The nodes: each in its own thread, over its own UDP socket.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use cairn::config::Found;
use cairn::driver::{self, Command, Setup};
use cairn::event::Event;
use cairn::faulty_link::{FaultyLink, LinkFaults};
use cairn::network::{self, Audience, Member, State};
use cairn::node::{self, Node, Settings};
use cairn::passage::Passages;
use cairn::peer::PeerName;
use cairn::target::Target;

use super::backlog::Backlog;
use super::message::{Message, Run};
use super::ports;
use super::teller::Teller;
use crate::cli::address::{bind, reachable};
use crate::cli::http::{Flags, Http, Pool};
use crate::cli::keeper::Keeper;
use crate::cli::lines::Folds;
use crate::cli::pace::Pace;
use crate::cli::record::{self, Scribe};

/// The settings of every node of the network.
pub(super) struct Plan {
    pub(super) ip: Found<IpAddr>,
    pub(super) flags: Pace,
    pub(super) pace: network::Pace,
    pub(super) seed: u64,
    /// The folder of the chain files.
    pub(super) data: Option<PathBuf>,
    /// Nodes that run elsewhere.
    pub(super) elsewhere: Vec<SocketAddr>,
    /// The delay and the loss on the links of all nodes.
    pub(super) links: LinkFaults,
    /// The page for an audience.
    pub(super) audience: Option<Audience>,
    pub(super) is_recorded: bool,
    pub(super) http: Flags,
    pub(super) pool: Option<Pool>,
}

/// The nodes, in the order in which they joined.
pub(super) struct Nodes {
    plan: Plan,
    nodes: Vec<Place>,
    messages: Sender<Message>,
    /// The events that nobody has taken yet.
    backlog: Backlog,
    /// The number of starts so far.
    starts: Run,
}

/// A node's place in the network, which it keeps while it is stopped.
struct Place {
    port: u16,
    running: Option<Running>,
}

struct Running {
    run: Run,
    commands: Sender<Command>,
    links: Sender<LinkFaults>,
    thread: JoinHandle<()>,
}

impl Nodes {
    /// Nodes on these ports, none of which runs yet. Their events arrive as messages.
    pub(super) fn new(plan: Plan, ports: &[u16], messages: Sender<Message>) -> Nodes {
        let place = |&port| Place { port, running: None };
        let nodes = ports.iter().map(place).collect();
        Nodes { plan, nodes, messages, backlog: Backlog::default(), starts: 0 }
    }

    /// Starts all nodes, each on its socket.
    pub(super) fn start_all(&mut self, sockets: Vec<UdpSocket>) -> Result<()> {
        let ports: Vec<_> = self.nodes.iter().map(|place| place.port).collect();
        ports.into_iter().zip(sockets).try_for_each(|(port, socket)| self.start_on(port, socket))
    }

    /// Binds the port of a node and starts it.
    pub(super) fn start(&mut self, port: u16) -> Result<()> {
        let socket = bind(&self.plan.ip, port, ports::OTHERS)?;
        self.start_on(port, socket)
    }

    /// Adds a node on this port and announces it to the others.
    pub(super) fn add(&mut self, port: u16) -> Result<()> {
        self.nodes.push(Place { port, running: None });
        if let Err(error) = self.start(port) {
            self.nodes.pop();
            return Err(error);
        }
        let new = PeerName::new(self.address(port));
        for place in self.nodes.iter().filter(|place| place.port != port) {
            if let Some(running) = &place.running {
                let connect = Command::Node(node::Command::Connect(new.clone()));
                // This fails if the node has just ended by itself.
                let _ = running.commands.send(connect);
            }
        }
        Ok(())
    }

    /// Whether the node of this port runs, and this is the run.
    pub(super) fn is_running(&self, port: u16, run: Run) -> bool {
        let place = self.nodes.iter().find(|place| place.port == port);
        place.and_then(|place| place.running.as_ref()).is_some_and(|running| running.run == run)
    }

    /// The events that nobody has taken yet.
    pub(super) fn backlog(&self) -> Backlog {
        self.backlog.clone()
    }

    /// Stops a node between two steps; node, store and sockets are dropped when this returns.
    pub(super) fn stop(&mut self, port: u16) {
        let place = self.nodes.iter_mut().find(|place| place.port == port);
        if let Some(running) = place.and_then(|place| place.running.take()) {
            let _ = running.commands.send(Command::Stop);
            // It may wait for us to take its events.
            self.backlog.open(true);
            let _ = running.thread.join();
            self.backlog.open(false);
        }
    }

    /// Asks all nodes to stop, waits for them for some time, and passes their last messages
    /// on.
    pub(super) fn stop_all(
        self,
        inbox: &Receiver<Message>,
        patience: Duration,
        mut last: impl FnMut(Message),
    ) {
        self.backlog.open(true);
        let running: Vec<_> = self.nodes.into_iter().filter_map(|place| place.running).collect();
        for node in &running {
            let _ = node.commands.send(Command::Stop);
        }
        let deadline = Instant::now() + patience;
        while running.iter().any(|node| !node.thread.is_finished()) && Instant::now() < deadline {
            inbox.recv_timeout(Duration::from_millis(10)).into_iter().for_each(&mut last);
        }
        inbox.try_iter().for_each(last);
    }

    /// All nodes, in the order in which they joined.
    pub(super) fn members(&self) -> Vec<Member> {
        let member =
            |place: &Place| Member { port: place.port, is_running: place.running.is_some() };
        self.nodes.iter().map(member).collect()
    }

    /// The pool of their HTTP connections.
    pub(super) fn pool(&self) -> Option<&Pool> {
        self.plan.pool.as_ref()
    }

    /// The state of the network.
    pub(super) fn state(&self) -> State {
        let Plan { links, pace, ref audience, .. } = self.plan;
        State { members: self.members(), links, pace, audience: audience.clone() }
    }

    /// Sets the links of all nodes, also of those that start later.
    pub(super) fn set_links(&mut self, links: LinkFaults) {
        self.plan.links = links;
        for running in self.nodes.iter().filter_map(|place| place.running.as_ref()) {
            // This fails if the node has just ended by itself.
            let _ = running.links.send(links);
            let _ = running.commands.send(Command::Tell(told(links)));
        }
    }

    /// Sets the pace of all nodes, also of those that start later.
    pub(super) fn set_pace(&mut self, pace: network::Pace) {
        self.plan.pace = pace;
        let network::Pace { nonces, listen } = pace;
        for running in self.nodes.iter().filter_map(|place| place.running.as_ref()) {
            let pace = Command::Node(node::Command::Pace { nonces, listen });
            let _ = running.commands.send(pace);
        }
    }

    /// Sets the page for an audience.
    pub(super) fn show(&mut self, audience: Option<Audience>) {
        self.plan.audience = audience;
    }

    /// The address at which others on this machine reach the node of this port.
    pub(super) fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::from((reachable(self.plan.ip.value), port))
    }

    fn start_on(&mut self, port: u16, socket: UdpSocket) -> Result<()> {
        let address = socket.local_addr().context("a bound socket has an address")?;
        let (links, changes) = mpsc::channel();
        let (faults, seed) = (self.plan.links, self.plan.seed);
        let link = FaultyLink::new(socket, faults, changes, seed, port);
        let mut thread = self.prepare(port, address, link)?;
        let (commands, messages) = (thread.commands.clone(), self.messages.clone());
        // So that its observers know from its start on.
        let _ = commands.send(Command::Tell(told(faults)));
        self.starts += 1;
        let run = self.starts;
        let thread = thread::Builder::new().name(format!("node {port}")).spawn(move || {
            let how = thread.run();
            drop(thread);
            // This fails if the network has ended.
            let _ = messages.send(Message::Ended(port, run, how));
        });
        let thread = thread.with_context(|| format!("cannot start node {port}"))?;
        let place = self.nodes.iter_mut().find(|place| place.port == port);
        place.expect("it has a place").running = Some(Running { run, commands, links, thread });
        Ok(())
    }

    /// Everything that the thread of a node needs.
    fn prepare(
        &self,
        port: u16,
        address: SocketAddr,
        mut link: FaultyLink<UdpSocket>,
    ) -> Result<NodeThread> {
        let Plan { flags, pace, data, http, pool, .. } = &self.plan;
        let others = self.nodes.iter().filter(|place| place.port != port);
        let others = others.map(|place| self.address(place.port));
        let peers = others.chain(self.plan.elsewhere.iter().copied()).map(PeerName::new);
        let settings = Settings {
            nonces: pace.nonces,
            listen: pace.listen,
            seed: self.plan.seed,
            ..Settings::tutorial(PeerName::new(address), port, peers.collect())
        };
        let file = data.as_ref().map(|folder| folder.join(format!("{port}.chain")));
        let target = Target::from_zero_bits(flags.effort.zero_bits);
        let (keeper, chain) = Keeper::open(file.as_deref(), target, port)?;
        let node = Node::new(settings, chain);
        let (commands, inbox) = mpsc::channel();
        let http = Http::start(http, pool.as_ref(), &node, &commands)?;
        self.watch(&mut link, &node, &http);
        let teller = Teller {
            port,
            since: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            started: Instant::now(),
            folds: Folds::with_tries(),
            scribe: self.plan.is_recorded.then(Scribe::default),
            http,
            messages: self.messages.clone(),
            backlog: self.backlog.clone(),
        };
        let threads = flags.effort.threads;
        Ok(NodeThread { node, link, keeper, teller, commands, inbox, threads })
    }

    /// Shows the datagrams of a node's link to the clients that watch them, and to the
    /// recording.
    fn watch(&self, link: &mut FaultyLink<UdpSocket>, node: &Node, http: &Http) {
        let (started, mut passages) = (Instant::now(), Passages::default());
        let (name, passing) = (node.settings().name.clone(), http.passing());
        let record = self.plan.is_recorded.then(|| self.messages.clone());
        link.watch(move |from, bytes, delay| {
            let passage = passages.take(started.elapsed(), from, bytes, delay);
            let Some(passage) = passage else { return };
            passing.show(&passage);
            if let Some(record) = &record {
                // This fails if the network has ended.
                let _ = record.send(Message::Recorded(vec![record::passage(&name, &passage)]));
            }
        });
    }
}

/// The event in which a node reports its links.
fn told(links: LinkFaults) -> Event {
    Event::Links { delay: links.delay, loss: links.loss }
}

/// A node and everything it works with.
struct NodeThread {
    node: Node,
    link: FaultyLink<UdpSocket>,
    keeper: Keeper,
    teller: Teller,
    commands: Sender<Command>,
    inbox: Receiver<Command>,
    threads: usize,
}

impl NodeThread {
    fn run(&mut self) -> Result<()> {
        let keeper = &mut self.keeper;
        let setup = Setup {
            link: &mut self.link,
            commands: &self.inbox,
            keep: &mut |save| keeper.keep(save),
            threads: self.threads,
        };
        driver::run(&mut self.node, setup, &mut self.teller)
    }
}
