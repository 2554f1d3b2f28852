//! Nodes among strangers in this process, whose blocks cost no work.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cairn::chain::Chain;
use cairn::contacts::{Contact, Standing};
use cairn::driver::{self, Command, Link, Look, Setup};
use cairn::event::Event;
use cairn::hash::Hash;
use cairn::net::bootstrap::Bootstrap;
use cairn::net::key::Key;
use cairn::net::notice::Notice;
use cairn::net::{self, NetLink, Network, Settings};
use cairn::node::{self, Input, Node, Save};
use cairn::peer::PeerName;

use crate::common::loopback::TARGET;
use crate::common::{DEADLINE, wait_until};

/// Settings of a node on loopback with a new key, which retries soon.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new(Key::random());
    settings.address = ([127, 0, 0, 1], 0).into();
    settings.zero_bits = TARGET.zero_bits();
    settings.policy.retry = Duration::from_millis(50);
    settings.hello = Duration::from_millis(300);
    settings.tips = Duration::from_millis(500);
    settings
}

/// The same, for a node that dials these nodes at its start.
pub(crate) fn knowing(others: &[&Network]) -> Settings {
    let bootstrap = others.iter().map(|other| at(other)).collect();
    Settings { bootstrap, ..settings() }
}

/// The place where others dial a node.
pub(crate) fn at(network: &Network) -> Bootstrap {
    Bootstrap { id: network.name().clone(), place: network.address().to_string() }
}

/// A node with its loop.
pub(crate) struct Stranger {
    pub(crate) network: Arc<Network>,
    pub(crate) notices: Receiver<Notice>,
    commands: Sender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl Stranger {
    /// A node that mines only when it is told to.
    pub(crate) fn start(settings: Settings) -> Stranger {
        Stranger::on(settings, Chain::genesis(TARGET))
    }

    pub(crate) fn on(settings: Settings, chain: Chain) -> Stranger {
        Stranger::watched(settings, chain, |_| {})
    }

    /// A node whose events are passed to `watch`.
    pub(crate) fn watched(
        settings: Settings,
        chain: Chain,
        watch: impl Fn(&Event) + Send + 'static,
    ) -> Stranger {
        let seed = settings.seed;
        let (network, mut link, notices) = bare(settings);
        let network = Arc::new(network);
        let (commands, inbox) = mpsc::channel();
        network.attend(commands.clone());
        commands.send(Command::Node(node::Command::Pause)).expect("it is there");
        let listen = Duration::from_millis(20);
        let settings = node::Settings { nonces: 10, listen, seed, ..network.node_settings() };
        let judge = network.clone();
        let thread = thread::spawn(move || {
            let mut node = Node::new(settings, chain);
            let mut keep = |_: &Save| Ok(());
            let setup = Setup { link: &mut link, commands: &inbox, keep: &mut keep, threads: 1 };
            let mut observer = |node: &Node, event: &Event| {
                judge.judge(event);
                judge.metadata().follow(node.chain());
                watch(event);
                ControlFlow::Continue(())
            };
            driver::run(&mut node, setup, &mut observer).expect("the link works");
        });
        Stranger { network, notices, commands, thread: Some(thread) }
    }

    pub(crate) fn command(&self, command: node::Command) {
        self.commands.send(Command::Node(command)).expect("it runs");
    }

    pub(crate) fn mine(&self) {
        let before = self.tip().0;
        self.command(node::Command::MineOne);
        wait_until("a block is mined", || self.tip().0 > before);
    }

    /// Height and hash of its tip.
    pub(crate) fn tip(&self) -> (usize, Hash) {
        let (reply, answer) = mpsc::channel();
        let look = Look::new(move |node| {
            let _ = reply.send((node.chain().height(), node.chain().tip_hash()));
        });
        self.commands.send(Command::Look(look)).expect("it runs");
        answer.recv_timeout(DEADLINE).expect("it answers")
    }

    pub(crate) fn name(&self) -> &PeerName {
        self.network.name()
    }

    pub(crate) fn contact(&self, id: &PeerName) -> Option<Contact> {
        contact(&self.network, id)
    }

    pub(crate) fn is_connected(&self, id: &PeerName) -> bool {
        is_connected(&self.network, id)
    }

    /// The number of its connections.
    pub(crate) fn connections(&self) -> usize {
        let contacts = self.network.contacts().told().contacts;
        contacts.iter().filter(|contact| contact.standing == Standing::Connected).count()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        // The loop may have ended already.
        let _ = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An endpoint without a node: the test sends datagrams through its link.
pub(crate) fn bare(settings: Settings) -> (Network, NetLink, Receiver<Notice>) {
    let (tell, notices) = mpsc::channel();
    let tell = move |notice| drop(tell.send(notice));
    let (network, link) = net::start(settings, tell).expect("loopback has a free port");
    (network, link, notices)
}

pub(crate) fn contact(network: &Network, id: &PeerName) -> Option<Contact> {
    network.contacts().told().contacts.into_iter().find(|contact| contact.id == *id)
}

pub(crate) fn is_connected(network: &Network, id: &PeerName) -> bool {
    contact(network, id).is_some_and(|contact| contact.standing == Standing::Connected)
}

/// How many handshakes of this network have had this outcome.
pub(crate) fn count(network: &Network, outcome: &str) -> u64 {
    let handshakes = network.contacts().told().handshakes;
    handshakes.iter().find(|(name, _)| *name == outcome).map_or(0, |(_, count)| *count)
}

/// Waits until a link reports a new peer, and returns its name.
pub(crate) fn joined(link: &mut NetLink) -> PeerName {
    let deadline = Instant::now() + DEADLINE;
    let mut buffer = vec![0; driver::BUFFER_LEN];
    while Instant::now() < deadline {
        let input = link.wait(Duration::from_millis(50), &mut buffer).expect("the link works");
        if let Some(Input::Joined(name)) = input {
            return name;
        }
    }
    panic!("nobody came");
}

/// Waits for a notice for which `is_it` holds.
pub(crate) fn notice(notices: &Receiver<Notice>, is_it: impl Fn(&Notice) -> bool) -> Notice {
    loop {
        let notice = notices.recv_timeout(DEADLINE).expect("the notice comes");
        if is_it(&notice) {
            return notice;
        }
    }
}

/// Waits until all have the same tip, at this height or above.
pub(crate) fn agree(nodes: &[&Stranger], height: usize) {
    wait_until("all agree", || {
        let first = nodes[0].tip();
        first.0 >= height && nodes.iter().all(|node| node.tip() == first)
    });
}
