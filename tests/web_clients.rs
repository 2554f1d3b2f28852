//! Many clients of one node's events, and one that never reads. `benches/web_clients.rs`
//! measures how little they slow the node's loop.
#![cfg(feature = "web")]

mod common;

use std::io::Write;
use std::net::TcpStream;

use common::http::{CROWD, Crowd, Node, resident};
use common::wait_until;

/// The most memory that a client may cost the node, in KiB. Less than a third of it was
/// measured.
const KIB_A_CLIENT: u64 = 64;

#[test]
fn a_thousand_clients_are_served_beside_one_that_never_reads() {
    let node = Node::start(&["--zero-bits", "200", "--listen", "10ms"]);
    let before = resident(&node);
    let deaf = node.events("?after=0");
    let crowd = Crowd::follow(&node);
    assert_eq!(node.metric("cairn_event_clients"), CROWD as f64 + 1.0);
    let turns = || node.metric("cairn_turns_total");
    let (told, turned) = (crowd.messages(), turns());
    wait_until("the node goes on", || turns() > turned && crowd.messages() >= told + CROWD);
    if let (Some(before), Some(after)) = (before, resident(&node)) {
        let most = before + KIB_A_CLIENT * CROWD as u64;
        assert!(after < most, "{before} KiB alone, {after} KiB with clients");
    }
    assert_eq!(node.metric("cairn_event_clients"), CROWD as f64 + 1.0, "nobody was cut off");
    crowd.leave();
    drop(deaf);
}

#[test]
fn those_who_ask_for_all_that_is_held_and_never_read_share_it() {
    const DEAF: u64 = 300;
    let node = Node::start(&["--zero-bits", "0", "--listen", "1ms"]);
    wait_until("as many events are held as can be", || node.height() > 1_100);
    node.post("/pause");
    let before = resident(&node);
    let question = format!(
        "GET /events?after=0 HTTP/1.1\r\nhost: {}\r\naccept: text/event-stream\r\n\r\n",
        node.http
    );
    let ask = |_| -> TcpStream {
        let mut stream = node.connect();
        stream.write_all(question.as_bytes()).expect("it takes that much");
        stream
    };
    let deaf: Vec<_> = (0..DEAF).map(ask).collect();
    wait_until("all follow", || node.metric("cairn_event_clients") >= DEAF as f64);
    if let (Some(before), Some(after)) = (before, resident(&node)) {
        println!("{before} KiB before, {after} KiB with {DEAF} who never read");
        assert!(after < before + 128 * DEAF, "{before} KiB before, {after} KiB after");
    }
    drop(deaf);
}

#[test]
fn who_never_reads_is_cut_off_and_who_reads_is_not() {
    let node = Node::start(&["--zero-bits", "0", "--listen", "1ms"]);
    let mut reader = node.events("");
    let deaf = node.events("?after=0");
    // Small buffers, so that they are full after seconds and not half a minute.
    let system = socket2::SockRef::from(deaf.socket.get_ref());
    system.set_recv_buffer_size(4096).expect("any socket can have less");
    let before = resident(&node);
    let cut_off = || node.metric("cairn_event_clients_cut_off_total");
    while cut_off() < 1.0 {
        reader.find("created");
    }
    assert_eq!(cut_off(), 1.0);
    reader.find("created");
    if let (Some(before), Some(after)) = (before, resident(&node)) {
        println!("{before} KiB before, {after} KiB when it was cut off");
        assert!(after < before + 16 * 1024, "{before} KiB before, {after} KiB after");
    }
    drop(deaf);
}
