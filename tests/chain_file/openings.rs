//! The result of opening a file, and the cost of saving.

use std::fs;
use std::path::{Path, PathBuf};

use cairn::block::{BLOCK_LEN, Block};
use cairn::chain::Chain;
use cairn::disk::FileDisk;
use cairn::rules::Rule;
use cairn::sim_disk::SimDisk;
use cairn::store::{Disk, Journal, Part, Repair, Store, StoreError};
use cairn::target::Target;

use crate::stones::{EASY, chain_of, grown};

/// A folder of its own for the test of this name, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chain_file").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    folder
}

fn open(path: &Path) -> Result<(Store<FileDisk>, Chain, Vec<Repair>), StoreError> {
    Store::open(FileDisk::open(path)?, EASY)
}

fn disk_with(bytes: &[u8]) -> SimDisk {
    let disk = SimDisk::new("alice.chain", 1);
    disk.put(Part::Chain, bytes);
    disk
}

#[test]
fn what_is_no_chain_file_of_ours_is_refused_and_untouched() {
    let genesis = Block::genesis().to_bytes();
    let (mut other, mut short) = (genesis, genesis[..74].to_vec());
    other[74] ^= 1;
    short[70] = 2;
    let zeros_then_more = [[0; 75].as_slice(), &[1]].concat();
    let files: [&[u8]; 6] =
        [b"\xff\xd8\xff\xe0 a photo", &other, &short, &[0; 76], &zeros_then_more, b"\n"];
    for bytes in files {
        let disk = disk_with(bytes);
        let journal = Journal { height: 1, blocks: &chain_of(2, EASY).blocks()[1..] }.encode();
        disk.put(Part::Journal, &journal);
        let error = Store::open(disk.clone(), EASY).expect_err("it is not ours");
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        assert!(error.to_string().starts_with("alice.chain does not begin with the genesis"));
        assert_eq!(disk.bytes(Part::Chain).as_deref(), Some(bytes));
        assert_eq!(disk.bytes(Part::Journal), Some(journal));
        assert_eq!(disk.parts().len(), 2);
    }
}

#[test]
fn a_genesis_block_that_was_cut_short_is_finished() {
    let genesis = Block::genesis().to_bytes();
    let torn = [&genesis[..20], &[0; 30], &genesis[50..]].concat();
    for bytes in [&[][..], &[0; 75], &[0; 3], b"K", &genesis[..74], &torn] {
        let disk = disk_with(bytes);
        let (_, chain, repairs) = Store::open(disk.clone(), EASY).expect("there is nothing yet");
        assert_eq!((chain, repairs), (Chain::genesis(EASY), vec![]));
        assert_eq!(disk.bytes(Part::Chain).as_deref(), Some(&genesis[..]));
        assert_eq!(disk.parts(), [Part::Chain]);
    }
}

#[test]
fn a_chain_for_another_target_is_refused_untouched_and_named() {
    let chain = chain_of(20, EASY);
    let disk = disk_with(chain.as_bytes());
    let harder = Target::from_zero_bits(30);
    let error = Store::open(disk.clone(), harder).expect_err("it has not enough work");
    let text = error.to_string();
    assert!(text.contains("block 1 breaks proof-of-work: hash "), "{text}");
    let weakest = chain.blocks()[2..].iter().map(|block| Block::from_bytes(block).header.previous);
    let weakest = weakest.map(|hash| hash.leading_zero_bits()).min().expect("there are some");
    assert!(text.contains(&format!("start with --zero-bits {weakest},")), "{text}");
    assert_eq!(disk.bytes(Part::Chain).as_deref(), Some(chain.as_bytes()));
    assert_eq!(disk.parts(), [Part::Chain]);

    // The advice neither mentions damage further up nor is stopped by it.
    let mut bytes = chain.as_bytes().to_vec();
    bytes[15 * BLOCK_LEN + 60] ^= 1;
    let error = Store::open(disk_with(&bytes), harder).expect_err("it has not enough work");
    assert!(matches!(error, StoreError::OtherTarget { zero_bits: 4.., .. }), "{error}");
}

