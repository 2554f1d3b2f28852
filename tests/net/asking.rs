//! Messages and questions through the API and through commands.

use serde_json::Value;

use crate::common::http::Node;
use crate::common::{Running, cairn, wait_until};
use crate::program::served;

/// Runs `cairn net` with these words, against this node's API.
fn net(node: &Node, words: &[&str]) -> Running {
    let mut command = cairn();
    command.args(["net"]).args(words).arg("--api").arg(format!("http://{}", node.http));
    let mut run = Running::start(&mut command);
    run.end();
    run
}

fn post(node: &Node, path: &str, body: &Value) -> (u16, Value) {
    let json = &["content-type: application/json"];
    let answer = node.ask("POST", path, json, &body.to_string());
    (answer.status, answer.json())
}

#[test]
fn a_command_sends_words_that_the_other_prints_with_who_proved_to_have_sent_them() {
    let (alice, place) = served("alice-words.key", &["--name", "alice"]);
    let args = ["--name", "bob", "--group", "class", "--bootstrap", &place];
    let (mut bob, bobs) = served("bob-words.key", &args);
    let (alices, _) = place.split_once('@').expect("an identity");
    wait_until("bob is known by name", || net(&alice, &["send", "bob", "hello"]).end().success());
    let (bobs, _) = bobs.split_once('@').expect("an identity");
    let line = bob.running.find(|line| line.starts_with("HEAR")).expect("it comes");
    let told = format!(r#"HEAR {alices}, who calls itself "alice", say to {bobs}: "hello""#);
    assert_eq!(line, told);
    let mut sent = net(&alice, &["send", "group:class", "to the class"]);
    assert!(sent.text().contains(" to group:class through 1 neighbour"), "{}", sent.text());
    let line = bob.running.find(|line| line.contains("to the class")).expect("it comes");
    assert!(line.contains(" say to group:class: "), "{line}");
    for (to, why) in [("nobody", "no node called"), (alices, "the node itself")] {
        sent = net(&alice, &["send", to, "hello"]);
        assert!(!sent.end().success() && sent.text().contains(why), "{}", sent.text());
    }
    let send = |to: &str, msg: &str| {
        post(&alice, "/message", &serde_json::json!({ "to": to, "msg": msg })).0
    };
    assert_eq!(
        [send("bob", "hi"), send("carol", "hi"), send("bob", "two\nlines")],
        [202, 404, 400]
    );
    wait_until("too many are refused", || send("all", "again") == 429);
    wait_until("the API shows groups", || {
        let known = alice.get("/node/peers").json()["known"]["contacts"].take();
        known[0]["groups"] == serde_json::json!(["class"])
    });
}

#[test]
fn a_command_asks_who_has_a_block_and_says_that_it_is_advice() {
    let (alice, place) = served("alice-confirm.key", &["--name", "alice", "--account", "1"]);
    let (bob, _) =
        served("bob-confirm.key", &["--name", "bob", "--account", "2", "--bootstrap", &place]);
    wait_until("both have mined", || {
        let health = bob.get("/network/health").json();
        health["blocks"].as_u64() > Some(3) && health["online_weight"]["nodes"] == 2
    });
    let hash = bob.get("/blocks/1").json()["hash"].as_str().expect("a hash").to_owned();
    let mut advice = net(&bob, &["confirm", &hash]);
    assert!(advice.end().success(), "{}", advice.text());
    let text = advice.text();
    assert!(text.contains("has it at height 1, ") && text.contains(r#", "alice": "#), "{text}");
    assert!(text.contains("This is advice and decides nothing"), "{text}");
    let (status, advice) = post(&alice, "/confirm", &serde_json::json!({ "hash": hash }));
    assert_eq!(
        (status, &advice["enough"], &advice["minimum_percent"]),
        (200, &true.into(), &50.into())
    );
    assert_eq!(post(&alice, "/confirm", &serde_json::json!({ "hash": "x" })).0, 400);
    assert_eq!(alice.get("/network/health").json()["online_weight"]["percent"], 100.0);
}

#[test]
fn without_a_node_a_command_says_how_to_start_one() {
    let mut run =
        Running::start(cairn().args(["net", "send", "a", "b", "--api", "http://127.0.0.1:9"]));
    assert_eq!(run.end().code(), Some(1));
    assert!(
        run.text().contains("no node answers") && run.text().contains("cairn net --http"),
        "{}",
        run.text()
    );
}

#[test]
fn patterns_measure_messages_and_blocks_and_end() {
    let mut run = Running::start(cairn().args(["net", "patterns", "--nodes", "5", "--json"]));
    assert!(run.end().success(), "{}", run.text());
    let rows: Vec<Value> =
        run.text().lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let patterns: Vec<_> = rows.iter().filter_map(|row| row["pattern"].as_str()).collect();
    let expected = [
        "chain",
        "broadcast",
        "random pairs",
        "groups",
        "line",
        "flood",
        "random load",
        "part and heal",
    ];
    assert_eq!(patterns, expected);
    for row in &rows {
        assert_eq!(row["percent"], 100.0, "{row}");
        assert!(row["p50_ms"].as_f64() <= row["p99_ms"].as_f64(), "{row}");
    }
}
