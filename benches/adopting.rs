//! Adopting a block costs by what is new: the same upon 1,000 blocks as upon
//! 1,000,000.

use std::cell::RefCell;
use std::time::Duration;

use cairn::block::{Block, Header, Nonce, Transaction};
use cairn::chain::Chain;
use cairn::node::{Input, Node, Now, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::wire::Blocks;
use divan::Bencher;

fn main() {
    divan::main();
}

/// Any hash will do: what is measured here is not the work.
const TARGET: Target = Target::from_zero_bits(0);

/// Blocks that are adopted one after the other.
const ADOPTED: u32 = 1_000;

/// `count` blocks, one after the other from genesis.
fn blocks(count: usize) -> Vec<u8> {
    let mut bytes = Block::genesis().to_bytes().to_vec();
    let mut previous = Block::genesis().hash();
    for _ in 1..count {
        let header = Header { previous, timestamp: 1_634_700_000, nonce: Nonce::in_lane(0, 0) };
        bytes.extend(Block { header, reward: Transaction::reward(7000) }.to_bytes());
        previous = header.hash();
    }
    bytes
}

fn node(chain: Chain) -> Node {
    let settings = Settings {
        name: PeerName::new("alice"),
        port: 7000,
        peers: vec![PeerName::new("bob")],
        nonces: 0,
        listen: Duration::from_secs(1),
        seed: 0,
    };
    Node::new(settings, chain)
}

/// A node with so many blocks hears of the next, again and again.
#[divan::bench(args = [1_000, 1_000_000], sample_count = ADOPTED - 1, sample_size = 1)]
fn a_block_upon(bencher: Bencher, count: usize) {
    let bytes = blocks(count + ADOPTED as usize);
    let all = bytes.as_chunks().0;
    let chain = Chain::from_bytes(all[..count].as_flattened().to_vec(), TARGET).expect("valid");
    let (node, next) = (RefCell::new(node(chain)), RefCell::new(count));
    let announcement = || {
        let end = *next.borrow() + 1;
        *next.borrow_mut() = end;
        let height = end - 8;
        let blocks = &all[height..end];
        Blocks { number: 0, count: end as u32, height: height as u32, blocks }.encode()
    };
    bencher.with_inputs(announcement).bench_local_refs(|bytes| {
        let from = PeerName::new("bob");
        let now = Now { monotonic: Duration::ZERO, wall: 1_700_000_000 };
        node.borrow_mut().step(now, Input::Datagram { from, bytes })
    });
    assert_eq!(node.borrow().chain().count(), *next.borrow(), "every block was adopted");
}
