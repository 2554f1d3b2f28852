//! Messages between real nodes: who gets them, and how a liar's are treated.

use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn::chain::Chain;
use cairn::event::Event;
use cairn::net::Settings;
use cairn::net::hello::Hello;
use cairn::peer::PeerName;
use cairn::words::{Reply, Request, Sent, Unsent};
use iroh::SecretKey;
use iroh::endpoint::{RecvStream, SendStream};
use serde_json::{Value, json};

use crate::common::loopback::TARGET;
use crate::common::{DEADLINE, wait_until};
use crate::liars::{dial, frame, received, run};
use crate::strangers::{Stranger, knowing, settings};
use crate::table::hello;

/// The kinds of frames.
const HELLO: u8 = 1;
pub(crate) const MESSAGE: u8 = 3;
const RECORD: u8 = 4;
const WHO: u8 = 5;

/// A node, and the message events that it reports.
fn watched(settings: Settings) -> (Stranger, Receiver<Event>) {
    let (tell, events) = mpsc::channel();
    let node = Stranger::watched(settings, Chain::genesis(TARGET), move |event| {
        if matches!(event, Event::MessageReceived { .. } | Event::MessageRefused { .. }) {
            // The test may be over.
            let _ = tell.send(event.clone());
        }
    });
    (node, events)
}

/// The settings of a node that dials nobody, with this name and group.
fn quiet(name: &str, group: &str) -> Settings {
    let mut settings = settings();
    settings.policy.target = 0;
    settings.name = name.to_owned();
    settings.groups.push(group.to_owned());
    settings
}

fn say(from: &Stranger, to: &str, text: &str) -> Result<Sent, Unsent> {
    let (reply, answer) = mpsc::channel();
    let reply = Reply::new(move |answer| drop(reply.send(answer)));
    let to = to.parse().expect("every text is a recipient");
    assert!(from.network.contacts().ask(Request::Say(to, text.to_owned(), reply)));
    answer.recv_timeout(DEADLINE).expect("it answers")
}

/// The next text that a node is shown, and its sender.
fn shown(events: &Receiver<Event>) -> (PeerName, Option<String>, String) {
    words(events.recv_timeout(DEADLINE).expect("something comes"))
}

fn words(event: Event) -> (PeerName, Option<String>, String) {
    match event {
        Event::MessageReceived { from, name, text, .. } => (from, name, text),
        other => panic!("{other}"),
    }
}

#[test]
fn words_reach_one_a_group_and_all_also_through_a_neighbour() {
    let (alice, _alices) = watched(quiet("alice", "a"));
    let (carol, carols) = watched(quiet("carol", "c"));
    let (bob, bobs) = watched(Settings {
        name: "bob".into(),
        bootstrap: knowing(&[&alice.network, &carol.network]).bootstrap,
        ..quiet("bob", "b")
    });
    for other in [&alice, &carol] {
        bob.network
            .contacts()
            .give(cairn::contacts::Order::Add(other.name().clone(), other.network.address()));
    }
    wait_until("bob is between the two", || bob.connections() == 2);
    wait_until("they have told their names", || say(&alice, "bob", "hello").is_ok());
    assert_eq!(shown(&bobs).0, *alice.name());
    assert!(!alice.is_connected(carol.name()), "bob is between them");
    say(&alice, carol.name().as_str(), "by way of bob").expect("bob is there");
    let (from, name, text) = shown(&carols);
    assert_eq!((&from, text.as_str()), (alice.name(), "by way of bob"));
    assert_eq!(name.as_deref(), Some("alice"), "bob has passed on her record");
    say(&alice, "group:c", "to c").expect("bob is there");
    say(&alice, "all", "to all").expect("bob is there");
    assert_eq!([shown(&carols).2, shown(&carols).2], ["to c", "to all"]);
    assert_eq!(shown(&bobs).2, "to all", "bob is not in group c");
}

#[test]
fn two_nodes_of_one_name_are_told_apart_by_their_identities() {
    let (alice, _events) = watched(quiet("alice", "a"));
    let others = [0; 2].map(|_| {
        let mut settings = knowing(&[&alice.network]);
        settings.name = "bob".into();
        watched(settings).0
    });
    wait_until("both are there", || alice.connections() == 2);
    let mut ids = others.each_ref().map(|node| node.name().clone()).to_vec();
    ids.sort();
    wait_until("both have told their names", || {
        say(&alice, "bob", "hello") == Err(Unsent::Ambiguous("bob".into(), ids.clone()))
    });
}

/// A peer that speaks the protocol but follows none of its rules.
pub(crate) struct Liar {
    pub(crate) key: SecretKey,
    sending: SendStream,
    receiving: RecvStream,
    number: u64,
}

impl Liar {
    /// A liar that has sent a node its hello and its record.
    pub(crate) async fn meet(node: &Stranger) -> (Liar, impl Sized) {
        let key = SecretKey::generate();
        let (endpoint, connection) = dial(&node.network, &key).await;
        let (sending, receiving) = connection.open_bi().await.expect("it is open");
        // The numbers of one sender grow, and none is from before the node's start.
        let number = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later");
        let number = number.as_millis() as u64;
        let mut liar = Liar { key, sending, receiving, number };
        liar.send(HELLO, &own_hello().encode()).await;
        liar.next(HELLO).await;
        let record = sealed(&liar.key, "record", &record(&liar.key, "liar"));
        liar.send(RECORD, &record).await;
        (liar, (endpoint, connection))
    }

