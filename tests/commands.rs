//! What whoever runs a node can ask of it, on the state machine alone.

use std::time::Duration;

use cairn::chain::Chain;
use cairn::event::{Event, Reason};
use cairn::miner;
use cairn::node::{Command, Input, Node, Now, Output, Search, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;

/// A turn of listening.
const LISTEN: Duration = Duration::from_secs(1);

/// So that every block takes a few searches.
const TARGET: Target = Target::from_zero_bits(8);

/// Nonces in a search.
const NONCES: u64 = 16;

/// A node and the clock that its tests turn on.
struct Bench {
    node: Node,
    now: Duration,
}

impl Bench {
    /// A node that has started and listens.
    fn start(name: &str, port: u16, peers: &[&str]) -> Bench {
        let settings = Settings {
            name: PeerName::new(name),
            port,
            peers: peers.iter().map(PeerName::new).collect(),
            nonces: NONCES,
            listen: LISTEN,
            seed: 1,
        };
        let node = Node::new(settings, Chain::genesis(TARGET));
        let mut bench = Bench { node, now: Duration::ZERO };
        bench.give(Input::Start);
        bench
    }

    fn give(&mut self, input: Input) -> Vec<Output> {
        self.node.step(Now { monotonic: self.now, wall: 1_634_700_600 }, input)
    }

    fn command(&mut self, command: Command) -> Vec<Output> {
        self.give(Input::Command(command))
    }

    /// Goes on to the next turn and searches as it asks.
    fn turn(&mut self) -> Vec<Output> {
        self.now = self.node.wake().expect("no search is under way");
        self.take_turn()
    }

    /// A turn that is due now.
    fn take_turn(&mut self) -> Vec<Output> {
        let mut outputs = self.give(Input::Wake);
        let search = searches(&outputs).next().cloned();
        if let Some(search) = search {
            let found = miner::search(&search.header, search.counters.clone(), TARGET);
            outputs.extend(self.give(Input::Searched { search, found }));
        }
        outputs
    }

    fn hear(&mut self, from: &str, bytes: &[u8]) -> Vec<Output> {
        self.give(Input::Datagram { from: PeerName::new(from), bytes })
    }

    fn peers(&self) -> Vec<&str> {
        self.node.peers().map(PeerName::as_str).collect()
    }

    fn refused(&self) -> Vec<&str> {
        self.node.refused().map(PeerName::as_str).collect()
    }
}

fn searches(outputs: &[Output]) -> impl Iterator<Item = &Search> {
    outputs.iter().filter_map(|output| match output {
        Output::Search(search) => Some(search),
        _ => None,
    })
}

fn created(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Event(Event::Created { .. })))
}

/// The names to whom something is sent.
fn sent_to(outputs: &[Output]) -> Vec<&str> {
    let to = outputs.iter().filter_map(|output| match output {
        Output::Send { to, .. } => Some(to.as_str()),
        _ => None,
    });
    to.collect()
}

fn is_refused(outputs: &[Output]) -> bool {
    matches!(outputs, [Output::Event(Event::Ignored { reason: Reason::Refused, .. })])
}

#[test]
fn a_paused_node_does_not_mine_until_it_is_resumed() {
    let mut alice = Bench::start("alice", 7000, &[]);
    assert_eq!(alice.command(Command::Pause), []);
    assert!(alice.node.is_paused());
    for _ in 0..50 {
        assert_eq!(searches(&alice.turn()).count(), 0);
    }
    assert_eq!(alice.command(Command::Resume), []);
    assert!(!alice.node.is_paused());
    assert_eq!(searches(&alice.turn()).count(), 1);
}

#[test]
fn a_paused_node_still_copies_a_longer_chain() {
    let mut alice = Bench::start("alice", 7000, &["bob"]);
    let mut bob = Bench::start("bob", 8000, &[]);
    while bob.node.chain().height() == 0 {
        bob.turn();
    }
    alice.command(Command::Pause);
    let outputs = alice.hear("bob", bob.node.chain().as_bytes());
    assert!(matches!(outputs[0], Output::Save { from: 1 }), "{outputs:?}");
    assert_eq!(alice.node.chain().tip_hash(), bob.node.chain().tip_hash());
    assert!(alice.node.is_paused());
}

