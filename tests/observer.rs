//! What an observer of a running loop sees, and what can be learned by asking the loop.

use std::net::UdpSocket;
use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use cairn::block::Block;
use cairn::chain::Chain;
use cairn::driver::{self, Command, Look, Observer, Setup};
use cairn::event::Event;
use cairn::node::{self, Node, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::udp;

/// The longest that a test waits for anything.
const DEADLINE: Duration = Duration::from_secs(60);

/// What was shown.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Received(PeerName, usize),
    Sent(PeerName, usize),
    Ignored(PeerName),
    Settled,
}

/// Passes on what it is shown, without the searches.
struct Recorder(Sender<Shown>);

impl Observer for Recorder {
    fn event(&mut self, _node: &Node, event: &Event) -> ControlFlow<()> {
        if let Event::Ignored { from, .. } = event {
            self.show(Shown::Ignored(from.clone()));
        }
        ControlFlow::Continue(())
    }

    fn received(&mut self, from: &PeerName, datagram: &[u8]) {
        self.show(Shown::Received(from.clone(), datagram.len()));
    }

    fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        self.show(Shown::Sent(to.clone(), datagram.len()));
    }

    fn settled(&mut self, _node: &Node) {
        self.show(Shown::Settled);
    }
}

impl Recorder {
    fn show(&self, shown: Shown) {
        // The test may be over already.
        let _ = self.0.send(shown);
    }
}

/// A loop in its own thread, which never finds a block and has `peer` as its only peer; it
/// ends when the commands do.
fn start(peer: &UdpSocket) -> (PeerName, Sender<Command>, Receiver<Shown>) {
    let mut socket =
        udp::bind_socket([127, 0, 0, 1].into(), 0).expect("the system has a free port");
    let name = PeerName::new(socket.local_addr().expect("it is bound"));
    let peers = vec![PeerName::new(peer.local_addr().expect("it is bound"))];
    let listen = Duration::from_millis(1);
    let settings = Settings { listen, ..Settings::tutorial(name.clone(), 7000, peers) };
    let mut node = Node::new(settings, Chain::genesis(Target::from_zero_bits(200)));
    let (commands, inbox) = mpsc::channel();
    let (shown, seen) = mpsc::channel();
    thread::spawn(move || {
        let mut keep = |_: &_| Ok(());
        let setup = Setup { link: &mut socket, commands: &inbox, keep: &mut keep, threads: 1 };
        driver::run(&mut node, setup, &mut Recorder(shown))
    });
    (name, commands, seen)
}

/// The next that is not [`Shown::Settled`].
fn next(seen: &Receiver<Shown>) -> Shown {
    loop {
        match seen.recv_timeout(DEADLINE).expect("something is shown") {
            Shown::Settled => {}
            shown => return shown,
        }
    }
}

#[test]
fn every_datagram_is_shown_with_its_length_before_what_comes_of_it() {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    let (name, commands, seen) = start(&peer);
    let genesis = Block::genesis().to_bytes();
    let of_peer = PeerName::new(peer.local_addr().expect("it is bound"));
    assert_eq!(next(&seen), Shown::Sent(of_peer.clone(), genesis.len()));
    // Otherwise it would get an announcement, whose datagram would be in between.
    commands.send(Command::Node(node::Command::Disconnect(of_peer.clone()))).expect("it runs");
    let (reply, refused) = mpsc::channel();
    let look = Look::new(move |_| reply.send(()).expect("we wait for it"));
    commands.send(Command::Look(look)).expect("it runs");
    refused.recv_timeout(DEADLINE).expect("it looks for commands");
    peer.send_to(&genesis, name.as_str()).expect("loopback takes it");
    let shown = std::iter::repeat_with(|| next(&seen))
        .find(|shown| !matches!(shown, Shown::Sent(..)))
        .expect("it goes on for ever");
    assert_eq!(shown, Shown::Received(of_peer.clone(), genesis.len()));
    assert!(matches!(next(&seen), Shown::Ignored(from) if from == of_peer));
    assert_eq!(seen.recv_timeout(DEADLINE), Ok(Shown::Settled));
}

#[test]
fn a_look_sees_what_the_commands_before_it_did() {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    let (_, commands, _seen) = start(&peer);
    let (reply, answer) = mpsc::channel();
    for command in [node::Command::Pause, node::Command::Resume, node::Command::Pause] {
        commands.send(Command::Node(command)).expect("it runs");
        let reply = reply.clone();
        let look = Look::new(move |node| reply.send(node.is_paused()).expect("we wait for it"));
        commands.send(Command::Look(look)).expect("it runs");
    }
    drop(reply);
    let answers: Vec<_> = (0..3).map(|_| answer.recv_timeout(DEADLINE)).collect();
    assert_eq!(answers, [Ok(true), Ok(false), Ok(true)]);
}

#[test]
fn the_loop_names_no_async_runtime_and_no_http() {
    // An API builds on what the loop hears and shows.
    for text in [
        include_str!("../src/driver.rs"),
        include_str!("../src/udp.rs"),
        include_str!("../src/node.rs"),
    ] {
        for word in ["tokio", "axum", "async ", "await", "HTTP", "http", "cfg(feature"] {
            assert!(!text.contains(word), "{word}");
        }
    }
}
