//! Nodes in this process, over real UDP on loopback, whose blocks cost no work.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::Receiver;

use cairn::block::BlockBytes;
use cairn::chain::Chain;
use cairn::driver::{self, Command, Observer, Setup};
use cairn::node::{ANNOUNCED_BLOCKS, Node, Save, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::udp::bind_socket;
use cairn::wire::Blocks;

/// Any hash meets this target: the work is not tested here.
pub(crate) const TARGET: Target = Target::from_zero_bits(0);

/// The bytes of `count` blocks from genesis on; each lane has different ones.
pub(crate) fn blocks(count: usize, lane: u64) -> Vec<u8> {
    grown(count, lane).as_bytes().to_vec()
}

pub(crate) fn chain(count: usize) -> Chain {
    grown(count, 0)
}

fn grown(count: usize, lane: u64) -> Chain {
    let mut chain = Chain::genesis(TARGET);
    while chain.count() < count {
        let block = chain.next_block(0, lane, 7000).expect("any hash will do");
        chain.push(&block).expect("valid");
    }
    chain
}

/// The announcement of a peer whose chain is the first `count` of these blocks: the last
/// eight.
pub(crate) fn announcement(all: &[BlockBytes], count: usize) -> Vec<u8> {
    let height = count - ANNOUNCED_BLOCKS;
    let blocks = &all[height..count];
    Blocks { number: 0, count: count as u32, height: height as u32, blocks }.encode()
}

/// A socket and its address.
pub(crate) fn socket() -> (UdpSocket, SocketAddr) {
    let socket = bind_socket(Ipv4Addr::LOCALHOST.into(), 0).expect("the system has a free port");
    let address = socket.local_addr().expect("it is bound");
    (socket, address)
}

/// A node that does not mine.
pub(crate) fn node(name: SocketAddr, peers: &[SocketAddr], chain: Chain) -> Node {
    let peers = peers.iter().map(PeerName::new).collect();
    let settings = Settings::tutorial(PeerName::new(name), name.port(), peers);
    Node::new(Settings { nonces: 0, ..settings }, chain)
}

/// Runs a node until a command stops it, and saves nothing.
pub(crate) fn run(
    node: &mut Node,
    socket: &UdpSocket,
    commands: &Receiver<Command>,
    observer: &mut dyn Observer,
) {
    let mut keep = |_: &Save| Ok(());
    let mut link = socket.try_clone().expect("there is a descriptor left");
    let setup = Setup { link: &mut link, commands, keep: &mut keep, threads: 1 };
    driver::run(node, setup, observer).expect("the socket works");
}
