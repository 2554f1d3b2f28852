//! The loop around a node, over links that are not sockets.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use cairn::chain::Chain;
use cairn::driver::{self, Command, Hear, Link, Look, MAX_WAIT, Setup};
use cairn::event::Event;
use cairn::hash::Hash;
use cairn::node::{self, Input, Node, Save, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;

/// Some sixteen tries a block.
const EASY: Target = Target::from_zero_bits(4);

/// The longest that a test waits for anything.
const DEADLINE: Duration = Duration::from_secs(60);

/// What goes from one link to another.
enum Mail {
    Joined(PeerName),
    Left(PeerName),
    Datagram(PeerName, Vec<u8>),
}

/// A link in memory: a channel for each peer.
struct Wire {
    name: PeerName,
    inbox: Receiver<Mail>,
    peers: BTreeMap<PeerName, Sender<Mail>>,
}

impl Link for Wire {
    fn wait<'b>(&mut self, time: Duration, buffer: &'b mut [u8]) -> Result<Option<Input<'b>>> {
        Ok(match self.inbox.recv_timeout(time) {
            Ok(Mail::Joined(name)) => Some(Input::Joined(name)),
            Ok(Mail::Left(name)) => Some(Input::Left(name)),
            Ok(Mail::Datagram(from, bytes)) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Some(Input::Datagram { from, bytes: &buffer[..bytes.len()] })
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => bail!("the wire is cut"),
        })
    }

    fn send(&mut self, to: &PeerName, bytes: &[u8]) -> Result<(), String> {
        let peer = self.peers.get(to).ok_or("there is no wire to it")?;
        let mail = Mail::Datagram(self.name.clone(), bytes.to_vec());
        peer.send(mail).map_err(|error| error.to_string())
    }
}

/// An event of a node, and the node's tip at that time.
type Told = (Event, Hash);

/// A node in its own thread, which mines when it is ordered to.
struct Running {
    commands: Sender<Command>,
    told: Receiver<Told>,
    thread: JoinHandle<Result<()>>,
}

fn run(wire: Wire, peers: Vec<PeerName>) -> Running {
    run_at(EASY, 1000, wire, peers)
}

