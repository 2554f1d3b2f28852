//! Nodes with a deliberate fault: each fails with the sentence for its fault.

use std::process::Command;

use super::{Said, beside_each_other, check, file, said, said_alone};

/// A fault, the flags of the check, the task that fails, and a part of the lesson.
type Case = (&'static str, &'static [&'static str], &'static str, &'static str);

/// With more nonces in a turn, a program that misses the predicted nonce finds another soon.
const FAST: &[&str] = &["--nonces", "200000"];

const CASES: [Case; 24] = [
    ("tie", &[], "as long as its own, or shorter", "it must be > and not >="),
    ("shorter", &[], "as long as its own, or shorter", "threw its own work away"),
    ("proof-of-work", &[], "an invalid chain", "whose last block has no proof of work"),
    ("previous-hash", &[], "an invalid chain", "does not name the block before it"),
    ("any-genesis", &[], "an invalid chain", "begins with another genesis block"),
    ("keeps-part", FAST, "an invalid chain", "one bad block makes the whole chain invalid"),
    ("cut", &[], "that is cut off", "whose last block is cut off"),
    ("stubborn", FAST, "a longer chain", "its next block builds on a chain of its own"),
    ("stubborn-quick", FAST, "a longer chain", "its next block builds on a chain of its own"),
    ("empty-ends-it", &[], "it keeps running", "It ended after an empty message, with exit code 1"),
    ("cut-ends-it", &[], "it keeps running", "It ended after a chain that is cut off, with exit"),
    ("invalid-ends-it", &[], "it keeps running", "It ended after a chain without proof of work"),
    ("own-genesis", FAST, "the genesis block", "its nonce, bytes 38 to 69, is"),
    ("hash-once", FAST, "a valid block", "it is SHA-256 of SHA-256 of bytes 1 to 69"),
    ("old-tip", FAST, "a valid block", "after you adopted a chain or made a block"),
    ("little-endian", FAST, "a valid block", "the byte order of the timestamp"),
    ("receiver", &[], "a valid block", "goes to 1, not to its port, 7000"),
    ("easy", FAST, "a valid block", "breaks a rule: hash 000"),
    ("size", FAST, "the genesis block", "byte 0 of the block: it is 75"),
    ("one-port", &[], "both other nodes", "came to port 8000, but not to port 9000"),
    ("alone", &[], "both other nodes", "It sent the new block alone"),
    ("hasty", &[], "in turns", "A node that does not listen gets the blocks of others too late"),
    ("silent", &["--patience", "3s"], "a valid block", "It sent no block of its own"),
    ("other-port", &["--patience", "3s"], "its port", "it does not listen on UDP port 7000"),
];

#[test]
#[ignore = "needs python3"]
fn a_node_with_a_fault_fails_with_the_sentence_that_tells_it() {
    beside_each_other(CASES.to_vec(), |(fault, flags, task, sentence)| {
        let said = said(&mut with_fault(fault, flags));
        let failed = said.text.split("FAIL ").nth(1).unwrap_or_default();
        let is_told = failed.find(task).is_some_and(|at| failed[at..].contains(sentence));
        match said.code == Some(1) && is_told {
            true => Ok(()),
            false => Err(format!("{fault}: {}", said.text)),
        }
    });
}

/// A check of the node with this fault.
fn with_fault(fault: &str, flags: &[&str]) -> Command {
    let node = file("tests/check/faulty.py");
    let mut check = check(flags, &["python3", node.to_str().expect("UTF-8"), "{port}"]);
    let nonces = if flags == FAST { FAST[1] } else { "1000" };
    check.env("FAULT", fault).env("NONCES", nonces);
    check
}

fn is_noted(fault: &str, said: &Said, note: &str) -> Result<(), String> {
    match said.code == Some(0) && said.text.contains(note) {
        true => Ok(()),
        false => Err(format!("{fault}: {}", said.text)),
    }
}

#[test]
#[ignore = "needs python3"]
fn what_fails_nothing_is_noted() {
    let cases = vec![
        ("floods", "MB: printing takes time from mining"),
        ("deaf", "Note: it did not end within a second after SIGTERM"),
    ];
    beside_each_other(cases, |(fault, note)| {
        is_noted(fault, &said(&mut with_fault(fault, &[])), note)
    });
}

#[test]
#[ignore = "needs python3"]
fn what_is_odd_is_no_fault() {
    let odd = ["drawn", "from-one", "clock-ahead", "clock-behind", "late", "mines-first", "frames"];
    beside_each_other(odd.to_vec(), |oddity| {
        is_noted(oddity, &said(&mut with_fault(oddity, FAST)), "passed: 10 of 11 tasks")
    });
}

#[test]
#[ignore = "needs python3"]
fn a_node_that_listens_elsewhere_is_found_and_that_is_noted() {
    let said = said_alone(&mut with_fault("localhost", &[]));
    let note = "Note: it listens at 127.0.0.1, not at the address in NODE_IP";
    is_noted("localhost", &said, note).unwrap();
}
