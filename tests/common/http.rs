//! A small HTTP and WebSocket client for a real node.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tungstenite::{Error, Message, WebSocket};

use super::{DEADLINE, POLL, Running, cairn, wait_until};

/// A node with an API on ports that the system chooses.
pub(crate) struct Node {
    pub(crate) running: Running,
    /// Where it hears datagrams.
    pub(crate) address: String,
    pub(crate) api: Api,
}

/// Where an API is.
pub(crate) struct Api {
    /// `127.0.0.1:PORT`.
    pub(crate) http: String,
}

impl Deref for Node {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The last word of a problem's type.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
        let kind = problem["type"].as_str().expect("a problem has a type");
        kind.strip_prefix("urn:cairn:problem:").expect("it is one of ours").to_owned()
    }
}

/// The command of a node without reachable peers, unless `args` name some.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = cairn();
    command.env_remove("CAIRN_HTTP_TOKEN");
    command.args(["node", "0", "--http", "127.0.0.1:0", "--peer", "127.0.0.1:9"]).args(args);
    command
}

impl Node {
    pub(crate) fn start(args: &[&str]) -> Node {
        Node::of(&mut command(args))
    }

    /// Runs a command that starts a node with `--http`.
    pub(crate) fn of(command: &mut Command) -> Node {
        let mut running = Running::start(command);
        let started = running.find(|line| line.starts_with("START node ")).expect("it starts");
        let address = started.rsplit(' ').next().expect("the line names the address").to_owned();
        let http = running.find(|line| line.starts_with("  http ")).expect("it serves HTTP");
        let http = http.rsplit('/').nth(1).expect("the line names the URL").to_owned();
        Node { running, address, api: Api { http } }
    }
}

impl Api {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str) -> Answer {
        self.ask("POST", path, &[], "")
    }

    /// Posts the address of a peer.
    pub(crate) fn post_peer(&self, path: &str, address: &str) -> Answer {
        let body = format!(r#"{{"address":"{address}"}}"#);
        self.ask("POST", path, &["content-type: application/json"], &body)
    }

    /// Sends a request with these header lines; a `host:` among them replaces ours.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut stream = self.connect();
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|line| line.starts_with("host:")) {
            head += &format!("host: {}\r\n", self.http);
        }
        for line in headers {
            head += &format!("{line}\r\n");
        }
        if !body.is_empty() {
            head += &format!("content-length: {}\r\n", body.len());
        }
        // It may answer and close the connection before it has read everything.
        let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
        answer(&mut BufReader::new(stream))
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.http).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("it is not zero");
        stream
    }

    pub(crate) fn height(&self) -> u64 {
        self.get("/node/status").json()["height"].as_u64().expect("a number")
    }

    /// Makes it mine one block, and waits until it has.
    pub(crate) fn mine(&self) {
        let before = self.height();
        assert_eq!(self.post("/mine").status, 202);
        wait_until("a block is mined", || self.height() > before);
    }

    /// A counter of `/metrics`, without or with its label.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").body;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} in\n{text}"))
    }

    pub(crate) fn events(&self, query: &str) -> Events {
        self.follow(&format!("/events{query}"))
    }

    /// The datagrams that are sent to the node.
    #[allow(dead_code, reason = "not all tests watch them")]
    pub(crate) fn messages(&self) -> Events {
        self.follow("/messages")
    }

    /// The events as server-sent ones, with these header lines.
    pub(crate) fn stream(&self, query: &str, headers: &[&str]) -> EventStream {
        let mut stream = self.connect();
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let head = format!("GET /events{query} HTTP/1.1\r\nhost: {}\r\n{lines}", self.http);
        let asked = format!("{head}accept: text/event-stream\r\n\r\n");
        stream.write_all(asked.as_bytes()).expect("it listens");
        let mut lines = BufReader::new(stream);
        let mut status = String::new();
        lines.read_line(&mut status).expect("an answer comes");
        assert!(status.contains(" 200 "), "{status}");
        EventStream { lines }
    }

    /// Posts this JSON.
    pub(crate) fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &["content-type: application/json"], &body.to_string())
    }

    fn follow(&self, path: &str) -> Events {
        let url = format!("ws://{}{path}", self.http);
        let (socket, _) = tungstenite::client(url, self.connect()).expect("it is a WebSocket");
        Events { socket }
    }
}

