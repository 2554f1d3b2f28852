//! `cairn net`, the program.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use cairn::block::{BLOCK_LEN, Block, BlockBytes};
use cairn::hash::Hash;

#[cfg(feature = "web")]
use serde_json::Value;

#[cfg(feature = "web")]
use crate::common::http::{Api, Node};
#[cfg(feature = "web")]
use crate::common::wait_until;
use crate::common::{Running, cairn};

/// A file of this test run, which does not exist.
fn file(name: &str) -> PathBuf {
    let name = format!("program-{}-{name}", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    let _ = fs::remove_file(path.with_extension("peers"));
    path
}

fn net(key: &PathBuf) -> Command {
    let mut command = cairn();
    command.args(["net", "--ip", "127.0.0.1", "--port", "0", "--no-lan", "--key"]).arg(key);
    command.args(["--nonces", "20000", "--listen", "20ms"]);
    command
}

/// The place that a node prints for others to dial.
fn bootstrap(node: &mut Running) -> String {
    let line = node.find(|line| line.contains("--bootstrap ")).expect("it says how to reach it");
    line.rsplit(' ').next().expect("a last word").to_owned()
}

#[test]
fn two_programs_meet_by_bootstrap_and_mine_one_chain() {
    let (first, second) = (file("alice.key"), file("bob.key"));
    let mut alice = Running::start(net(&first).args(["--name", "alice"]));
    let place = bootstrap(&mut alice);
    let mut bob = Running::start(net(&second).args(["--bootstrap", &place]));
    bob.find(|line| line.contains("JOIN") && line.contains("\"alice\"")).expect("they meet");
    // Each adopts a block that only the other can have found.
    alice.find(|line| line.starts_with("COPY")).expect("alice copies");
    bob.find(|line| line.starts_with("COPY")).expect("bob copies");
}

#[test]
fn the_key_is_made_for_its_owner_alone_kept_and_never_replaced() {
    let path = file("kept.key");
    let name = || {
        let mut node = Running::start(net(&path).args(["--for", "1ms"]));
        let name = bootstrap(&mut node);
        assert!(node.end().success(), "{}", node.text());
        name.split('@').next().expect("an identity").to_owned()
    };
    let first = name();
    assert_eq!(name(), first, "it is the same node at each start");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        let mut node = Running::start(&mut net(&path));
        assert!(!node.end().success());
        assert!(node.text().contains("chmod 600"), "{}", node.text());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }
    let whole = fs::read(&path).expect("it is there");
    for damaged in [&whole[..40], b"", b"\xff\xfe\n"] {
        fs::write(&path, damaged).expect("it is ours");
        let mut node = Running::start(&mut net(&path));
        assert!(!node.end().success());
        assert!(node.text().contains("is not a key"), "{}", node.text());
        assert_eq!(fs::read(&path).expect("it is there"), damaged, "it stays as it was");
    }
}

#[test]
fn several_strangers_in_one_process_deliver_all_blocks_and_say_how_fast() {
    let args =
        ["net", "--nodes", "5", "--until-height", "5", "--zero-bits", "11", "--listen", "20ms"];
    let mut run = Running::start(cairn().args(args).args(["--nonces", "10"]));
    assert!(run.end().success(), "{}", run.text());
    let text = run.text();
    assert!(text.contains(" blocks to 4 others each: ") && text.contains(", 100.00 %"), "{text}");
    assert!(text.contains("p50 ") && text.contains("p99 "), "{text}");
    let mut wrong = Running::start(cairn().args(["net", "--nodes", "1"]));
    assert_eq!(wrong.end().code(), Some(2), "{}", wrong.text());
}

