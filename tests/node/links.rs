//! Peers that join and leave, nodes that relay, and the receiver of rewards: for a network
//! in which not every node lists every other.

use cairn::block::Block;
use cairn::event::Event;
use cairn::node::{Command, Input, Output, Settings};
use cairn::peer::PeerName;
use cairn::sync::FIRST_SHUN;
use cairn::wire::{Blocks, MAX_BLOCKS, Message, Question};

use crate::bench::*;

fn joins(bench: &mut Bench, name: &str) -> Vec<Output> {
    bench.step(Input::Joined(PeerName::new(name)))
}

fn leaves(bench: &mut Bench, name: &str) -> Vec<Output> {
    bench.step(Input::Left(PeerName::new(name)))
}

fn peers(bench: &Bench) -> Vec<&str> {
    bench.node.peers().map(PeerName::as_str).collect()
}

#[test]
fn a_peer_that_joins_is_sent_our_chain_and_is_one_of_ours() {
    let mut alice = Bench::on(&grow(&genesis(), 1, 9000));
    let outputs = joins(&mut alice, "dave");
    assert_eq!(sent(&outputs), [("dave", alice.node.chain().as_bytes())]);
    assert_eq!(peers(&alice), ["bob", "carol", "dave"]);
    assert_eq!(sent(&alice.hears("dave", genesis().as_bytes())).len(), 1, "it is answered");
}

#[test]
fn a_peer_that_joins_again_is_listed_once_and_told_again() {
    let mut alice = Bench::on(&genesis());
    alice.hears("bob", b"hello");
    assert_eq!(sent(&joins(&mut alice, "bob")).len(), 1);
    assert_eq!(peers(&alice), ["bob", "carol"]);
    alice.misses();
    let repeats = sent(&alice.turn()).iter().filter(|(to, _)| *to == "bob").count();
    assert_eq!(repeats, 1, "it has not been heard since it joined");
}

#[test]
fn a_peer_that_left_is_forgotten() {
    let mut alice = Bench::on(&grow(&genesis(), 1, 9000));
    assert_eq!(leaves(&mut alice, "bob"), []);
    assert_eq!(peers(&alice), ["carol"]);
    assert_eq!(sent(&alice.hears("bob", genesis().as_bytes())), [], "it is a stranger now");
    leaves(&mut alice, "nobody");
    assert_eq!(peers(&alice), ["carol"]);
}

#[test]
fn what_is_fetched_from_a_peer_that_left_is_fetched_from_another() {
    let mut alice = Bench::on(&genesis());
    let announce = Blocks { number: 0, count: 500, height: 499, blocks: &[genesis_bytes()] };
    let outputs = alice.hears("bob", &announce.encode());
    assert_eq!(asked(&outputs), ["bob"]);
    assert_eq!(asked(&alice.hears("carol", &announce.encode())), [""; 0], "one download at a time");
    assert_eq!(asked(&leaves(&mut alice, "bob")), ["carol"]);
    leaves(&mut alice, "carol");
    assert_eq!(alice.node.fetching(), None);
    alice.wait(FIRST_SHUN);
    assert_eq!(asked(&alice.step(Input::Wake)), [""; 0]);
}

#[test]
fn a_refused_peer_that_leaves_and_joins_again_is_still_refused() {
    let mut alice = Bench::on(&genesis());
    let bob = PeerName::new("bob");
    alice.step(Input::Command(Command::Disconnect(bob.clone())));
    leaves(&mut alice, "bob");
    assert_eq!(sent(&joins(&mut alice, "bob")), []);
    assert_eq!(ignored(&alice.hears("bob", genesis().as_bytes())), Some("refused"));
    let outputs = alice.step(Input::Command(Command::Connect(bob)));
    assert_eq!(sent(&outputs).len(), 1, "until it is connected again");
}

#[test]
fn a_node_that_relays_announces_what_it_copied_to_all_others_once_it_is_kept() {
    let relay = Settings { relay: true, ..settings("alice", 7000) };
    let mut alice = Bench::with(relay, &genesis());
    let longer = grow(&genesis(), 1, 8000);
    let outputs = alice.hears("bob", longer.as_bytes());
    assert_eq!(outputs[0], saved(&longer, 1));
    assert!(matches!(outputs[1], Output::Event(Event::Copied { .. })), "told before it is sent");
    assert_eq!(sent(&outputs[2..]), [("carol", longer.as_bytes())], "not to bob, who sent it");
    let mut deaf = Bench::on(&genesis());
    assert_eq!(sent(&deaf.hears("bob", longer.as_bytes())), [], "and no node does unless told to");
}

#[test]
fn the_account_is_paid_and_the_port_sets_the_rest() {
    for (port, account) in [(7000, 1), (7001, 1), (7000, 9000)] {
        let settings = Settings { account, ..settings("alice", port) };
        let mut alice = Bench::with(settings, &genesis());
        alice.finds();
        let block = Block::from_bytes(&alice.node.chain().blocks()[1]);
        assert_eq!(block.reward.receiver, account);
        let longer = grow(alice.node.chain(), 1, 8000);
        let outputs = alice.hears("bob", longer.as_bytes());
        let turns = u32::from(port + 3) % 3 + 1;
        let rested = Output::Event(Event::Rested { duration: turns * SECOND });
        assert_eq!(outputs.last(), Some(&rested));
    }
}

fn genesis_bytes() -> [u8; 75] {
    Block::genesis().to_bytes()
}

/// The peers that outputs ask a question.
fn asked(outputs: &[Output]) -> Vec<&str> {
    let is_question = |bytes: &[u8]| matches!(Message::decode(bytes), Ok(Message::Question(_)));
    let asked = sent(outputs).into_iter().filter(|(_, bytes)| is_question(bytes));
    asked.map(|(to, _)| to).collect()
}

#[test]
fn a_peer_that_may_be_the_tutorials_is_sent_as_much_of_a_long_chain_as_it_can_read() {
    let long = grow(&genesis(), MAX_BLOCKS + 10, 7000);
    let first = long.blocks()[..MAX_BLOCKS].as_flattened();
    let mut alice = Bench::on(&long);
    let outputs = alice.hears("bob", genesis().as_bytes());
    let to_bob: Vec<_> = sent(&outputs).into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(to_bob.len(), 2, "the announcement in a frame, and the first 122 blocks");
    assert_eq!((to_bob[0][0], to_bob[1]), (0, first));

    let whole = grow(&genesis(), MAX_BLOCKS - 1, 7000);
    let outputs = Bench::on(&whole).hears("bob", genesis().as_bytes());
    assert_eq!(sent(&outputs), [("bob", whole.as_bytes())], "all of it is said once");

    alice.wait(SECOND);
    let all_it_reads = alice.hears("carol", first);
    assert_eq!(sent(&all_it_reads).len(), 1, "it has as much as it can read");

    let question = Question { number: 1, count: 1, places: Vec::new() };
    alice.hears("bob", &question.encode());
    let outputs = alice.hears("bob", genesis().as_bytes());
    assert_eq!(sent(&outputs).len(), 1, "it knows frames, so it can ask for all of it");
}
