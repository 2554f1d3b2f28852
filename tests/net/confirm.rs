//! Questions about a block, and liars among the nodes that answer.

use std::sync::mpsc;
use std::time::Duration;

use cairn::advice::{Advice, Weighed};
use cairn::hash::Hash;
use cairn::net::Settings;
use cairn::peer::PeerName;
use cairn::words::{Reply, Request};
use serde_json::{Value, json};

use crate::common::{DEADLINE, wait_until};
use crate::liars::{received, run};
use crate::messages::{Liar, MESSAGE};
use crate::strangers::{Stranger, agree, knowing, settings};

/// A node that mines to the account that it claims: its port.
fn miner(settings: Settings) -> Stranger {
    let confirm = Duration::from_millis(1_500);
    Stranger::start(Settings { account: None, weight_minimum: 100, confirm, ..settings })
}

/// Asks through a node; the answer comes later.
fn ask(node: &Stranger, hash: Hash) -> mpsc::Receiver<Advice> {
    let (reply, answer) = mpsc::channel();
    let reply = Reply::new(move |advice| drop(reply.send(advice)));
    assert!(node.network.contacts().ask(Request::Confirm(hash, reply)));
    answer
}

/// What this node answered.
fn by<'a>(advice: &'a Advice, id: &PeerName) -> Option<&'a Weighed> {
    advice.claims.iter().find(|it| it.claim.id == *id)
}

/// Three nodes that have mined one, two and three blocks of one chain.
fn miners() -> [Stranger; 3] {
    let alice = miner(settings());
    let bob = miner(knowing(&[&alice.network]));
    let carol = miner(knowing(&[&alice.network, &bob.network]));
    let nodes = [alice, bob, carol];
    wait_until("all are connected", || nodes.iter().all(|node| node.connections() == 2));
    let mut height = 0;
    for (node, count) in nodes.iter().zip(1..) {
        for _ in 0..count {
            node.mine();
            height += 1;
            agree(&nodes.each_ref(), height);
        }
    }
    nodes
}

#[test]
fn all_answer_by_their_shares_and_say_how_deep_the_block_lies() {
    let [alice, bob, carol] = miners();
    let advice = ask(&alice, alice.tip().1).recv_timeout(DEADLINE).expect("it answers");
    assert!(advice.is_enough(), "{advice:?}");
    assert_eq!((advice.total, advice.answered(), advice.confirmed()), (6, 6, 6));
    for (node, blocks) in [(&alice, 1), (&bob, 2), (&carol, 3)] {
        let it = by(&advice, node.name()).expect("it has answered");
        let place = it.claim.place.expect("it has the block");
        assert_eq!((it.blocks, it.counts, place.height, place.above), (blocks, true, 6, 0));
    }
    let advice = ask(&bob, Hash::of(b"nowhere")).recv_timeout(DEADLINE).expect("it answers");
    assert_eq!((advice.answered(), advice.confirmed()), (6, 0));
}

#[test]
fn a_liar_that_claims_anothers_account_makes_both_count_for_nothing_and_no_more() {
    let [alice, bob, carol] = miners();
    let account = bob.network.address().port();
    run(async {
        let (mut liar, _alive) = Liar::meet(&alice).await;
        let key = liar.key.clone();
        let advice = ask(&alice, alice.tip().1);
        let question = loop {
            let held = liar.next(MESSAGE).await;
            let message: Value = serde_json::from_slice(&held[65..]).expect("it is JSON");
            if message["body"]["question"].is_string() {
                break message;
            }
        };
        let to = json!({ "node": question["from"] });
        let answer = |number: u64, account: u16| json!({ "answer": { "question": number, "account": account, "height": null, "above": 0 } });
        let number = question["number"].as_u64().expect("a number");
        // An answer to a question that was not asked, the lie, and a changed answer.
        for (number, account) in [(number + 9, 1), (number, account), (number, 2)] {
            let message = liar.message(&key, to.clone(), answer(number, account));
            liar.send(MESSAGE, &message).await;
        }
        let advice = received(&advice).await;
        assert!(!advice.is_enough(), "bob's weight is missing: {advice:?}");
        assert_eq!((advice.answered(), advice.confirmed()), (4, 4));
        let lie = by(&advice, &PeerName::new(key.public())).expect("it has answered");
        assert_eq!((lie.claim.account, lie.counts), (account, false));
        assert!(by(&advice, bob.name()).is_some_and(|it| !it.counts));
        assert!(by(&advice, carol.name()).is_some_and(|it| it.counts));
        assert_eq!(advice.claims.len(), 4);
    });
}
