//! `cairn up` and the command line of HTTP.
#![cfg(all(unix, feature = "web"))]

mod common;

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;

use common::http::Api;
use common::{PORT_TAKEN, Running, cairn, free_ports, wait_until};

/// Starts `cairn up` on free ports and waits until both nodes have started; `None` if
/// another program took a port in between.
fn up(ports: &[u16]) -> Option<Running> {
    up_at(None, ports)
}

/// The same with nodes at this address.
fn up_at(ip: Option<&str>, ports: &[u16]) -> Option<Running> {
    let list = format!("{},{}", ports[0], ports[1]);
    let args = ["up", "--delay", "0", "--ports", &list, "--zero-bits", "200"];
    let mut running = Running::start(cairn().args(args).args(ip.map(|ip| format!("--ip={ip}"))));
    let is_started = |line: &str| line.contains("START");
    if (0..2).all(|_| running.find(is_started).is_some()) {
        return Some(running);
    }
    assert_eq!(running.end().code(), Some(PORT_TAKEN), "{}", running.text());
    None
}

/// Tries again, with other ports, until no other program takes one.
fn try_again(mut done: impl FnMut(Vec<u16>) -> Option<()>) {
    assert!((0..5).any(|_| done(free_ports(2)).is_some()), "five times a port was taken");
}

#[test]
fn the_pages_address_comes_first_and_every_node_has_an_api() {
    every_node_has_an_api_when(up);
}

/// The nodes are at the machine's address, as in the tutorial; the page stays on loopback.
#[test]
#[cfg(target_os = "linux")]
fn every_node_has_an_api_also_where_the_nodes_are_at_another_address() {
    every_node_has_an_api_when(|ports| up_at(Some("127.98.7.6"), ports));
}

fn every_node_has_an_api_when(up: fn(&[u16]) -> Option<Running>) {
    try_again(|ports| {
        let running = up(&ports)?;
        if running.text().contains("note: no HTTP") {
            return None;
        }
        let page = running.seen[0].strip_prefix("PAGE http://").expect("it is the first line");
        let page = Api { http: page.trim_end_matches('/').to_owned() };
        assert_eq!(page.get("/").status, 200);
        let network = page.get("/node/info").json()["network"].clone();
        let network = network.as_array().expect("a list");
        assert_eq!(network.len(), ports.len());
        for url in network {
            let api = Api { http: url.as_str().expect("text").replace("http://", "") };
            let origin = format!("origin: http://{}", page.http);
            let answer = api.ask("GET", "/node/status", &[&origin], "");
            assert_eq!(answer.status, 200, "the page may talk to {url}");
        }
        Some(())
    });
}

#[test]
fn a_taken_http_port_is_a_note_and_the_page_is_at_another_node() {
    try_again(|ports| {
        let _taken = TcpListener::bind(("127.0.0.1", ports[0] + 1)).ok()?;
        let mut running = up(&ports)?;
        let page = format!("PAGE http://127.0.0.1:{}/", ports[1] + 1);
        // The note comes through another pipe, so it may be seen earlier.
        if !running.seen.contains(&page) {
            return None;
        }
        let is_note = |line: &str| line.contains("note: no HTTP: 127.0.0.1:");
        let is_told = running.text().lines().any(is_note) || running.find(is_note).is_some();
        assert!(is_told, "{}", running.text());
        Some(())
    });
}

