//! `cairn check` on real programs: correct ones, one for each fault, and ones that do not
//! end when they should.
//!
//! The tests that need python3 or the programs of the book take about twenty seconds each,
//! and run only on request: `cargo test --test check -- --ignored`.
#![cfg(all(unix, feature = "console"))]

#[path = "../common/mod.rs"]
mod common;
mod board;
mod endings;
mod faults;
mod good;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;

use common::cairn;

/// How many checks run at the same time.
const AT_ONCE: usize = 6;

/// The output of a check, and its exit code.
struct Said {
    code: Option<i32>,
    /// The output, with each run of white space as one space, because lines are wrapped.
    text: String,
}

impl Said {
    fn of(output: &Output) -> Said {
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        let text = String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ");
        Said { code: output.status.code(), text }
    }

    #[track_caller]
    fn has(&self, words: &str) {
        assert!(self.text.contains(words), "{words:?} is not in: {}", self.text);
    }
}

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A check of exercise 1.3 with these flags and this program.
fn check(flags: &[&str], command: &[&str]) -> Command {
    let mut check = cairn();
    check.args(["check", "1.3"]).args(flags).arg("--").args(command);
    check
}

/// Locked exclusively by a check of a program that listens at 127.0.0.1 despite `NODE_IP`:
/// another checker that still waits for its program would take that program for its own.
static BESIDE: RwLock<()> = RwLock::new(());

fn said(command: &mut Command) -> Said {
    let _beside = BESIDE.read().unwrap_or_else(PoisonError::into_inner);
    Said::of(&command.output().expect("the program can be started"))
}

fn said_alone(command: &mut Command) -> Said {
    let _alone = BESIDE.write().unwrap_or_else(PoisonError::into_inner);
    Said::of(&command.output().expect("the program can be started"))
}

/// Runs checks at the same time, and panics with the messages of all that failed.
fn beside_each_other<T: Send>(cases: Vec<T>, check: impl Fn(T) -> Result<(), String> + Sync) {
    let cases = Mutex::new(cases.into_iter());
    let failures = Mutex::new(Vec::new());
    let next = || cases.lock().expect("nobody panics").next();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = next() {
                    // Before the lock, or the checks would run one after the other.
                    let failure = check(case).err();
                    failures.lock().expect("nobody panics").extend(failure);
                }
            });
        }
    });
    let failures = failures.into_inner().expect("nobody panics");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