#[test]
fn a_block_that_lacks_work_with_none_upon_it_is_damage() {
    let chain = chain_of(2, EASY);
    let disk = disk_with(chain.as_bytes());
    let (_, opened, repairs) = Store::open(disk.clone(), Target::NETWORK).expect("it starts");
    assert_eq!(opened.count(), 1);
    let [Repair::SetAside { invalid, len: BLOCK_LEN, .. }] = &repairs[..] else {
        panic!("{repairs:?}")
    };
    assert_eq!((invalid.height, invalid.rule()), (1, Rule::ProofOfWork));
    assert_eq!(disk.bytes(Part::Aside(1)).as_deref(), Some(&chain.as_bytes()[BLOCK_LEN..]));
}

#[test]
fn each_repair_is_told_in_a_line_with_its_files() {
    let chain = chain_of(4, EASY);
    let longer = grown(&chain, 2, 4, 2);
    let disk = disk_with(&[chain.as_bytes(), b"x"].concat());
    let told = || {
        let (_, _, repairs) = Store::open(disk.clone(), EASY).expect("it starts");
        repairs.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let damage = "alice.chain is damaged (block 4 breaks whole-blocks: 301 bytes are not one or \
                  more whole blocks of 75): the rest, 1 byte, is set aside in \
                  alice.chain.damaged-1, and peers have what is missing";
    assert_eq!(told(), [damage]);
    disk.put(Part::Journal, b"torn");
    let unfinished =
        "alice.chain.reorg: dropped a reorganisation that was cut short before it began";
    assert_eq!(told(), [unfinished]);
    disk.put(Part::Journal, &Journal { height: 1, blocks: &chain.blocks()[2..] }.encode());
    let stray = "alice.chain.reorg does not belong to this chain: set aside in \
                 alice.chain.damaged-2";
    assert_eq!(told(), [stray]);
    disk.put(Part::Journal, &Journal { height: 2, blocks: &longer.blocks()[2..] }.encode());
    let replayed = "alice.chain.reorg: finished a reorganisation that was cut short, blocks 2 to 5";
    assert_eq!(told(), [replayed]);
    assert_eq!(told(), [""; 0]);
    assert_eq!(disk.bytes(Part::Chain).as_deref(), Some(longer.as_bytes()));
}

#[test]
fn saving_costs_by_what_is_new() {
    let chain = chain_of(500, EASY);
    let disk = disk_with(chain.as_bytes());
    let (mut store, ..) = Store::open(disk.clone(), EASY).expect("it is a chain");
    let mut cost = |chain: &Chain, from| {
        let before = (disk.steps(), disk.operations());
        store.save(from, &chain.blocks()[from..]).expect("the disk is well");
        (disk.steps() - before.0, disk.operations() - before.1)
    };
    let one_more = grown(&chain, 500, 1, 2);
    assert_eq!(cost(&one_more, 500), (75 + 3, 3), "a write, a cut, a sync");
    let other = grown(&one_more, 499, 3, 3);
    let (steps, operations) = cost(&other, 499);
    assert_eq!(steps - operations, 8 + 3 * 75 + 32 + 3 * 75, "the journal, and the blocks");
    assert_eq!(cost(&chain_of(490, EASY), 490), (3, 3), "to cut needs no journal");
}

#[test]
fn a_chain_that_gets_shorter_is_kept_as_well() {
    let chain = chain_of(9, EASY);
    let disk = disk_with(chain.as_bytes());
    let (mut store, ..) = Store::open(disk.clone(), EASY).expect("it is a chain");
    for shorter in [grown(&chain_of(6, EASY), 5, 2, 2), chain_of(3, EASY)] {
        let fork = shorter.common_prefix(chain.as_bytes());
        store.save(fork, &shorter.blocks()[fork..]).expect("the disk is well");
        assert_eq!(disk.bytes(Part::Chain).as_deref(), Some(shorter.as_bytes()));
        assert_eq!(disk.parts(), [Part::Chain]);
    }
}

#[test]
fn a_save_that_would_leave_a_gap_is_a_mistake_of_the_caller() {
    for from in [0, 4] {
        let save = || {
            let (mut store, ..) =
                Store::open(disk_with(chain_of(3, EASY).as_bytes()), EASY).expect("it is a chain");
            drop(store.save(from, chain_of(6, EASY).blocks()));
        };
        assert!(std::panic::catch_unwind(save).is_err(), "from {from}");
    }
}

#[test]
fn a_real_file_keeps_a_chain_through_appends_and_reorganisations() {
    let path = folder("real").join("a.chain");
    let (mut store, chain, repairs) = open(&path).expect("it is made");
    assert_eq!((chain.count(), repairs), (1, vec![]));
    let first = grown(&chain, 1, 5, 1);
    store.save(1, &first.blocks()[1..]).expect("the disk is well");
    let second = grown(&first, 3, 4, 2);
    store.save(3, &second.blocks()[3..]).expect("the disk is well");
    assert_eq!(fs::read(&path).expect("it can be read while it is open"), second.as_bytes());
    drop(store);
    let (_, chain, repairs) = open(&path).expect("it is a chain");
    assert_eq!((chain, repairs), (second, vec![]));
    assert_eq!(fs::read_dir(path.parent().expect("the folder")).expect("it is there").count(), 1);
}

#[test]
fn a_real_file_is_mended() {
    let path = folder("mended").join("a.chain");
    let chain = chain_of(6, EASY);
    let longer = grown(&chain, 4, 5, 2);
    fs::write(&path, chain.as_bytes()).expect("the folder is ours");
    let journal = Journal { height: 4, blocks: &longer.blocks()[4..] }.encode();
    fs::write(path.with_extension("chain.reorg"), journal).expect("the folder is ours");
    fs::write(path.with_extension("chain.damaged-1"), "other").expect("the folder is ours");
    let (_, opened, repairs) = open(&path).expect("it is mended");
    assert_eq!(opened, longer);
    assert!(matches!(repairs[..], [Repair::Replayed { height: 4, count: 5, .. }]), "{repairs:?}");
    assert!(!path.with_extension("chain.reorg").exists());

    fs::write(&path, &longer.as_bytes()[..400]).expect("the folder is ours");
    let (_, opened, _) = open(&path).expect("it is mended");
    assert_eq!(opened.as_bytes(), &longer.as_bytes()[..375]);
    let aside = |number| fs::read(path.with_extension(format!("chain.damaged-{number}")));
    assert_eq!(aside(1).expect("it was there"), b"other");
    assert_eq!(aside(2).expect("it is set aside"), &longer.as_bytes()[375..400]);
}

#[test]
fn nobody_else_can_open_the_file_by_whatever_name() {
    let folder = folder("names");
    let path = folder.join("a.chain");
    let (store, ..) = open(&path).expect("it is made");
    let (link, other) = (folder.join("link"), folder.join("other"));
    fs::hard_link(&path, &other).expect("the folder is ours");
    let mut names = vec![path.clone(), folder.join("../names/a.chain"), other];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, &link).expect("the folder is ours");
        names.push(link.clone());
        let linked = FileDisk::open(&folder.join("new")).expect("it is free");
        assert_eq!(linked.path(Part::Journal).file_name(), Some("new.reorg".as_ref()));
    }
    for name in names {
        let error = open(&name).expect_err("it is in use");
        assert!(matches!(error, StoreError::InUse { .. }), "{error}");
        assert!(error.to_string().contains(&name.display().to_string()), "{error}");
    }
    drop(store);
    let through_link = FileDisk::open(if cfg!(unix) { &link } else { &path }).expect("it is free");
    let journal = through_link.path(Part::Journal);
    assert_eq!(
        journal.file_name(),
        Some("a.chain.reorg".as_ref()),
        "it lies beside the file itself"
    );
}

#[test]
fn what_cannot_be_a_chain_file_is_told_with_its_path_and_what_to_do() {
    let folder = folder("impossible");
    let told = |path: &Path| {
        let error = open(path).map(drop).expect_err("it cannot be").to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
        error
    };
    assert!(told(&folder).contains("is a folder, a device or a pipe: give a file"));
    assert!(told(&folder.join("no/such.chain")).ends_with("make its folder first"));
    if cfg!(target_os = "linux") {
        assert!(told(Path::new("/dev/full")).contains("is a folder, a device or a pipe"));
        // Not even root can make files there.
        let error = told(Path::new("/sys/kernel/a.chain"));
        assert!(
            error.ends_with("let this user write in its folder, or give another file"),
            "{error}"
        );
    }
}