    pub(crate) async fn send(&mut self, kind: u8, held: &[u8]) {
        self.sending.write_all(&frame(kind, held)).await.expect("it is open");
    }

    /// A message of this key's holder, as the content of a frame.
    pub(crate) fn message(&mut self, key: &SecretKey, to: Value, body: Value) -> Vec<u8> {
        self.number += 1;
        let from = key.public().to_string();
        let message = json!({ "from": from, "number": self.number, "to": to, "body": body });
        [&[1], &sealed(key, "message", &message)[..]].concat()
    }

    /// Waits for a frame of this kind.
    pub(crate) async fn next(&mut self, wanted: u8) -> Vec<u8> {
        loop {
            let mut head = [0; 3];
            self.receiving.read_exact(&mut head).await.expect("it is open");
            let len = usize::from(u16::from_be_bytes([head[0], head[1]])) - 1;
            let mut held = vec![0; len];
            self.receiving.read_exact(&mut held).await.expect("it is open");
            if head[2] == wanted {
                return held;
            }
        }
    }
}

fn own_hello() -> Hello {
    let settings = settings();
    let (genesis, zero_bits) = (settings.genesis, settings.zero_bits);
    Hello { to: 2, genesis, zero_bits, ..hello(Vec::new()) }
}

fn record(of: &SecretKey, name: &str) -> Value {
    let id = of.public().to_string();
    json!({ "id": id, "name": name, "groups": [], "account": 7, "time_ms": 1 })
}

/// What the holder of this key signs, as PROTOCOL.md defines it.
fn sealed(key: &SecretKey, kind: &str, value: &Value) -> Vec<u8> {
    let json = serde_json::to_vec(value).expect("it is JSON");
    let network = own_hello().network();
    let signed = [b"cairn ", kind.as_bytes(), b"\n", &network, &json].concat();
    [&key.sign(&signed).to_bytes()[..], &json].concat()
}

#[test]
fn forged_replayed_unknown_and_unproven_messages_are_refused_with_the_reason() {
    let (alice, events) = watched(quiet("alice", "a"));
    let refused = async || match received(&events).await {
        Event::MessageRefused { from, reason, .. } => (from, reason),
        other => panic!("{other}"),
    };
    let name = |key: &SecretKey| PeerName::new(key.public());
    run(async {
        let (mut liar, _alive) = Liar::meet(&alice).await;
        let (own, stranger) = (liar.key.clone(), SecretKey::generate());
        let text = || json!({ "text": "hello" });
        let honest = liar.message(&own, json!("all"), text());
        liar.send(MESSAGE, &honest).await;
        assert_eq!(
            words(received(&events).await),
            (name(&own), Some("liar".into()), "hello".into())
        );
        liar.send(MESSAGE, &honest).await;
        assert_eq!(refused().await, (name(&own), "replayed"));

        let mut forged = liar.message(&stranger, json!("all"), text());
        forged[1] ^= 1;
        liar.send(MESSAGE, &forged).await;
        assert_eq!(refused().await, (name(&stranger), "forged"));

        let unknown = liar.message(&stranger, json!("all"), text());
        liar.send(MESSAGE, &unknown).await;
        let asked = String::from_utf8(liar.next(WHO).await).expect("it is text");
        assert_eq!(asked, stranger.public().to_string(), "its record is asked for first");
        assert_eq!(refused().await, (name(&stranger), "unknown"));

        let unproven = liar.message(&stranger, json!("all"), text());
        liar.send(MESSAGE, &unproven).await;
        liar.next(WHO).await;
        let forged = sealed(&own, "record", &record(&stranger, "bob"));
        liar.send(RECORD, &forged).await;
        assert_eq!(refused().await, (name(&stranger), "unproven"));

        let proven = liar.message(&stranger, json!("all"), text());
        liar.send(MESSAGE, &proven).await;
        liar.next(WHO).await;
        let record = sealed(&stranger, "record", &record(&stranger, "bob"));
        liar.send(RECORD, &record).await;
        assert_eq!(
            words(received(&events).await),
            (name(&stranger), Some("bob".into()), "hello".into())
        );
    });
    let reasons: Vec<_> = alice.network.contacts().told().contacts;
    let reasons = &reasons[0].reasons;
    assert_eq!(*reasons, ["-40: brought a forged message", "-40: brought a forged record"]);
    assert!(events.recv_timeout(Duration::from_millis(1)).is_err(), "that is all");
}

#[test]
fn a_peer_of_version_one_is_sent_no_messages() {
    let (alice, _events) = watched(quiet("alice", "a"));
    let mut old = knowing(&[&alice.network]);
    old.versions = (1, 1);
    let (bob, bobs) = watched(old);
    wait_until("they are connected", || alice.is_connected(bob.name()));
    assert_eq!(say(&alice, "all", "hello"), Err(Unsent::Alone));
    assert!(bobs.try_recv().is_err());
}
