//! Version 2 of the events: kinds that a client chooses, over WebSockets and as server-sent
//! events, and the metadata in some of them.
#![cfg(feature = "web")]

mod common;

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use common::http::{Answer, Api, Events, Node};
use common::wait_until;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use tungstenite::Message;

/// A node that mines only when it is asked to, and then at once.
fn paused(args: &[&str]) -> Node {
    let on_demand = ["--zero-bits", "4", "--listen", "24h"];
    let node = Node::start(&[&on_demand[..], args].concat());
    assert_eq!(node.post("/pause").json()["paused"], true);
    node
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later");
    u64::try_from(now.as_millis()).expect("it is not that late")
}

/// The next event of this type, whose form is checked.
fn find(events: &mut Events, kind: &str) -> Value {
    loop {
        let event = events.next();
        assert_eq!(event["v"], 2, "{event}");
        assert!(event["timestamp"].is_u64() && event["sender"].is_string(), "{event}");
        assert!(event.get("data").is_some(), "{event}");
        if event["type"] == kind {
            return event;
        }
    }
}

/// A statement of a node about a block, with this date.
fn stated(node: &Api, height: u64, time_ms: u64, by: &str, temperature: &str) -> Value {
    let block = node.get(&format!("/blocks/{height}/metadata")).json()["hash"].clone();
    json!({ "block": block, "about": "temperature", "temperature": temperature, "by_use": false,
            "time_ms": time_ms, "by": by, "signature": null })
}

fn temperature(node: &Api, height: u64) -> Value {
    node.get(&format!("/blocks/{height}/metadata")).json()["temperature"].clone()
}

#[test]
fn nodes_and_chains_are_told_of_by_type_with_data_time_and_sender() {
    let alice = paused(&[]);
    let mut events = alice.events("?types=*&after=0");
    let hello = events.next();
    assert_eq!((&hello["type"], &hello["v"]), (&json!("hello"), &json!(2)));
    assert_eq!(hello["data"]["first"], 1);
    let own = find(&mut events, "node:announce");
    assert_eq!(
        (&own["sender"], &own["data"]["node"]),
        (&json!(alice.address), &json!(alice.address))
    );
    alice.mine();
    let created = find(&mut events, "created");
    assert_eq!(
        (&created["data"]["height"], &created["sender"]),
        (&json!(1), &json!(alice.address))
    );
    let status = find(&mut events, "node:status");
    assert_eq!(status["sender"], alice.address);

    let bob = paused(&["--peer", &alice.address]);
    let mut of_bob = bob.events("?types=node:*,block:sync,datagram&after=0");
    let announced = find(&mut of_bob, "node:announce");
    assert_eq!(announced["sender"], bob.address, "itself first");
    alice.post_peer("/peers/announce", &bob.address);
    let sync = find(&mut of_bob, "block:sync");
    assert_eq!((&sync["sender"], &sync["data"]["height"]), (&json!(alice.address), &json!(1)));
    let announced = find(&mut of_bob, "node:announce");
    assert_eq!(announced["data"]["node"], alice.address);
    bob.post_peer("/peers/disconnect", &alice.address);
    assert_eq!(find(&mut of_bob, "node:leave")["sender"], alice.address);
    bob.post_peer("/peers/announce", &alice.address);
    alice.post("/sync/request");
    let datagram = find(&mut of_bob, "datagram");
    assert_eq!(datagram["sender"], alice.address);
    assert!(datagram["data"]["length"].is_u64(), "{datagram}");
}

#[test]
fn only_the_kinds_that_are_chosen_come_and_others_are_refused_by_name() {
    let node = paused(&[]);
    let mut chosen = node.events("?types=paused,block:*");
    let mut old = node.events("");
    assert_eq!(chosen.next()["type"], "hello");
    node.mine();
    node.post_json("/blocks/1/temperature", &json!({ "temperature": "hot" }));
    node.post("/pause");
    assert_eq!(chosen.next()["type"], "block:temperature");
    // It was paused already, so this says nothing; the first event of version 1 is the block.
    assert_eq!(old.next()["event"], "hello");
    let created = old.find("created");
    assert_eq!((&created["v"], created.get("type")), (&json!(1), None));
    for wrong in ["?types=moon", "?types=", "?types=created,moon"] {
        let answer =
            node.ask("GET", &format!("/events{wrong}"), &["accept: text/event-stream"], "");
        assert_eq!((answer.status, &*answer.problem()), (400, "bad-request"), "{wrong}");
        assert!(answer.body.contains("node:announce"), "it lists the kinds: {}", answer.body);
    }
}

