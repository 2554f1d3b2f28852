//! The loop around a node: a block is saved before it is announced.

use std::net::UdpSocket;
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::time::Duration;

use cairn::block::BLOCK_LEN;
use cairn::chain::Chain;
use cairn::driver::{self, Command, Setup};
use cairn::event::Event;
use cairn::node::{Node, Save, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;

/// A node that finds a block with each nonce, and the only peer it has.
fn node_and_peer() -> (Node, UdpSocket, UdpSocket) {
    let bind = || UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    let (socket, peer) = (bind(), bind());
    peer.set_nonblocking(true).expect("it is a socket");
    let name = |socket: &UdpSocket| PeerName::new(socket.local_addr().expect("it is bound"));
    let settings = Settings {
        nonces: 1,
        listen: Duration::from_millis(1),
        ..Settings::tutorial(name(&socket), 7000, vec![name(&peer)])
    };
    (Node::new(settings, Chain::genesis(Target::from_zero_bits(0))), socket, peer)
}

/// The lengths of the datagrams that the peer has got so far.
fn received(peer: &UdpSocket) -> Vec<usize> {
    let mut buffer = [0; 2048];
    std::iter::from_fn(|| peer.recv(&mut buffer).ok()).collect()
}

#[test]
fn a_block_is_kept_then_told_then_sent() {
    let (mut node, mut socket, peer) = node_and_peer();
    let (stop, commands) = mpsc::channel();
    let mut kept = 1;
    let mut told = Vec::new();
    let mut sent_before = Vec::new();
    let mut keep = |save: &Save| {
        assert_eq!((save.from, save.blocks.len()), (kept, 1));
        sent_before.push(received(&peer));
        kept += 1;
        Ok(())
    };
    let mut observe = |node: &Node, event: &Event| match event {
        Event::Created { .. } => {
            told.push(received(&peer).iter().any(|len| *len > node.chain().height() * BLOCK_LEN));
            if told.len() == 3 {
                stop.send(Command::Stop).expect("the loop runs");
            }
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    };
    let setup = Setup { link: &mut socket, commands: &commands, keep: &mut keep, threads: 1 };
    driver::run(&mut node, setup, &mut observe).expect("all goes well");
    assert_eq!(kept, 4);
    assert_eq!(told, [false; 3], "each is told before it is sent");
    // When a block is saved, the last announced one is the block before, perhaps repeated.
    for (index, sent) in sent_before.iter().enumerate() {
        let len = (index + 1) * BLOCK_LEN;
        assert!(!sent.is_empty() && sent.iter().all(|sent| *sent == len), "{sent_before:?}");
    }
    assert!(received(&peer).contains(&(4 * BLOCK_LEN)), "the last is sent as well");
}

#[test]
fn nobody_hears_of_a_block_that_cannot_be_kept() {
    let (mut node, mut socket, peer) = node_and_peer();
    let (_stop, commands) = mpsc::channel();
    let mut told = Vec::new();
    let mut keep = |_: &Save| anyhow::bail!("the disk is full");
    let mut observe = |_: &Node, event: &Event| {
        told.push(event.to_string());
        ControlFlow::Continue(())
    };
    let setup = Setup { link: &mut socket, commands: &commands, keep: &mut keep, threads: 1 };
    let end = driver::run(&mut node, setup, &mut observe);
    assert_eq!(end.expect_err("it ends with that").to_string(), "the disk is full");
    assert_eq!(received(&peer), [BLOCK_LEN], "the chain that it started with");
    let words: Vec<_> = told.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(words, ["START", "TRY"]);
}
