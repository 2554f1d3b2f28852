//! Nodes that know of each other only through a relay, which runs on loopback.

use std::fs;
use std::net::{Ipv6Addr, UdpSocket};
use std::path::PathBuf;

use cairn::contacts::Path;
use cairn::net::Settings;
use cairn::net::bootstrap::{Bootstrap, THROUGH_RELAYS};
use cairn::net::notice::Notice;
use cairn::net::relay::{Fingerprint, Relay};
use cairn::net::relay_server::RelayServer;
use cairn::peer::PeerName;
use cairn::reach::Kind;

use crate::common::{Running, cairn, wait_until};
use crate::strangers::{Stranger, agree, at, bare, notice, settings};

/// A file for this test alone, which does not exist.
fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("relay-{}-{name}.pem", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

fn server(name: &str) -> (RelayServer, Relay) {
    let server = RelayServer::start(([127, 0, 0, 1], 0).into(), &file(name));
    let server = server.expect("loopback has a free port");
    let relay = server.at("127.0.0.1".into());
    (server, relay)
}

fn using(relay: &Relay) -> Settings {
    Settings { relays: vec![relay.clone()], ..settings() }
}

fn through(relay: &Relay, id: &PeerName) -> Settings {
    let bootstrap = Bootstrap { id: id.clone(), place: THROUGH_RELAYS.into() };
    Settings { bootstrap: vec![bootstrap], ..using(relay) }
}

/// Waits until a node reports that others reach it through the relay.
fn wait_for_relay(node: &Stranger) {
    let is_there = || {
        let reach = node.network.contacts().told().reach;
        reach.ways.iter().any(|way| way.kind == Kind::Relay)
    };
    wait_until("the relay is a way in", is_there);
}

#[test]
fn two_nodes_meet_through_a_relay_mine_one_chain_and_need_it_no_more() {
    let (server, relay) = server("meet");
    let alice = Stranger::start(using(&relay));
    wait_for_relay(&alice);
    let bob = Stranger::start(through(&relay, alice.name()));
    wait_until("they have met", || bob.is_connected(alice.name()));
    let path = || bob.contact(alice.name()).and_then(|contact| contact.path);
    wait_until("their packets go straight", || matches!(path(), Some(Path::Direct(_))));
    drop(server);
    alice.mine();
    agree(&[&alice, &bob], 1);
    let straight = Path::Direct(alice.network.address());
    assert_eq!(path(), Some(straight), "the connection is the same");
}

#[test]
fn who_is_reached_through_a_relay_alone_is_introduced_to_others_who_use_it() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return eprintln!("left out: this machine has no IPv6");
    }
    let (_server, relay) = server("introduced");
    // Between an IPv6 address and an IPv4 address there is no other path.
    let far = Settings { address: (Ipv6Addr::LOCALHOST, 0).into(), ..using(&relay) };
    let bob = Stranger::start(far);
    wait_for_relay(&bob);
    let alice = Stranger::start(through(&relay, bob.name()));
    let carol = Settings { bootstrap: vec![at(&alice.network)], ..using(&relay) };
    let carol = Stranger::start(carol);
    wait_until("carol has met bob", || carol.is_connected(bob.name()));
    let path = || carol.contact(bob.name()).and_then(|contact| contact.path);
    wait_until("their packets go through the relay", || matches!(path(), Some(Path::Relay(_))));
    bob.mine();
    agree(&[&alice, &bob, &carol], 1);
}

#[test]
fn a_relay_with_another_certificate_is_not_believed_and_that_is_told() {
    let (_server, relay) = server("impostor");
    let impostor = Relay { fingerprint: Fingerprint::of(b"another"), ..relay };
    let (network, _link, notices) = bare(using(&impostor));
    let told = notice(&notices, |notice| matches!(notice, Notice::Trouble(_)));
    assert!(told.to_string().contains("certificate is not the one"), "{told}");
    let ways = network.contacts().told().reach.ways;
    assert!(ways.iter().all(|way| way.kind != Kind::Relay), "{ways:?}");
}

#[test]
fn a_relay_has_one_certificate_for_good_kept_for_its_owner_alone() {
    let path = file("kept");
    let start = || RelayServer::start(([127, 0, 0, 1], 0).into(), &path);
    let fingerprint = || start().map(|server| server.at("h".into()).fingerprint);
    let first = fingerprint().expect("it starts");
    assert_eq!(fingerprint().expect("it starts again"), first);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        let refused = fingerprint().expect_err("others can read it").to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }
    let whole = fs::read(&path).expect("it is there");
    fs::write(&path, &whole[..100]).expect("it is ours");
    let refused = fingerprint().expect_err("it is damaged").to_string();
    assert!(refused.contains("bring it back from a copy"), "{refused}");
    assert_eq!(fs::read(&path).expect("it is there"), whole[..100], "it stays as it was");
}

#[test]
fn the_program_prints_what_others_need_to_use_the_relay_and_they_do() {
    let relay_key = file("program");
    let mut command = cairn();
    command.args(["net", "--relay-server", "127.0.0.1:0", "--relay-key"]).arg(&relay_key);
    let mut running = Running::start(&mut command);
    let line = running.find(|line| line.contains("--relay relay+")).expect("it says how");
    let relay: Relay = line.rsplit(' ').next().and_then(|it| it.parse().ok()).expect("a relay");
    let alice = Stranger::start(using(&relay));
    wait_for_relay(&alice);
    let mut wrong =
        Running::start(cairn().args(["net", "--relay-server", "127.0.0.1:0", "--name", "x"]));
    assert_eq!(wrong.end().code(), Some(2), "{}", wrong.text());
}
