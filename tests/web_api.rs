//! A real node's HTTP API and a real client.
#![cfg(feature = "web")]

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, UdpSocket};
use std::{env, fs};

use common::http::{Api, Node, command};
use common::wait_until;
use serde_json::json;

/// A node whose own turns never come while a test runs.
const ON_DEMAND: [&str; 4] = ["--zero-bits", "4", "--listen", "24h"];

/// A node that mines only when it is asked to, and then at once.
fn paused(args: &[&str]) -> Node {
    let node = Node::start(&[&ON_DEMAND[..], args].concat());
    assert_eq!(node.post("/pause").json()["paused"], true);
    node
}

#[test]
fn the_description_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi.json");
    let description = cairn::web::openapi_json() + "\n";
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(path, &description).expect("the snapshot can be written");
    }
    let committed = fs::read_to_string(path).expect("the snapshot can be read");
    assert!(
        committed == description,
        "the API is not what tests/openapi.json says: is that meant? Then run this test once with \
         UPDATE_SNAPSHOTS=1 and read the difference"
    );
    let node = paused(&[]);
    assert_eq!(node.get("/openapi.json").body + "\n", committed);
}

#[test]
fn every_path_is_described_with_the_problems_that_it_answers_with() {
    let node = paused(&[]);
    let description = node.get("/openapi.json").json();
    let wrong = node.ask("GET", "/node/info", &["origin: null"], "");
    let kind = wrong.header("content-type").expect("an answer has one");
    let paths = description["paths"].as_object().expect("a list of paths");
    assert_eq!(paths.len(), 38);
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("a list of methods") {
            for status in ["4XX", "503"] {
                let content = operation["responses"][status]["content"].as_object();
                let content = content.unwrap_or_else(|| panic!("{method} {path} has no {status}"));
                assert!(content.keys().eq([kind]), "{method} {path}: {content:?}");
                let schema = &content[kind]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{method} {path}");
            }
        }
    }
}

#[test]
fn a_node_tells_who_it_is() {
    let node = Node::start(&["--zero-bits", "200", "--listen", "5ms", "--nonces", "7"]);
    let info = node.get("/node/info").json();
    assert_eq!(info["name"], node.address);
    assert_eq!(info["http"], format!("http://{}", node.http));
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["genesis"], cairn::block::GENESIS_HASH.to_string());
    assert_eq!((&info["zero_bits"], &info["nonces"]), (&json!(200), &json!(7)));
    assert_eq!(info["network"], json!([format!("http://{}", node.http), "http://127.0.0.1:10"]));
    assert_eq!(info["needs_token"], false);
    let uptime = |node: &Node| node.get("/node/info").json()["uptime_ms"].as_u64();
    let before = uptime(&node);
    wait_until("time goes on", || uptime(&node) > before);
}

#[test]
fn the_status_follows_the_search() {
    let node = Node::start(&["--zero-bits", "200", "--listen", "5ms", "--nonces", "10"]);
    let nonce = || node.get("/node/status").json()["nonce"].as_u64().expect("a number");
    wait_until("it has searched", || nonce() >= 50);
    let status = node.get("/node/status").json();
    assert_eq!((&status["height"], &status["paused"]), (&json!(0), &json!(false)));
    assert!(["mining", "listening"].contains(&status["state"].as_str().expect("text")), "{status}");
    assert_eq!(node.post("/pause").json()["paused"], true);
    let (before, turns) = (nonce(), node.metric("cairn_turns_total"));
    // A post is answered when it has taken effect, so a round trip is long enough.
    node.post("/sync/request");
    assert_eq!((nonce(), node.metric("cairn_turns_total")), (before, turns));
    assert_eq!(node.post("/resume").json()["paused"], false);
    wait_until("it searches again", || nonce() > before);
}

