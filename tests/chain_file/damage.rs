//! Every length that a file can be cut to, and every bit that can flip in it.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cairn::block::{BLOCK_LEN, field};
use cairn::chain::{Branch, Chain};
use cairn::sim_disk::SimDisk;
use cairn::store::{Part, Repair, Store, StoreError};

use crate::stones::{EASY, chain_of};

/// Blocks in the file.
const COUNT: usize = 500;

/// The result of opening a file.
struct Opened {
    result: Result<(Chain, Vec<Repair>), StoreError>,
    file: Vec<u8>,
    aside: Option<Vec<u8>>,
}

fn open(bytes: &[u8]) -> Opened {
    let disk = SimDisk::new("alice.chain", 1);
    disk.put(Part::Chain, bytes);
    let result = Store::open(disk.clone(), EASY).map(|(_, chain, repairs)| (chain, repairs));
    let files = disk.parts().len();
    let aside = disk.bytes(Part::Aside(1));
    assert_eq!(files, 1 + usize::from(aside.is_some()), "there are no other files");
    Opened { result, file: disk.bytes(Part::Chain).expect("it stays"), aside }
}

/// The first `count` blocks of `bytes` are the chain now, and the rest of
/// `damaged` lies beside it, byte for byte.
fn assert_cut(opened: &Opened, damaged: &[u8], count: usize, what: &str) {
    let (kept, rest) = damaged.split_at(count * BLOCK_LEN);
    let (chain, repairs) = opened.result.as_ref().unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(chain.as_bytes() == kept, "{what}: the node starts with the valid blocks");
    assert!(opened.file == kept, "{what}: the file holds the same");
    assert!(opened.aside.as_deref().unwrap_or_default() == rest, "{what}: the rest is set aside");
    match &repairs[..] {
        [] => assert!(rest.is_empty(), "{what}: it is told"),
        [Repair::SetAside { invalid, len, .. }] => {
            assert_eq!((invalid.height, *len), (count, rest.len()), "{what}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

/// Does `try_one` for each of the numbers, in as many threads as there are processors.
fn in_threads(numbers: Range<usize>, try_one: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(numbers.start);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(number) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|n| *n < numbers.end)
                {
                    try_one(number);
                }
            });
        }
    });
}

#[test]
fn a_file_cut_to_any_length_gives_its_whole_blocks() {
    let chain = chain_of(COUNT, EASY);
    let bytes = chain.as_bytes();
    in_threads(0..bytes.len() + 1, |len| {
        let opened = open(&bytes[..len]);
        if len < BLOCK_LEN {
            // Less than the genesis block, which everybody knows.
            let (chain, repairs) = opened.result.expect("it is begun anew");
            assert!(chain.as_bytes() == &bytes[..BLOCK_LEN] && repairs.is_empty(), "{len} bytes");
            assert!(opened.file == chain.as_bytes() && opened.aside.is_none(), "{len} bytes");
        } else {
            assert_cut(&opened, &bytes[..len], len / BLOCK_LEN, &format!("{len} bytes"));
        }
    });
}

/// Every byte of the file has a bit flipped, another one in the next block.
#[test]
fn a_bit_that_flips_in_any_byte_costs_the_blocks_from_there_on() {
    let unseen = flip_bits(|bit| bit / 8 / BLOCK_LEN % 8 == bit % 8);
    assert_eq!(unseen, (COUNT - 1) * 2, "the two bytes of each receiver");
}

/// It takes ten seconds of a processor, because each opening hashes the blocks before the
/// flip.
#[test]
#[ignore = "300,000 openings, of which the test above has an eighth: run by .ci/run"]
fn any_bit_that_flips_costs_the_blocks_from_there_on() {
    let unseen = flip_bits(|_| true);
    assert_eq!(unseen, (COUNT - 1) * 16, "the two bytes of each receiver");
}

/// Flips these bits, one at a time, and opens the file; counts those that no
/// hash covers, so that nobody can see them.
fn flip_bits(is_one: impl Fn(usize) -> bool + Sync) -> usize {
    let chain = chain_of(COUNT, EASY);
    let unseen = AtomicUsize::new(0);
    in_threads(0..chain.as_bytes().len() * 8, |bit| {
        let (height, place) = (bit / 8 / BLOCK_LEN, bit / 8 % BLOCK_LEN);
        if !is_one(bit) {
            return;
        }
        let mut bytes = chain.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let what = format!("bit {bit}, in byte {place} of block {height}");
        let opened = open(&bytes);
        let block = &bytes[height * BLOCK_LEN..][..BLOCK_LEN];
        if height == 0 {
            assert!(matches!(opened.result, Err(StoreError::Foreign { .. })), "{what}");
            assert!(opened.file == bytes && opened.aside.is_none(), "{what}: untouched");
        } else if field::RECEIVER.contains(&place) {
            unseen.fetch_add(1, Ordering::Relaxed);
            assert_cut(&opened, &bytes, COUNT, &what);
        } else {
            // By chance the block may have proof of work again. Then it stays, and the one
            // above does not fit.
            let is_lucky = Branch::check(&chain, height, block).is_ok();
            assert_cut(&opened, &bytes, height + usize::from(is_lucky), &what);
        }
    });
    unseen.into_inner()
}