#[test]
fn a_client_may_ping_and_gets_its_own_data_back() {
    let node = paused(&[]);
    let mut events = node.events("?types=system:pong");
    assert_eq!(events.next()["type"], "hello");
    for text in ["hello?", r#"{"type":"system:pong"}"#, r#"{"type":"system:ping","data":[1,"a"]}"#]
    {
        events.socket.send(Message::text(text)).expect("it is connected");
    }
    let pong = events.next();
    assert_eq!((&pong["type"], &pong["data"]), (&json!("system:pong"), &json!([1, "a"])));
    assert_eq!(pong["sender"], node.address);
}

#[test]
fn a_stream_is_resumed_after_the_last_event_that_was_read() {
    let node = paused(&[]);
    let mut stream = node.stream("?types=created", &[]);
    let (id, hello) = stream.next().expect("it says hello");
    assert_eq!(hello["type"], "hello");
    let before = id.expect("who has had the hello alone can come back too");
    node.mine();
    let (first, created) = stream.next().expect("it goes on");
    assert_eq!((&created["type"], &created["data"]["height"]), (&json!("created"), &json!(1)));
    drop(stream);
    node.mine();
    node.mine();
    let resumed = |id: &str| {
        let mut stream = node.stream("?types=created&after=0", &[&format!("last-event-id: {id}")]);
        let (_, hello) = stream.next().expect("it says hello");
        assert_eq!(hello["data"]["missed"], 0);
        let mut heights = || stream.next().expect("it goes on").1["data"]["height"].clone();
        [heights(), heights()]
    };
    assert_eq!(resumed(&first.expect("it has an id")), [2, 3]);
    assert_eq!(resumed(&before), [1, 2]);
    assert_eq!(resumed("another-run:99"), [1, 2], "all of this run");
    let headers = ["accept: text/event-stream", "last-event-id: x"];
    assert_eq!(node.ask("GET", "/events", &headers, "").status, 400);
    let (_, hello) = node.stream("", &[]).next().expect("it says hello");
    assert_eq!((&hello["event"], &hello["v"]), (&json!("hello"), &json!(1)), "version 1 too");
}

#[test]
fn a_stream_ends_with_the_node_and_counts_among_the_clients() {
    let node = Node::start(&["--zero-bits", "4", "--listen", "5ms", "--until-height", "30"]);
    let mut stream = node.stream("?types=*", &[]);
    assert!(stream.next().is_some());
    while stream.next().is_some() {}
    let node = paused(&[]);
    let mut stream = node.stream("", &[]);
    assert!(stream.next().is_some());
    assert_eq!(node.metric("cairn_event_clients"), 1.0);
    drop(stream);
    wait_until("its place is free", || node.metric("cairn_event_clients") == 0.0);
}

#[test]
fn metadata_that_is_set_is_told_and_shown() {
    let node = paused(&[]);
    node.mine();
    let mut events = node.events("?types=block:*,metadata:*");
    assert_eq!(events.next()["type"], "hello");
    let stated = node.post_json("/blocks/1/temperature", &json!({ "temperature": "hot" })).json();
    assert_eq!((&stated["about"], &stated["by"]), (&json!("temperature"), &json!(node.address)));
    let told = events.next();
    assert_eq!(told["type"], "block:temperature");
    let data = &told["data"];
    assert_eq!((&data["height"], &data["temperature"]), (&json!(1), &json!("hot")));
    assert_eq!((&data["by_use"], &data["hash"]), (&json!(false), &stated["block"]));
    let update = events.next();
    assert_eq!(
        (&update["type"], &update["sender"]),
        (&json!("metadata:update"), &json!(node.address))
    );
    assert_eq!(update["data"]["time_ms"], stated["time_ms"]);
    assert_eq!(temperature(&node, 1), "hot");

    let holders = || node.get("/blocks/1/metadata").json()["holders"].clone();
    assert_eq!(holders(), json!([node.address]));
    node.post_json("/blocks/1/location", &json!({ "holder": "carol", "holds": true }));
    let location = events.next();
    assert_eq!(
        (&location["type"], &location["data"]["holder"]),
        (&json!("block:location"), &json!("carol"))
    );
    assert_eq!(holders(), json!([node.address, "carol"]));
    node.post_json("/blocks/1/location", &json!({ "holds": false }));
    assert_eq!(holders(), json!(["carol"]));
    assert_eq!(node.height(), 1, "the chain is as it was");
}

#[test]
fn reading_a_block_warms_it_and_looking_at_its_metadata_does_not() {
    let node = paused(&[]);
    node.mine();
    assert_eq!([temperature(&node, 1), temperature(&node, 1)], ["cold", "cold"]);
    let mut events = node.events("?types=block:temperature");
    events.next();
    node.get("/blocks/1");
    let warm = events.next();
    assert_eq!(
        (&warm["data"]["temperature"], &warm["data"]["by_use"]),
        (&json!("warm"), &json!(true))
    );
    (0..9).for_each(|_| drop(node.get("/blocks/1")));
    assert_eq!(events.next()["data"]["temperature"], "hot");
    node.post_json("/blocks/1/temperature", &json!({ "temperature": "cold" }));
    node.get("/blocks/1");
    assert_eq!(temperature(&node, 1), "cold", "what was set stays");
    node.post_json("/blocks/1/temperature", &json!({ "temperature": null }));
    node.get("/blocks/1");
    assert_eq!(temperature(&node, 1), "hot", "by use again");
}

#[test]
fn metadata_is_carried_from_one_api_to_another_and_the_last_writer_wins() {
    let alice = paused(&[]);
    alice.mine();
    let bob = paused(&["--peer", &alice.address]);
    alice.post_peer("/peers/announce", &bob.address);
    wait_until("bob has the block", || bob.height() == 1);
    alice.post_json("/blocks/1/temperature", &json!({ "temperature": "hot" }));
    alice.post_json("/blocks/1/location", &json!({ "holds": true }));
    let entries = alice.post("/sync/metadata").json()["entries"].clone();
    assert_eq!(entries.as_array().map(Vec::len), Some(2));
    let mut events = bob.events("?types=metadata:sync,block:temperature");
    events.next();
    let synced = bob.post_json("/sync/metadata", &json!({ "entries": entries })).json();
    assert_eq!((&synced["taken"], &synced["spread"]), (&json!(2), &json!(false)));
    assert_eq!(events.next()["data"]["temperature"], "hot");
    let told = find(&mut events, "metadata:sync")["data"].clone();
    assert_eq!(told, json!({ "peer": null, "direction": "in", "entries": 2, "taken": 2 }));
    assert_eq!(temperature(&bob, 1), "hot");
    let again = bob.post_json("/sync/metadata", &json!({ "entries": entries })).json();
    assert_eq!((&again["taken"], &again["refused"][0]["reason"]), (&json!(0), &json!("older")));

    let now = now_ms() + 10_000;
    for (time, by, word, expected) in [
        (now, "dave", "cold", "cold"),
        (now - 1, "zoe", "hot", "cold"),
        (now, "carol", "hot", "cold"),
        (now, "erin", "warm", "warm"),
    ] {
        let entries = json!({ "entries": [stated(&bob, 1, time, by, word)] });
        bob.post_json("/sync/temperature", &entries);
        assert_eq!(temperature(&bob, 1), expected, "{by} at {time}");
    }
    bob.post_json("/blocks/1/temperature", &json!({ "temperature": "hot" }));
    assert_eq!(temperature(&bob, 1), "hot", "what is said last here is later, whoever dated it");
    let temperatures = bob.post("/sync/temperature").json()["entries"].clone();
    assert_eq!(temperatures.as_array().map(Vec::len), Some(1), "no location: {temperatures}");
}

#[test]
fn a_writer_whose_clock_is_wrong_is_refused_with_the_reason() {
    let node = paused(&[]);
    let sync = |ahead: u64| {
        let entry = stated(&node, 0, now_ms() + ahead, "bob", "hot");
        node.post_json("/sync/metadata", &json!({ "entries": [entry] })).json()
    };
    let refused = sync(70_000);
    assert_eq!(
        (&refused["taken"], &refused["refused"][0]["reason"]),
        (&json!(0), &json!("future"))
    );
    let detail = refused["refused"][0]["detail"].as_str().expect("words");
    assert!(detail.contains("s ahead of this node's clock"), "{detail}");
    assert_eq!(temperature(&node, 0), "cold");
    assert_eq!(sync(30_000)["taken"], 1);
}

#[test]
fn wrong_metadata_gets_a_problem_with_the_reason() {
    let node = paused(&[]);
    let hash = "0".repeat(64);
    for (path, body, status) in [
        ("/blocks/0/temperature", json!({ "temperature": "boiling" }), 400),
        ("/blocks/0/temperature", json!({ "temperature": 7 }), 400),
        ("/blocks/9/temperature", json!({ "temperature": "hot" }), 404),
        ("/blocks/x/temperature", json!({ "temperature": "hot" }), 400),
        (&format!("/blocks/{hash}/temperature"), json!({ "temperature": "hot" }), 404),
        ("/blocks/0/location", json!({ "holder": "", "holds": true }), 400),
        ("/blocks/0/location", json!({ "holder": "a\u{1b}[2J", "holds": true }), 400),
        ("/blocks/0/location", json!({ "holder": "a".repeat(65), "holds": true }), 400),
        ("/blocks/0/location", json!({ "holder": "a" }), 400),
        ("/sync/metadata", json!({ "entries": [{}] }), 400),
        ("/sync/metadata", json!({ "entries": "x".repeat(65 * 1024) }), 413),
    ] {
        let answer = node.post_json(path, &body);
        assert_eq!(answer.status, status, "{path} {body:.60}: {}", answer.body);
        answer.problem();
    }
    let location = json!({ "block": hash, "about": "location", "holder": "a", "holds": true,
                           "time_ms": 1, "by": "bob", "signature": null });
    let entries = json!({ "entries": [location] });
    assert_eq!(node.post_json("/sync/temperature", &entries).status, 400, "temperatures alone");
    let unknown = node.post_json("/sync/metadata", &entries).json();
    assert_eq!(unknown["refused"][0]["reason"], "unknown-block");
    for number in 0..16 {
        let body = json!({ "holder": format!("node {number}"), "holds": true });
        assert_eq!(node.post_json("/blocks/0/location", &body).status, 200);
    }
    let body = json!({ "holder": "one more", "holds": true });
    assert_eq!(node.post_json("/blocks/0/location", &body).status, 409);
}

/// A client's key, and how it signs.
fn client(number: u8) -> (SigningKey, String) {
    let key = SigningKey::from_bytes(&[number; 32]);
    let public = hex::encode(key.verifying_key().to_bytes());
    (key, public)
}

/// Requests a challenge from this node and signs it, as if at `host`.
fn signed(node: &Api, host: &str, (key, public): &(SigningKey, String)) -> String {
    let challenge = node.post("/session/challenge").json()["challenge"].clone();
    let challenge = challenge.as_str().expect("it is text");
    let signature = key.sign(format!("cairn session\n{host}\n{challenge}").as_bytes());
    let signature = hex::encode(signature.to_bytes());
    json!({ "key": public, "challenge": challenge, "signature": signature }).to_string()
}

/// Opens a session at the node's own address, signed as if at `host`.
fn log_in(node: &Api, host: &str, client: &(SigningKey, String)) -> Answer {
    log_in_at(node, &node.http, &signed(node, host, client))
}

/// Opens a session by a request for `host`.
fn log_in_at(node: &Api, host: &str, body: &str) -> Answer {
    let lines = ["content-type: application/json", &format!("host: {host}")];
    node.ask("POST", "/session", &lines, body)
}

#[test]
fn a_key_that_is_allowed_opens_a_session_that_ends() {
    let alice = client(1);
    let node = Node::start(&["--http-key", &alice.1, "--http-session", "1500ms"]);
    assert_eq!(node.get("/node/info").json()["needs_token"], true);
    assert_eq!(node.post("/pause").problem(), "token-needed");
    let session = log_in(&node, &node.http, &alice).json();
    let bearer = format!("authorization: Bearer {}", session["token"].as_str().expect("text"));
    let post = || node.ask("POST", "/pause", &[&bearer], "");
    assert_eq!(post().status, 200);
    assert!(session["expires_ms"].as_u64().is_some_and(|end| end > now_ms() - 1_500), "{session}");
    wait_until("it has ended", || post().status == 401);
    assert_eq!(post().problem(), "token-wrong");
}

#[test]
fn forged_challenges_and_other_keys_open_no_session_and_the_fixed_token_stays() {
    let (alice, eve) = (client(1), client(2));
    let node = Node::start(&["--http-key", &alice.1, "--http-token", "open sesame"]);
    let refused = |answer: Answer| {
        assert_eq!((answer.status, &*answer.problem()), (401, "session-refused"));
        answer.json()["detail"].as_str().expect("words").to_owned()
    };
    assert!(refused(log_in(&node, &node.http, &eve)).contains("not allowed"));
    let mixed = (eve.0, alice.1.clone());
    assert!(refused(log_in(&node, &node.http, &mixed)).contains("signature"));
    assert!(refused(log_in(&node, "192.0.2.1:7001", &alice)).contains("signature"));
    let elsewhere = "192.0.2.1:7001";
    let passed_on = log_in_at(&node, elsewhere, &signed(&node, elsewhere, &alice));
    assert!(refused(passed_on).contains("the Host is not"), "another server has had it signed");
    let behind = Node::start(&["--http-key", &alice.1, "--http-at", elsewhere]);
    let passed_on = log_in_at(&behind, elsewhere, &signed(&behind, elsewhere, &alice));
    assert_eq!(passed_on.status, 200, "a router passes it on");
    let challenge = "7".repeat(64);
    let signed = alice.0.sign(format!("cairn session\n{}\n{challenge}", node.http).as_bytes());
    let signature = hex::encode(signed.to_bytes());
    let body = json!({ "key": alice.1, "challenge": challenge, "signature": signature });
    assert!(refused(node.post_json("/session", &body)).contains("no such challenge"));
    let body = json!({ "key": "x", "challenge": challenge, "signature": signature });
    assert_eq!(node.post_json("/session", &body).status, 400);
    let fixed = ["authorization: Bearer open sesame"];
    assert_eq!(node.ask("POST", "/pause", &fixed, "").status, 200);
    assert_eq!(paused(&[]).post("/session/challenge").status, 404, "no key is allowed there");
}

#[test]
fn the_root_is_the_page_for_a_browser_and_the_status_for_a_program() {
    let node = paused(&[]);
    let of = |headers: &[&str]| node.ask("GET", "/", headers, "");
    let browser = "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for page in [of(&[browser]), of(&[])] {
        assert!(page.body.contains("<!doctype html>"), "{}", page.head);
        assert_eq!(page.header("vary"), Some("origin, accept"));
    }
    for program in ["accept: */*", "accept: application/json"] {
        let status = of(&[program]);
        assert_eq!(status.json()["height"], 0, "{program}");
        assert_eq!(status.header("vary"), Some("origin, accept"));
    }
}

