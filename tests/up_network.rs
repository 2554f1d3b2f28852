//! A network that changes while it runs: nodes are added, stopped and started, and
//! nodes elsewhere belong to it.
#![cfg(all(unix, feature = "web"))]

mod common;

use std::net::UdpSocket;

use cairn::block::Block;
use common::http::Api;
use common::{DEADLINE, PORT_TAKEN, Running, cairn, free_ports, is_free, wait_until};
use serde_json::Value;

/// A network in which no block is ever found, unless told otherwise, and the API of
/// its first node.
struct Up {
    running: Running,
    ports: Vec<u16>,
}

impl Up {
    /// Starts two nodes on free ports, and waits until both have started and serve HTTP.
    fn start(args: &[&str]) -> Up {
        for _ in 0..5 {
            let ports = free_ports(2);
            let list = format!("{},{}", ports[0], ports[1]);
            let mut running = Running::start(
                cairn()
                    .args(["up", "--delay", "0", "--ports", &list, "--listen", "20ms"])
                    .args(args),
            );
            let is_started = |line: &str| line.contains("START");
            let are_started = (0..2).all(|_| running.find(is_started).is_some());
            if are_started && !running.text().contains("note: no HTTP") {
                return Up { running, ports };
            }
            if !are_started {
                assert_eq!(running.end().code(), Some(PORT_TAKEN), "{}", running.text());
            }
        }
        panic!("five times a port was taken");
    }

    fn api(&self, node: usize) -> Api {
        Api { http: format!("127.0.0.1:{}", self.ports[node] + 1) }
    }

    /// Gives an order to the first node's API; returns the status and the nodes with
    /// whether each runs.
    fn order(&self, path: &str) -> (u16, Vec<(u16, bool)>) {
        let answer = self.api(0).ask("POST", path, &[], "");
        let nodes = if answer.status < 300 { nodes(&answer.json()) } else { Vec::new() };
        (answer.status, nodes)
    }
}

fn nodes(json: &Value) -> Vec<(u16, bool)> {
    let node = |node: &Value| {
        let port = node["port"].as_u64().expect("a number");
        (u16::try_from(port).expect("a port"), node["running"].as_bool().expect("true or false"))
    };
    json["nodes"].as_array().expect("a list").iter().map(node).collect()
}

fn height(api: &Api) -> u64 {
    api.get("/node/status").json()["height"].as_u64().expect("a number")
}

#[test]
fn a_stopped_node_lets_go_of_its_ports_and_catches_up_when_it_starts_again() {
    let up = Up::start(&["--nonces", "20000", "--zero-bits", "12"]);
    let [first, second] = up.ports[..] else { unreachable!() };
    let (status, after) = up.order(&format!("/network/nodes/{second}/stop"));
    assert_eq!((status, after), (200, vec![(first, true), (second, false)]));
    wait_until("its port is free", || is_free(second));
    let before = height(&up.api(0));
    wait_until("the other mines on", || height(&up.api(0)) > before + 2);
    let (status, after) = up.order(&format!("/network/nodes/{second}/start"));
    assert_eq!((status, after), (200, vec![(first, true), (second, true)]));
    wait_until("it has caught up", || height(&up.api(1)) > before);
}

#[test]
fn an_added_node_is_a_peer_of_all_and_mines_the_same_chain() {
    let up = Up::start(&["--nonces", "20000", "--zero-bits", "12"]);
    let (status, after) = up.order("/network/nodes");
    assert_eq!(status, 201);
    let &(new, is_running) = after.last().expect("a node");
    assert!(is_running && !up.ports.contains(&new) && after.len() == 3, "{after:?}");
    for node in 0..2 {
        let address = format!("127.0.0.1:{new}");
        wait_until("it is a peer", || up.api(node).get("/node/peers").body.contains(&address));
    }
    let added = Api { http: format!("127.0.0.1:{}", new + 1) };
    wait_until("it has the chain", || height(&added) > 0);
    let (status, list) = (up.api(0).get("/network/nodes").status, after.len());
    assert_eq!((status, list), (200, 3));
}

