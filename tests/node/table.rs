//! What a node does, row by row: it starts, searches, finds a block, hears a
//! longer chain, rests, and hears anything else.

use std::time::Duration;

use cairn::block::{Block, Header};
use cairn::event::{Event, Reason, Started};
use cairn::miner;
use cairn::node::{Input, Output, Settings};
use cairn::peer::PeerName;

use crate::bench::*;

// Starts.

#[test]
fn does_nothing_before_its_start() {
    let mut alice = Bench::new(settings("alice", 7000), &genesis());
    assert_eq!(alice.node.wake(), None);
    assert_eq!(alice.step(Input::Wake), []);
}

#[test]
fn starts_by_showing_its_settings_and_announcing_its_chain_and_listens() {
    let chain = grow(&genesis(), 2, 9000);
    let settings = settings("alice", 7000);
    let mut alice = Bench::new(settings.clone(), &chain);
    let outputs = alice.step(Input::Start);
    assert_eq!(alice.listens_for(), Some(SECOND));
    let started = Started {
        name: settings.name,
        port: 7000,
        peers: settings.peers,
        nonces: 1000,
        listen: SECOND,
        target: EASY,
        seed: 1,
        lane: alice.search().header.nonce.lane(),
        height: 2,
        hash: chain.tip_hash(),
    };
    assert_eq!(outputs, [Output::Event(Event::Started(started)), to_all(&chain)]);
}

#[test]
fn broadcasts_go_to_the_peers_of_its_settings() {
    let alice = Bench::on(&genesis());
    let peers: Vec<_> = alice.node.peers().map(PeerName::as_str).collect();
    assert_eq!(peers, ["bob", "carol"]);
}

// Searches nonces N to N + 999.

#[test]
fn tries_a_thousand_nonces_a_turn_and_listens_for_a_second_in_between() {
    // There is nobody to tell.
    let settings = Settings { peers: Vec::new(), ..settings("alice", 7000) };
    let mut alice = Bench::with(settings, &genesis());
    for counter in [0, 1000, 2000, 3000] {
        let outputs = alice.turn();
        assert_eq!(lines(&outputs), [format!("TRY up to {counter}...")]);
        let [_, Output::Search(search)] = &outputs[..] else { panic!("{outputs:?}") };
        assert_eq!(search.counters, counter..counter + 1000);
        assert_eq!(alice.node.next_counter(), counter);
        assert_eq!(alice.node.wake(), None, "while it searches no turn is due");

        let miss = Input::Searched { search: search.clone(), found: None };
        assert_eq!(alice.step(miss), []);
        assert_eq!(alice.listens_for(), Some(SECOND));
    }
}

#[test]
fn searches_for_the_block_after_its_tip() {
    let chain = grow(&genesis(), 3, 9000);
    let search = Bench::on(&chain).search();
    assert_eq!(search.header.previous, chain.tip_hash());
    assert_eq!(search.header.timestamp, START_TIME);
    assert_eq!(search.header.nonce.counter(), 0);
}

#[test]
fn a_turn_that_comes_too_early_does_nothing() {
    let mut alice = Bench::on(&genesis());
    alice.wait(SECOND - Duration::from_nanos(1));
    assert_eq!(alice.step(Input::Wake), []);
    assert!(alice.listens_for().is_some());
    alice.wait(Duration::from_nanos(1));
    assert_ne!(alice.step(Input::Wake), []);
}

#[test]
fn a_turn_that_comes_while_it_searches_does_nothing() {
    let mut alice = Bench::on(&genesis());
    alice.search();
    alice.wait(10 * SECOND);
    assert_eq!(alice.step(Input::Wake), []);
}

#[test]
fn how_many_nonces_and_how_long_to_listen_are_settings() {
    let listen = SECOND / 5;
    let settings = Settings { nonces: 7, listen, ..settings("alice", 7000) };
    let mut alice = Bench::with(settings, &genesis());
    assert_eq!(alice.listens_for(), Some(listen));
    assert_eq!(alice.misses().counters, 0..7);
    assert_eq!(alice.listens_for(), Some(listen));
    assert_eq!(alice.misses().counters, 7..14);
}

// Finds a block.

#[test]
fn a_found_block_is_stored_then_told_then_broadcast() {
    let mut alice = Bench::on(&grow(&genesis(), 2, 9000));
    let outputs = alice.finds();
    let chain = alice.node.chain();
    assert_eq!(chain.count(), 4);
    let created = Event::Created { height: 3, hash: chain.tip_hash() };
    let expected = [saved(chain, 3), Output::Event(created), to_all(chain)];
    assert_eq!(outputs, expected);
}

