//! How nodes find each other: by introduction, from a file, by a name, and on the local
//! network.

use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::Duration;

use cairn::contacts::Order;
use cairn::net::Settings;
use cairn::net::bootstrap::Bootstrap;
use cairn::net::notice::Notice;
use cairn::net::peers_file;
use cairn::net::table::Policy;

use crate::common::{free_ports, wait_until};
use crate::strangers::{Stranger, agree, knowing, notice, settings};

fn introducer() -> Settings {
    let mut introducer = settings();
    introducer.policy.is_introducer = true;
    introducer
}

#[test]
fn those_who_know_an_introducer_find_each_other_and_stay_when_it_dies() {
    let introducer = Stranger::start(introducer());
    let nodes: Vec<_> = (0..3).map(|_| Stranger::start(knowing(&[&introducer.network]))).collect();
    for node in &nodes {
        let others = nodes.iter().filter(|other| other.name() != node.name());
        for other in others {
            wait_until("all have met", || node.is_connected(other.name()));
        }
    }
    let gone = introducer.name().clone();
    drop(introducer);
    nodes[0].mine();
    agree(&nodes.iter().collect::<Vec<_>>(), 1);
    wait_until("the introducer is gone", || nodes.iter().all(|node| !node.is_connected(&gone)));
}

#[test]
fn an_introducer_takes_no_part_in_the_chain() {
    let introducer = Stranger::start(introducer());
    let alice = Stranger::start(knowing(&[&introducer.network]));
    let bob = Stranger::start(knowing(&[&introducer.network]));
    wait_until("all have met", || alice.is_connected(bob.name()));
    alice.mine();
    agree(&[&alice, &bob], 1);
    assert_eq!(introducer.tip().0, 0);
    let known = alice.contact(introducer.name()).expect("they have met");
    assert_eq!(known.capabilities, ["introduce", "metadata"]);
}

/// A file for this test alone, which does not exist.
fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("net-{}-{name}", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

#[test]
fn a_node_that_starts_again_dials_the_peers_of_its_file() {
    let path = file("restart.peers");
    let alice = Stranger::start(settings());
    let bob = Settings { peers_file: Some(path.clone()), ..knowing(&[&alice.network]) };
    let first = Stranger::start(bob.clone());
    wait_until("they have met", || first.is_connected(alice.name()));
    drop(first);
    let kept = peers_file::read(&path).expect("it was written at the end");
    assert_eq!(kept[0].id, alice.name().as_str());
    // No other node tells it about alice now.
    let again = Stranger::start(Settings { bootstrap: Vec::new(), ..bob });
    wait_until("they have met again", || again.is_connected(alice.name()));
    fs::remove_file(&path).expect("it is there");
}

#[test]
fn a_file_of_peers_with_damaged_lines_gives_the_others() {
    let path = file("damaged.peers");
    let id = "ab".repeat(32);
    let good = format!(r#"{{"id":"{id}","address":"192.0.2.1:4000","last_seen":7}}"#);
    fs::write(&path, format!("{{\"id\":\n{good}\nnot a peer\n")).expect("it can be written");
    let kept = peers_file::read(&path).expect("it can be read");
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].id.as_str(), kept[0].last_seen), (id.as_str(), 7));
    fs::remove_file(&path).expect("it is there");
}

#[test]
fn a_bootstrap_peer_can_be_named_by_a_name() {
    let alice = Stranger::start(settings());
    let place = format!("localhost:{}", alice.network.address().port());
    let bootstrap = vec![Bootstrap { id: alice.name().clone(), place }];
    let bob = Stranger::start(Settings { bootstrap, ..settings() });
    wait_until("they have met", || bob.is_connected(alice.name()));
}

#[test]
fn a_node_goes_back_to_its_bootstrap_peer_when_that_starts_late() {
    // A port that was free a moment ago: nobody listens there yet.
    let mut late = settings();
    late.address.set_port(free_ports(1)[0]);
    let place = late.address.to_string();
    let bootstrap = vec![Bootstrap { id: late.key.name(), place }];
    let mut early = Settings { bootstrap, ..settings() };
    early.handshake = Duration::from_millis(200);
    early.policy.retries = 1;
    let early = Stranger::start(early);
    wait_until("some dials have failed", || {
        let told = early.network.contacts().told();
        told.handshakes.iter().any(|(name, count)| *name == "unreachable" && *count > 2)
    });
    let late = Stranger::start(late);
    wait_until("they have met", || early.is_connected(late.name()));
}

