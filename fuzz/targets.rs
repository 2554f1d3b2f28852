//! What must hold for any bytes. The fuzzer looks for bytes for which it does
//! not; `cargo test` tries those that are kept in `corpus/` again.
#![allow(dead_code, reason = "each fuzz target uses one of these")]

use std::time::Duration;

use cairn::chain::Chain;
use cairn::node::{Input, Node, Now, Settings};
use cairn::peer::PeerName;
use cairn::rules::{self, Tip};
use cairn::sim_disk::SimDisk;
use cairn::store::{Part, Store};
use cairn::target::Target;
use cairn::wire::Message;

/// Any hash will do, so that the fuzzer gets past proof of work.
const TARGET: Target = Target::from_zero_bits(0);

/// A node hears datagrams from a peer and from a stranger. Each is two bytes of
/// length and that many bytes of the input; the first bit of the length says who sends.
/// The node's chain stays valid and never gets shorter.
pub(crate) fn datagram(mut data: &[u8]) {
    let mut node = node();
    let mut count = node.chain().count();
    let mut time = Duration::ZERO;
    while let Some((&[high, low], rest)) = data.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes([high & 0x7f, low]));
        let (bytes, rest) = rest.split_at(len.min(rest.len()));
        data = rest;
        let from = PeerName::new(if high & 0x80 == 0 { "bob" } else { "a stranger" });
        time += Duration::from_millis(100);
        let now = Now { monotonic: time, wall: 1_700_000_000 };
        node.step(now, Input::Wake);
        node.step(now, Input::Datagram { from, bytes });
        assert!(node.chain().count() >= count, "the chain got shorter");
        count = node.chain().count();
    }
    let tip = rules::check(Tip::START, node.chain().as_bytes(), TARGET);
    assert_eq!(tip.expect("the chain is valid").hash(), node.chain().tip_hash());
}

/// Whatever is a frame is the same bytes when it is encoded again.
pub(crate) fn frame(data: &[u8]) {
    match Message::decode(data) {
        Ok(Message::Blocks(blocks)) => assert_eq!(blocks.encode(), data),
        Ok(Message::Question(question)) => assert_eq!(question.encode(), data),
        Ok(Message::SleepNotice(notice)) => assert_eq!(notice.encode(), data),
        Ok(Message::Chain(chain)) => assert_eq!(chain, data),
        Err(_) => {}
    }
}

/// A chain file and, behind its two bytes of length, a journal: whatever they
/// hold, a start gives a valid chain that is the one in the file, or refuses the
/// file and leaves it as it was. A second start finds nothing more to mend.
pub(crate) fn chain_file(data: &[u8]) {
    let Some((&length, rest)) = data.split_first_chunk() else { return };
    let (file, journal) = rest.split_at(usize::from(u16::from_be_bytes(length)).min(rest.len()));
    let disk = SimDisk::new("fuzz.chain", 0);
    disk.put(Part::Chain, file);
    if !journal.is_empty() {
        disk.put(Part::Journal, journal);
    }
    match Store::open(disk.clone(), TARGET) {
        Ok((_, chain, _)) => {
            assert_eq!(disk.bytes(Part::Chain).as_deref(), Some(chain.as_bytes()));
            let tip = rules::check(Tip::START, chain.as_bytes(), TARGET);
            assert_eq!(tip.expect("the chain is valid").hash(), chain.tip_hash());
            let again = Store::open(disk, TARGET).map(|(_, chain, repairs)| (chain, repairs));
            let (again, repairs) = again.expect("it was mended");
            assert!(again == chain && repairs.is_empty());
        }
        Err(_) => assert_eq!(disk.bytes(Part::Chain).as_deref(), Some(file)),
    }
}

/// A node with a few blocks, which has asked bob for more.
fn node() -> Node {
    let mut chain = Chain::genesis(TARGET);
    for lane in 0..3 {
        let block = chain.next_block(0, lane, 7000).expect("any hash will do");
        chain.push(&block).expect("valid");
    }
    let peers = vec![PeerName::new("bob")];
    let settings =
        Settings { nonces: 0, seed: 0, ..Settings::tutorial(PeerName::new("alice"), 7000, peers) };
    let mut node = Node::new(settings, chain);
    node.step(Now { monotonic: Duration::ZERO, wall: 1_700_000_000 }, Input::Start);
    node
}
