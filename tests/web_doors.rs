//! Clients that hold connections and give nothing back, and nodes that the system allows
//! few open files: a node serves the others and keeps its chain.
#![cfg(all(target_os = "linux", feature = "web"))]

mod common;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::{fs, thread};

use common::http::{Api, Events, Node, command};
use common::{DEADLINE, wait_until};
use socket2::{Domain, Socket, Type};

/// A node whose own turns never come while a test runs.
const ON_DEMAND: [&str; 4] = ["--zero-bits", "4", "--listen", "24h"];

/// More connections than a node has places for under the limits of these tests.
const MANY: usize = 300;

/// The command of a node under these limits of open files, soft and hard.
fn limited(soft: usize, hard: usize, args: &[&str]) -> Command {
    let node = command(args);
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!(r#"ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$0" "$@""#));
    shell.arg(node.get_program()).args(node.get_args());
    shell.current_dir(env!("CARGO_TARGET_TMPDIR")).env_remove("NODE_IP");
    shell.env_remove("CAIRN_HTTP_TOKEN");
    shell
}

/// A connection from this address of the machine: Linux has a whole /8 of them.
fn connect_from(from: Ipv4Addr, api: &Api) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("the system has a socket");
    socket.bind(&SocketAddr::from((from, 0)).into()).expect("it is an address of this machine");
    let to: SocketAddr = api.http.parse().expect("an address");
    socket.connect(&to.into()).expect("it listens");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(DEADLINE)).expect("it is not zero");
    stream
}

/// The status of an answer on a connection, and the answer as far as it came.
fn ask(stream: &mut TcpStream) -> String {
    // A client that is refused may find the connection closed.
    let _ = stream.write_all(b"GET /node/status HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut answer = [0; 1024];
    let count = stream.read(&mut answer).expect("an answer comes");
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

fn is_served(stream: &mut TcpStream) -> bool {
    ask(stream).starts_with("HTTP/1.1 200 OK")
}

/// Holds connections that send nothing, `each` of them from each address: more than there
/// are places, because the last one is refused.
fn say_nothing(api: &Api, from: impl Iterator<Item = Ipv4Addr>, each: usize) -> Vec<TcpStream> {
    let one = |from| (0..each).map(move |_| from);
    let mut streams: Vec<_> = from.flat_map(one).map(|from| connect_from(from, api)).collect();
    let answer = ask(streams.last_mut().expect("there are some"));
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer:?}");
    assert!(answer.contains("urn:cairn:problem:busy"), "{answer:?}");
    streams
}

#[test]
fn a_node_keeps_its_chain_whatever_connections_are_held_open() {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/doors.chain");
    // It may not be there.
    let _ = fs::remove_file(file);
    let args = [&ON_DEMAND[..], &["--data", file]].concat();
    let mut alice = Node::of(&mut limited(128, 128, &args));
    assert_eq!(alice.post("/pause").status, 200);
    alice.mine();
    let bob = Node::start(&[&ON_DEMAND[..], &["--peer", &alice.address]].concat());
    assert_eq!(bob.post_peer("/peers/disconnect", &alice.address).status, 200);
    bob.mine();
    bob.mine();

    // From eight addresses, so that every place is taken.
    let addresses = (1..9).map(|last| Ipv4Addr::new(127, 0, 1, last));
    let held = say_nothing(&alice.api, addresses, MANY / 8);
    bob.post_peer("/peers/announce", &alice.address);
    let copied = alice.running.find(|line| line.starts_with("COPY block 2: "));
    let copied = copied.unwrap_or_else(|| panic!("it ended:\n{}", alice.running.text()));
    assert!(copied.contains(", 1 block of ours abandoned"), "{copied}");
    drop(held);
    wait_until("it serves again", || alice.get("/node/status").status == 200);
    assert_eq!(alice.height(), 2);
    assert_eq!(fs::read(file).expect("it is there").len(), 3 * 75, "the file has bob's chain");
}

#[test]
fn an_address_that_holds_many_connections_leaves_room_for_others() {
    let node = Node::of(&mut limited(128, 128, &ON_DEMAND));
    let greedy = Ipv4Addr::new(127, 0, 1, 1);
    let held = say_nothing(&node.api, [greedy].into_iter(), MANY);
    for _ in 0..3 {
        assert_eq!(node.get("/node/status").status, 200, "another address is served");
    }
    let mut events = node.events("?after=0");
    assert_eq!(events.next()["event"], "hello");
    assert!(!is_served(&mut connect_from(greedy, &node.api)));
    drop(held);
    wait_until("the address has room again", || is_served(&mut connect_from(greedy, &node.api)));
}

#[test]
fn a_soft_limit_below_the_hard_one_does_not_bound_the_clients() {
    let node = Node::of(&mut limited(64, 1_024, &ON_DEMAND));
    let mut clients: Vec<Events> = (0..MANY).map(|_| node.events("")).collect();
    assert_eq!(node.metric("cairn_event_clients"), MANY as f64);
    for client in &mut clients {
        assert_eq!(client.next()["event"], "hello");
    }
}

#[test]
fn too_few_open_files_for_a_server_are_an_error_that_says_how_many_it_takes() {
    let mut running = common::Running::start(&mut limited(40, 40, &ON_DEMAND));
    assert_eq!(running.end().code(), Some(78), "{}", running.text());
    let told = "--http 127.0.0.1:0: 40 open files are allowed and 56 needed: try ulimit -n 56";
    assert!(running.text().contains(told), "{}", running.text());
}

#[test]
fn a_connection_ends_after_a_thousand_requests() {
    let node = Node::start(&ON_DEMAND);
    let mut stream = node.connect();
    let one = format!("GET /node/status HTTP/1.1\r\nhost: {}\r\n\r\n", node.http);
    let mut writing = stream.try_clone().expect("the system has another descriptor");
    thread::spawn(move || drop(writing.write_all(one.repeat(1_200).as_bytes())));
    let mut text = Vec::new();
    // Requests beyond the thousandth, which nobody reads, reset the connection.
    let _ = stream.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 1_000);
    assert_eq!(text.matches("connection: close").count(), 1, "the last one says so");
    assert_eq!(node.get("/node/status").status, 200);
}
