//! A chain file in a process that has as many open files as it may have. A separate
//! program, because the limit applies to the whole process.
#![cfg(all(unix, feature = "web"))]

use std::fs::{self, File};
use std::path::PathBuf;

use cairn::block::{Block, Header, Nonce, Transaction};
use cairn::chain::{Branch, Chain};
use cairn::disk::FileDisk;
use cairn::store::Store;
use cairn::target::Target;

/// Any hash meets this target.
const ANY: Target = Target::from_zero_bits(0);

/// Puts `count` blocks for `receiver` on top of genesis.
fn build(chain: &mut Chain, count: u64, receiver: u16) {
    let mut previous = chain.hash_at(0).expect("a chain has a genesis block");
    let mut bytes = Vec::new();
    for counter in 0..count {
        let nonce = Nonce::in_lane(receiver.into(), counter);
        let header = Header { previous, timestamp: 1_634_700_600, nonce };
        previous = header.hash();
        bytes.extend(Block { header, reward: Transaction::reward(receiver) }.to_bytes());
    }
    chain.adopt(Branch::check(chain, 1, &bytes).expect("any hash will do"));
}

#[test]
fn appends_and_reorganisations_are_kept_where_no_file_can_be_opened() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("descriptors.chain");
    // It may not be there.
    let _ = fs::remove_file(&path);
    let disk = FileDisk::open(&path).expect("the folder is ours");
    let (mut store, mut chain, _) = Store::open(disk, ANY).expect("there is no file");

    rlimit::Resource::NOFILE.set(64, 64).expect("it can be lowered");
    let taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(!taken.is_empty() && File::open(&path).is_err(), "there is no descriptor left");
    for (count, receiver) in [(1, 7000), (2, 8000), (3, 9000)] {
        build(&mut chain, count, receiver);
        store.save(1, &chain.blocks()[1..]).expect("it needs no other descriptor");
    }
    drop((store, taken));
    let disk = FileDisk::open(&path).expect("nobody has it open");
    let (_, kept, repairs) = Store::open(disk, ANY).expect("it is whole");
    assert_eq!((kept.as_bytes(), repairs.len()), (chain.as_bytes(), 0));
}
