//! Programs that do everything that an exercise demands.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use super::{cairn, check, file, said};

/// The folder of the book's programs, which it builds first.
static STEPS: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("steps");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--manifest-path"]).arg(file("book/steps/Cargo.toml"));
    let built = build.arg("--target-dir").arg(&target).status().expect("cargo is there");
    assert!(built.success());
    target.join("debug")
});

fn step(name: &str) -> String {
    STEPS.join(name).to_str().expect("UTF-8").to_owned()
}

#[track_caller]
fn passes(flags: &[&str], command: &[&str]) {
    let said = said(&mut check(flags, command));
    assert_eq!(said.code, Some(0), "{}", said.text);
    said.has("ok it adopts a longer chain ok it mines a valid block");
    said.has("ok it keeps running after each");
}

#[test]
#[ignore = "builds the steps"]
fn the_steps_of_the_book_pass() {
    for (exercise, name, placeholder, count) in
        [("1.1", "blocks", "{block}", 4), ("1.2", "chains", "{chain}", 6)]
    {
        let said = said(cairn().args(["check", exercise, "--", &step(name), placeholder]));
        assert_eq!(said.code, Some(0), "{}", said.text);
        said.has(&format!("passed: {count} of {count} tasks"));
    }
    passes(&[], &[&step("nodes"), "{port}"]);
}

#[test]
#[ignore = "needs python3"]
fn a_node_of_the_tutorials_passes() {
    let node = file("tests/mixed/node.py");
    passes(&[], &["python3", node.to_str().expect("UTF-8"), "{port}"]);
}

#[test]
#[ignore = "takes half a minute"]
fn a_node_of_ours_passes() {
    let pace = ["--nonces", "50000"];
    let cairn = env!("CARGO_BIN_EXE_cairn");
    passes(&pace, &[&[cairn, "node", "{port}"], &pace[..]].concat());
}
