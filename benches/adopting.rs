//! The cost of adopting a block depends only on what is new: it is the same on top of 1,000
//! blocks and of 1,000,000.

use std::cell::RefCell;
use std::time::Duration;

use cairn::chain::Chain;
use cairn::node::{Input, Node, Now, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::wire::Blocks;
use divan::Bencher;

fn main() {
    divan::main();
}

/// Any hash meets this target: the work is not measured here.
const TARGET: Target = Target::from_zero_bits(0);

/// Blocks that are adopted one after the other.
const ADOPTED: u32 = 1_000;

/// `count` blocks, one after the other from genesis.
fn blocks(count: usize) -> Vec<u8> {
    let mut chain = Chain::genesis(TARGET);
    while chain.count() < count {
        let block = chain.next_block(0, 0, 7000).expect("any hash will do");
        chain.push(&block).expect("valid");
    }
    chain.as_bytes().to_vec()
}

fn node(chain: Chain) -> Node {
    let peers = vec![PeerName::new("bob")];
    Node::new(Settings::tutorial(PeerName::new("alice"), 7000, peers), chain)
}

/// A node with this many blocks gets the next one, again and again.
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
