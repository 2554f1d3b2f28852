//! Statements about blocks among strangers: signed, passed on, limited.

use std::time::{SystemTime, UNIX_EPOCH};

use cairn::chain::Chain;
use cairn::contacts::Subject;
use cairn::hash::Hash;
use cairn::metadata::Metadata;
use cairn::metadata::entry::{Temperature, Value};
use iroh::SecretKey;

use crate::common::loopback::TARGET;
use crate::common::wait_until;
use crate::liars::{dial, frame, greet, own_hello, run, until};
use crate::strangers::{Stranger, agree, bare, contact, knowing, settings};

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later");
    u64::try_from(now.as_millis()).expect("it is not that late")
}

fn hot() -> Value {
    Value::Temperature { temperature: Some(Temperature::Hot), is_by_use: false }
}

/// The number of statements about a block.
fn count(metadata: &Metadata, block: &Hash) -> usize {
    metadata.of(block).1.len()
}

#[test]
fn what_a_node_states_reaches_those_it_is_not_connected_to_and_those_who_come_later() {
    let bob = Stranger::start(settings());
    let mut of_carol = knowing(&[&bob.network]);
    let mut of_alice = knowing(&[&bob.network]);
    of_alice.lists.block(Subject::Id(of_carol.key.name()), None);
    of_carol.lists.block(Subject::Id(of_alice.key.name()), None);
    let (alice, carol) = (Stranger::start(of_alice), Stranger::start(of_carol));
    alice.mine();
    agree(&[&alice, &bob, &carol], 1);
    let block = alice.tip().1;
    let stated = alice.network.metadata().write(block, hot(), now_ms()).expect("it is the tip");
    assert_eq!(&stated.by, alice.name());
    wait_until("carol has it from bob", || count(carol.network.metadata(), &block) == 1);
    let (temperature, entries) = carol.network.metadata().of(&block);
    assert_eq!((temperature, entries), (Temperature::Hot, vec![stated.clone()]));
    assert!(!alice.is_connected(carol.name()) && !carol.is_connected(alice.name()));

    let dave = Stranger::start(knowing(&[&carol.network]));
    wait_until("dave is told", || dave.network.metadata().of(&block).1 == [stated.clone()]);
    let location = Value::Location { holder: "dave".into(), holds: true };
    dave.network.metadata().write(block, location, now_ms()).expect("he has the block");
    wait_until("alice has it", || count(alice.network.metadata(), &block) == 2);
    let loser = bob.network.metadata();
    let cold = Value::Temperature { temperature: Some(Temperature::Cold), is_by_use: false };
    loser.write(block, cold, now_ms()).expect("it is later");
    let nodes = [&alice, &bob, &carol, &dave];
    wait_until("the last writer has won everywhere", || {
        nodes.iter().all(|it| it.network.metadata().of(&block).0 == Temperature::Cold)
    });
}

/// An encoded entry about the first block that names a holder, with this time.
fn entry(key: &SecretKey, time_ms: u64, holder: &str) -> Vec<u8> {
    let block = Chain::genesis(TARGET).tip_hash();
    let head = [&block.as_bytes()[..], &time_ms.to_be_bytes(), key.public().as_bytes()].concat();
    let len = u8::try_from(holder.len()).expect("it is short");
    let signed = [&head[..], &[2, 1, len], holder.as_bytes()].concat();
    let signature = key.sign(&[b"cairn metadata 1\n", &signed[..]].concat());
    [&signed[..], &signature.to_bytes()].concat()
}

#[test]
fn what_is_forged_costs_reputation_and_a_clock_that_is_wrong_does_not() {
    let (alice, _link, _notices) = bare(settings());
    let chain = Chain::genesis(TARGET);
    alice.metadata().follow(&chain);
    let (eve, bob) = (SecretKey::generate(), SecretKey::generate());
    let name = cairn::peer::PeerName::new(eve.public());
    let known = || contact(&alice, &name).expect("it was met");
    run(async {
        let (_endpoint, connection) = dial(&alice, &eve).await;
        let (mut sending, _receiving) = greet(&connection, &own_hello()).await;
        let mut send = async |batch: &[u8]| {
            sending.write_all(&frame(16, batch)).await.expect("it is open");
        };
        send(&entry(&bob, now_ms() + 70_000, "early")).await;
        send(&entry(&bob, now_ms(), "bob")).await;
        until(|| count(alice.metadata(), &chain.tip_hash()) == 1).await;
        assert_eq!((known().reputation, known().reasons.len()), (0, 0), "she passes on bob's");
        let mut forged = entry(&bob, now_ms() + 1, "eve");
        *forged.last_mut().expect("it has a signature") ^= 1;
        send(&forged).await;
        until(|| known().reputation == -40).await;
        assert!(known().reasons[0].contains("forged signature"), "{:?}", known().reasons);
        send(&entry(&bob, now_ms() + 2, "late")[..70]).await;
        until(|| known().reputation == -90).await;
    });
    let entries = alice.metadata().of(&chain.tip_hash()).1;
    let holders: Vec<_> = entries.into_iter().map(|entry| entry.value).collect();
    assert_eq!(holders, [Value::Location { holder: "bob".into(), holds: true }]);
}

#[test]
fn more_than_a_peer_may_send_in_a_minute_is_passed_over() {
    let mut small = settings();
    let eve = SecretKey::generate();
    let one = entry(&eve, 1, "a");
    small.batches.bytes_per_minute = one.len() + 1;
    let (alice, _link, _notices) = bare(small);
    let chain = Chain::genesis(TARGET);
    alice.metadata().follow(&chain);
    run(async {
        let (_endpoint, connection) = dial(&alice, &eve).await;
        let (mut sending, _receiving) = greet(&connection, &own_hello()).await;
        let two = [entry(&eve, 1, "b"), entry(&eve, 1, "c")].concat();
        for batch in [two, one] {
            sending.write_all(&frame(16, &batch)).await.expect("it is open");
        }
        until(|| count(alice.metadata(), &chain.tip_hash()) > 0).await;
    });
    assert_eq!(count(alice.metadata(), &chain.tip_hash()), 1, "the one that fits");
}
