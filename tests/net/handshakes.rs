//! Which nodes are let in and which are not, and that both sides learn why.

use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use cairn::contacts::{Order, Standing, Subject};
use cairn::net::notice::Notice;

use crate::common::wait_until;
use crate::strangers::{
    Stranger, agree, at, bare, contact, count, is_connected, joined, knowing, notice, settings,
};

/// Starts two nodes that cannot belong to one network, and checks that both report this
/// reason.
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
    both_say("another genesis", "genesis", |other| other.genesis = "00".repeat(32));
}

#[test]
fn another_target_is_refused_with_the_reason_on_both_sides() {
    both_say("zero bits", "target", |other| other.zero_bits += 1);
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
    // The same key from elsewhere: for alice the first connection must be dead.
    let (second, mut second_link, _notices) = bare(bob);
    assert_eq!(joined(&mut link), *second.name());
    assert_eq!(joined(&mut second_link), *alice.name());
    drop(first);
}

#[test]
fn a_node_that_is_full_refuses_and_goes_on() {
    let mut full = settings();
    full.policy.most = 2;
    let (alice, mut link, _notices) = bare(full);
    let (_bob, _bobs_link, _notices) = bare(knowing(&[&alice]));
    let (_carol, _carols_link, _notices) = bare(knowing(&[&alice]));
    joined(&mut link);
    joined(&mut link);
    let (dave, _daves_link, _notices) = bare(knowing(&[&alice]));
    wait_until("dave is turned away", || count(&alice, "full") > 0);
    wait_until("dave knows it", || count(&dave, "turned-away") > 0);
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
    assert!(count(&alice, "full-second") > 0, "they came one after the other by themselves");
}

/// An address of this machine that is not loopback, if it has one: packets to it do not
/// leave the machine.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // This sends nothing: it asks which route a packet would take.
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[test]
fn an_address_other_than_loopback_has_no_more_than_its_share_of_connections() {
    let Some(ip) = own_address() else {
        return eprintln!("left out: this machine has only loopback; see namespaces.sh");
    };
    let mut limited = settings();
    limited.address = (ip, 0).into();
    limited.limits.per_address = 2;
    let (alice, _link, _notices) = bare(limited);
    let dialled: Vec<_> = (0..4)
        .map(|_| {
            let mut other = knowing(&[&alice]);
            other.address = (ip, 0).into();
            // A node that finds the others would not keep dialling.
            other.policy.target = 1;
            bare(other)
        })
        .collect();
    wait_until("the share is used up", || count(&alice, "done") >= 2);
    wait_until("others are turned away", || count(&alice, "full-address") >= 2);
    let known = alice.contacts().told().contacts;
    let connected = known.iter().filter(|it| it.standing == Standing::Connected).count();
    assert_eq!(connected, 2, "{known:?}");
    drop(dialled);
}

#[test]
fn a_rule_without_an_end_that_can_be_reckoned_holds_for_good() {
    let (alice, _link, _notices) = bare(settings());
    let bob = cairn::net::key::Key::random().name();
    let order = Order::Block(Subject::Id(bob.clone()), Some(Duration::MAX));
    assert!(alice.contacts().give(order));
    assert!(alice.contacts().give(Order::Add(bob.clone(), ([127, 0, 0, 1], 9).into())));
    wait_until("bob is blocked", || {
        let known = alice.contacts().told().contacts;
        known.iter().any(|it| it.id == bob && it.standing == Standing::Blocked)
    });
}

#[test]
fn a_peer_at_a_blocked_address_is_disconnected_until_the_block_ends() {
    let (alice, mut link, _notices) = bare(settings());
    let (bob, _bobs_link, _notices) = bare(knowing(&[&alice]));
    joined(&mut link);
    let order = Order::Block(Subject::Address([127, 0, 0, 1].into()), Some(Duration::from_secs(1)));
    assert!(alice.contacts().give(order));
    wait_until("bob is out", || !is_connected(&alice, bob.name()));
    wait_until("the block has ended", || is_connected(&alice, bob.name()));
}

#[test]
fn a_peer_that_says_no_hello_for_long_is_hung_up_on_and_at_last_forgotten() {
    let mut strict = settings();
    strict.policy.silent_after = Duration::from_millis(400);
    strict.policy.forget_after = Duration::from_millis(1_500);
    let (alice, mut link, alices) = bare(strict);
    // It sends a hello only every hour.
    let mut quiet = knowing(&[&alice]);
    quiet.hello = Duration::from_secs(3_600);
    let (bob, _bobs_link, _notices) = bare(quiet);
    joined(&mut link);
    let left = notice(&alices, |notice| matches!(notice, Notice::Left { .. }));
    assert!(left.to_string().contains("said nothing for too long"), "{left}");
    let name = bob.name().clone();
    drop(bob);
    wait_until("it is forgotten", || contact(&alice, &name).is_none());
}