#[test]
fn rates_are_set_by_a_flag_before_the_environment_before_the_file() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("variables");
    fs::create_dir_all(&folder).expect("it can be made");
    fs::write(folder.join(".env"), "CAIRN_HTTP_RATE=1\nCAIRN_HTTP_BURST=20\n").expect("it can be");
    let refused = |args: &[&str], burst: Option<&str>| {
        let mut command = common::http::command(args);
        let command = command.current_dir(&folder).envs(burst.map(|it| ("CAIRN_HTTP_BURST", it)));
        let node = Node::of(command);
        (0..40).position(|_| node.get("/node/status").status == 429)
    };
    // A second or two may pass meanwhile, each with one request more.
    let is_near = |found: Option<usize>, count| (Some(count)..Some(count + 10)).contains(&found);
    let file = refused(&[], None);
    assert!(is_near(file, 20), "{file:?}");
    let environment = refused(&[], Some("10"));
    assert!(is_near(environment, 10), "{environment:?}");
    let flag = refused(&["--http-burst", "5"], Some("10"));
    assert!(is_near(flag, 5), "{flag:?}");
    let mut wrong = common::http::command(&["--for", "1ms"]);
    let mut wrong = common::Running::start(wrong.env("CAIRN_HTTP_RATE", "often"));
    assert_eq!(wrong.end().code(), Some(2), "{}", wrong.text());
    assert!(wrong.text().contains("--http-rate"), "{}", wrong.text());
}
