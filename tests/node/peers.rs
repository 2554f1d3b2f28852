//! What a node sends to whom, and how chains converge: alice, bob and carol on a network
//! that loses what the test tells it to lose.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cairn::chain::Chain;
use cairn::event::{Event, Reason};
use cairn::node::{Input, LAST_REPEAT_TURN, Output, Settings};

use crate::bench::*;

// A shorter chain is a question.

#[test]
fn a_peer_with_a_shorter_chain_is_sent_ours() {
    let mut alice = Bench::on(&grow(&genesis(), 2, 7000));
    let outputs = alice.hears("bob", genesis().as_bytes());
    assert_eq!(sent(&outputs), [("bob", alice.node.chain().as_bytes())]);
    assert_eq!(
        lines(&outputs),
        [
            "IGNORE blockchain... from bob: not longer, it ends at block 0, ours at block 2; sent ours back"
        ]
    );
}

#[test]
fn a_peer_on_a_shorter_fork_is_sent_ours() {
    let mut alice = Bench::on(&grow(&genesis(), 2, 7000));
    let outputs = alice.hears("bob", grow(&genesis(), 1, 8000).as_bytes());
    assert_eq!(sent(&outputs), [("bob", alice.node.chain().as_bytes())]);
}

#[test]
fn a_peer_is_answered_once_a_listening_turn() {
    let nanosecond = Duration::from_nanos(1);
    for turn in [SECOND, SECOND / 5] {
        let settings = Settings { listen: turn, ..settings("alice", 7000) };
        let mut alice = Bench::with(settings, &grow(&genesis(), 2, 7000));
        let mut answers = |wait| {
            alice.wait(wait);
            sent(&alice.hears("bob", genesis().as_bytes())).len()
        };
        assert_eq!(answers(turn / 2), 1);
        for _ in 0..10 {
            assert_eq!(answers(turn / 20), 0);
        }
        assert_eq!(answers(turn / 2 - nanosecond), 0, "a turn has not quite passed");
        assert_eq!(answers(nanosecond), 1, "now it has");
        assert_eq!(answers(nanosecond), 0, "and starts anew");
    }
}

#[test]
fn one_peer_does_not_use_up_the_answer_to_another() {
    let mut alice = Bench::on(&grow(&genesis(), 2, 7000));
    assert_eq!(sent(&alice.hears("bob", genesis().as_bytes())).len(), 1);
    assert_eq!(sent(&alice.hears("carol", genesis().as_bytes())).len(), 1);
}

#[test]
fn a_peer_that_is_not_answered_is_told_so_in_the_line() {
    let mut alice = Bench::on(&grow(&genesis(), 2, 7000));
    alice.hears("bob", genesis().as_bytes());
    let outputs = alice.hears("bob", genesis().as_bytes());
    let Some(Output::Event(Event::Ignored { reason, .. })) = outputs.last() else {
        panic!("{outputs:?}")
    };
    assert_eq!(*reason, Reason::Shorter { theirs: 1, ours: 3, answered: false });
}

// Strangers.

#[test]
fn a_stranger_is_never_written_to() {
    let ours = grow(&genesis(), 2, 7000);
    let mut alice = Bench::on(&ours);
    let (longer, same) = (grow(&ours, 1, 8000), ours);
    let chains = [same, genesis(), grow(&genesis(), 2, 8000), longer].map(|chain| bytes_of(&chain));
    let datagrams = junk().into_iter().map(|(bytes, _)| bytes).chain(chains);
    for bytes in datagrams {
        let outputs = alice.hears("a stranger", &bytes);
        assert_eq!(sent(&outputs), [], "{outputs:?}");
    }
}

#[test]
fn a_longer_chain_is_adopted_from_a_stranger_too_and_the_line_says_how_to_list_it() {
    let mut alice = Bench::on(&genesis());
    let longer = grow(&genesis(), 1, 8000);
    let outputs = alice.hears("10.0.0.7:8000", longer.as_bytes());
    assert_eq!(alice.node.chain(), &longer);
    let Output::Event(Event::Copied { listed, .. }) = &outputs[1] else { panic!("{outputs:?}") };
    assert!(!listed);
    assert!(lines(&outputs)[0].ends_with("start with --peer 10.0.0.7:8000"));
    assert_eq!(alice.node.peers().count(), 2, "it is not made a peer by that");
}