#[test]
fn one_block_is_mined_on_demand_and_can_be_looked_at() {
    let node = paused(&[]);
    node.mine();
    let block = node.get("/blocks/1").json();
    assert_eq!(block["previous"], cairn::block::GENESIS_HASH.to_string());
    assert_eq!(block["receiver"].to_string(), node.address.rsplit(':').next().expect("a port"));
    assert_eq!(block["on_chain"], true);
    let hash = block["hash"].as_str().expect("text");
    let bytes = hex::decode(block["bytes"].as_str().expect("text")).expect("hexadecimal");
    let bytes: [u8; 75] = bytes.try_into().expect("75 bytes");
    assert_eq!(cairn::block::hash(&bytes).to_string(), hash);
    assert_eq!(node.get(&format!("/blocks/{hash}")).json(), block);

    node.mine();
    let metadata = node.get("/blocks/1/metadata").json();
    assert_eq!(
        (&metadata["confirmations"], &metadata["announced_by"]),
        (&json!(2), &json!("self"))
    );
    assert!(metadata["first_seen_ms"].is_u64(), "{metadata}");
    assert_eq!(metadata["asked"], 3, "twice for the block, once for this");
    assert_eq!(node.get("/blocks/0/metadata").json()["announced_by"], json!(null));
    assert_eq!(node.height(), 2, "one block for each question, as it is paused");
}

#[test]
fn the_chain_comes_in_pages() {
    let node = paused(&[]);
    (0..4).for_each(|_| node.mine());
    let first = node.get("/chain?limit=3").json();
    assert_eq!(
        (&first["height"], &first["from"], &first["next"]),
        (&json!(4), &json!(0), &json!(3))
    );
    let last = node.get("/chain?from=3&limit=3").json();
    assert_eq!(last["next"], json!(null));
    let pages = [&first, &last].map(|page| page["blocks"].as_array().expect("a list").clone());
    let blocks = pages.concat();
    assert_eq!(blocks.len(), 5);
    for pair in blocks.windows(2) {
        assert_eq!(pair[1]["previous"], pair[0]["hash"]);
    }
    assert_eq!(first["tip"], blocks[4]["hash"]);
    assert_eq!(node.get("/chain?from=9").json()["blocks"], json!([]));
    let tree = node.get("/tree?from=2").json();
    let heights: Vec<_> = tree["blocks"].as_array().expect("a list").iter().collect();
    assert_eq!(heights.iter().map(|block| &block["height"]).collect::<Vec<_>>(), [2, 3, 4]);
}

#[test]
fn a_partition_forks_and_healing_abandons_the_shorter_branch() {
    let alice = paused(&[]);
    let bob = paused(&["--peer", &alice.address]);
    bob.mine();
    wait_until("alice has copied bob's block", || alice.height() == 1);
    let metadata = alice.get("/blocks/1/metadata").json();
    assert_eq!(metadata["announced_by"], bob.address);
    let status = || alice.get("/node/status").json();
    wait_until("alice rests", || status()["state"] == "resting");
    assert!(status()["resting_ms"].as_u64() > Some(0), "{}", status());

    // Alice learns about bob only now: until then he was a stranger.
    let peer = alice.post_peer("/peers/announce", &bob.address).json();
    assert_eq!(peer["address"], bob.address);
    let refused = bob.post_peer("/peers/disconnect", &alice.address).json();
    assert_eq!(refused["state"], "refused");
    alice.mine();
    let abandoned = alice.get("/blocks/2").json()["hash"].clone();
    bob.mine();
    bob.mine();
    assert_eq!((alice.height(), bob.height()), (2, 3));
    assert!(bob.metric("cairn_ignored_total{reason=\"refused\"}") >= 1.0);

    bob.post_peer("/peers/announce", &alice.address);
    wait_until("alice has bob's branch", || alice.height() == 3);
    let tree = alice.get("/tree").json();
    let branches: Vec<_> = tree["blocks"].as_array().expect("a list").iter().collect();
    let off: Vec<_> = branches.iter().filter(|block| block["on_chain"] == false).collect();
    assert_eq!(off.len(), 1, "{tree}");
    assert_eq!((&off[0]["hash"], &off[0]["height"]), (&abandoned, &json!(2)));
    assert_eq!(off[0]["announced_by"], "self");
    assert!(off[0]["abandoned_ms"].is_u64());
    let abandoned = abandoned.as_str().expect("text");
    assert_eq!(alice.get(&format!("/blocks/{abandoned}")).json()["on_chain"], false);
    assert_eq!(alice.metric("cairn_reorganisation_depth_blocks_count"), 1.0);
    assert_eq!(alice.get("/node/status").json()["tip"], bob.get("/node/status").json()["tip"]);

    let peers = alice.get("/node/peers").json();
    let peer = peers["peers"].as_array().expect("a list").iter();
    let peer = peer.clone().find(|peer| peer["address"] == bob.address.as_str()).expect("bob");
    assert_eq!(
        (&peer["state"], &peer["height"], &peer["holds"]),
        (&json!("active"), &json!(3), &json!(3))
    );
    assert!(
        peer["messages_in"].as_u64() >= Some(1) && peer["bytes_in"].as_u64() >= Some(300),
        "{peer}"
    );
    let health = alice.get("/network/health").json();
    assert_eq!(
        (&health["active_nodes"], &health["height_spread"]),
        (&json!(2), &json!(0)),
        "{health}"
    );
    assert_eq!(
        (&health["blocks"], &health["abandoned_blocks"]),
        (&json!(4), &json!(1)),
        "{health}"
    );
    assert_eq!(health["average_holders"], 1.0);
}

