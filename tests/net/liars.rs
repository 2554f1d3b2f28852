//! Peers that speak QUIC but follow none of our rules, built from bare streams.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use cairn::contacts::{Contact, Standing};
use cairn::driver::Link;
use cairn::net::hello::{Hello, Relayed};
use cairn::net::{Network, Settings};
use cairn::peer::PeerName;
use iroh::endpoint::{
    Connection, Endpoint, PortmapperConfig, QuicTransportConfig, RecvStream, SendStream, presets,
};
use iroh::{EndpointAddr, RelayMode, SecretKey};
use tokio::runtime;
use tokio::time::{sleep, timeout};

use crate::common::DEADLINE;
use crate::strangers::{bare, contact, count, settings};
use crate::table::hello;

/// Runs a liar. Its connections live until this returns.
pub(crate) fn run<T>(liar: impl Future<Output = T>) -> T {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("there is a thread");
    runtime.block_on(async { timeout(DEADLINE, liar).await.expect("it does not hang") })
}

/// A connection to this node from an endpoint with this key.
pub(crate) async fn dial(network: &Network, key: &SecretKey) -> (Endpoint, Connection) {
    dial_by(network, key, QuicTransportConfig::default()).await
}

async fn dial_by(
    network: &Network,
    key: &SecretKey,
    transport: QuicTransportConfig,
) -> (Endpoint, Connection) {
    let builder = Endpoint::builder(presets::Empty)
        .crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .secret_key(key.clone())
        .transport_config(transport)
        .relay_mode(RelayMode::Disabled)
        .portmapper_config(PortmapperConfig::Disabled)
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .expect("it is an address");
    let endpoint = builder.bind().await.expect("loopback has a free port");
    let id = network.name().as_str().parse().expect("its name is a key");
    let place = EndpointAddr::new(id).with_ip_addr(network.address());
    let connection = endpoint.connect(place, b"cairn/net").await.expect("it listens");
    (endpoint, connection)
}

/// A frame of the stream: length, kind and content.
pub(crate) fn frame(kind: u8, held: &[u8]) -> Vec<u8> {
    let len = u16::try_from(held.len() + 1).expect("it is short");
    [&len.to_be_bytes()[..], &[kind], held].concat()
}

/// A hello of the node's own network.
pub(crate) fn own_hello() -> Vec<u8> {
    introducing(Vec::new())
}

/// The same, with these peers behind relays.
fn introducing(relayed: Vec<Relayed>) -> Vec<u8> {
    let Settings { genesis, zero_bits, .. } = settings();
    frame(1, &Hello { genesis, zero_bits, relayed, ..hello(Vec::new()) }.encode())
}

/// Opens the stream, sends these bytes, and waits for the other side's hello.
pub(crate) async fn greet(connection: &Connection, bytes: &[u8]) -> (SendStream, RecvStream) {
    let (mut sending, mut receiving) = connection.open_bi().await.expect("it is open");
    sending.write_all(bytes).await.expect("it is open");
    let mut head = [0; 3];
    receiving.read_exact(&mut head).await.expect("it answers");
    (sending, receiving)
}

pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        sleep(Duration::from_millis(10)).await;
    }
}

/// The next thing received, while the liar's own connection goes on.
pub(crate) async fn received<T>(from: &Receiver<T>) -> T {
    loop {
        match from.try_recv() {
            Ok(next) => return next,
            Err(TryRecvError::Empty) => sleep(Duration::from_millis(10)).await,
            Err(TryRecvError::Disconnected) => panic!("nothing comes any more"),
        }
    }
}

#[test]
fn who_connects_and_says_nothing_is_hung_up_on() {
    let mut hasty = settings();
    hasty.handshake = Duration::from_millis(200);
    let (alice, _link, _notices) = bare(hasty);
    run(async {
        let (_endpoint, connection) = dial(&alice, &SecretKey::generate()).await;
        connection.closed().await;
        until(|| count(&alice, "silent") == 1).await;
    });
}

