//! Commands to a node from the program that runs it.

use std::time::Duration;

use cairn::event::{Event, Reason};
use cairn::node::{Command, Input, Output};
use cairn::peer::PeerName;

use crate::bench::*;

#[test]
fn a_paused_node_does_not_mine_but_copies_and_answers() {
    let mut alice = Bench::on(&genesis());
    alice.misses();
    alice.misses();
    assert_eq!(obeys(&mut alice, Command::Pause), [Output::Event(Event::Paused)]);
    assert!(alice.node.is_paused());
    for _ in 0..3 {
        alice.turn();
        assert_eq!(alice.listens_for(), Some(SECOND), "turn after turn it listens");
    }
    let longer = grow(&genesis(), 2, 8000);
    alice.hears("bob", longer.as_bytes());
    assert_eq!(alice.node.chain(), &longer);
    assert_eq!(sent(&alice.hears("carol", genesis().as_bytes())).len(), 1);
}

#[test]
fn a_paused_node_still_repeats_its_first_announcement() {
    let mut alice = Bench::on(&genesis());
    obeys(&mut alice, Command::Pause);
    let turns: Vec<_> = (1..=100).filter(|_| !sent(&alice.turn()).is_empty()).collect();
    assert_eq!(turns, [2, 4, 8, 16, 32, 64]);
}

#[test]
fn a_resumed_node_goes_on_where_it_was() {
    let mut alice = Bench::on(&genesis());
    let before = alice.misses();
    obeys(&mut alice, Command::Pause);
    alice.turn();
    obeys(&mut alice, Command::Resume);
    assert!(!alice.node.is_paused());
    let after = alice.search();
    assert_eq!((after.header, after.counters), (before.header, 1000..2000));
}

#[test]
fn a_search_under_way_may_still_find_its_block_when_mining_is_paused() {
    let mut alice = Bench::on(&genesis());
    let search = alice.search();
    obeys(&mut alice, Command::Pause);
    let found = cairn::miner::search(&search.header, 0..100_000, EASY);
    alice.step(Input::Searched { search, found });
    assert_eq!(alice.node.chain().count(), 2);
}

#[test]
fn one_block_is_mined_without_listening_and_then_it_listens_again() {
    let mut alice = Bench::on(&genesis());
    assert_eq!(obeys(&mut alice, Command::MineOne), []);
    for counter in [0, 1000, 2000] {
        assert_eq!(alice.listens_for(), Some(Duration::ZERO));
        assert_eq!(alice.misses().counters.start, counter);
    }
    alice.finds();
    assert_eq!(alice.listens_for(), Some(SECOND));
    alice.misses();
    assert_eq!(alice.listens_for(), Some(SECOND));
}

#[test]
fn an_order_for_one_block_does_not_bring_the_repeats_forward() {
    let mut alice = Bench::on(&genesis());
    alice.misses();
    obeys(&mut alice, Command::MineOne);
    for _ in 0..100 {
        let outputs = alice.turn();
        assert_eq!(sent(&outputs), [], "turns without listening do not count");
        let Some(Output::Search(search)) = outputs.last() else { panic!("{outputs:?}") };
        alice.step(Input::Searched { search: search.clone(), found: None });
    }
    alice.finds();
    assert_eq!(sent(&alice.turn()).len(), 2, "the second turn is still to come");
}

#[test]
fn a_paused_node_mines_one_block_if_told_to_and_no_more() {
    let mut alice = Bench::on(&genesis());
    obeys(&mut alice, Command::Pause);
    obeys(&mut alice, Command::MineOne);
    alice.finds();
    assert_eq!(alice.node.chain().count(), 2);
    assert!(alice.node.is_paused());
    assert_eq!(lines(&alice.turn()), Vec::<String>::new());
}

#[test]
fn a_pause_takes_back_the_order_for_one_block() {
    let mut alice = Bench::on(&genesis());
    obeys(&mut alice, Command::MineOne);
    obeys(&mut alice, Command::Pause);
    assert_eq!(lines(&alice.turn()), Vec::<String>::new());
    assert_eq!(alice.listens_for(), Some(SECOND));
}

#[test]
fn an_order_for_one_block_does_not_start_a_second_search() {
    let mut alice = Bench::on(&genesis());
    let search = alice.search();
    obeys(&mut alice, Command::MineOne);
    assert_eq!(alice.node.wake(), None);
    alice.step(Input::Searched { search, found: None });
    assert_eq!(alice.listens_for(), Some(Duration::ZERO));
}

