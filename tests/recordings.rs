//! Recordings of the program keep to `docs/recording.md`.
#![cfg(all(unix, feature = "console"))]

mod common;

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use common::{PORT_TAKEN, Running, cairn, free_ports};
use serde_json::Value;

/// A path with this name at which there is no file yet.
fn file(name: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It may be there from an earlier run.
    let _ = fs::remove_file(&file);
    file
}

/// Reads a recording, checks that it keeps the rules, and returns its nodes.
fn check(file: &PathBuf) -> HashSet<String> {
    let text = fs::read_to_string(file).expect("it was written");
    assert!(text.starts_with(r#"{"cairn-recording":1,"#) && text.ends_with('\n'), "{text:.100}");
    let lines = text.lines().skip(1).map(|line| serde_json::from_str(line).expect(line));
    let lines: Vec<Value> = lines.collect();
    let (mut nodes, mut blocks) = (HashSet::new(), HashSet::new());
    for line in &lines {
        assert!(line["time_ms"].is_u64(), "{line}");
        match (line["change"].as_str(), line["event"].as_str()) {
            (Some("node"), _) => drop(nodes.insert(line["node"].to_string())),
            (Some("block"), _) => {
                let previous = line["previous"].to_string();
                assert!(line["height"] == 0 || blocks.contains(&previous), "{line}");
                assert!(blocks.insert(line["hash"].to_string()), "told once: {line}");
            }
            (_, Some("started" | "created" | "copied")) => {
                assert!(blocks.contains(&line["hash"].to_string()), "{line}");
                assert!(nodes.contains(&line["node"].to_string()), "{line}");
            }
            _ => {}
        }
    }
    assert_eq!(lines.last().expect("it has lines")["change"], "end");
    nodes
}

#[test]
fn a_simulation_is_recorded_with_its_crashes_and_partitions() {
    let file = file("sim.jsonl");
    let record = |seed| {
        let mut command = cairn();
        command.args(["sim", "--seed", seed, "--record"]).arg(&file);
        command.output().expect("it can be started")
    };
    let output = record("1");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(check(&file).len(), 7);
    let text = fs::read_to_string(&file).expect("it was written");
    assert!(text.contains(r#""change":"down""#) && text.contains(r#""refused":["#));
    let messages: Vec<_> =
        text.lines().filter(|line| line.contains(r#""event":"message""#)).collect();
    assert!(messages.iter().any(|line| line.contains(r#""lost":true"#)), "{}", messages.len());
    assert!(messages.iter().any(|line| line.contains(r#""lost":false"#)));
    let again = record("2");
    assert_eq!(again.status.code(), Some(1), "an earlier recording is not overwritten");
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"), "{again:?}");
}

#[test]
fn a_node_and_a_network_are_recorded() {
    let node = file("node.jsonl");
    let mut command = cairn();
    command.args(["node", "0", "--peer", "127.0.0.1:9", "--zero-bits", "4", "--listen", "1ms"]);
    command.args(["--until-height", "3", "--record"]).arg(&node);
    assert!(Running::start(&mut command).end().success());
    assert_eq!(check(&node).len(), 1);

    for _ in 0..5 {
        let network = file("up.jsonl");
        let ports: Vec<_> = free_ports(3).iter().map(u16::to_string).collect();
        let mut command = cairn();
        command.args(["up", "--ports", &ports.join(","), "--delay", "0", "--nonces", "20000"]);
        command.args(["--listen", "20ms", "--until-height", "3", "--record"]).arg(&network);
        let status = Running::start(&mut command).end();
        if status.code() != Some(PORT_TAKEN) {
            assert!(status.success());
            assert_eq!(check(&network).len(), 3);
            let text = fs::read_to_string(&network).expect("it was written");
            for event in [r#""event":"links","delay_ms":0,"loss":0"#, r#""event":"message","from""#]
            {
                assert!(text.contains(event), "{event}");
            }
            return;
        }
    }
    panic!("five times a port was taken");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_recording_with_a_note_that_names_it_and_not_the_node() {
    let args = ["node", "0", "--peer", "127.0.0.1:9", "--for", "100ms", "--record", "/dev/full"];
    let mut node = Running::start(cairn().args(args));
    assert!(node.end().success(), "{}", node.text());
    let note = "note: the recording /dev/full ends here: No space left on device";
    assert!(node.text().contains(note), "{}", node.text());
}

#[cfg(feature = "web")]
#[test]
fn the_page_is_served_on_a_simulation() {
    use common::http::Api;
    let mut page = Running::start(cairn().args(["sim", "--seed", "1", "--page"]));
    let line = page.find(|line| line.starts_with("PAGE ")).expect("it serves the page");
    let url = line.strip_prefix("PAGE http://").expect("a URL");
    let (http, path) = url.split_once("/#recording=").expect("it names the recording");
    let api = Api { http: http.to_owned() };
    assert!(api.get("/").body.contains("<!doctype html>"));
    assert_eq!(api.get("/page/main.js").status, 200);
    assert!(api.get(path).body.starts_with(r#"{"cairn-recording":1,"#));
    assert_eq!(api.get("/node/info").status, 404, "there is no node");
    let elsewhere = api.ask("GET", path, &["origin: http://evil.example"], "");
    assert_eq!(elsewhere.status, 403, "a page there has no business here");
}
