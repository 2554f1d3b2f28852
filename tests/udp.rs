//! A socket as a link.

use std::net::UdpSocket;
use std::time::Duration;

use cairn::driver::{BUFFER_LEN, Link};
use cairn::node::Input;
use cairn::peer::PeerName;
use cairn::udp::{address, bind_socket};

/// The longest that a test waits for anything.
const DEADLINE: Duration = Duration::from_secs(60);

fn socket() -> (UdpSocket, PeerName) {
    let socket = bind_socket([127, 0, 0, 1].into(), 0).expect("the system has a free port");
    let name = PeerName::new(socket.local_addr().expect("it is bound"));
    (socket, name)
}

#[test]
fn a_datagram_comes_whole_under_the_address_of_its_sender() {
    let ((mut alice, at_alice), (mut bob, at_bob)) = (socket(), socket());
    let mut buffer = vec![0; BUFFER_LEN];
    for bytes in [vec![], b"hello".to_vec(), vec![7; 65_507]] {
        Link::send(&mut alice, &at_bob, &bytes).expect("loopback takes it");
        let input = bob.wait(DEADLINE, &mut buffer).expect("the socket works");
        let Some(Input::Datagram { from, bytes: came }) = input else { panic!("{input:?}") };
        assert_eq!((from, came), (at_alice.clone(), &bytes[..]));
    }
}

#[test]
fn where_nothing_comes_in_time_there_is_nothing_and_no_error() {
    let (mut alice, _) = socket();
    let mut buffer = vec![0; BUFFER_LEN];
    for time in [Duration::ZERO, Duration::from_millis(1)] {
        assert!(alice.wait(time, &mut buffer).expect("the socket works").is_none());
    }
}

#[test]
fn a_peer_is_its_address_and_nobody_else_can_be_written_to() {
    let (mut alice, at_alice) = socket();
    assert_eq!(address(&at_alice), alice.local_addr().ok());
    assert_eq!(address(&PeerName::new("bob")), None);
    let error =
        Link::send(&mut alice, &PeerName::new("bob"), b"hello").expect_err("bob is no address");
    assert_eq!(error, "bob is not an address");
    assert!(Link::send(&mut alice, &at_alice, &[0; 65_508]).is_err(), "no datagram is so long");
}