#[test]
fn a_found_block_is_the_header_searched_for_and_pays_its_miner() {
    let mut alice = Bench::on(&genesis());
    let search = alice.search();
    let found = miner::search(&search.header, 0..1000, EASY);
    alice.step(Input::Searched { search: search.clone(), found });
    let block = Block::from_bytes(&alice.node.chain().blocks()[1]);
    let nonce = search.header.nonce.with_counter(block.header.nonce.counter());
    assert_eq!(block.header, Header { nonce, ..search.header });
    assert_eq!((block.reward.sender, block.reward.receiver), (0, 7000));
}

#[test]
fn after_a_found_block_it_listens_and_starts_again_at_nonce_0_on_the_new_tip() {
    let mut alice = Bench::on(&genesis());
    alice.misses();
    alice.now.wall += 60;
    alice.finds();
    assert_eq!(alice.listens_for(), Some(SECOND));
    let search = alice.search();
    assert_eq!(search.counters, 0..1000);
    assert_eq!(search.header.previous, alice.node.chain().tip_hash());
    assert_eq!(search.header.timestamp, START_TIME + 60);
}

#[test]
fn a_block_that_a_driver_only_claims_to_have_found_changes_nothing() {
    let mut alice = Bench::on(&genesis());
    let search = alice.search();
    let with = |counter| {
        let nonce = search.header.nonce.with_counter(counter);
        Header { nonce, ..search.header }
    };
    // Most hashes are too high.
    let found = (0..1000).map(with).find(|header| !EASY.is_met_by(&header.hash()));
    assert!(found.is_some());
    assert_eq!(alice.step(Input::Searched { search, found }), []);
    assert_eq!(alice.node.chain(), &genesis());
    assert_eq!(alice.listens_for(), Some(SECOND), "and it goes on");
}

// Hears a valid longer chain.

#[test]
fn a_longer_chain_is_stored_then_told_and_not_passed_on() {
    let mut alice = Bench::on(&genesis());
    let longer = grow(&genesis(), 4, 8000);
    let outputs = alice.hears("bob", longer.as_bytes());
    assert_eq!(alice.node.chain(), &longer);
    let (hash, from) = (longer.tip_hash(), PeerName::new("bob"));
    let expected = [
        saved(alice.node.chain(), 1),
        Output::Event(Event::Copied { height: 4, hash, from, listed: true, abandoned: 0 }),
        Output::Event(Event::Rested { duration: SECOND }),
    ];
    assert_eq!(outputs, expected);
}

#[test]
fn after_a_copy_it_starts_again_at_nonce_0_on_the_new_tip() {
    let mut alice = Bench::on(&genesis());
    alice.misses();
    alice.now.wall += 60;
    let longer = grow(&genesis(), 1, 8000);
    alice.hears("bob", longer.as_bytes());
    let search = alice.search();
    assert_eq!(search.counters, 0..1000);
    assert_eq!(search.header.previous, longer.tip_hash());
    assert_eq!(search.header.timestamp, START_TIME + 60);
}

#[test]
fn one_block_more_is_enough() {
    let mut alice = Bench::on(&grow(&genesis(), 5, 9000));
    let longer = grow(&genesis(), 6, 8000);
    alice.hears("bob", longer.as_bytes());
    assert_eq!(alice.node.chain(), &longer);
}

#[test]
fn a_longer_branch_takes_the_place_of_ours_from_the_fork_on() {
    let common = grow(&genesis(), 1, 8000);
    let mut alice = Bench::on(&grow(&common, 2, 7000));
    let theirs = grow(&common, 3, 8000);
    let outputs = alice.hears("bob", theirs.as_bytes());
    assert_eq!(outputs[0], saved(alice.node.chain(), 2));
    let Output::Event(Event::Copied { height, abandoned, .. }) = outputs[1] else {
        panic!("{outputs:?}")
    };
    assert_eq!((height, abandoned), (4, 2));
    assert_eq!(alice.node.chain(), &theirs);
}

// Rests.

