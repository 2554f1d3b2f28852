//! What a container needs from the program: an identity before there is a node, and a
//! health check.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Output;
use std::thread;

use crate::common::{Running, cairn};
#[cfg(feature = "web")]
use crate::common::{http::Node, wait_until};

/// A file of this test run, which does not exist.
fn file(name: &str) -> PathBuf {
    let name = format!("container-{}-{name}", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

fn health(api: &str) -> Output {
    cairn().args(["health", "--api", api]).output().expect("it runs")
}

/// The single line on standard error, when the command ends with 1.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).expect("errors are text");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(output.stdout.is_empty(), "{output:?}");
    text
}

/// The address of a server that answers one request with these bytes.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody asks");
        // The head of the request, in one piece on loopback.
        let _ = stream.read(&mut [0; 4096]).expect("it asks");
        stream.write_all(answer.as_bytes()).expect("it listens");
    });
    format!("http://{address}")
}

#[test]
fn the_identity_is_known_before_the_node_runs_and_stays() {
    let key = file("id.key");
    let id = || {
        let output = cairn().args(["net", "id", "--key"]).arg(&key).output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let first = id();
    assert!(first.trim_end().len() == 64 && hex::decode(first.trim_end()).is_ok(), "{first}");
    assert_eq!(id(), first);
    let args = ["net", "--ip", "127.0.0.1", "--port", "0", "--no-lan", "--for", "1ms", "--key"];
    let node = cairn().args(args).arg(&key).output().expect("it runs");
    let said = String::from_utf8_lossy(&node.stderr).into_owned();
    assert!(said.contains(&format!("--bootstrap {}@", first.trim_end())), "{said}");
}

#[test]
fn the_identity_of_a_node_that_runs_is_in_use() {
    let key = file("running.key");
    let args = ["net", "--ip", "127.0.0.1", "--port", "0", "--no-lan", "--key"];
    let mut node = Running::start(cairn().args(args).arg(&key));
    node.find(|line| line.contains("--bootstrap ")).expect("it runs");
    let output = cairn().args(["net", "id", "--key"]).arg(&key).output().expect("it runs");
    assert_eq!(output.status.code(), Some(75), "{output:?}");
}

#[test]
fn an_identity_takes_no_flag_of_a_node() {
    let output = cairn().args(["net", "--introduce", "id"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[cfg(feature = "web")]
#[test]
fn a_node_that_answers_is_well_and_one_that_was_stopped_is_not() {
    let node = Node::start(&["--nonces", "1"]);
    let api = format!("http://{}", node.api.http);
    // A person may write the slash that a browser shows.
    let output = health(&format!("{api}/"));
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.starts_with(&format!("the node at {api} is well: block 0, ")), "{text}");
    assert_eq!(node.post("/pause").status, 200);
    let says_so = |text: &[u8]| String::from_utf8_lossy(text).contains("mining is paused");
    wait_until("the check tells that mining is paused", || says_so(&health(&api).stdout));
    drop(node);
    assert!(refusal(&health(&api)).contains("cannot ask a node at"));
}

#[test]
fn what_is_no_node_is_not_well() {
    let empty = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    assert!(refusal(&health(&answering(empty))).contains("is not a node of Cairn"));
    let busy = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    assert!(refusal(&health(&answering(busy))).contains("503"));
    assert!(refusal(&health("not a url")).contains("cannot ask a node at"));
}