// The first announcement, again.

#[test]
fn the_first_announcement_is_repeated_ever_more_rarely_and_then_no_more() {
    let mut alice = Bench::on(&genesis());
    let turns: Vec<_> = (1..=300).filter(|_| repeats_to(&mut alice) == ["bob", "carol"]).collect();
    assert_eq!(turns, [2, 4, 8, 16, 32, 64]);
    assert_eq!(turns.last(), Some(&LAST_REPEAT_TURN));
}

#[test]
fn it_is_repeated_only_to_peers_that_have_not_been_heard() {
    let mut alice = Bench::on(&genesis());
    let mut told = Vec::new();
    for turn in 1..=300 {
        match turn {
            // Any datagram is a sign of life.
            3 => drop(alice.hears("bob", b"hello")),
            10 => drop(alice.hears("a stranger", genesis().as_bytes())),
            20 => drop(alice.hears("carol", genesis().as_bytes())),
            _ => {}
        }
        let names = repeats_to(&mut alice);
        if !names.is_empty() {
            told.push((turn, names.join(" ")));
        }
    }
    let expected = [(2, "bob carol"), (4, "carol"), (8, "carol"), (16, "carol")];
    assert_eq!(told, expected.map(|(turn, names)| (turn, names.to_owned())));
}

#[test]
fn a_repeat_carries_the_chain_of_today_and_goes_before_the_search() {
    let mut alice = Bench::on(&genesis());
    alice.misses();
    let longer = grow(&genesis(), 1, 8000);
    alice.hears("a stranger", longer.as_bytes());
    let outputs = alice.turn();
    let chain = longer.as_bytes();
    assert_eq!(sent(&outputs[..1]), [("bob", chain), ("carol", chain)]);
    assert!(matches!(outputs[1..], [Output::Event(Event::Tried { .. }), Output::Search(_)]));
}

#[test]
fn a_peer_whose_first_words_are_our_chain_is_greeted_once() {
    let chain = grow(&genesis(), 1, 9000);
    let mut alice = Bench::on(&chain);
    let outputs = alice.hears("bob", chain.as_bytes());
    assert_eq!(sent(&outputs), [("bob", chain.as_bytes())]);
    assert_eq!(ignored(&outputs), Some("tie"));
    assert_eq!(sent(&alice.hears("bob", chain.as_bytes())), [], "and never again");
    assert_eq!(sent(&alice.hears("a stranger", chain.as_bytes())), [], "nor is a stranger");
}

// Together.

#[test]
fn who_starts_late_catches_up_with_the_first_answer() {
    let mut network = Network::default();
    network.start("alice", 7000, &grow(&genesis(), 9, 7000));
    network.start("bob", 8000, &genesis());
    assert_eq!(network.counts(), [("alice", 10), ("bob", 10)]);
    network.start("carol", 9000, &genesis());
    assert_eq!(network.tips().len(), 1, "one chain");
}

#[test]
fn who_starts_with_a_longer_chain_is_followed_by_all() {
    let mut network = Network::default();
    network.start("alice", 7000, &genesis());
    network.start("bob", 8000, &grow(&genesis(), 2, 8000));
    network.start("carol", 9000, &grow(&genesis(), 5, 9000));
    assert_eq!(network.counts(), [("alice", 6), ("bob", 6), ("carol", 6)]);
    assert_eq!(network.tips().len(), 1);
}

#[test]
fn lost_announcements_are_healed_by_the_answer_to_a_shorter_chain() {
    let mut network = three_nodes();
    network.is_down = true;
    network.finds("alice");
    network.finds("alice");
    network.is_down = false;
    assert_eq!(network.counts(), [("alice", 3), ("bob", 1), ("carol", 1)]);
    // Bob announces one block, gets two as the answer, and abandons his.
    network.finds("bob");
    assert_eq!(network.counts()[..2], [("alice", 3), ("bob", 3)]);
    network.finds("alice");
    assert_eq!(network.counts(), [("alice", 4), ("bob", 4), ("carol", 4)]);
    assert_eq!(network.tips().len(), 1);
}

