//! The programs of the book's first chapters: short enough to type, the same where
//! one goes on from another, and with every anchor that a chapter can name closed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Each step and the most lines that it may have.
const STEPS: [(&str, usize); 3] = [("blocks", 150), ("chains", 250), ("nodes", 350)];

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("book/steps").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn program(step: &str) -> String {
    read(&format!("{step}/src/main.rs"))
}

/// The pieces that chapters show, by name.
fn anchors(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some(name) = line.trim().strip_prefix("// ANCHOR: ") {
            assert!(open.is_none(), "{name} begins inside another");
            open = Some((name.to_owned(), String::new()));
        } else if let Some(name) = line.trim().strip_prefix("// ANCHOR_END: ") {
            let (opened, piece) = open.take().unwrap_or_else(|| panic!("{name} never began"));
            assert_eq!(opened, name);
            assert!(!piece.is_empty(), "{name} is empty");
            assert_eq!(found.insert(opened, piece), None, "{name} is there twice");
        } else if let Some((_, piece)) = &mut open {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    assert_eq!(open, None);
    found
}

#[test]
fn each_step_is_short_enough_to_type() {
    for (step, most) in STEPS {
        let lines = program(step).lines().count();
        assert!(lines < most, "{step} has {lines} lines");
    }
}

#[test]
fn what_two_steps_share_is_the_same_in_both() {
    let [blocks, chains, nodes] = STEPS.map(|(step, _)| anchors(&program(step)));
    let shared = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
        let pieces =
            a.iter().filter(|(name, _)| !["use", "main", "tests"].contains(&name.as_str()));
        let both: Vec<_> = pieces.filter(|(name, _)| b.contains_key(*name)).collect();
        for (name, piece) in &both {
            assert_eq!(*piece, &b[*name], "{name}");
        }
        both.len()
    };
    assert_eq!(shared(&blocks, &chains), 6, "types, block, genesis, hash, target, hex");
    assert_eq!(shared(&chains, &nodes), 7, "the first five, mine, validate");
}

#[test]
fn a_step_needs_sha2_and_nothing_else() {
    for (step, _) in STEPS {
        let manifest = read(&format!("{step}/Cargo.toml"));
        let packages = manifest.split("[dependencies]\n").nth(1).expect("it has packages");
        assert_eq!(packages.lines().count(), 1, "{step}");
        assert!(packages.starts_with("sha2 = "), "{step}");
    }
}

#[test]
fn the_hashes_that_cover_the_reward_are_those_of_the_exercise_on_attacks() {
    use sha2::{Digest, Sha256};
    let hash = |block: &[u8]| -> [u8; 32] { Sha256::digest(Sha256::digest(&block[1..])).into() };
    let mine = |previous: [u8; 32], timestamp: u32| {
        let mut block = cairn::block::Block::genesis().to_bytes();
        block[2..34].copy_from_slice(&previous);
        block[34..38].copy_from_slice(&timestamp.to_be_bytes());
        let nonce = (0_u64..).find(|nonce| {
            block[62..70].copy_from_slice(&nonce.to_be_bytes());
            hash(&block)[..2] == [0, 0]
        });
        (nonce.expect("they do not end"), hash(&block))
    };
    let (nonce, genesis) = mine([0; 32], 1_634_700_000);
    assert_eq!((nonce, &genesis[..4]), (23_812, &[0x00, 0x00, 0xe2, 0x39][..]));
    assert_eq!(mine(genesis, 1_634_700_600).0, 142_807);
    let chapter = read("../src/attacks.md");
    assert!(["23812", "0000e239", "142807"].iter().all(|answer| chapter.contains(answer)));
}
