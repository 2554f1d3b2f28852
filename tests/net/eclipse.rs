//! Twelve liars among twenty neighbours: they can neither take all places around a node nor
//! keep a longer honest chain away from it. No socket and no clock.

use std::collections::VecDeque;
use std::time::Duration;

use cairn::chain::Chain;
use cairn::net::group::group;
use cairn::net::table::{Place, Policy, Source};
use cairn::node::{Input, Node, Now, Output, Settings};
use cairn::peer::PeerName;
use cairn::sync;
use cairn::wire::{Blocks, Message};

use crate::common::loopback::{TARGET, chain};
use crate::table::{address, id, met, table};

const LIARS: usize = 12;
const NEIGHBOURS: usize = 20;

/// Time advances in steps of this.
const STEP: Duration = Duration::from_millis(50);

/// An honest node's chain arrives within this time, whatever the liars do: each of them
/// delays the node by a tenth of a second and a step, and then the next peer is asked too.
const PATIENCE: Duration = Duration::from_millis(12 * 150 + 200);

fn now(monotonic: Duration) -> Now {
    Now { monotonic, wall: 2_000_000_000 }
}

fn name(number: usize) -> PeerName {
    PeerName::new(format!("neighbour {number}"))
}

/// A claim to have a very long chain, which connects to no other chain.
fn boast(number: usize) -> Vec<u8> {
    let other = chain(3);
    let blocks = &other.blocks()[2..];
    let count = 1_000_000 + number as u32;
    Blocks { number: 0, count, height: count - 1, blocks }.encode()
}

/// Answers questions: honest peers answer with their chain, liars do not answer.
fn answers(honest: &Chain, outputs: Vec<Output>) -> Vec<(PeerName, Vec<u8>)> {
    let mut answers = Vec::new();
    for output in outputs {
        let Output::Send { to, bytes } = output else { continue };
        let Ok(Message::Question(question)) = Message::decode(&bytes) else { continue };
        let is_honest = |to: &&PeerName| (LIARS..NEIGHBOURS).any(|number| name(number) == **to);
        for to in to.iter().filter(is_honest) {
            let frames = sync::answer(honest, &question);
            answers.extend(frames.into_iter().map(|frame| (to.clone(), frame)));
        }
    }
    answers
}

#[test]
fn twelve_liars_of_twenty_neighbours_cannot_keep_an_honest_longer_chain_away() {
    assert!(time_to_catch_up(Duration::ZERO) < PATIENCE, "the liars have delayed the node");
}

#[test]
fn an_answer_from_far_away_is_of_use_though_others_were_asked_meanwhile() {
    let round_trip = Duration::from_millis(400);
    let answers_needed = 1;
    assert!(time_to_catch_up(round_trip) < PATIENCE + round_trip * answers_needed);
}

/// Settings of a node over a link of streams.
fn settings() -> Settings {
    let ask_more_after = Some(Duration::from_millis(100));
    let tutorial = Settings::tutorial(name(99), 99, Vec::new());
    Settings { nonces: 0, relay: true, ask_more_after, ..tutorial }
}

/// The time that a fresh node needs to get the chain of honest peers, each of whose answers
/// takes this long.
fn time_to_catch_up(round_trip: Duration) -> Duration {
    let honest = chain(500);
    let mut node = Node::new(settings(), Chain::genesis(TARGET));
    let mut on_their_way = VecDeque::new();
    node.step(now(Duration::ZERO), Input::Start);
    for number in 0..NEIGHBOURS {
        node.step(now(Duration::ZERO), Input::Joined(name(number)));
    }
    let tip = Blocks { number: 0, count: 500, height: 492, blocks: &honest.blocks()[492..] };
    let mut time = Duration::ZERO;
    while node.chain().count() < honest.count() {
        assert!(time < PATIENCE * 20, "it never catches up");
        let mut outputs = Vec::new();
        for number in 0..NEIGHBOURS {
            let says = if number < LIARS { boast(number) } else { tip.encode() };
            let input = Input::Datagram { from: name(number), bytes: &says };
            outputs.extend(node.step(now(time), input));
        }
        outputs.extend(node.step(now(time), Input::Wake));
        loop {
            let answers = answers(&honest, std::mem::take(&mut outputs));
            on_their_way.extend(answers.into_iter().map(|answer| (time + round_trip, answer)));
            let is_here = |(at, _): &&(Duration, _)| *at <= time;
            let Some((_, (from, bytes))) = on_their_way.front().filter(is_here).cloned() else {
                break;
            };
            on_their_way.pop_front();
            outputs.extend(node.step(now(time), Input::Datagram { from, bytes: &bytes }));
        }
        time += STEP;
    }
    assert_eq!(node.chain().tip_hash(), honest.tip_hash());
    time
}

#[test]
fn liars_of_few_groups_never_get_the_places_of_the_oldest_that_were_dialled() {
    let start = Duration::from_secs(1_000_000);
    let mut table = table(Policy { target: 8, most: NEIGHBOURS, ..Policy::default() });
    // Eight honest peers, each in its own group, and many liars in one group.
    for number in 0..8 {
        table.learn(start, &id(number), address(100 + number as u8, 1), Source::Peer);
    }
    for number in 100..150 {
        table.learn(start, &id(number), address(1, number as u8), Source::Peer);
    }
    let dials = table.dials(start);
    let liars = dials.iter().filter(|(_, to)| group(to.ip()) == group(address(1, 1).ip()));
    assert!(liars.count() <= 1, "at most one of a group is dialled while there are others");
    for (number, (id, address)) in dials.iter().enumerate() {
        let met = cairn::net::table::Met { id: id.clone(), ..met(number, *address, true) };
        assert_eq!(table.meet(start, met), Ok(Place::Free));
    }
    // The liars dial us from all their addresses, again and again, under ever new names.
    for number in 1_000..2_000 {
        let from = address((number % 3) as u8, (number % 250) as u8);
        let place = table.meet(start + STEP, met(number, from, false));
        if let Ok(Place::Of(gone)) = place {
            assert!(dials.iter().all(|(id, _)| *id != gone), "{gone} was dialled by this node");
        }
    }
}
