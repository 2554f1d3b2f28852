//! Who is let in, who is not, and that both sides learn why.

use cairn::contacts::{Order, Standing, Subject};
use cairn::net::Network;
use cairn::net::notice::Notice;

use crate::common::wait_until;
use crate::strangers::{Stranger, agree, at, bare, joined, knowing, notice, settings};

/// How often a handshake of this network has ended so.
fn count(network: &Network, outcome: &str) -> u64 {
    let handshakes = network.contacts().told().handshakes;
    handshakes.iter().find(|(name, _)| *name == outcome).map_or(0, |(_, count)| *count)
}

/// Starts two that cannot be of one network, and checks that both say this.
fn both_say(why: &str, outcome: &str, change: impl Fn(&mut cairn::net::Settings)) {
    let (alice, _link, alices) = bare(settings());
    let mut other = knowing(&[&alice]);
    change(&mut other);
    let (bob, _link, bobs) = bare(other);
    let is_refusal = |notice: &Notice| matches!(notice, Notice::Refused { .. });
    for notice in [notice(&alices, is_refusal), notice(&bobs, is_refusal)] {
        assert!(notice.to_string().contains(why), "{notice}");
    }
    wait_until("alice has counted it", || count(&alice, outcome) > 0);
    wait_until("bob has counted it", || count(&bob, "turned-away") + count(&bob, outcome) > 0);
}

#[test]
fn another_genesis_is_refused_with_the_reason_on_both_sides() {
    both_say("different networks", "genesis", |other| other.genesis = "00".repeat(32));
}

#[test]
fn another_target_is_refused_with_the_reason_on_both_sides() {
    both_say("different networks", "genesis", |other| other.zero_bits += 1);
}

#[test]
fn no_common_version_is_refused_with_the_reason_on_both_sides() {
    both_say("no common version", "version", |other| other.versions = (7, 9));
}

#[test]
fn a_blocked_identity_is_refused_and_let_in_when_it_is_allowed() {
    let (alice, _link, alices) = bare(settings());
    let bob = settings();
    let name = bob.key.name();
    assert!(alice.contacts().give(Order::Block(Subject::Id(name.clone()), None)));
    let bob = cairn::net::Settings { bootstrap: vec![at(&alice)], ..bob };
    let (_bob, mut link, _notices) = bare(bob);
    let refusal = notice(&alices, |notice| matches!(notice, Notice::Refused { .. }));
    assert!(refusal.to_string().contains("not let in"), "{refusal}");
    assert!(alice.contacts().give(Order::Allow(Subject::Id(name), None)));
    assert_eq!(joined(&mut link), *alice.name());
}

#[test]
fn a_peer_that_is_blocked_while_connected_is_disconnected() {
    let alice = Stranger::start(settings());
    let bob = Stranger::start(knowing(&[&alice.network]));
    wait_until("they have met", || alice.is_connected(bob.name()));
    let order = Order::Block(Subject::Id(bob.name().clone()), None);
    assert!(alice.network.contacts().give(order));
    wait_until("bob is blocked", || {
        alice.contact(bob.name()).is_some_and(|bob| bob.standing == Standing::Blocked)
    });
    wait_until("bob has no connection", || bob.connections() == 0);
}

#[test]
fn two_that_dial_each_other_keep_the_connection_of_the_lower_identity() {
    let alice = Stranger::start(settings());
    let bob = Stranger::start(knowing(&[&alice.network]));
    let order = Order::Add(bob.name().clone(), bob.network.address());
    assert!(alice.network.contacts().give(order));
    let (lower, higher) = if alice.name() < bob.name() { (&alice, &bob) } else { (&bob, &alice) };
    wait_until("they have met", || {
        lower.is_connected(higher.name()) && higher.is_connected(lower.name())
    });
    for node in [&alice, &bob] {
        assert_eq!(node.connections(), 1);
    }
    alice.mine();
    agree(&[&alice, &bob], 1);
}

#[test]
fn a_peer_that_starts_again_takes_the_place_of_its_dead_connection() {
    let (alice, mut link, _notices) = bare(settings());
    let bob = knowing(&[&alice]);
    let (first, _first_link, _notices) = bare(bob.clone());
    assert_eq!(joined(&mut link), bob.key.name());
    // The same key from elsewhere: to alice the first connection must be dead.
    let (second, mut second_link, _notices) = bare(bob);
    assert_eq!(joined(&mut link), *second.name());
    assert_eq!(joined(&mut second_link), *alice.name());
    drop(first);
}

#[test]
fn a_node_that_is_full_refuses_and_goes_on() {
    let mut full = settings();
    full.limits.total = 2;
    let (alice, mut link, _notices) = bare(full);
    let (_bob, _bobs_link, _notices) = bare(knowing(&[&alice]));
    let (_carol, _carols_link, _notices) = bare(knowing(&[&alice]));
    joined(&mut link);
    joined(&mut link);
    let (dave, _daves_link, _notices) = bare(knowing(&[&alice]));
    wait_until("dave is turned away", || count(&alice, "full") > 0);
    wait_until("dave knows it", || count(&dave, "unreachable") > 0);
    assert_eq!(count(&alice, "done"), 2);
}

#[test]
fn handshakes_in_a_second_are_limited() {
    let mut slow = settings();
    slow.limits.handshakes = 1;
    let (alice, mut link, _notices) = bare(slow);
    let dialled: Vec<_> = (0..4).map(|_| bare(knowing(&[&alice]))).collect();
    for _ in &dialled {
        joined(&mut link);
    }
    assert!(count(&alice, "full") > 0, "they came one after the other by themselves");
}
