//! What a node does with its two clocks and with its lane.

use cairn::block::Nonce;
use cairn::event::{Event, Reason};
use cairn::node::{Input, MAX_AHEAD_SECONDS, Output, Settings};

use crate::bench::*;

// The monotonic clock is for timers.

#[test]
fn a_turn_of_listening_lasts_its_time_however_much_is_heard() {
    let mut alice = Bench::on(&grow(&genesis(), 2, 7000));
    let wake = alice.node.wake();
    let chains = [genesis(), grow(&genesis(), 2, 7000), grow(&genesis(), 2, 8000)];
    for round in 0..1000_usize {
        alice.wait(SECOND / 1000);
        alice.hears("bob", chains[round % 3].as_bytes());
        alice.hears("carol", &[0; 75]);
        assert_eq!(alice.node.wake(), wake);
    }
    assert_eq!(lines(&alice.step(Input::Wake)), ["TRY up to 0..."]);
}

#[test]
fn a_jump_of_the_wall_clock_changes_nothing_but_the_date_of_blocks() {
    let chain = grow(&genesis(), 4, 8000);
    let (mut steady, mut jumpy) = (Bench::on(&chain), Bench::on(&chain));
    for wall in [0, u32::MAX, GENESIS_TIME, START_TIME + 86_400, 1, START_TIME] {
        jumpy.now.wall = wall;
        assert_eq!(jumpy.misses(), steady.misses());
        let tie = grow(&genesis(), 4, 9000);
        assert_eq!(jumpy.hears("bob", tie.as_bytes()), steady.hears("bob", tie.as_bytes()));
        assert_eq!(jumpy.hears("bob", &[]), steady.hears("bob", &[]));
        let question = genesis();
        let answers = [&mut jumpy, &mut steady].map(|node| node.hears("bob", question.as_bytes()));
        assert_eq!(answers[0], answers[1]);
        assert_eq!(jumpy.node.wake(), steady.node.wake());
    }
}

#[test]
fn a_late_turn_is_a_turn_and_the_next_is_counted_from_its_end() {
    let mut alice = Bench::on(&genesis());
    alice.wait(3600 * SECOND);
    assert_eq!(lines(&alice.step(Input::Wake)), ["TRY up to 0..."]);
    assert_eq!(alice.node.wake(), None, "an hour missed is not made up for");
}

// The wall's clock is for dates.

#[test]
fn a_block_is_dated_at_the_start_of_its_search() {
    let mut alice = Bench::on(&genesis());
    for _ in 0..5 {
        alice.now.wall += 60;
        assert_eq!(alice.misses().header.timestamp, START_TIME);
    }
}

#[test]
fn a_clock_before_genesis_dates_blocks_with_the_median() {
    for wall in [0, GENESIS_TIME - 1] {
        let mut alice = Bench::new(settings("alice", 7000), &genesis());
        alice.now.wall = wall;
        alice.step(Input::Start);
        assert_eq!(alice.search().header.timestamp, GENESIS_TIME);
    }
}

#[test]
fn a_clock_that_goes_back_does_not_stop_the_mining() {
    let mut alice = Bench::on(&genesis());
    for _ in 0..6 {
        alice.finds();
    }
    alice.now.wall = 0;
    for count in 8..30 {
        alice.finds();
        assert_eq!(alice.node.chain().count(), count, "a block dated by the median is valid");
    }
}

#[test]
fn a_search_is_dated_by_the_later_of_clock_and_median() {
    let chain = [50, 100, 200]
        .into_iter()
        .fold(genesis(), |chain, seconds| grow_at(&chain, GENESIS_TIME + seconds, 8000));
    // Of 0, 50, 100, 200 the later of the middle two.
    for (wall, dated) in [(0, 100), (99, 100), (100, 100), (101, 101), (150, 150), (200, 200)] {
        let mut alice = Bench::new(settings("alice", 7000), &chain);
        alice.now.wall = GENESIS_TIME + wall;
        alice.step(Input::Start);
        assert_eq!(alice.search().header.timestamp, GENESIS_TIME + dated);
    }
}

// Blocks from the future.

#[test]
fn two_hours_ahead_is_admitted_and_a_second_more_is_not() {
    for (ahead, is_admitted) in
        [(0, true), (7199, true), (7200, true), (7201, false), (1_000_000, false)]
    {
        let mut alice = Bench::on(&genesis());
        let theirs = grow_at(&genesis(), START_TIME + ahead, 8000);
        let outputs = alice.hears("bob", theirs.as_bytes());
        if is_admitted {
            assert_eq!((ignored(&outputs), alice.node.chain()), (None, &theirs));
        } else {
            let (height, seconds) = (1, ahead);
            assert_eq!(reason(&outputs), Some(&Reason::Future { height, seconds }));
            assert_eq!(alice.node.chain(), &genesis());
        }
    }
    assert_eq!(MAX_AHEAD_SECONDS, 7200);
}

