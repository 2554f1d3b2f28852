//! Blocks among strangers: who gets them, and what happens to a liar.

use std::time::Duration;

use cairn::block::Block;
use cairn::contacts::{Contact, Standing};
use cairn::driver::{BUFFER_LEN, Link};
use cairn::net::notice::Notice;
use cairn::node::{Command, Input};
use cairn::wire::Blocks;

use crate::common::loopback;
use crate::common::wait_until;
use crate::strangers::{Stranger, agree, bare, is_connected, joined, knowing, notice, settings};

#[test]
fn three_strangers_converge_though_two_have_never_heard_of_each_other() {
    let alice = Stranger::start(settings());
    let bob = Stranger::start(knowing(&[&alice.network]));
    let carol = Stranger::start(knowing(&[&bob.network]));
    let nodes = [&alice, &bob, &carol];
    for (index, node) in nodes.iter().enumerate() {
        wait_until("it is connected", || node.connections() > 0);
        node.mine();
        agree(&nodes, index + 1);
    }
}

#[test]
fn thirty_nodes_get_every_block_and_ban_nobody_but_the_liar_among_them() {
    let mut nodes = vec![Stranger::start(settings())];
    for index in 1..30 {
        // Each node knows one earlier node, and finds the others by itself.
        let mut settings = knowing(&[&nodes[index / 2].network]);
        settings.seed = index as u64;
        nodes.push(Stranger::start(settings));
    }
    wait_until("all have found some", || nodes.iter().all(|node| node.connections() >= 4));
    let (liar, mut link, _notices) = bare(knowing(&[&nodes[7].network]));
    let target = joined(&mut link);
    for _ in 0..3 {
        link.send(&target, &lie()).expect("it is connected");
    }
    let all: Vec<_> = nodes.iter().collect();
    for (index, maker) in [3, 14, 15, 29].into_iter().enumerate() {
        nodes[maker].mine();
        agree(&all, index + 1);
    }
    let is_banned = |it: &Contact| it.standing == Standing::Banned;
    wait_until("the liar is banned", || {
        nodes[7].contact(liar.name()).is_some_and(|it| is_banned(&it))
    });
    for node in &nodes {
        let contacts = node.network.contacts().told().contacts;
        let banned = contacts.iter().filter(|it| is_banned(it) && it.id != *liar.name());
        assert_eq!(banned.count(), 0, "{contacts:?}");
    }
}

/// A chain whose second block does not follow its first.
fn lie() -> Vec<u8> {
    let genesis = Block::genesis().to_bytes();
    [genesis, genesis].concat()
}

#[test]
fn a_liar_among_honest_nodes_on_one_address_is_banned_within_its_first_lies() {
    let alice = Stranger::start(settings());
    let honest: Vec<_> = (0..5).map(|_| Stranger::start(knowing(&[&alice.network]))).collect();
    let (liar, mut link, _notices) = bare(knowing(&[&alice.network]));
    let target = joined(&mut link);
    wait_until("the liar sees that it is connected", || is_connected(&liar, &target));
    let mut lies = 0;
    while is_connected(&liar, &target) && lies < 100 {
        if link.send(&target, &lie()).is_ok() {
            lies += 1;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let ban = notice(&alice.notices, |notice| matches!(notice, Notice::Banned { .. }));
    assert!(ban.to_string().contains("previous-hash"), "{ban}");
    let known = alice.contact(liar.name()).expect("it was met");
    assert_eq!(known.standing, Standing::Banned);
    assert_eq!(known.reasons.len(), 3, "{:?}", known.reasons);
    assert!(known.banned_until.is_some(), "a ban ends");
    // The honest nodes are unchanged, and a block of theirs gets through.
    honest[0].mine();
    let all: Vec<_> = honest.iter().chain([&alice]).collect();
    agree(&all, 1);
    assert!(honest.iter().all(|node| alice.is_connected(node.name())));
}

#[test]
fn a_ban_ends_and_the_peer_is_let_in_again() {
    let mut short = settings();
    short.policy.bans.first = Duration::from_millis(300);
    let alice = Stranger::start(short);
    let (liar, mut link, _notices) = bare(knowing(&[&alice.network]));
    let target = joined(&mut link);
    for _ in 0..3 {
        link.send(&target, &lie()).expect("it is connected");
    }
    notice(&alice.notices, |notice| matches!(notice, Notice::Banned { .. }));
    notice(
        &alice.notices,
        |notice| matches!(notice, Notice::Joined { id, .. } if id == liar.name()),
    );
}

#[test]
fn a_fresh_node_fetches_more_than_a_listed_udp_peer_would_be_sent_in_a_second() {
    // 40 answers; over UDP 32 are given in a second.
    let blocks = 40 * 976;
    let alice = Stranger::on(settings(), loopback::chain(blocks));
    let bob = Stranger::start(knowing(&[&alice.network]));
    wait_until("bob has fetched all", || bob.tip() == alice.tip());
}

#[test]
fn a_connected_peer_is_asked_for_its_tip_now_and_then() {
    let (alice, mut link, _notices) = bare(settings());
    let (bob, _bobs_link, _notices) = bare(knowing(&[&alice]));
    joined(&mut link);
    let mut buffer = vec![0; BUFFER_LEN];
    let ask = Command::Ask(bob.name().clone());
    wait_until("bob is to be asked", || {
        let input = link.wait(Duration::from_millis(50), &mut buffer).expect("the link works");
        matches!(input, Some(Input::Command(command)) if command == ask)
    });
}

#[test]
fn twelve_boasters_of_twenty_neighbours_do_not_keep_an_honest_longer_chain_away() {
    let mut popular = settings();
    popular.policy.target = 0;
    let alice = Stranger::start(popular);
    // They claim a chain of a million blocks, and answer nothing.
    let boast = {
        let other = loopback::chain(3);
        let blocks = &other.blocks()[2..];
        Blocks { number: 0, count: 1_000_000, height: 999_999, blocks }.encode()
    };
    let mut boasters: Vec<_> = (0..12).map(|_| bare(knowing(&[&alice.network]))).collect();
    for (_, link, _) in &mut boasters {
        let target = joined(link);
        link.send(&target, &boast).expect("it is connected");
    }
    let honest: Vec<_> =
        (0..8).map(|_| Stranger::on(knowing(&[&alice.network]), loopback::chain(100))).collect();
    wait_until("alice has the honest chain", || alice.tip() == honest[0].tip());
    assert!(boasters.iter().all(|(boaster, _, _)| alice.contact(boaster.name()).is_some()));
}