#[test]
fn rubbish_by_datagram_shows_in_the_counters() {
    let node = paused(&[]);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    let mut forged = cairn::block::Block::genesis().to_bytes();
    forged[0] = 74;
    socket.send_to(&forged, &node.address).expect("loopback takes it");
    let broken = "cairn_rules_broken_total{rule=\"size\"} 1\n";
    wait_until("it is counted", || node.get("/metrics").body.contains(broken));
    assert_eq!(node.metric("cairn_ignored_total{reason=\"size\"}"), 1.0);
    assert_eq!(node.metric("cairn_bytes_total{direction=\"in\"}"), 75.0);
    let strangers = &node.get("/node/peers").json()["strangers"];
    assert_eq!(strangers, &json!({"messages_in": 1, "bytes_in": 75}));
}

#[test]
fn posts_are_counted_by_what_became_of_them_and_time_goes_on() {
    let node = paused(&[]);
    let count = |outcome| node.metric(&format!("cairn_operations_total{{outcome=\"{outcome}\"}}"));
    assert_eq!(["done", "refused", "failed"].map(count), [1.0, 0.0, 0.0], "it was paused");
    node.post("/sync/request");
    node.post_peer("/peers/announce", "127.0.0.1:0");
    node.ask("POST", "/mine", &["origin: null"], "");
    node.get("/nowhere");
    assert_eq!(["done", "refused", "failed"].map(count), [2.0, 2.0, 0.0]);
    let uptime = || node.metric("cairn_uptime_seconds");
    let before = uptime();
    assert!((0.0..60.0).contains(&before), "{before}");
    wait_until("time goes on", || uptime() > before);
}

#[test]
fn metrics_are_text_that_a_browser_shows_and_prometheus_reads() {
    let node = paused(&[]);
    let plain = node.get("/metrics");
    assert_eq!(plain.header("content-type"), Some("text/plain; charset=utf-8"));
    let accept = "accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.5";
    let asked = node.ask("GET", "/metrics", &[accept], "");
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(asked.header("content-type"), Some(open));
    for text in [plain.body, asked.body] {
        assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
        for (name, kind) in
            [("hashes", "counter"), ("height", "gauge"), ("uptime_seconds", "gauge")]
        {
            assert!(text.contains(&format!("# TYPE cairn_{name} {kind}\n")), "{text}");
        }
    }
}