/// The same with another target, and with this many nonces in a turn.
fn run_at(target: Target, nonces: u64, wire: Wire, peers: Vec<PeerName>) -> Running {
    let (commands, inbox) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    commands.send(Command::Node(node::Command::Pause)).expect("we hold the other end");
    let settings = Settings {
        relay: true,
        nonces,
        listen: Duration::from_millis(1),
        ..Settings::tutorial(wire.name.clone(), 7000, peers)
    };
    let thread = thread::spawn(move || {
        let mut node = Node::new(settings, Chain::genesis(target));
        let mut wire = wire;
        let mut keep = |_: &Save| Ok(());
        let setup = Setup { link: &mut wire, commands: &inbox, keep: &mut keep, threads: 1 };
        let mut observe = |node: &Node, event: &Event| {
            let is_heard = tell.send((event.clone(), node.chain().tip_hash())).is_ok();
            if is_heard { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        driver::run(&mut node, setup, &mut observe)
    });
    Running { commands, told, thread }
}

impl Running {
    fn order(&self, command: node::Command) {
        self.commands.send(Command::Node(command)).expect("it runs");
    }

    /// Waits until this holds of the node.
    fn comes_to(&self, is_so: impl Fn(&Node) -> bool + Clone + Send + 'static) {
        let is_so_now = || {
            let ((reply, answer), is_so) = (mpsc::channel(), is_so.clone());
            let look = Look::new(move |node| reply.send(is_so(node)).expect("we wait for it"));
            self.commands.send(Command::Look(look)).expect("it runs");
            answer.recv_timeout(DEADLINE).expect("it looks in time")
        };
        let deadline = Instant::now() + DEADLINE;
        while !is_so_now() {
            assert!(Instant::now() < deadline, "it never came to that");
        }
    }

    /// Waits for an event, and returns it with the tip that the node had then.
    fn hears(&self, mut is_it: impl FnMut(&Event) -> bool) -> Told {
        loop {
            let told = self.told.recv_timeout(DEADLINE).expect("it tells of it in time");
            if is_it(&told.0) {
                return told;
            }
        }
    }
}

/// Alice - bob - carol: each is linked only to its neighbours. Bob lists both from the
/// start, the others list nobody.
fn line() -> (BTreeMap<&'static str, Sender<Mail>>, Vec<Running>) {
    let names = ["alice", "bob", "carol"];
    let (senders, inboxes): (Vec<_>, Vec<_>) = names.map(|_| mpsc::channel()).into_iter().unzip();
    let wires: BTreeMap<_, _> = names.into_iter().zip(senders).collect();
    let nodes = names.into_iter().zip(inboxes).map(|(name, inbox)| {
        let is_neighbour = |other: &&str| (name == "bob") != (*other == "bob");
        let neighbours = names.into_iter().filter(is_neighbour);
        let peers: BTreeMap<_, _> =
            neighbours.map(|other| (PeerName::new(other), wires[other].clone())).collect();
        let listed = if name == "bob" { peers.keys().cloned().collect() } else { Vec::new() };
        run(Wire { name: PeerName::new(name), inbox, peers }, listed)
    });
    let nodes = nodes.collect();
    (wires, nodes)
}

#[test]
fn a_block_travels_along_a_line_of_nodes_that_relay() {
    let (wires, nodes) = line();
    let [alice, bob, carol] = &nodes[..] else { panic!("three nodes") };
    wires["alice"].send(Mail::Joined(PeerName::new("bob"))).expect("alice runs");
    alice.order(node::Command::MineOne);
    let (_, tip) = alice.hears(|event| matches!(event, Event::Created { .. }));
    for (node, before) in [(bob, "alice"), (carol, "bob")] {
        let (event, _) = node.hears(|event| matches!(event, Event::Copied { .. }));
        let Event::Copied { hash, from, .. } = event else { panic!("{event:?}") };
        assert_eq!((hash, from), (tip, PeerName::new(before)));
    }
    wires["alice"].send(Mail::Left(PeerName::new("bob"))).expect("alice runs");
    alice.comes_to(|node| node.peers().count() == 0);
    alice.order(node::Command::MineOne);
    let (_, next) = alice.hears(|event| matches!(event, Event::Created { .. }));
    assert_ne!(next, tip);
    bob.order(node::Command::Sync);
    let is_tie = |event: &Event| matches!(event, Event::Ignored { .. });
    let (_, still) = carol.hears(is_tie);
    assert_eq!(still, tip, "alice tells nobody, as her only peer has left");
}

#[test]
fn what_a_link_cannot_send_is_told_and_the_loop_goes_on() {
    let (_senders, inbox) = mpsc::channel();
    let name = PeerName::new("alice");
    let alice = run(Wire { name, inbox, peers: BTreeMap::new() }, vec![PeerName::new("bob")]);
    let (event, _) = alice.hears(|event| matches!(event, Event::Unsent { .. }));
    assert_eq!(event.to_string(), "UNSENT to bob: there is no wire to it");
    alice.order(node::Command::MineOne);
    alice.hears(|event| matches!(event, Event::Created { .. }));
}

#[test]
fn a_link_that_fails_ends_the_loop_with_its_error() {
    let (sender, inbox) = mpsc::channel();
    let alice = run(Wire { name: PeerName::new("alice"), inbox, peers: BTreeMap::new() }, vec![]);
    drop(sender);
    alice.hears(|event| matches!(event, Event::Stopped { .. }));
    let end = alice.thread.join().expect("no panic");
    assert_eq!(end.expect_err("it ends with that").to_string(), "the wire is cut");
}

#[test]
fn a_command_cuts_a_search_short_that_would_take_years() {
    let (_senders, inbox) = mpsc::channel();
    let wire = Wire { name: PeerName::new("alice"), inbox, peers: BTreeMap::new() };
    let alice = run_at(Target::from_zero_bits(255), u64::MAX, wire, vec![]);
    alice.order(node::Command::Resume);
    alice.hears(|event| matches!(event, Event::Tried { .. }));
    alice.order(node::Command::Pause);
    alice.hears(|event| matches!(event, Event::Paused));
    alice.comes_to(|node| node.is_paused() && node.next_counter() > 0);
}

/// A link on which nothing ever arrives, and which reports how long it was to wait.
struct Silence(Sender<Duration>);

impl Link for Silence {
    fn wait<'b>(&mut self, time: Duration, _buffer: &'b mut [u8]) -> Result<Option<Input<'b>>> {
        // The test may be over already.
        let _ = self.0.send(time);
        thread::sleep(time);
        Ok(None)
    }

    fn send(&mut self, _to: &PeerName, _bytes: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn a_link_waits_no_longer_than_to_the_nodes_next_turn_and_never_past_a_look_for_commands() {
    let name = PeerName::new("alice");
    for listen in [Duration::from_millis(1), Duration::from_secs(3600)] {
        let ((waits, waited), (stop, commands)) = (mpsc::channel(), mpsc::channel());
        let settings = Settings { listen, ..Settings::tutorial(name.clone(), 7000, vec![]) };
        let running = thread::spawn(move || {
            let mut node = Node::new(settings, Chain::genesis(Target::from_zero_bits(255)));
            let (mut link, mut keep) = (Silence(waits), |_: &Save| Ok(()));
            let setup = Setup { link: &mut link, commands: &commands, keep: &mut keep, threads: 1 };
            driver::run(&mut node, setup, &mut |_: &Node, _: &Event| ControlFlow::Continue(()))
        });
        for _ in 0..3 {
            let time = waited.recv_timeout(DEADLINE).expect("it waits");
            assert!(time <= listen.min(MAX_WAIT), "{time:?}");
        }
        stop.send(Command::Stop).expect("it runs");
        running.join().expect("no panic").expect("all goes well");
    }
}

#[test]
fn a_datagram_that_is_handed_to_the_loop_is_judged_as_a_peers_and_its_verdict_comes_back() {
    let (_senders, inbox) = mpsc::channel();
    let wire = Wire { name: PeerName::new("alice"), inbox, peers: BTreeMap::new() };
    let bob = PeerName::new("bob");
    let alice = run(wire, vec![bob.clone()]);
    let verdict = |bytes: Vec<u8>| {
        let (reply, answer) = mpsc::channel();
        let tell = move |events| reply.send(events).expect("we wait for it");
        let hear = Hear::new(bob.clone(), bytes, tell);
        alice.commands.send(Command::Hear(hear)).expect("it runs");
        answer.recv_timeout(DEADLINE).expect("it is heard in time")
    };
    let mut chain = Chain::genesis(EASY);
    let block = chain.next_block(1_700_000_000, 1, 9000).expect("one is found");
    chain.push(&block).expect("it is valid");
    let mut bytes = chain.as_bytes().to_vec();
    *bytes.last_mut().expect("it has bytes") ^= 1;
    bytes[75 + 72] ^= 1;
    let told = verdict(bytes.clone());
    let [Event::Ignored { from, reason }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((from, reason.name()), (&bob, "sender"));
    let (event, _) = alice.hears(|event| matches!(event, Event::Ignored { .. }));
    assert_eq!(event, told[0], "the observer is told of it too");
    bytes[75 + 72] ^= 1;
    assert!(matches!(verdict(bytes)[0], Event::Copied { height: 1, .. }));
}

#[test]
fn what_happens_to_a_node_from_outside_is_told_among_its_events() {
    let (_senders, inbox) = mpsc::channel();
    let wire = Wire { name: PeerName::new("alice"), inbox, peers: BTreeMap::new() };
    let alice = run(wire, vec![]);
    let links = Event::Links { delay: MAX_WAIT, loss: 10 };
    alice.commands.send(Command::Tell(links.clone())).expect("it runs");
    let (event, _) = alice.hears(|event| matches!(event, Event::Links { .. }));
    assert_eq!(event, links);
    assert_eq!(event.to_string(), "LINKS --delay 50ms --loss 10");
}

#[test]
fn looks_and_datagrams_are_shown_without_what_they_hold() {
    assert_eq!(format!("{:?}", Look::new(|_| ())), "Look");
    let hear = Hear::new(PeerName::new("bob"), vec![0; 3], |_| ());
    assert_eq!(format!("{hear:?}"), "Hear(3 bytes from bob)");
}