#[test]
fn a_bootstrap_peer_or_a_list_that_is_wrong_is_told_in_a_line() {
    let lists = file("lists");
    fs::write(&lists, "block nobody\n").expect("it can be written");
    let path = lists.to_str().expect("it is text");
    let key = file("wrong.key");
    for (args, code, why) in [
        (["--bootstrap", "127.0.0.1:7000"], 2, "ID@HOST:PORT"),
        (["--block", "nobody"], 2, "neither an identity"),
        (["--lists", path], 78, "line 1"),
        (["--discovery-port", "0"], 2, "not in 1.."),
        (["--bootstrap", &format!("{}@relay", "ab".repeat(32))], 2, "with --relay"),
        (["--relay", "192.0.2.1:6785"], 2, "relay+FINGERPRINT@HOST:PORT"),
        (["--external", "0.0.0.0:0"], 2, "write IP:PORT"),
    ] {
        let mut node = Running::start(net(&key).args(args));
        assert_eq!(node.end().code(), Some(code), "{}", node.text());
        let text = node.text();
        assert!(text.starts_with("error: ") && text.contains(why), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn a_second_process_with_the_same_key_is_told_so_and_ends() {
    let path = file("shared.key");
    let mut first = Running::start(&mut net(&path));
    bootstrap(&mut first);
    let mut second = Running::start(&mut net(&path));
    assert_eq!(second.end().code(), Some(75), "{}", second.text());
    let text = second.text();
    assert!(text.starts_with("error: another node runs with the key in "), "{text}");
    assert!(text.contains("--key") && text.lines().count() == 1, "{text}");
}

#[test]
fn rewards_go_to_the_account_that_is_named_else_to_that_of_the_key() {
    let key = file("account.key");
    let receivers = |args: &[&str]| {
        let data = file("account.chain");
        let mut node = net(&key);
        node.args(["--zero-bits", "8", "--until-height", "2", "--data"]).arg(&data).args(args);
        let mut node = Running::start(&mut node);
        let name = bootstrap(&mut node);
        assert!(node.end().success(), "{}", node.text());
        let bytes = fs::read(&data).expect("the chain was kept");
        let (blocks, _) = bytes.as_chunks::<BLOCK_LEN>();
        let receiver = |block: &BlockBytes| Block::from_bytes(block).reward.receiver;
        (name, blocks[1..].iter().map(receiver).collect::<Vec<_>>())
    };
    assert_eq!(receivers(&["--account", "777"]).1, [777, 777]);
    let (name, own) = receivers(&[]);
    let id = hex::decode(name.split('@').next().expect("an identity")).expect("it is hexadecimal");
    let hash = Hash::of(&id);
    let expected = u16::from_be_bytes([hash.as_bytes()[0], hash.as_bytes()[1]]);
    assert_eq!(own, [expected, expected]);
}

#[test]
fn many_nodes_in_one_process_take_no_flags_of_a_single_one() {
    for args in [["--account", "7"], ["--port", "7000"], ["--retries", "1"], ["--allow", "::1"]] {
        let mut run = Running::start(cairn().args(["net", "--nodes", "2"]).args(args));
        assert_eq!(run.end().code(), Some(2), "{}", run.text());
        assert!(run.text().contains(args[0]), "{}", run.text());
    }
}

/// The program with an API.
#[cfg(feature = "web")]
pub(crate) fn served(name: &str, args: &[&str]) -> (Node, String) {
    let mut command = net(&file(name));
    let mut running = Running::start(command.args(["--http", "127.0.0.1:0"]).args(args));
    let place = bootstrap(&mut running);
    // The two lines come through two pipes, in any order.
    let is_http = |line: &str| line.starts_with("  http ");
    let seen = running.seen.iter().find(|line| is_http(line)).cloned();
    let http = seen.or_else(|| running.find(is_http)).expect("it serves HTTP");
    let http = http.rsplit('/').nth(1).expect("the line names the URL").to_owned();
    (Node { running, address: place.clone(), api: Api { http } }, place)
}

/// One node's contact for the other.
#[cfg(feature = "web")]
fn known(node: &Node, id: &str) -> Option<Value> {
    let known = node.get("/node/peers").json()["known"]["contacts"].take();
    known.as_array().expect("a list").iter().find(|it| it["id"] == id).cloned()
}

#[cfg(feature = "web")]
#[test]
fn the_api_shows_whom_a_node_knows_and_changes_it() {
    let (alice, place) = served("alice-api.key", &["--name", "alice"]);
    let (bob, _) = served("bob-api.key", &["--bootstrap", &place, "--region", "here"]);
    let (alices, bobs) = (alice.address.clone(), bob.address.clone());
    let (alices, _) = alices.split_once('@').expect("an identity");
    let (bobs, at) = bobs.split_once('@').expect("an identity");
    let is = |status: &str| known(&alice, bobs).is_some_and(|bob| bob["status"] == status);
    wait_until("they have met", || is("connected"));
    wait_until("bob has told where he serves HTTP", || known(&bob, alices).is_some());
    let seen = known(&alice, bobs).expect("it is connected");
    assert_eq!((&seen["region"], &seen["version"]), (&"here".into(), &2.into()));
    assert_eq!((&seen["outgoing"], &seen["address"]), (&false.into(), &at.into()));
    let post = |path: &str, body: String| {
        alice.ask("POST", path, &["content-type: application/json"], &body).status
    };
    assert_eq!(post("/peers/block", format!(r#"{{"who":"{bobs}","seconds":3600}}"#)), 202);
    wait_until("bob is blocked", || is("blocked"));
    assert_eq!(post("/peers/allow", format!(r#"{{"who":"{bobs}"}}"#)), 202);
    wait_until("they have met again", || is("connected"));
    assert_eq!(post("/peers/remove", format!(r#"{{"id":"{bobs}"}}"#)), 202);
    assert_eq!(post("/peers/add", format!(r#"{{"id":"{bobs}","address":"{at}"}}"#)), 202);
    wait_until("they have met again", || is("connected"));
    assert_eq!(post("/peers/block", r#"{"who":"nobody"}"#.into()), 400);
    assert_eq!(post("/peers/add", r#"{"id":"x","address":"1.2.3.4:5"}"#.into()), 400);
    assert_eq!(post("/network/discovery", r#"{"on":false}"#.into()), 202);
    let known = alice.get("/node/peers").json()["known"].take();
    let handshakes = known["handshakes"].as_array().expect("a list");
    assert!(handshakes.iter().any(|it| it["outcome"] == "done"), "{known}");
}

#[cfg(feature = "web")]
#[test]
fn metrics_count_handshakes_by_outcome_and_what_goes_to_and_fro() {
    let (alice, place) = served("alice-metrics.key", &["--max-connections", "1"]);
    let (bob, _) = served("bob-metrics.key", &["--bootstrap", &place]);
    wait_until("they have met", || {
        alice.metric(r#"cairn_handshakes_total{outcome="done"}"#) >= 1.0
    });
    let (carol, _) = served("carol-metrics.key", &["--bootstrap", &place]);
    let refused = r#"cairn_handshakes_total{outcome="turned-away"}"#;
    wait_until("carol was refused", || carol.get("/metrics").body.contains(refused));
    let full = r#"cairn_handshakes_total{outcome="full"}"#;
    // The counter appears with the first refusal, and is reported a moment later.
    wait_until("alice has counted it", || alice.get("/metrics").body.contains(full));
    assert_eq!(alice.metric("cairn_connections"), 1.0);
    assert!(alice.metric("cairn_known_peers") >= 1.0);
    for direction in ["in", "out"] {
        let sent = format!(r#"cairn_datagrams_total{{direction="{direction}"}}"#);
        wait_until("blocks come and go", || bob.metric(&sent) > 0.0);
    }
    wait_until("bob copies", || bob.metric("cairn_chains_copied_total") > 0.0);
}

#[cfg(feature = "web")]
#[test]
fn the_status_says_how_others_reach_a_node_and_what_to_do_where_they_cannot() {
    let (alice, place) = served("alice-status.key", &["--name", "alice"]);
    let (bob, _) = served("bob-status.key", &["--bootstrap", &place]);
    let (id, at) = place.split_once('@').expect("an identity at a place");
    let status = || {
        let api = format!("http://{}", bob.api.http);
        let mut status = Running::start(cairn().args(["net", "status", "--api", &api]));
        assert!(status.end().success(), "{}", status.text());
        status.text()
    };
    let path = format!("{id} \"alice\" directly at {at}");
    wait_until("the status shows the peer and its path", || status().contains(&path));
    let text = status();
    assert!(text.contains("from this machine at 127.0.0.1:"), "{text}");
    assert!(text.contains("listens on this machine alone"), "{text}");
    let reach = alice.get("/node/reach").json();
    assert_eq!(reach["ways"][0]["kind"], "machine", "{reach}");
    assert!(reach["advice"].as_str().is_some_and(|advice| advice.contains("--ip")), "{reach}");
    let mut nobody = Running::start(cairn().args(["net", "status", "--api", "http://127.0.0.1:1"]));
    assert!(!nobody.end().success());
    assert!(nobody.text().contains("no node answers at"), "{}", nobody.text());
}

#[cfg(feature = "web")]
#[test]
fn what_is_posted_of_a_block_at_one_node_is_an_event_at_another_and_regions_are_counted() {
    let interval = ["--batch-interval", "50ms", "--region", "eu"];
    let (alice, place) = served("alice-blocks.key", &interval);
    let (bob, _) = served("bob-blocks.key", &["--bootstrap", &place, "--region", "us"]);
    wait_until("they have met", || bob.metric("cairn_connections") == 1.0);
    let mut events = bob.events("?types=block:temperature,metadata:*");
    assert_eq!(events.next()["type"], "hello");
    let hot = serde_json::json!({ "temperature": "hot" });
    let stated = alice.post_json("/blocks/0/temperature", &hot).json();
    assert_eq!(stated["signature"].as_str().map(str::len), Some(128), "{stated}");
    let told = events.next();
    assert_eq!((&told["type"], &told["sender"]), (&"block:temperature".into(), &stated["by"]));
    assert_eq!(events.next()["type"], "metadata:update");
    let batch = events.next();
    assert_eq!(
        (&batch["type"], &batch["data"]["direction"]),
        (&"metadata:sync".into(), &"in".into())
    );
    assert_eq!((&batch["sender"], &batch["data"]["taken"]), (&stated["by"], &1.into()));
    assert_eq!(bob.get("/blocks/0/metadata").json()["temperature"], "hot");
    assert_eq!(alice.post("/sync/metadata").json()["spread"], true);
    let regions = || bob.get("/network/health").json()["regions"].take();
    let both = serde_json::json!([{ "region": "eu", "nodes": 1 }, { "region": "us", "nodes": 1 }]);
    wait_until("bob knows both regions", || regions() == both);
}
