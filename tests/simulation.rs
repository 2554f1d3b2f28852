//! The seeded simulation: a slice of the campaign, and that it repeats itself.
//!
//! The whole campaign is `cargo run --release -- sim --seeds 800`.

use std::time::Duration;

use cairn::hash::Hash;
use cairn::sim::{Faults, Partition, Report, Scenario};

/// Runs a scenario and gives its trace along.
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
    // Changes with the node's rules, and with nothing else.
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