#[test]
fn who_is_disconnected_is_neither_heard_nor_written_to() {
    let mut alice = Bench::on(&grow(&genesis(), 1, 9000));
    for name in ["bob", "a stranger"] {
        let outputs = obeys(&mut alice, Command::Disconnect(PeerName::new(name)));
        assert_eq!(sent(&outputs), [], "it is told nothing");
    }
    assert_eq!(names(alice.node.peers()), ["carol"]);
    assert_eq!(names(alice.node.refused()), ["bob", "a stranger"]);
    let before = alice.node.chain().clone();
    for chain in [genesis(), before.clone(), grow(&before, 3, 8000)] {
        for name in ["bob", "a stranger"] {
            let outputs = alice.hears(name, chain.as_bytes());
            assert_eq!(ignored(&outputs), Some(Reason::Refused.name()));
            assert_eq!(outputs.len(), 1);
        }
    }
    assert_eq!(alice.node.chain(), &before);
    alice.misses();
    let outputs = alice.turn();
    let to: Vec<_> = sent(&outputs).into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["carol"], "the repeat of the second turn");
}

#[test]
fn who_is_connected_is_sent_our_chain_and_is_a_peer_from_then_on() {
    let mut alice = Bench::on(&grow(&genesis(), 1, 9000));
    obeys(&mut alice, Command::Disconnect(PeerName::new("bob")));
    for name in ["bob", "dave"] {
        let outputs = obeys(&mut alice, Command::Connect(PeerName::new(name)));
        assert_eq!(sent(&outputs), [(name, alice.node.chain().as_bytes())]);
        assert_eq!(sent(&alice.hears(name, genesis().as_bytes())).len(), 1, "it is answered");
    }
    assert_eq!(names(alice.node.peers()), ["bob", "carol", "dave"]);
    assert_eq!(names(alice.node.refused()), Vec::<String>::new());
    obeys(&mut alice, Command::Connect(PeerName::new("dave")));
    assert_eq!(alice.node.peers().count(), 3, "nobody is listed twice");
}

#[test]
fn to_sync_is_to_tell_everybody_our_chain() {
    let mut alice = Bench::on(&grow(&genesis(), 1, 9000));
    let announcement = to_all(alice.node.chain());
    assert_eq!(obeys(&mut alice, Command::Sync), [announcement]);
}

/// Gives a command; no command moves the chain.
fn obeys(bench: &mut Bench, command: Command) -> Vec<Output> {
    let chain = bench.node.chain().clone();
    let outputs = bench.step(Input::Command(command));
    assert_eq!(bench.node.chain(), &chain);
    outputs
}

fn names<'a>(peers: impl Iterator<Item = &'a PeerName>) -> Vec<String> {
    peers.map(PeerName::to_string).collect()
}

#[test]
fn what_a_node_was_told_to_do_is_an_event_unless_it_is_so_already() {
    let mut alice = Bench::on(&genesis());
    let bob = PeerName::new("bob");
    let mut events = |command| {
        let outputs = obeys(&mut alice, command).into_iter();
        outputs
            .filter_map(|output| match output {
                Output::Event(event) => Some(event),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(events(Command::Resume), []);
    assert_eq!(events(Command::Pause), [Event::Paused]);
    assert_eq!(events(Command::Pause), []);
    assert_eq!(events(Command::Resume), [Event::Resumed]);
    let (nonces, listen) = (7, Duration::from_secs(3));
    assert_eq!(events(Command::Pace { nonces, listen }), [Event::Paced { nonces, listen }]);
    assert_eq!(events(Command::Pace { nonces, listen }), []);
    assert_eq!(events(Command::Connect(bob.clone())), [], "it is a peer already");
    let disconnected = Event::Disconnected { peer: bob.clone() };
    assert_eq!(events(Command::Disconnect(bob.clone())), [disconnected]);
    assert_eq!(events(Command::Disconnect(bob.clone())), []);
    assert_eq!(events(Command::Connect(bob.clone())), [Event::Connected { peer: bob }]);
    let dora = PeerName::new("dora");
    assert_eq!(events(Command::Connect(dora.clone())), [Event::Connected { peer: dora }]);
}

#[test]
fn one_peer_is_asked_for_its_tip_by_our_chain_and_a_stranger_is_not() {
    let mut alice = Bench::on(&genesis());
    let to = |outputs: &[Output]| match outputs {
        [Output::Send { to, bytes }] => Some((to.clone(), bytes.clone())),
        _ => None,
    };
    let asked = obeys(&mut alice, Command::Ask(PeerName::new("bob")));
    let chain = genesis().as_bytes().to_vec();
    assert_eq!(to(&asked), Some((vec![PeerName::new("bob")], chain)));
    assert_eq!(obeys(&mut alice, Command::Ask(PeerName::new("mallory"))), []);
}
