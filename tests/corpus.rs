//! The inputs that the fuzzer kept, tried again.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

/// Tries every file of a target's corpus.
fn try_all(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let files = fs::read_dir(&folder).expect("the corpus is there");
    let mut count = 0;
    for file in files {
        let path = file.expect("the folder can be read").path();
        target(&fs::read(path).expect("the file can be read"));
        count += 1;
    }
    assert!(count > 0, "no file in {}", folder.display());
}

#[test]
fn no_datagram_makes_a_chain_invalid_or_shorter() {
    try_all("datagram", targets::datagram);
}

#[test]
fn a_frame_is_the_same_bytes_again() {
    try_all("frame", targets::frame);
}

#[test]
fn whatever_is_in_a_chain_file_a_start_gives_a_valid_chain_or_refuses_it() {
    try_all("chain_file", targets::chain_file);
}