/// Reads an answer to its end.
fn answer(stream: &mut impl BufRead) -> Answer {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).expect("an answer comes"), 0, "{head}");
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let mut answer = Answer { status: status.expect("a status"), head, body: String::new() };
    let length = answer.header("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).expect("a body comes whole");
    answer.body = String::from_utf8(body).expect("bodies are text");
    answer
}

/// A client of the events.
pub(crate) struct Events {
    pub(crate) socket: WebSocket<TcpStream>,
}

impl Events {
    /// The next event; answers pings on the way.
    pub(crate) fn next(&mut self) -> Value {
        loop {
            match self.socket.read().expect("another event comes") {
                Message::Text(text) => {
                    return serde_json::from_str(&text).expect("events are JSON");
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not an event: {other:?}"),
            }
        }
    }

    /// The next event of this name.
    pub(crate) fn find(&mut self, name: &str) -> Value {
        loop {
            let event = self.next();
            if event["event"] == name {
                return event;
            }
        }
    }
}

/// Server-sent events, as a browser reads them.
pub(crate) struct EventStream {
    lines: BufReader<TcpStream>,
}

impl EventStream {
    pub(crate) fn socket(&self) -> &TcpStream {
        self.lines.get_ref()
    }

    /// The next event, with its id if it has one; `None` is the end.
    pub(crate) fn next(&mut self) -> Option<(Option<String>, Value)> {
        let mut id = None;
        loop {
            let mut line = String::new();
            match self.lines.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nothing comes"),
                Err(_) => return None,
            }
            if let Some(found) = line.strip_prefix("id: ") {
                id = Some(found.trim().to_owned());
            }
            // The lengths of chunks stand on lines of their own.
            if let Some(data) = line.strip_prefix("data: ") {
                return Some((id, serde_json::from_str(data).expect("events are JSON")));
            }
        }
    }
}

/// As many as a large lecture hall has seats.
pub(crate) const CROWD: usize = 1_000;

/// Clients of a node's events that read whatever comes, in a thread of their own.
pub(crate) struct Crowd {
    messages: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    reader: JoinHandle<()>,
}

impl Crowd {
    /// A [`CROWD`] of clients that have had a few messages each.
    pub(crate) fn follow(node: &Node) -> Crowd {
        let clients: Vec<_> = (0..CROWD).map(|_| node.events("")).collect();
        for client in &clients {
            client.socket.get_ref().set_nonblocking(true).expect("any socket can be");
        }
        let (messages, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (counted, stop) = (messages.clone(), is_over.clone());
        let reader = thread::spawn(move || read_all(clients, &stop, &counted));
        let crowd = Crowd { messages, is_over, reader };
        wait_until("each has a few messages", || crowd.messages() >= 3 * CROWD);
        crowd
    }

    /// How many messages have reached all of them.
    pub(crate) fn messages(&self) -> usize {
        self.messages.load(Ordering::Relaxed)
    }

    /// Ends it; fails if any client has not got to its end.
    pub(crate) fn leave(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.reader.join().expect("every client was served");
    }
}

/// Reads whatever comes to any of the clients until told to stop, and counts it.
fn read_all(mut clients: Vec<Events>, stop: &AtomicBool, messages: &AtomicUsize) {
    while !stop.load(Ordering::Relaxed) {
        for client in &mut clients {
            loop {
                match client.socket.read() {
                    Ok(_) => messages.fetch_add(1, Ordering::Relaxed),
                    Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("a client that reads was left: {error}"),
                };
            }
        }
        thread::sleep(POLL);
    }
}

/// The memory that a node's process holds, in KiB; unknown if the system does not report it
/// in this way.
pub(crate) fn resident(node: &Node) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", node.running.child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