#[test]
fn links_are_set_while_the_network_runs_and_a_lost_block_reaches_nobody() {
    let up = Up::start(&["--nonces", "20000", "--zero-bits", "12", "--loss", "100"]);
    let api = up.api(0);
    let links = |body: &str| {
        let method = if body.is_empty() { "GET" } else { "POST" };
        api.ask(method, "/network/links", &["content-type: application/json"], body)
    };
    assert_eq!(links("").json(), serde_json::json!({"delay_ms": 0, "loss": 100}));
    wait_until("it has found blocks", || height(&api) > 3);
    let copies = || up.api(1).get("/metrics").body.contains("cairn_chains_copied_total 0\n");
    assert!(copies(), "all datagrams are lost");
    for wrong in [r#"{"delay_ms":5001,"loss":0}"#, r#"{"delay_ms":0,"loss":101}"#, "{}"] {
        assert!((400..500).contains(&links(wrong).status), "{wrong}");
    }
    let answer = links(r#"{"delay_ms":30,"loss":0}"#);
    assert_eq!((answer.status, answer.json()["delay_ms"].as_u64()), (200, Some(30)));
    assert_eq!(up.api(1).get("/network/links").json()["delay_ms"], 30);
    wait_until("a chain is copied by one of them", || {
        (0..2).any(|node| !up.api(node).get("/metrics").body.contains("chains_copied_total 0\n"))
    });
}

#[test]
fn new_links_and_a_new_pace_are_events_of_every_node_and_real() {
    let up = Up::start(&["--zero-bits", "200"]);
    let json = ["content-type: application/json"];
    let answer = up.api(0).ask("POST", "/network/pace", &json, r#"{"pace":"fast"}"#);
    assert_eq!(answer.json(), serde_json::json!({"pace":"fast","nonces":10_000,"listen_ms":200}));
    assert_eq!(up.api(1).get("/network/pace").json()["pace"], "fast");
    let links = r#"{"delay_ms":20,"loss":5}"#;
    assert_eq!(up.api(0).ask("POST", "/network/links", &json, links).status, 200);
    for node in 0..2 {
        let mut events = up.api(node).events("?after=0");
        let first = events.find("links");
        assert_eq!((&first["delay_ms"], &first["loss"]), (&0.into(), &0.into()), "at its start");
        let paced = events.find("paced");
        assert_eq!((&paced["nonces"], &paced["listen_ms"]), (&10_000.into(), &200.into()));
        let links = events.find("links");
        assert_eq!((&links["delay_ms"], &links["loss"]), (&20.into(), &5.into()));
        wait_until("it searches at that pace", || {
            up.api(node).get("/node/info").json()["nonces"] == 10_000
        });
        let mut events = up.api(node).events("");
        let mut next = || events.find("tried")["counter"].as_u64().expect("a number");
        wait_until("a turn has ten thousand tries", || {
            let (one, other) = (next(), next());
            other > one && (other - one) % 10_000 == 0
        });
    }
    let added = up.order("/network/nodes").1.last().expect("a node").0;
    let added = Api { http: format!("127.0.0.1:{}", added + 1) };
    wait_until("a node that comes later has the pace of all", || {
        added.get("/node/info").json()["nonces"] == 10_000
    });
    for wrong in [r#"{"pace":"hasty"}"#, "{}", ""] {
        let status = up.api(0).ask("POST", "/network/pace", &json, wrong).status;
        assert!((400..500).contains(&status), "{wrong}: {status}");
    }
    assert_eq!(
        up.api(0).get("/network/audience").json(),
        serde_json::json!({"url":null,"code":[]})
    );
}

#[test]
fn datagrams_are_shown_to_those_who_watch_with_what_becomes_of_them() {
    let up = Up::start(&["--zero-bits", "200"]);
    let json = ["content-type: application/json"];
    let from = format!("127.0.0.1:{}", up.ports[0]);
    let mut messages = up.api(1).messages();
    for (delay, loss, is_lost) in [(30, 0, false), (0, 100, true)] {
        let links = format!(r#"{{"delay_ms":{delay},"loss":{loss}}}"#);
        assert_eq!(up.api(0).ask("POST", "/network/links", &json, &links).status, 200);
        // The link looks for new faults each time that it waits.
        let message = loop {
            up.api(0).post("/sync/request");
            let message = messages.next();
            if message["lost"] == is_lost && message["delay_ms"] == delay {
                break message;
            }
        };
        assert_eq!(
            (&message["event"], &message["from"]),
            (&"message".into(), &from.clone().into())
        );
        assert_eq!((&message["kind"], &message["length"]), (&"chain".into(), &75.into()));
    }
}

#[test]
fn orders_that_make_no_sense_are_refused_with_the_reason() {
    let mut up = Up::start(&["--zero-bits", "200"]);
    let [first, second] = up.ports[..] else { unreachable!() };
    let refused = |path: String, status: u16, why: &str| {
        let answer = up.api(0).ask("POST", &path, &[], "");
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(answer.body.contains(why), "{path}: {}", answer.body);
    };
    refused("/network/nodes/1/stop".into(), 404, "no node of this network has port 1");
    refused("/network/nodes/x/stop".into(), 400, "u16");
    refused(format!("/network/nodes/{second}/start"), 409, "runs already");
    assert_eq!(up.order(&format!("/network/nodes/{second}/stop")).0, 200);
    refused(format!("/network/nodes/{second}/stop"), 409, "is stopped already");
    refused(format!("/network/nodes/{first}/stop"), 409, "the last one that runs");
    // Another program takes its port meanwhile.
    wait_until("its port is free", || is_free(second));
    let taken = UdpSocket::bind(("127.0.0.1", second)).expect("it is free");
    refused(format!("/network/nodes/{second}/start"), 503, "is taken");
    drop(taken);
    let text = up.running.child.try_wait().expect("it can be asked");
    assert!(text.is_none(), "nothing of this ends the network");
}

#[test]
fn a_node_alone_has_no_network_to_change() {
    let args = ["node", "0", "--peer", "127.0.0.1:9", "--http", "127.0.0.1:0"];
    let mut node = Running::start(cairn().args(args));
    let line = node.find(|line| line.starts_with("  http")).expect("it serves HTTP");
    let http = line.split_once("http://").expect("a URL").1.trim_end_matches('/').to_owned();
    let api = Api { http };
    for (method, path) in [
        ("GET", "/network/nodes"),
        ("POST", "/network/nodes"),
        ("POST", "/network/nodes/7000/stop"),
    ] {
        let answer = api.ask(method, path, &[], "");
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
        assert!(answer.body.contains("as those of cairn up are"), "{}", answer.body);
    }
}

#[test]
fn a_node_elsewhere_is_written_to_by_all_and_its_chain_is_adopted() {
    let elsewhere = UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    elsewhere.set_read_timeout(Some(DEADLINE)).expect("it is more than zero");
    let address = elsewhere.local_addr().expect("it is bound").to_string();
    let up = Up::start(&["--zero-bits", "0", "--nonces", "1", "--peer", &address]);
    let mut from = Vec::new();
    let mut buffer = [0; 65_536];
    while !up.ports.iter().all(|port| from.contains(port)) {
        let (len, node) = elsewhere.recv_from(&mut buffer).expect("both write to it");
        assert!(buffer[..len].starts_with(&Block::genesis().to_bytes()[..2]) || buffer[0] == 0);
        from.push(node.port());
    }
}

#[test]
fn a_file_that_cannot_be_opened_ends_the_network_before_it_starts() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("up_bad_file");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    for _ in 0..5 {
        let ports = free_ports(2);
        std::fs::write(folder.join(format!("{}.chain", ports[0])), "not a chain").expect("room");
        let list = format!("{},{}", ports[0], ports[1]);
        let mut running =
            Running::start(cairn().args(["up", "--ports", &list, "--data"]).arg(&folder));
        let code = running.end().code();
        if code != Some(PORT_TAKEN) {
            assert_eq!(code, Some(1), "{}", running.text());
            assert!(running.text().contains(".chain"), "{}", running.text());
            return;
        }
    }
    panic!("five times a port was taken");
}

#[test]
fn a_node_that_ends_by_itself_is_told_and_makes_the_run_a_failure() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("up_moved_file");
    // It may be there from an earlier run.
    let _ = std::fs::remove_dir_all(&folder);
    let data = folder.to_str().expect("UTF-8");
    let mut up =
        Up::start(&["--nonces", "20000", "--zero-bits", "12", "--data", data, "--for", "5m"]);
    let file = folder.join(format!("{}.chain", up.ports[1]));
    std::fs::rename(&file, folder.join("moved")).expect("it is there");
    let line = up.running.find(|line| line.contains("ended by itself")).expect("it is told");
    assert!(line.contains(&up.ports[1].to_string()), "{line}");
    let pid = up.running.child.id().to_string();
    let killed = std::process::Command::new("kill").args(["-s", "INT", &pid]).status();
    assert!(killed.expect("kill is there").success());
    assert_eq!(up.running.end().code(), Some(1), "{}", up.running.text());
}