#[test]
fn rests_for_port_plus_count_modulo_3_plus_1_turns() {
    // The count is that of the new chain.
    let cases = [
        (7000, 2, 1),
        (7000, 3, 2),
        (7000, 4, 3),
        (7000, 5, 1),
        (8000, 2, 2),
        (8000, 3, 3),
        (8000, 4, 1),
        (9000, 2, 3),
        (9000, 3, 1),
        (9000, 4, 2),
        (65_535, 2, 3),
        (65_535, 3, 1),
    ];
    for (port, count, turns) in cases {
        for listen in [SECOND, SECOND / 5] {
            let settings = Settings { listen, ..settings("alice", port) };
            let mut alice = Bench::with(settings, &genesis());
            let outputs = alice.hears("bob", grow(&genesis(), count - 1, 8000).as_bytes());
            let rested = Output::Event(Event::Rested { duration: turns * listen });
            assert_eq!(outputs.last(), Some(&rested), "{port} with {count} blocks");
            assert_eq!(alice.listens_for(), Some(turns * listen), "{port} with {count} blocks");
        }
    }
}

#[test]
fn does_not_mine_while_it_rests() {
    let mut alice = resting_for_three_seconds();
    for _ in 0..2 {
        alice.wait(SECOND);
        assert_eq!(alice.step(Input::Wake), []);
    }
    alice.wait(SECOND);
    assert_eq!(lines(&alice.step(Input::Wake)), ["TRY up to 0..."]);
}

#[test]
fn answers_while_it_rests() {
    let mut alice = resting_for_three_seconds();
    let outputs = alice.hears("carol", genesis().as_bytes());
    assert_eq!(sent(&outputs), [("carol", alice.node.chain().as_bytes())]);
    assert_eq!(alice.listens_for(), Some(3 * SECOND), "and rests on");
}

#[test]
fn copies_again_while_it_rests_and_rests_no_longer_for_that() {
    let mut alice = resting_for_three_seconds();
    alice.wait(SECOND);
    let longer = grow(alice.node.chain(), 1, 8000);
    let outputs = alice.hears("bob", longer.as_bytes());
    assert_eq!(alice.node.chain(), &longer);
    assert_eq!(alice.listens_for(), Some(2 * SECOND));
    assert!(lines(&outputs).iter().all(|line| !line.starts_with("SLEEP")), "{outputs:?}");
}

// Hears anything else: whatever it was doing goes on as if nothing had arrived.

#[test]
fn junk_is_ignored_with_its_reason_and_changes_nothing() {
    let alice = || {
        let mut alice = Bench::on(&grow(&genesis(), 3, 9000));
        alice.misses();
        alice.wait(SECOND / 3);
        alice
    };
    for from in ["bob", "a stranger"] {
        for (bytes, reason) in junk() {
            let outputs = unchanged_by(alice, from, &bytes);
            assert_eq!(ignored(&outputs), Some(reason));
            assert_eq!(outputs.len(), 1, "a line, and nothing else: {outputs:?}");
        }
    }
}

#[test]
fn junk_does_not_shorten_a_rest() {
    let alice = || {
        let mut alice = resting_for_three_seconds();
        alice.wait(SECOND);
        alice
    };
    for (bytes, _) in junk() {
        unchanged_by(alice, "bob", &bytes);
    }
}

#[test]
fn junk_does_not_spoil_a_search() {
    let mut alice = Bench::on(&genesis());
    let search = alice.search();
    for (bytes, _) in junk() {
        alice.hears("bob", &bytes);
        assert_eq!(alice.node.wake(), None, "it is still searching");
    }
    let found = miner::search(&search.header, 0..10_000, EASY);
    alice.step(Input::Searched { search, found });
    assert_eq!(alice.node.chain().count(), 2);
}

#[test]
fn a_longer_chain_with_one_bad_block_is_not_taken_in_part() {
    let mut bytes = grow(&genesis(), 6, 8000).as_bytes().to_vec();
    bytes[5 * 75] = 74;
    let alice = || Bench::on(&grow(&genesis(), 2, 9000));
    assert_eq!(ignored(&unchanged_by(alice, "bob", &bytes)), Some("size"));
}

#[test]
fn a_shorter_chain_is_ignored_even_where_it_is_another() {
    let ours = grow(&genesis(), 3, 7000);
    let (beginning, other) = (grow(&genesis(), 2, 7000), grow(&genesis(), 2, 8000));
    for theirs in [&genesis(), &beginning, &other] {
        let outputs = unchanged_by(|| Bench::on(&ours), "a stranger", theirs.as_bytes());
        let reason = Reason::Shorter { theirs: theirs.count(), ours: 4, answered: false };
        assert_eq!(outputs, [ignores("a stranger", reason)]);
    }
}

