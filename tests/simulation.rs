//! The seeded simulation: part of the campaign, and a check that it repeats itself.
//!
//! The whole campaign is `cargo run --release -- sim --seeds 800`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use cairn::hash::Hash;
use cairn::miner;
use cairn::node::Command;
use cairn::peer::PeerName;
use cairn::sim::{Failure, Faults, Order, Partition, Report, Scenario, Sight, World};
use cairn::target::Target;

/// Runs a scenario and returns its trace too.
fn traced(scenario: &Scenario) -> (Report, String) {
    let mut text = String::new();
    let mut trace = |line: &str| {
        text += line;
        text += "\n";
    };
    let report = scenario.run(Some(&mut trace)).unwrap_or_else(|failure| panic!("{failure}"));
    (report, text)
}

#[test]
fn a_hundred_hours_with_every_fault_are_safe_and_end_in_agreement() {
    for seed in 1..=100 {
        let report = Scenario::campaign(seed).run(None);
        let report = report.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(report.agreed.is_some() && report.counts.reorganisations > 0, "{report}");
    }
}

#[test]
fn the_same_seed_gives_the_same_steps_and_another_gives_others() {
    let (first, trace) = traced(&Scenario::campaign(7));
    let (second, again) = traced(&Scenario::campaign(7));
    assert!(trace == again && first == second);
    assert!(trace != traced(&Scenario::campaign(8)).1);
    assert_eq!(Scenario::campaign(7).run(None), Ok(first), "to watch changes nothing");
}

#[test]
fn a_seeds_steps_are_the_same_on_any_machine() {
    let (_, trace) = traced(&Scenario::campaign(2026));
    // This changes with the node's rules, and with nothing else.
    let expected = "1a228eeae51b2b29b2fda0e1901d864cb698f276a1447558118bf2fe9b89f750";
    assert_eq!(Hash::of(trace.as_bytes()).to_string(), expected);
}

#[test]
fn the_readme_shows_what_a_seed_gives() {
    let report = Scenario::campaign(1).run(None).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(include_str!("../README.md").contains(&report.to_string()), "it is now\n{report}");
}

#[test]
fn without_faults_nothing_is_lost_and_forks_are_short() {
    let faults = Faults::default();
    let scenario = Scenario { faults, ..Scenario::campaign(1) };
    let report = scenario.run(None).unwrap_or_else(|failure| panic!("{failure}"));
    let counts = &report.counts;
    assert_eq!((counts.lost, counts.blocked, counts.kills, counts.floods), (0, 0, 0, 0));
    assert!(report.height > 200 && counts.deepest <= 4, "{report}");
}

#[test]
fn a_seed_that_loses_nothing_by_chance_is_no_failure() {
    let faults = Faults { loss: 10, ..Faults::default() };
    let runs = (1..=20).map(|seed| {
        let scenario = Scenario { faults: faults.clone(), nodes: 2, ..Scenario::campaign(seed) };
        scenario.run(None).unwrap_or_else(|failure| panic!("{failure}")).counts.lost
    });
    let lost: Vec<_> = runs.collect();
    assert!(lost.contains(&0) && lost.iter().any(|&lost| lost > 0), "{lost:?}");
}

#[test]
fn agreement_is_counted_from_a_partitions_end_where_nothing_else_goes_wrong() {
    let partition = Some(Partition::Halves(Duration::from_secs(600)));
    let faults = Faults { partition, ..Faults::default() };
    let scenario = Scenario { faults, ..Scenario::campaign(3) };
    let (report, trace) = traced(&scenario);
    let time = |what: &str| {
        let line = trace.lines().find(|line| line.contains(what)).expect("such a step");
        line.trim().split(' ').next().and_then(|time| time.parse::<f64>().ok()).expect("a time")
    };
    assert_eq!(time("the network is whole"), 660.0);
    let agreed = report.agreed.expect("they agree").as_secs_f64();
    assert_eq!(time("all agree"), 660.0 + agreed);
    assert!(agreed > 0.0, "halves that were apart do not agree at once");
}

#[test]
fn halves_that_were_apart_for_half_a_day_come_together() {
    // The last quarter of the time is without faults.
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let mut scenario = Scenario { duration: 16 * HOUR, ..Scenario::campaign(1) };
    let partition = Some(Partition::Halves(scenario.max_partition()));
    scenario.faults = Faults { partition, ..Faults::default() };
    let report = scenario.run(None).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(report.counts.deepest > 1_000, "{report}");
}