#[test]
fn an_audience_sees_all_nodes_at_one_address_and_changes_nothing() {
    try_again(|ports| {
        let list = format!("{},{}", ports[0], ports[1]);
        let args = ["up", "--delay", "0", "--ports", &list, "--zero-bits", "200"];
        let mut running = Running::start(cairn().args(args).args(["--audience", "127.0.0.1:0"]));
        let line = running.find(|line| line.starts_with("AUDIENCE http://"))?;
        running.find(|line| line.contains("START"))?;
        running.find(|line| line.contains("START"))?;
        if running.text().contains("note: no HTTP") {
            return None;
        }
        let http = line.trim_start_matches("AUDIENCE http://").trim_end_matches('/').to_owned();
        let audience = Api { http: http.clone() };
        let nodes = audience.get("/audience").json();
        let node = |index: usize| nodes["nodes"][index]["port"].as_u64();
        let mut sorted = ports.clone();
        sorted.sort_unstable();
        assert_eq!([node(0), node(1)], [Some(sorted[0].into()), Some(sorted[1].into())]);
        let path = |port: u16, path: &str| format!("/nodes/{port}{path}");
        let lookout = audience.get(&path(ports[0], "/network/audience")).json();
        assert_eq!(lookout["url"], format!("http://{http}/"));
        assert!(lookout["code"][0].as_str().is_some_and(|row| row.starts_with("1111111")));
        for port in &ports {
            let info = audience.get(&path(*port, "/node/info")).json();
            assert_eq!(info["port"], *port);
        }
        assert_eq!(audience.get("/").status, 200);
        let own = format!("origin: http://{http}");
        let status = |method, place: &str, headers: &[&str]| {
            audience.ask(method, &path(ports[0], place), headers, "").status
        };
        assert_eq!(status("GET", "/node/status", &[&own]), 200);
        assert_eq!(status("GET", "/node/status", &["origin: http://10.0.0.1"]), 403);
        for order in
            ["/pause", "/mine", "/hear", "/network/nodes", "/network/pace", "/sync/request"]
        {
            assert_eq!(status("POST", order, &[&own]), 405, "{order}");
        }
        assert_eq!(audience.get("/nodes/1/node/status").status, 404);
        // A stopped node is not shown any more.
        let stop = format!("/network/nodes/{}/stop", ports[1]);
        let orders = Api { http: format!("127.0.0.1:{}", ports[0] + 1) };
        assert_eq!(orders.ask("POST", &stop, &[], "").status, 200);
        wait_until("it is not shown", || {
            audience.get(&path(ports[1], "/node/status")).status == 404
        });
        Some(())
    });
}

#[test]
fn mistakes_get_one_line() {
    for (args, code, text) in [
        (&["--http", "here"][..], 2, "--http here: write PORT or IP:PORT"),
        (&["--http", "192.0.2.1:80"], 78, "192.0.2.1 is not an address of this machine"),
        (&["--http", "--peer-http", "nowhere"], 2, "--peer-http nowhere: "),
        (&["--http-token", "secret"], 2, "--http"),
        (&["--http", "--http-token", ""], 2, "--http-token is empty, "),
        (&["--http", "--http-token", " secret"], 2, "--http-token has spaces around it, "),
        (&["--http", "--http-token", "secret\t"], 2, "--http-token has spaces around it, "),
        (&["--http", "--http-token", "geheimnisträger"], 2, "characters other than printable"),
        (&["--http", "--http-token", "a\nb"], 2, "characters other than printable ASCII, "),
    ] {
        let mut running = Running::start(
            cairn().args(["node", "0", "--peer", "127.0.0.1:9", "--for", "1m"]).args(args),
        );
        assert_eq!(running.end().code(), Some(code), "{}", running.text());
        assert_eq!(running.seen.len(), 1, "{}", running.text());
        assert!(running.seen[0].contains(text), "{}", running.text());
    }
}

#[test]
fn a_token_in_the_environment_that_no_client_can_show_is_an_error_and_never_no_token() {
    for (token, text) in [
        (&b""[..], "CAIRN_HTTP_TOKEN is empty, "),
        (b"secret ", "CAIRN_HTTP_TOKEN has spaces around it, "),
        (b"secret\xff", "CAIRN_HTTP_TOKEN has characters other than printable ASCII, "),
        (b"\xc3\xa4", "CAIRN_HTTP_TOKEN has characters other than printable ASCII, "),
    ] {
        let mut command = cairn();
        command.args([
            "node",
            "0",
            "--peer",
            "127.0.0.1:9",
            "--for",
            "1m",
            "--http",
            "127.0.0.1:0",
        ]);
        let mut running = Running::start(command.env("CAIRN_HTTP_TOKEN", OsStr::from_bytes(token)));
        assert_eq!(running.end().code(), Some(78), "{}", running.text());
        assert_eq!(running.seen.len(), 1, "{}", running.text());
        assert!(running.seen[0].contains(text), "{}", running.text());
        assert!(running.seen[0].ends_with("choose another token, or unset it"));
        // The flag's token is used instead, if it is valid.
        let mut running = Running::start(command.args(["--http-token", "secret"]));
        assert!(running.find(|line| line.starts_with("  http ")).is_some(), "{}", running.text());
    }
}