#[test]
fn nodes_on_one_local_network_find_each_other_and_can_be_told_to_look() {
    let near = || {
        let mut near = settings();
        near.lan.interfaces = vec![[127, 0, 0, 1].into()];
        near.lan.interval = Duration::from_millis(100);
        near
    };
    let port = free_ports(1)[0];
    let start = |is_discovering: bool| {
        let mut near = near();
        near.lan.port = port;
        Stranger::start(Settings { is_discovering, ..near })
    };
    let (alice, bob, carol) = (start(true), start(true), start(false));
    wait_until("alice and bob have met", || alice.is_connected(bob.name()));
    assert_eq!(carol.connections(), 0, "carol does not look");
    assert!(carol.network.contacts().give(Order::Discover(true)));
    wait_until("carol has met them", || carol.connections() == 2);
    assert!(carol.network.contacts().give(Order::Discover(false)));
    wait_until("she looks no more", || !carol.network.contacts().told().is_discovering);
}

#[test]
fn nodes_that_cannot_look_on_the_local_network_say_so_and_look_as_soon_as_they_can() {
    // A socket that does not share the beacons' port stands in their way.
    let port = free_ports(1)[0];
    let other = UdpSocket::bind(("239.255.67.82", port)).expect("it was free a moment ago");
    let start = || {
        let mut near = settings();
        near.lan.interfaces = vec![[127, 0, 0, 1].into()];
        near.lan.interval = Duration::from_millis(100);
        near.lan.port = port;
        near.lookup = Duration::from_millis(100);
        Stranger::start(Settings { is_discovering: true, ..near })
    };
    let (alice, bob) = (start(), start());
    for node in [&alice, &bob] {
        let told = notice(&node.notices, |notice| matches!(notice, Notice::Trouble(_)));
        assert!(told.to_string().contains("the node will try again"), "{told}");
    }
    drop(other);
    wait_until("they have met", || alice.is_connected(bob.name()));
}

#[test]
fn a_peer_that_is_added_is_dialled_however_few_connections_are_wanted() {
    let mut content = settings();
    content.policy.target = 0;
    let alice = Stranger::start(content);
    let bob = Stranger::start(Settings { bootstrap: Vec::new(), ..settings() });
    let order = Order::Add(bob.name().clone(), bob.network.address());
    assert!(alice.network.contacts().give(order));
    wait_until("they have met", || alice.is_connected(bob.name()));
}

#[test]
fn a_file_that_is_no_file_of_peers_is_an_error_and_stays_as_it_was() {
    let path = file("thesis.txt");
    fs::write(&path, "It was a dark and stormy night.\n").expect("it can be written");
    let wrong = Settings { peers_file: Some(path.clone()), ..settings() };
    let error = cairn::net::start(wrong, |_| {}).map(drop).expect_err("it is another file");
    assert!(error.to_string().contains("is not a file of peers"), "{error:#}");
    let text = fs::read_to_string(&path).expect("it is there");
    assert_eq!(text, "It was a dark and stormy night.\n");
    fs::remove_file(&path).expect("it is there");
    let folder = Settings { peers_file: Some(env!("CARGO_TARGET_TMPDIR").into()), ..settings() };
    let error = cairn::net::start(folder, |_| {}).map(drop).expect_err("it is a folder");
    assert!(format!("{error:#}").contains("not a plain file"), "{error:#}");
}

#[test]
fn an_introducer_keeps_room_for_those_who_come_next() {
    let mut small = introducer();
    small.policy.most = 4;
    let introducer = Stranger::start(small);
    let mut nodes = Vec::new();
    for _ in 0..6 {
        // Nodes that have met others no longer need it.
        let node = Settings { policy: Policy { target: 1, ..settings().policy }, ..settings() };
        let bootstrap = knowing(&[&introducer.network]).bootstrap;
        let node = Stranger::start(Settings { bootstrap, ..node });
        notice(
            &node.notices,
            |it| matches!(it, Notice::Joined { id, .. } if id == introducer.name()),
        );
        nodes.push(node);
        assert!(introducer.connections() <= 3, "a quarter of its places are free");
    }
}