#[test]
fn a_tie_lasts_until_somebody_finds_the_next_block() {
    let mut network = three_nodes();
    network.is_down = true;
    network.finds("alice");
    network.finds("bob");
    network.is_down = false;
    assert_eq!(network.tips().len(), 3, "alice's block, bob's, and carol's genesis block");
    network.finds("bob");
    assert_eq!(network.counts(), [("alice", 3), ("bob", 3), ("carol", 3)]);
    assert_eq!(network.tips().len(), 1, "bob's, and alice's block is abandoned");
}

#[test]
fn nodes_that_know_each_other_are_silent_until_there_is_something_to_say() {
    let mut network = three_nodes();
    network.carried = 0;
    for _ in 0..2 * LAST_REPEAT_TURN {
        for name in ["alice", "bob", "carol"] {
            network.misses(name);
        }
    }
    assert_eq!(network.carried, 0, "each has heard the others");
    network.finds("carol");
    assert_eq!(network.carried, 2, "one block, told to two peers, and nothing is passed on");
}

/// Nodes that list each other, and their datagrams in flight.
#[derive(Default)]
struct Network {
    nodes: BTreeMap<&'static str, Bench>,
    /// Whether everything is lost.
    is_down: bool,
    /// How many datagrams have arrived.
    carried: usize,
}

impl Network {
    fn start(&mut self, name: &'static str, port: u16, chain: &Chain) {
        let mut bench = Bench::new(settings(name, port), chain);
        let outputs = bench.step(Input::Start);
        self.nodes.insert(name, bench);
        self.carry(name, outputs);
    }

    fn finds(&mut self, name: &'static str) {
        let outputs = self.node(name).finds();
        self.carry(name, outputs);
    }

    fn misses(&mut self, name: &'static str) {
        let outputs = self.node(name).turn();
        let Some(Output::Search(search)) = outputs.last().cloned() else { panic!("{outputs:?}") };
        self.carry(name, outputs);
        self.node(name).step(Input::Searched { search, found: None });
    }

    fn node(&mut self, name: &str) -> &mut Bench {
        self.nodes.get_mut(name).expect("it was started")
    }

    /// Delivers what a node sends, and what follows from that, until nothing is in flight.
    fn carry(&mut self, from: &str, outputs: Vec<Output>) {
        let mut on_the_way = VecDeque::from(letters(from, outputs));
        while let Some((from, to, bytes)) = on_the_way.pop_front() {
            // A node that has not started hears nothing, as over UDP.
            let Some(bench) = self.nodes.get_mut(&to[..]).filter(|_| !self.is_down) else {
                continue;
            };
            let outputs = bench.hears(&from, &bytes);
            self.carried += 1;
            assert!(self.carried < 1000, "they talk for ever");
            on_the_way.extend(letters(&to, outputs));
        }
    }

    fn counts(&self) -> Vec<(&str, usize)> {
        self.nodes.iter().map(|(name, bench)| (*name, bench.node.chain().count())).collect()
    }

    /// The different tips of the network: only one if all agree.
    fn tips(&self) -> Vec<String> {
        let tips = self.nodes.values().map(|bench| bench.node.chain().tip_hash().to_string());
        let mut tips: Vec<_> = tips.collect();
        tips.sort();
        tips.dedup();
        tips
    }
}

/// The senders, receivers and contents of datagrams.
fn letters(from: &str, outputs: Vec<Output>) -> Vec<(String, String, Vec<u8>)> {
    let letter = |(to, bytes): (&str, &[u8])| (from.into(), to.into(), bytes.into());
    sent(&outputs).into_iter().map(letter).collect()
}

fn three_nodes() -> Network {
    let mut network = Network::default();
    for (name, port) in [("alice", 7000), ("bob", 8000), ("carol", 9000)] {
        network.start(name, port, &genesis());
    }
    network
}

/// Lets the node mine a turn without success, and returns to whom it repeated its chain.
fn repeats_to(bench: &mut Bench) -> Vec<String> {
    let outputs = bench.turn();
    let Some(Output::Search(search)) = outputs.last() else { panic!("{outputs:?}") };
    bench.step(Input::Searched { search: search.clone(), found: None });
    sent(&outputs).iter().map(|(to, _)| to.to_string()).collect()
}

fn bytes_of(chain: &Chain) -> Vec<u8> {
    chain.as_bytes().to_vec()
}