#[test]
fn of_peers_behind_a_relay_that_the_node_was_not_told_of_nothing_is_believed() {
    let relay = format!("relay+{}@127.0.0.1:9", "ab".repeat(32)).parse().expect("a relay");
    let (alice, _link, _notices) = bare(Settings { relays: vec![relay], ..settings() });
    let [mallory, bob] = [(); 2].map(|()| SecretKey::generate().public().to_string());
    let behind = |relay: &str, id: &String| Relayed { id: id.clone(), relay: relay.repeat(32) };
    let relayed = vec![behind("cd", &mallory), behind("ab", &bob)];
    run(async {
        let (_endpoint, connection) = dial(&alice, &SecretKey::generate()).await;
        greet(&connection, &introducing(relayed)).await;
        until(|| contact(&alice, &PeerName::new(&bob)).is_some()).await;
    });
    assert_eq!(contact(&alice, &PeerName::new(&mallory)), None);
}

#[test]
fn who_never_reads_is_hung_up_on_be_it_the_hello_that_waits_or_what_comes_after_it() {
    // Bytes that it accepts without reading any: too few for a hello, then too few for a
    // datagram.
    for window in [64_u32, 4_096] {
        let hasty = Settings { unread: Duration::from_millis(200), ..settings() };
        let (alice, mut link, _notices) = bare(hasty);
        let key = SecretKey::generate();
        let name = PeerName::new(key.public());
        let closed = run(async {
            let transport = QuicTransportConfig::builder().stream_receive_window(window.into());
            let (_endpoint, connection) = dial_by(&alice, &key, transport.build()).await;
            let _streams = greet(&connection, &own_hello()).await;
            // If the hello is still waiting, the connection may be closed already.
            let _ = link.send(&name, &[0; 9_000]);
            connection.closed().await.to_string()
        });
        assert!(closed.contains("does not read what is sent to it"), "{window}: {closed}");
    }
}

#[test]
fn what_is_no_hello_is_refused_with_the_reason() {
    let (alice, _link, _notices) = bare(settings());
    let datagram_first = frame(2, &[1]);
    for wrong in [&frame(1, b"{}")[..], &frame(1, &[0xff; 8_000]), &datagram_first, &[0xff; 64]] {
        let closed = run(async {
            let (_endpoint, connection) = dial(&alice, &SecretKey::generate()).await;
            let (mut sending, _receiving) = connection.open_bi().await.expect("it is open");
            sending.write_all(wrong).await.expect("it is open");
            connection.closed().await.to_string()
        });
        assert!(closed.contains("cannot be read"), "{closed}");
    }
    run(until(|| count(&alice, "unreadable") == 4));
    assert_eq!(alice.contacts().told().contacts, [], "none of them is remembered");
}

#[test]
fn what_is_no_frame_ends_the_connection_and_the_second_time_the_peer_is_banned() {
    let (alice, _link, _notices) = bare(settings());
    let key = SecretKey::generate();
    let name = PeerName::new(key.public());
    let known = || -> Contact { contact(&alice, &name).expect("it was met") };
    for _ in 0..2 {
        run(async {
            let (_endpoint, connection) = dial(&alice, &key).await;
            let (mut sending, _receiving) = greet(&connection, &own_hello()).await;
            sending.write_all(&frame(9, b"?")).await.expect("it is open");
            let closed = connection.closed().await.to_string();
            assert!(closed.contains("unknown kind") || closed.contains("banned"), "{closed}");
        });
    }
    run(until(|| known().standing == Standing::Banned));
    assert_eq!(known().reasons, ["-50: a frame of an unknown kind"; 2]);
}

#[test]
fn a_flood_of_hellos_keeps_nobody_else_out() {
    let (alice, _link, _notices) = bare(settings());
    let key = SecretKey::generate();
    let name = PeerName::new(key.public());
    run(async {
        let (_endpoint, connection) = dial(&alice, &key).await;
        let (mut sending, _receiving) = greet(&connection, &own_hello()).await;
        sending.write_all(&own_hello().repeat(5_000)).await.expect("it is open");
        until(|| contact(&alice, &name).is_some_and(|it| it.standing == Standing::Connected)).await;
        let (_other, second) = dial(&alice, &SecretKey::generate()).await;
        greet(&second, &own_hello()).await;
    });
}