#[test]
fn a_partition_makes_a_fork_and_its_end_a_reorganisation() {
    let partition = Some(Partition::Halves(Duration::from_secs(10 * 60)));
    let faults = Faults { partition, ..Faults::default() };
    let scenario = Scenario { faults, ..Scenario::campaign(3) };
    let report = scenario.run(None).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(report.counts.blocked > 0 && report.counts.deepest > 5, "{report}");
    assert!(report.is_agreed, "{report}");
}

#[test]
fn mining_nodes_keep_agreeing_across_block_123_and_far_beyond() {
    let faults = Faults { loss: 100, ..Faults::default() };
    let duration = Duration::from_secs(12 * 60 * 60);
    let scenario = Scenario { faults, nodes: 3, duration, seed: 4 };
    let report = scenario.run(None).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(report.height > 1_000 && report.is_agreed, "{report}");
}

/// The events of a world, as they are seen, with their times.
type Story = Rc<RefCell<Vec<(Duration, String)>>>;

fn watched(scenario: Scenario) -> (World<'static>, Story) {
    let story = Story::default();
    let told = story.clone();
    let world = World::new(scenario).watched(move |time, sight| {
        if let Sight::Event(node, event) = sight {
            told.borrow_mut().push((time, format!("{}: {event}", node.settings().name)));
        }
    });
    (world, story)
}

/// The heights of all nodes that are up.
fn heights(world: &World) -> Vec<usize> {
    world.nodes().map(|node| node.chain().height()).collect()
}

#[test]
fn a_world_that_is_driven_step_by_step_takes_the_steps_of_a_run() {
    let scenario = Scenario::campaign(7);
    let mut whole = Vec::new();
    let mut see = |time, sight: Sight| {
        if let Sight::Event(node, event) = sight {
            whole.push((time, format!("{}: {event}", node.settings().name)));
        }
    };
    let report = scenario.run_watched(None, Some(&mut see)).expect("seed 7 is as it should be");
    let (mut world, story) = watched(scenario);
    world.start().expect("it starts");
    for second in 0..60 {
        world.run_to(Duration::from_millis(second * 777)).expect("as in the run");
    }
    while world.advance().expect("as in the run") {}
    world.run_to(Duration::MAX).expect("nothing is left");
    assert!(*story.borrow() == whole);
    assert_eq!(world.report(), report);
}

#[test]
fn a_world_without_orders_is_a_calm_run_of_the_same_seed() {
    let calm = Scenario { faults: Faults::default(), nodes: 5, ..Scenario::campaign(3) };
    let (report, _) = traced(&calm);
    let (mut world, _) = watched(Scenario::endless(3, 5));
    world.start().expect("it starts");
    world.run_to(calm.duration).expect("no check fails");
    assert_eq!((world.report().height, world.report().made), (report.height, report.made));
}

#[test]
fn the_same_orders_at_the_same_times_give_the_same_steps() {
    let story = |orders: &[(u64, Order)]| {
        let (mut world, story) = watched(Scenario::endless(7, 3));
        world.start().expect("it starts");
        for (second, order) in orders {
            world.run_to(Duration::from_secs(*second)).expect("no check fails");
            world.obey(order.clone()).expect("they are good orders");
        }
        world.run_to(Duration::from_secs(900)).expect("no check fails");
        drop(world);
        Rc::into_inner(story).expect("the world is gone").into_inner()
    };
    let [alice, bob] = ["alice", "bob"].map(PeerName::new);
    let links = Order::Links(Duration::from_millis(500), 100);
    let orders = [
        (10, Order::Add),
        (20, links),
        (30, Order::Liar(true)),
        (40, Order::Crash(bob)),
        (50, Order::Speed(alice, 9)),
        (600, Order::Liar(false)),
    ];
    assert!(story(&orders) == story(&orders));
    assert!(story(&orders) != story(&orders[..4]));
}