#[test]
fn mine_one_searches_at_once_and_without_listening_until_there_is_a_block() {
    let mut alice = Bench::start("alice", 7000, &[]);
    alice.command(Command::Pause);
    alice.command(Command::MineOne);
    let asked = alice.now;
    let mut turns = 1;
    while !created(&alice.take_turn()) {
        assert_eq!(alice.node.wake(), Some(asked), "the next turn is due at once");
        turns += 1;
    }
    assert!(turns > 1, "the block was found in the first search: choose another seed");
    assert_eq!(alice.node.chain().height(), 1);
    assert_eq!(alice.node.wake(), Some(asked + LISTEN));
    assert_eq!(searches(&alice.turn()).count(), 0, "one block, and it is paused again");
}

#[test]
fn a_pause_takes_mine_one_back() {
    let mut alice = Bench::start("alice", 7000, &[]);
    alice.command(Command::MineOne);
    alice.command(Command::Pause);
    assert_eq!(searches(&alice.turn()).count(), 0);
}

#[test]
fn mine_one_during_a_search_waits_for_its_end() {
    let mut alice = Bench::start("alice", 7000, &[]);
    alice.now = alice.node.wake().expect("it listens");
    let outputs = alice.give(Input::Wake);
    let search = searches(&outputs).next().cloned().expect("a turn is a search");
    alice.command(Command::MineOne);
    assert_eq!(alice.node.wake(), None, "the search is still under way");
    alice.give(Input::Searched { search, found: None });
    assert_eq!(alice.node.wake(), Some(alice.now));
}

#[test]
fn a_disconnected_peer_is_neither_heard_nor_written_to() {
    let mut alice = Bench::start("alice", 7000, &["bob", "carol"]);
    let mut bob = Bench::start("bob", 8000, &[]);
    while bob.node.chain().height() == 0 {
        bob.turn();
    }
    assert_eq!(alice.command(Command::Disconnect(PeerName::new("bob"))), []);
    assert_eq!((alice.peers(), alice.refused()), (vec!["carol"], vec!["bob"]));
    assert!(is_refused(&alice.hear("bob", bob.node.chain().as_bytes())));
    assert_eq!(alice.node.chain().height(), 0);
    // The first announcement is repeated: to carol alone.
    alice.turn();
    assert_eq!(sent_to(&alice.turn()), ["carol"]);
}

#[test]
fn a_peer_that_is_announced_again_is_sent_our_chain_at_once_and_heard() {
    let mut alice = Bench::start("alice", 7000, &["bob"]);
    let bob = PeerName::new("bob");
    alice.command(Command::Disconnect(bob.clone()));
    let outputs = alice.command(Command::Connect(bob.clone()));
    let chain = alice.node.chain().as_bytes().to_vec();
    assert_eq!(outputs, [Output::Send { to: bob, bytes: chain.clone() }]);
    assert_eq!((alice.peers(), alice.refused()), (vec!["bob"], vec![]));
    assert!(!is_refused(&alice.hear("bob", &chain)));
}

#[test]
fn a_stranger_can_be_announced_or_refused_before_it_ever_wrote() {
    let mut alice = Bench::start("alice", 7000, &[]);
    let outputs = alice.command(Command::Connect(PeerName::new("bob")));
    assert_eq!(sent_to(&outputs), ["bob"]);
    assert_eq!(alice.command(Command::Disconnect(PeerName::new("mallory"))), []);
    assert_eq!((alice.peers(), alice.refused()), (vec!["bob"], vec!["mallory"]));
    assert!(is_refused(&alice.hear("mallory", b"")));
}

#[test]
fn announcing_a_peer_twice_does_not_list_it_twice() {
    let mut alice = Bench::start("alice", 7000, &["bob"]);
    alice.command(Command::Connect(PeerName::new("bob")));
    alice.command(Command::Connect(PeerName::new("bob")));
    assert_eq!(alice.peers(), ["bob"]);
}

#[test]
fn sync_sends_our_chain_to_all_peers() {
    let mut alice = Bench::start("alice", 7000, &["bob"]);
    let chain = alice.node.chain().as_bytes().to_vec();
    assert_eq!(alice.command(Command::Sync), [Output::Broadcast(chain)]);
}