#[test]
fn one_block_from_the_future_among_others_is_enough() {
    let first = grow(&genesis(), 2, 8000);
    let ahead = grow_at(&first, START_TIME + 7201, 8000);
    let theirs = grow_at(&ahead, START_TIME, 8000);
    let mut alice = Bench::on(&genesis());
    let outputs = alice.hears("bob", theirs.as_bytes());
    assert_eq!(reason(&outputs), Some(&Reason::Future { height: 3, seconds: 7201 }));
    assert_eq!(alice.node.chain(), &genesis());
}

#[test]
fn what_was_too_early_is_admitted_when_its_time_has_come() {
    let mut alice = Bench::on(&genesis());
    let theirs = grow_at(&genesis(), START_TIME + 7201, 8000);
    assert_eq!(ignored(&alice.hears("bob", theirs.as_bytes())), Some("future"));
    alice.now.wall += 1;
    assert_eq!(ignored(&alice.hears("bob", theirs.as_bytes())), None);
    assert_eq!(alice.node.chain(), &theirs);
}

#[test]
fn our_own_blocks_are_not_judged_by_our_clock() {
    let mut alice = Bench::on(&genesis());
    // Her clock is a day ahead while she finds three blocks, and is then put right.
    alice.now.wall += 86_400;
    for _ in 0..3 {
        alice.finds();
    }
    alice.now.wall -= 86_400;
    alice.finds();
    alice.finds();
    assert_eq!(alice.node.chain().count(), 6, "the median is ahead of her clock, and she mines");
}

#[test]
fn blocks_that_are_ours_already_are_not_judged_again() {
    // For example from a file; three blocks that are not ahead keep the median low.
    let ours = grow_at(&grow(&genesis(), 2, 8000), START_TIME + 1_000_000, 8000);
    let theirs = grow_at(&ours, START_TIME, 8000);
    let mut alice = Bench::on(&ours);
    assert_eq!(ignored(&alice.hears("bob", theirs.as_bytes())), None);
    assert_eq!(alice.node.chain(), &theirs);
}

#[test]
fn a_clock_at_its_end_does_not_overflow() {
    let mut alice = Bench::on(&genesis());
    let theirs = grow_at(&genesis(), u32::MAX, 8000);
    alice.now.wall = u32::MAX - 7201;
    assert_eq!(ignored(&alice.hears("bob", theirs.as_bytes())), Some("future"));
    alice.now.wall = u32::MAX - 10;
    assert_eq!(ignored(&alice.hears("bob", theirs.as_bytes())), None);
}

// Lanes.

#[test]
fn nodes_with_one_seed_and_one_clock_search_different_headers() {
    let lanes = [7000, 8000, 9000].map(|port| lane(&settings("alice", port)));
    assert!(lanes[0] != lanes[1] && lanes[1] != lanes[2] && lanes[0] != lanes[2], "{lanes:x?}");
}

#[test]
fn a_seed_and_a_port_always_give_the_same_lane() {
    let alice = settings("alice", 7000);
    let other = Settings { peers: Vec::new(), nonces: 5, ..settings("bob", 7000) };
    assert_eq!(lane(&alice), lane(&alice));
    assert_eq!(lane(&alice), lane(&other), "whatever else is set");
    assert_ne!(lane(&alice), lane(&Settings { seed: 2, ..alice.clone() }));
}

#[test]
fn a_node_stays_in_its_lane_over_turns_and_blocks() {
    let mut alice = Bench::on(&genesis());
    let lane = alice.misses().header.nonce.lane();
    alice.finds();
    alice.hears("bob", grow(alice.node.chain(), 1, 8000).as_bytes());
    assert_eq!(alice.search().header.nonce.lane(), lane);
}

#[test]
fn a_lane_that_is_exhausted_goes_on_in_the_next() {
    assert_eq!(Nonce::COUNTER_END, 1 << 40);
    let nonces = Nonce::COUNTER_END - 500;
    let mut alice = Bench::with(Settings { nonces, ..settings("alice", 7000) }, &genesis());
    let first = alice.misses();
    assert_eq!(first.counters, 0..nonces);
    let second = alice.misses();
    assert_eq!(second.counters, nonces..Nonce::COUNTER_END, "the rest of the lane");
    assert_eq!(second.header, first.header);
    alice.now.wall += 60;
    let third = alice.misses();
    assert_eq!(third.counters, 0..nonces);
    assert_eq!(third.header.nonce.lane(), first.header.nonce.lane().wrapping_add(1));
    assert_eq!(third.header.timestamp, START_TIME + 60, "a new search has a new date");
}

#[test]
fn a_turn_of_more_nonces_than_there_are_ends_with_the_lane() {
    let settings = Settings { nonces: u64::MAX, ..settings("alice", 7000) };
    let mut alice = Bench::with(settings, &genesis());
    assert_eq!(alice.misses().counters, 0..Nonce::COUNTER_END);
    assert_eq!(alice.misses().counters, 0..Nonce::COUNTER_END);
}

fn lane(settings: &Settings) -> u64 {
    Bench::with(settings.clone(), &genesis()).search().header.nonce.lane()
}

fn reason(outputs: &[Output]) -> Option<&Reason> {
    match outputs {
        [Output::Event(Event::Ignored { reason, .. })] => Some(reason),
        _ => None,
    }
}