// Ties.

#[test]
fn of_two_chains_of_the_same_length_the_first_seen_stays() {
    let (ours, theirs) = (grow(&genesis(), 3, 7000), grow(&genesis(), 3, 8000));
    for (ours, theirs) in [(&ours, &theirs), (&theirs, &ours)] {
        let outputs = unchanged_by(|| Bench::on(ours), "bob", theirs.as_bytes());
        assert_eq!(outputs, [ignores("bob", Reason::Tie { count: 4, same: false })]);
    }
}

#[test]
fn the_same_chain_is_a_tie_too() {
    let chain = grow(&genesis(), 3, 7000);
    let outputs = unchanged_by(|| Bench::on(&chain), "a stranger", chain.as_bytes());
    assert_eq!(outputs, [ignores("a stranger", Reason::Tie { count: 4, same: true })]);
}

#[test]
fn a_chain_that_differs_only_in_who_is_paid_is_another_chain() {
    let chain = grow(&genesis(), 3, 7000);
    let mut theirs = chain.as_bytes().to_vec();
    *theirs.last_mut().expect("a receiver") ^= 1;
    let outputs = unchanged_by(|| Bench::on(&chain), "bob", &theirs);
    assert_eq!(outputs, [ignores("bob", Reason::Tie { count: 4, same: false })]);
}

#[test]
fn a_search_outdated_by_a_copy_is_dropped_with_its_block() {
    let mut alice = Bench::on(&genesis());
    let search = alice.search();
    let found = miner::search(&search.header, 0..100_000, EASY);
    assert!(found.is_some());
    let longer = grow(&genesis(), 1, 8000);
    alice.hears("bob", longer.as_bytes());
    let wake = alice.node.wake();
    alice.wait(SECOND / 2);
    for found in [None, found] {
        assert_eq!(alice.step(Input::Searched { search: search.clone(), found }), []);
        assert_eq!((alice.node.chain(), alice.node.wake()), (&longer, wake));
    }
    assert_eq!(alice.search().counters, 0..1000);
}

/// Alice after a copy of four blocks: 7004 % 3 is 2.
fn resting_for_three_seconds() -> Bench {
    let mut alice = Bench::on(&genesis());
    alice.hears("bob", grow(&genesis(), 3, 8000).as_bytes());
    assert_eq!(alice.listens_for(), Some(3 * SECOND));
    alice
}

/// Gives a datagram to a node and not to its twin, and checks that both still have the same
/// chain and timer, and search the same next.
fn unchanged_by(node: impl Fn() -> Bench, from: &str, bytes: &[u8]) -> Vec<Output> {
    let (mut alice, mut twin) = (node(), node());
    let outputs = alice.hears(from, bytes);
    assert_eq!(alice.node.chain(), twin.node.chain());
    assert_eq!(alice.node.wake(), twin.node.wake());
    assert_eq!(alice.search(), twin.search());
    outputs
}

fn ignores(from: &str, reason: Reason) -> Output {
    Output::Event(Event::Ignored { from: PeerName::new(from), reason })
}

#[test]
fn a_block_every_moment_does_not_keep_a_node_from_mining() {
    let mut alice = Bench::with(Settings { nonces: 1, ..settings("alice", 7000) }, &genesis());
    let (mut chain, mut tried, mut rested) = (genesis(), 0, Duration::ZERO);
    let start = alice.now.monotonic;
    for round in 1..=118 {
        let next = start + round * Duration::from_millis(850);
        while let Some(wake) = alice.node.wake().filter(|wake| *wake <= next) {
            alice.now.monotonic = wake;
            for output in alice.step(Input::Wake) {
                if let Output::Search(search) = output {
                    alice.step(Input::Searched { search, found: None });
                    tried += 1;
                }
            }
        }
        alice.now.monotonic = next;
        chain = grow(&chain, 1, 8000);
        let rests = alice.hears("bob", chain.as_bytes()).into_iter().filter_map(|it| match it {
            Output::Event(Event::Rested { duration }) => Some(duration),
            _ => None,
        });
        rested += rests.sum::<Duration>();
    }
    assert_eq!(alice.node.chain(), &chain, "it has copied every block");
    // Of some hundred turns, half.
    assert!((40..=60).contains(&tried), "{tried} turns of mining");
    assert!(rested > 40 * SECOND, "{rested:?}");
}
