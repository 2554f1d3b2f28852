//! The API of a node in this process, for tests that need what a command line cannot set,
//! such as a long chain or an impatient server.
#![cfg(feature = "web")]

mod common;

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cairn::chain::Chain;
use cairn::driver::{self, Command, Setup};
use cairn::node::{Node, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::udp;
use cairn::web::{self, Pool, Rates, Server};
use common::http::Api;
use serde_json::{Value, json};
use tungstenite::Message;

/// Any hash meets this target.
const ANY: Target = Target::from_zero_bits(0);

/// A node's loop in its own thread, and its API.
struct Inside {
    api: Api,
    commands: Sender<Command>,
    looping: Option<JoinHandle<Server>>,
}

impl Inside {
    /// A node on this chain whose own turns never come while a test runs.
    fn start(chain: Chain, ping: Duration) -> Inside {
        Inside::with(chain, |settings| settings.ping = ping)
    }

    /// The same, with other settings of its API.
    fn with(chain: Chain, change: impl FnOnce(&mut web::Settings)) -> Inside {
        let mut socket = udp::bind_socket([127, 0, 0, 1].into(), 0).expect("a free port");
        let address = socket.local_addr().expect("it is bound");
        let settings = Settings {
            listen: Duration::from_secs(3600),
            ..Settings::tutorial(PeerName::new(address), address.port(), Vec::new())
        };
        let mut node = Node::new(settings, chain);
        let (commands, inbox) = mpsc::channel();
        let mut http = web::Settings::new(([127, 0, 0, 1], 0).into(), Pool::new(100));
        change(&mut http);
        let (server, mut watcher) =
            web::start(http, &node, commands.clone()).expect("the system has a free port");
        let api = Api { http: server.address().to_string() };
        let looping = thread::spawn(move || {
            let mut keep = |_: &_| Ok(());
            let setup = Setup { link: &mut socket, commands: &inbox, keep: &mut keep, threads: 1 };
            driver::run(&mut node, setup, &mut watcher).expect("loopback works");
            server
        });
        Inside { api, commands, looping: Some(looping) }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.commands.send(Command::Stop);
        if let Some(looping) = self.looping.take() {
            let _ = looping.join();
        }
    }
}

/// A chain of this many blocks.
fn chain(count: usize) -> Chain {
    let mut chain = Chain::genesis(ANY);
    while chain.count() < count {
        let block = chain.next_block(0, 0, 7000).expect("any hash will do");
        chain.push(&block).expect("valid");
    }
    chain
}

#[test]
fn blocks_older_than_the_index_are_asked_for() {
    let chain = chain(30_000);
    let hash = |height| chain.hash_at(height).expect("it is there").to_string();
    let node = Inside::start(chain.clone(), web::Settings::PING);
    for height in [0, 1, 5, 19_999, 20_000, 29_999] {
        let by_height = node.api.get(&format!("/blocks/{height}")).json();
        assert_eq!(by_height["hash"], hash(height));
        assert_eq!(by_height["bytes"], hex::encode(chain.blocks()[height]));
        assert_eq!(node.api.get(&format!("/blocks/{}", hash(height))).json(), by_height);
        let metadata = node.api.get(&format!("/blocks/{height}/metadata")).json();
        assert_eq!(metadata["confirmations"], 30_000 - height);
        let asked = if height < 20_000 { json!(null) } else { json!(3) };
        assert_eq!(metadata["asked"], asked, "block {height}");
    }
    let page = node.api.get("/chain?from=19990&limit=20").json();
    let heights: Vec<_> = page["blocks"].as_array().expect("a list").iter().collect();
    let heights: Vec<_> = heights.iter().map(|block| block["height"].as_u64()).collect();
    assert_eq!(heights, (19_990..20_010).map(Some).collect::<Vec<_>>());
    assert_eq!(page["next"], 20_010);
    assert_eq!(node.api.get("/tree?from=0&limit=1").json()["from"], 20_000);
    let nobody = "f".repeat(64);
    assert_eq!(node.api.get(&format!("/blocks/{nobody}")).status, 404);
}

#[test]
fn a_client_that_answers_no_ping_is_cut_off_and_one_that_does_is_not() {
    let node = Inside::start(Chain::genesis(ANY), Duration::from_millis(50));
    let mut answers = node.api.events("");
    let deaf = node.api.events("");
    let mut pings = 0;
    // Reading answers pings; the other one's end shows in the counter.
    while node.api.metric("cairn_event_clients_cut_off_total") < 1.0 || pings < 5 {
        match answers.socket.read() {
            Ok(Message::Ping(_)) => pings += 1,
            Ok(_) => {}
            Err(error) => panic!("it is cut off after {pings} pings: {error}"),
        }
    }
    assert_eq!(node.api.metric("cairn_event_clients"), 1.0);
    drop(deaf);
}

#[test]
fn who_asks_and_never_reads_is_cut_off_and_who_follows_the_events_is_not() {
    let node = Inside::with(Chain::genesis(ANY), |settings| {
        settings.patience = Duration::from_millis(100);
        settings.pool = Pool::new(8);
    });
    let mut events = node.api.events("");
    let question = format!("GET /openapi.json HTTP/1.1\r\nhost: {}\r\n\r\n", node.api.http);
    let deaf: Vec<_> = (0..7).map(|_| node.api.connect()).collect();
    for mut stream in &deaf {
        // Small buffers, so that the systems' are full soon.
        let system = socket2::SockRef::from(stream);
        system.set_recv_buffer_size(4096).expect("any socket can have less");
        stream.write_all(question.repeat(100).as_bytes()).expect("it takes that much");
    }
    // Data sent to a closed connection comes back as an error.
    let is_cut_off = |mut stream: &TcpStream| {
        stream.set_nonblocking(true).expect("any socket can be");
        stream.write(b"GET").is_err_and(|error| error.kind() != ErrorKind::WouldBlock)
    };
    common::wait_until("all of them are cut off", || deaf.iter().all(is_cut_off));
    assert_eq!(node.api.get("/node/status").status, 200, "there are places again");
    assert_eq!(events.next()["event"], "hello");
    assert_eq!(node.api.metric("cairn_event_clients"), 1.0, "who follows may be silent");
}

#[test]
fn when_the_loop_has_ended_clients_are_told_and_questions_get_a_problem() {
    let node = Inside::start(Chain::genesis(ANY), web::Settings::PING);
    // All held events, because the client may be let in after the loop has ended.
    let mut events = node.api.events("?after=0");
    node.commands.send(Command::Stop).expect("it runs");
    let stopped = events.find("stopped");
    assert_eq!(stopped["height"], 0);
    common::wait_until("the loop has ended", || {
        node.looping.as_ref().is_some_and(JoinHandle::is_finished)
    });
    let answer = node.api.post("/pause");
    assert_eq!((answer.status, &*answer.problem()), (503, "stopped"));
    assert_eq!(node.api.metric("cairn_operations_total{outcome=\"failed\"}"), 1.0);
    assert_eq!(node.api.get("/node/status").status, 200, "what is known can still be read");
    drop(node);
    let last = std::iter::repeat_with(|| events.socket.read());
    let closed = last.map_while(Result::ok).any(|message| matches!(message, Message::Close(_)));
    assert!(closed, "the server says goodbye");
}

#[test]
fn two_servers_cannot_share_a_port() {
    let first = Inside::start(Chain::genesis(ANY), web::Settings::PING);
    let address = first.api.http.parse().expect("an address");
    let settings = Settings::tutorial(PeerName::new("alice"), 7000, Vec::new());
    let node = Node::new(settings, Chain::genesis(ANY));
    let second = web::start(web::Settings::new(address, Pool::new(9)), &node, mpsc::channel().0);
    assert_eq!(second.err().map(|error| error.kind()), Some(std::io::ErrorKind::AddrInUse));
    let info: Value = first.api.get("/node/info").json();
    assert_eq!(info["http"], format!("http://{address}"));
}

#[test]
fn a_stream_that_is_not_read_is_cut_off_and_one_that_is_read_is_not() {
    let node = Inside::with(Chain::genesis(ANY), |settings| {
        settings.patience = Duration::from_millis(100);
        let many = NonZeroU32::MAX;
        settings.rates = Rates { per_second: many, at_once: many, ..Rates::default() };
    });
    let clients = || node.api.metric("cairn_event_clients");
    let mut read = node.api.stream("?types=block:location", &[]);
    let deaf = node.api.stream("?types=*", &[]);
    // Small buffers, so that the systems' are full soon.
    let system = socket2::SockRef::from(deaf.socket());
    system.set_recv_buffer_size(4096).expect("any socket can have less");
    assert_eq!(read.next().expect("it says hello").1["type"], "hello");
    assert_eq!(clients(), 2.0);
    let mut told = 0;
    while clients() > 1.0 {
        let body = json!({ "holder": "a".repeat(60), "holds": told % 2 == 0 });
        assert_eq!(node.api.post_json("/blocks/0/location", &body).status, 200);
        assert_eq!(read.next().expect("it goes on").1["type"], "block:location");
        told += 1;
        assert!(told < 20_000, "it is never cut off");
    }
    assert!(told > 10, "the systems hold some: {told}");
    drop(deaf);
}
