//! A real node's events, followed by real WebSocket clients.
#![cfg(feature = "web")]

mod common;

use common::http::Node;
use serde_json::{Value, json};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message};

/// A node that mines a block every few milliseconds.
const FAST: [&str; 4] = ["--zero-bits", "4", "--listen", "5ms"];

fn seq(event: &Value) -> u64 {
    event["seq"].as_u64().unwrap_or_else(|| panic!("no number in {event}"))
}

#[test]
fn an_event_is_the_line_of_json_with_a_number() {
    let node = Node::start(&FAST);
    let mut events = node.events("?after=0");
    let hello = events.next();
    assert_eq!((&hello["event"], &hello["v"]), (&json!("hello"), &json!(1)));
    assert_eq!((&hello["first"], &hello["missed"]), (&json!(1), &json!(0)));
    let started = events.next();
    assert_eq!((&started["event"], &started["seq"]), (&json!("started"), &json!(1)));
    assert_eq!(started["name"], node.address);
    let created = events.find("created");
    let height = created["height"].as_u64().expect("a number");
    let block = node.get(&format!("/blocks/{height}")).json();
    assert_eq!(block["hash"], created["hash"]);
}

#[test]
fn who_comes_back_misses_nothing_that_is_held() {
    let node = Node::start(&FAST);
    let mut events = node.events("");
    let hello = events.next();
    let stream = hello["stream"].as_str().expect("text").to_owned();
    let mut last = seq(&events.find("created"));
    for _ in 0..3 {
        drop(events);
        // Meanwhile events go on without us.
        let before = node.height();
        common::wait_until("blocks are made", || node.height() > before + 3);
        events = node.events(&format!("?after={last}&stream={stream}"));
        let hello = events.next();
        assert_eq!((&hello["missed"], &hello["stream"]), (&json!(0), &json!(stream)));
        for _ in 0..10 {
            let event = events.next();
            assert_eq!(seq(&event), last + 1, "{event}");
            last += 1;
        }
    }
    let mut stranger = node.events(&format!("?after={last}&stream=another-run"));
    assert!(
        seq(&{
            stranger.next();
            stranger.next()
        }) < last,
        "all that is held of this run"
    );
}

#[test]
fn searches_are_batched() {
    let node = Node::start(&["--zero-bits", "200", "--listen", "1ms", "--nonces", "1"]);
    let mut events = node.events("");
    events.next();
    let batches: Vec<_> = (0..3).map(|_| events.find("tried")).collect();
    for pair in batches.windows(2) {
        let count = |event: &Value| event["counter"].as_u64().expect("a number");
        let merged = pair[1]["merged"].as_u64().expect("many searches in a quarter of a second");
        assert_eq!(count(&pair[1]) - count(&pair[0]), merged, "one nonce a turn");
    }
}

#[test]
fn the_last_word_is_that_the_node_stops() {
    let node = Node::start(&[&FAST[..], &["--until-height", "20"]].concat());
    let mut events = node.events("");
    loop {
        match events.socket.read() {
            Ok(Message::Close(Some(close))) => {
                assert_eq!(close.code, CloseCode::Away);
                break;
            }
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_client_that_talks_too_much_is_cut_off() {
    let node = Node::start(&["--zero-bits", "200", "--listen", "5ms"]);
    let mut long = node.events("");
    let _ = long.socket.send(Message::text("x".repeat(10_000)));
    let end = std::iter::repeat_with(|| long.socket.read()).find(|read| read.is_err());
    assert!(matches!(end, Some(Err(Error::Io(_) | Error::ConnectionClosed | Error::Protocol(_)))));

    let mut often = node.events("");
    for _ in 0..200 {
        let _ = often.socket.send(Message::text("hello?"));
    }
    let mut is_cut_off = false;
    while let Ok(message) = often.socket.read() {
        if let Message::Close(Some(close)) = message {
            is_cut_off = close.code == CloseCode::Policy;
        }
    }
    assert!(is_cut_off || node.metric("cairn_event_clients_cut_off_total") >= 1.0);
}

#[test]
fn a_page_elsewhere_cannot_follow() {
    let node = Node::start(&["--zero-bits", "200"]);
    let upgrade = [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "origin: http://evil.example",
    ];
    let answer = node.ask("GET", "/events", &upgrade, "");
    assert_eq!((answer.status, &*answer.problem()), (403, "origin"));
}