#[test]
fn orders_do_what_they_say() {
    let (mut world, story) = watched(Scenario::endless(1, 3));
    let alice = PeerName::new("alice");
    let told = |words: &str| story.borrow().iter().filter(|(_, told)| told.contains(words)).count();
    world.start().expect("it starts");
    for name in ["bob", "carol"] {
        let pause = Order::Command(PeerName::new(name), Command::Pause);
        world.obey(pause).expect("it is a node");
    }
    world.obey(Order::Speed(alice.clone(), 1000)).expect("it is a node");
    world.run_to(Duration::from_secs(60)).expect("no check fails");
    assert!(
        heights(&world)[0] > 30,
        "with a thousand tries a turn has a block: {:?}",
        heights(&world)
    );
    assert_eq!(told("bob: CREATE"), 0, "it is paused");

    world.obey(Order::Stop(alice.clone())).expect("it is a node");
    let [bob, _] = heights(&world)[..] else { panic!("two are up") };
    world.obey(Order::Add).expect("there is room");
    world.run_to(Duration::from_secs(70)).expect("no check fails");
    assert_eq!(world.nodes().nth(2).map(|node| node.chain().height() >= bob), Some(true));
    assert!(told("dave: COPY") > 0, "it has heard of the chain");

    world.obey(Order::Start(alice.clone())).expect("it is a node");
    world.obey(Order::Links(Duration::from_secs(3), 1000)).expect("any links will do");
    world.run_to(Duration::from_secs(80)).expect("no check fails");
    let before = told("bob: COPY");
    world.run_to(Duration::from_secs(200)).expect("no check fails");
    assert_eq!(told("bob: COPY"), before, "all is lost");
    let unknown = world.obey(Order::Start(PeerName::new("nobody"))).expect_err("no such node");
    assert_eq!(unknown.to_string(), "there is no node nobody");
}

#[test]
fn a_liar_comes_and_goes_and_harms_nobody() {
    let (mut world, story) = watched(Scenario::endless(5, 4));
    world.start().expect("it starts");
    let from_liar = || story.borrow().iter().filter(|(_, told)| told.contains("mallory")).count();
    world.obey(Order::Liar(true)).expect("it may come");
    world.run_to(Duration::from_secs(600)).expect("no check fails");
    assert!(from_liar() > 10);
    world.obey(Order::Liar(false)).expect("it may go");
    world.obey(Order::Add).expect("there is room");
    world.run_to(Duration::from_secs(610)).expect("no check fails");
    let before = from_liar();
    world.run_to(Duration::from_secs(1200)).expect("no check fails");
    assert_eq!(from_liar(), before, "it is gone");
    let heights = heights(&world);
    assert!(heights.iter().all(|&height| height > 30 && height.abs_diff(heights[0]) <= 1));
}

#[test]
fn a_check_fails_where_a_disk_lies_and_the_power_goes() {
    let failure = |is_lying: bool| {
        let (mut world, _) = watched(Scenario::endless(2, 3));
        let alice = PeerName::new("alice");
        world.start().expect("it starts");
        if is_lying {
            world.obey(Order::LieAboutSync(alice.clone())).expect("it is a node");
        }
        for minute in 1..20 {
            world.run_to(Duration::from_secs(60 * minute))?;
            world.obey(Order::Crash(alice.clone())).expect("the power goes first");
        }
        Ok::<_, Failure>(())
    };
    assert_eq!(failure(false), Ok(()));
    let failure = failure(true).expect_err("what alice announced is lost");
    assert!(failure.what.starts_with("alice announced "), "{failure}");
}

#[test]
fn nodes_whose_searches_others_do_mine_for_the_target_that_was_asked_for() {
    let target = Target::from_zero_bits(10);
    let mut world = World::new(Scenario::endless(1, 3)).searched_outside(target);
    world.start().expect("it starts");
    for tenth in 1..200 {
        world.run_to(Duration::from_millis(100 * tenth)).expect("no check fails");
        for (name, mut search) in world.take_searches() {
            assert_eq!(search.target, target);
            // A worker may be told to stop: it has tried a part.
            search.counters.end = search.counters.start + 100;
            let found = miner::search(&search.header, search.counters.clone(), target);
            world.answer(&name, search, found).expect("no check fails");
        }
    }
    let heights = heights(&world);
    assert!(heights.iter().all(|&height| height > 10), "{heights:?}");
    let chain = world.nodes().next().expect("all are up").chain();
    assert_eq!(chain.target(), target);
}