#[test]
fn mistakes_get_a_problem_with_a_reason() {
    let node = paused(&[]);
    let hash = "0".repeat(64);
    for (path, status, name) in [
        ("/blocks/7", 404, "not-found"),
        ("/blocks/99999999999999999999999", 400, "bad-request"),
        ("/blocks/-1", 400, "bad-request"),
        ("/blocks/%ff", 400, "bad-request"),
        (&format!("/blocks/{hash}"), 404, "not-found"),
        (&format!("/blocks/{hash}/metadata"), 404, "not-found"),
        ("/chain?limit=0", 400, "bad-request"),
        ("/chain?limit=501", 400, "bad-request"),
        ("/chain?from=x", 400, "bad-request"),
        ("/tree?limit=1001", 400, "bad-request"),
        ("/tree?depth=1", 400, "bad-request"),
        ("/nowhere", 404, "not-found"),
        ("/pause", 405, "method"),
        ("/events", 426, "websocket-needed"),
    ] {
        let answer = node.get(path);
        assert_eq!((answer.status, &*answer.problem()), (status, name), "{path}");
    }
    let json = "content-type: application/json";
    let long = format!(r#"{{"address":"{}"}}"#, "9".repeat(5_000));
    for (header, body, status, name) in [
        ("accept: */*", r#"{"address":"127.0.0.1:9"}"#, 415, "media-type"),
        (json, "", 400, "bad-request"),
        (json, "{", 400, "bad-request"),
        (json, "[]", 400, "bad-request"),
        (json, r#"{"address":"127.0.0.1"}"#, 400, "bad-request"),
        (json, r#"{"address":"localhost:9"}"#, 400, "bad-request"),
        (json, r#"{"address":"127.0.0.1:0"}"#, 400, "bad-request"),
        (json, r#"{"address":"[::1]:9"}"#, 400, "bad-request"),
        (json, r#"{"address":"127.0.0.1:9","x":1}"#, 400, "bad-request"),
        (json, &long, 413, "too-large"),
    ] {
        let answer = node.ask("POST", "/peers/announce", &[header], body);
        assert_eq!((answer.status, &*answer.problem()), (status, name), "{body:.80}");
    }
    assert_eq!(node.post_peer("/peers/announce", &node.address).problem(), "bad-request");
    assert_eq!(node.height(), 0, "it runs on");
}

#[test]
fn bytes_as_if_from_a_peer_are_judged_by_name_and_told_as_an_event() {
    let node = paused(&[]);
    let json = ["content-type: application/json"];
    let hear = |from: &str, bytes: &str| {
        let body = format!(r#"{{"from":"{from}","bytes":"{bytes}"}}"#);
        node.ask("POST", "/hear", &json, &body)
    };
    let genesis = node.get("/blocks/0").json()["bytes"].as_str().expect("digits").to_owned();
    let verdict = |bytes: &str| hear("127.0.0.1:9", bytes).json();
    let lie = genesis.replace("4b00", "4b01");
    let mut events = node.events("");
    let found = verdict(&lie);
    assert_eq!((&found["outcome"], &found["reason"]), (&"ignored".into(), &"version".into()));
    let detail = found["detail"].as_str().expect("words");
    assert!(detail.contains("block 0 breaks version: "), "{detail}");
    let event = events.find("ignored");
    assert_eq!((&event["from"], &event["detail"]), (&"127.0.0.1:9".into(), &detail.into()));
    assert_eq!(verdict(&genesis)["reason"], "tie");
    assert_eq!(verdict("00")["reason"], "bad-frame");
    for (from, bytes, status) in [
        ("127.0.0.1:9", "4b0", 400),
        ("127.0.0.1:9", "zz", 400),
        ("localhost:9", "4b", 400),
        (&*node.address, "4b", 400),
        ("127.0.0.1:9", &*"00".repeat(9_214), 200),
        ("127.0.0.1:9", &*"00".repeat(9_215), 400),
        ("127.0.0.1:9", &*"00".repeat(9_500), 413),
    ] {
        assert_eq!(hear(from, bytes).status, status, "{from} {bytes:.20}");
    }
    let secret = Node::start(&["--http-token", "open sesame"]);
    let without = secret.ask("POST", "/hear", &json, r#"{"from":"127.0.0.1:9","bytes":"00"}"#);
    assert_eq!(without.status, 401);
}

#[test]
fn there_is_an_end_to_peers() {
    let node = paused(&[]);
    let api = &node.api;
    let refuse = |port: u16| api.post_peer("/peers/disconnect", &format!("127.0.0.1:{port}"));
    // The loop looks for commands every 50 ms, so the requests must not come one after the
    // other.
    std::thread::scope(|scope| {
        for start in (1000..1112).step_by(16) {
            scope.spawn(move || (start..start + 16).for_each(|port| drop(refuse(port))));
        }
    });
    // One was there before.
    assert!((1112..1127).all(|port| refuse(port).status == 200));
    assert_eq!(refuse(2000).problem(), "too-many-peers");
    assert_eq!(refuse(1000).status, 200, "those that are known can still be talked of");
    let peers = node.get("/node/peers").json();
    assert_eq!(peers["peers"].as_array().map(Vec::len), Some(128));
}

#[test]
fn a_page_elsewhere_can_neither_steer_nor_read() {
    let node = paused(&[]);
    let own = format!("origin: http://{}", node.http);
    let port = node.http.rsplit(':').next().expect("a port");
    let local = format!("origin: http://localhost:{port}");
    // The peer is port 9, so its HTTP is port 10.
    for origin in [&own, &local, "origin: http://127.0.0.1:10", "origin: http://localhost:10"] {
        let answer = node.ask("POST", "/pause", &[origin], "");
        assert_eq!(answer.status, 200, "{origin}");
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, origin.strip_prefix("origin: "), "{origin}");
        assert_eq!(node.ask("OPTIONS", "/pause", &[origin], "").status, 204);
    }
    for origin in [
        "origin: http://evil.example",
        "origin: http://127.0.0.1:11",
        "origin: https://127.0.0.1:10",
        "origin: http://localhost.evil.example:10",
        "origin: null",
    ] {
        for (method, path) in [("POST", "/resume"), ("GET", "/node/status"), ("OPTIONS", "/pause")]
        {
            let answer = node.ask(method, path, &[origin], "");
            assert_eq!((answer.status, &*answer.problem()), (403, "origin"), "{method} {origin}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    let rebound = node.ask("POST", "/resume", &["host: evil.example"], "");
    assert_eq!((rebound.status, &*rebound.problem()), (421, "host"));
    assert_eq!(node.get("/node/status").json()["paused"], true);
    assert_eq!(node.ask("GET", "/node/status", &["host: localhost"], "").status, 200);
}

#[test]
fn other_http_addresses_of_the_network_can_be_named() {
    let node = paused(&["--peer-http", "127.0.0.1:8123"]);
    assert_eq!(node.ask("GET", "/node/info", &["origin: http://127.0.0.1:8123"], "").status, 200);
    let info = node.get("/node/info").json();
    assert_eq!(info["network"][2], "http://127.0.0.1:8123");
    let page = node.get("/");
    let policy = page.header("content-security-policy").expect("the page has one");
    assert!(policy.contains(" ws://127.0.0.1:8123 "), "{policy}");
    assert!(policy.contains(" http://localhost:10 "), "{policy}");
}

#[test]
fn a_token_is_asked_for_where_one_is_set() {
    let secret = Node::start(&["--http-token", "open sesame"]);
    let from_environment = Node::of(command(&[]).env("CAIRN_HTTP_TOKEN", "open sesame"));
    for node in [secret, from_environment] {
        assert_eq!(node.get("/node/info").json()["needs_token"], true);
        let post = |headers: &[&str]| node.ask("POST", "/pause", headers, "");
        let answer = post(&[]);
        assert_eq!((answer.status, &*answer.problem()), (401, "token-needed"));
        let answer = post(&["authorization: Bearer guess"]);
        assert_eq!((answer.status, &*answer.problem()), (401, "token-wrong"));
        assert_eq!(node.get("/node/status").json()["paused"], false);
        assert_eq!(post(&["authorization: Bearer open sesame"]).status, 200);
        assert_eq!(node.get("/node/status").json()["paused"], true);
    }
}

#[test]
fn outside_loopback_nobody_posts_without_a_token() {
    let mut command = common::cairn();
    let node =
        Node::of(command.args(["node", "0", "--http", "0.0.0.0:0", "--peer", "127.0.0.1:9"]));
    let api = Api { http: node.http.replace("0.0.0.0", "127.0.0.1") };
    let node = Node { api, ..node };
    let answer = node.post("/pause");
    assert_eq!((answer.status, &*answer.problem()), (403, "token-needed"));
    assert_eq!(node.get("/node/status").status, 200);
}

/// Sends the same request on connections one after the other, with a header line, until an
/// answer has the text; counts those with status 200.
fn ask_until(node: &Node, header: &str, text: &str) -> usize {
    let asked = format!("GET /node/status HTTP/1.1\r\n{header}\r\n\r\n").repeat(900);
    let mut admitted = 0;
    loop {
        let mut stream = node.connect();
        let mut writing = stream.try_clone().expect("the system has another descriptor");
        let asked = asked.clone();
        let writer = std::thread::spawn(move || {
            writing.write_all(asked.as_bytes()).expect("it takes all");
            writing.shutdown(Shutdown::Write).expect("it is connected");
        });
        let mut answers = String::new();
        stream.read_to_string(&mut answers).expect("answers come");
        writer.join().expect("it does not panic");
        admitted += answers.matches("HTTP/1.1 200").count();
        if answers.contains(text) {
            return admitted;
        }
    }
}

#[test]
fn who_keeps_asking_for_too_much_is_refused_for_a_while() {
    let node = Node::start(&["--zero-bits", "200", "--listen", "1ms"]);
    let admitted = ask_until(&node, "host: localhost", "kept asking");
    assert!((2_000..3_900).contains(&admitted), "{admitted}");
    let answer = node.get("/node/status");
    assert_eq!((answer.status, &*answer.problem()), (429, "rate"));
    let seconds: u64 = answer.header("retry-after").and_then(|text| text.parse().ok()).expect("it");
    assert!((1..=30).contains(&seconds), "{seconds}");
}

#[test]
fn what_a_page_elsewhere_asks_for_does_not_count_against_its_readers_own() {
    for (host, foreign) in [
        ("host: localhost", "origin: http://evil.example"),
        ("host: localhost", "sec-fetch-site: cross-site"),
        ("host: evil.example", "accept: */*"),
    ] {
        let node = Node::start(&["--zero-bits", "200", "--listen", "1ms"]);
        ask_until(&node, &format!("{host}\r\n{foreign}"), "kept asking");
        let answer = node.ask("GET", "/node/status", &[host, foreign], "");
        assert_eq!((answer.status, &*answer.problem()), (429, "rate"), "{foreign}");
        let own = format!("origin: http://{}", node.http);
        for header in ["accept: */*", &own, "sec-fetch-site: same-origin", "sec-fetch-site: none"] {
            assert_eq!(node.ask("POST", "/pause", &[header], "").status, 200, "{foreign}");
        }
        // A page of another node; browsers call this the same site.
        let other = ["origin: http://127.0.0.1:10", "sec-fetch-site: same-site"];
        assert_eq!(node.ask("GET", "/node/status", &other, "").status, 200, "{foreign}");
    }
}

#[test]
fn an_address_that_was_only_ever_disconnected_is_no_node_of_the_network() {
    let node = paused(&[]);
    let page = ["origin: http://127.0.0.1:5001"];
    let network = || node.get("/node/info").json()["network"].clone();
    let before = network();
    let refused = node.post_peer("/peers/disconnect", "127.0.0.1:5000").json();
    assert_eq!(refused["state"], "refused");
    assert_eq!(node.ask("GET", "/node/status", &page, "").problem(), "origin");
    assert_eq!(network(), before);
    node.post_peer("/peers/announce", "127.0.0.1:5000");
    assert_eq!(node.ask("GET", "/node/status", &page, "").status, 200);
    // Otherwise a page could split its network and not heal it.
    node.post_peer("/peers/disconnect", "127.0.0.1:5000");
    assert_eq!(node.ask("GET", "/node/status", &page, "").status, 200);
}

#[test]
fn a_request_that_never_ends_is_not_waited_for() {
    let node = paused(&[]);
    // A head without end, longer than a head may be.
    let mut stream = node.connect();
    let _ = stream.write_all(format!("GET /{} HTTP/1.1\r\n", "x".repeat(100_000)).as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(node.height(), 0, "it runs on");
}

#[test]
fn a_taken_http_port_is_a_note_and_not_the_end() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("the system has a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let mut command = common::cairn();
    let args = ["node", "0", "--peer", "127.0.0.1:9", "--until-height", "1", "--zero-bits", "4"];
    let mut running = common::Running::start(command.args(args).args(["--http", &port]));
    assert!(running.end().success(), "{}", running.text());
    let note =
        format!("note: no HTTP: 127.0.0.1:{port} is taken; cairn node has --http PORT for another");
    assert!(running.seen.contains(&note), "{}", running.text());
    assert!(running.text().contains("CREATE block 1: "), "{}", running.text());
}

#[test]
fn the_page_is_inside_the_program() {
    let node = paused(&[]);
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/page/style.css", "text/css; charset=utf-8"),
        ("/page/main.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = node.get(path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
        assert!(answer.header("content-security-policy").is_some());
        assert!(!answer.body.is_empty());
    }
    for path in
        ["/page", "/page/", "/page/../page.rs", "/page/%2e%2e/page.rs", "/page/package.json"]
    {
        assert_eq!(node.get(path).problem(), "not-found", "{path}");
    }
}
