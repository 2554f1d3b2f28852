//! Programs that do not run as they should. The checker leaves none of their processes running.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::common::wait_until;
use super::{Said, cairn, check, said};

/// A file in which programs can write their process numbers.
fn file_of_pids(name: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("check-{name}.pids"));
    let _ = fs::remove_file(&file);
    file
}

/// The process numbers in the file, once there are `count` of them.
fn pids(file: &Path, count: usize) -> Vec<u32> {
    let read = || -> Vec<u32> {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    };
    wait_until("the program runs", || read().len() >= count);
    read()
}

/// Whether a process runs. A zombie does not.
fn runs(pid: u32) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output();
    let state = state.expect("there is ps").stdout;
    !state.trim_ascii().is_empty() && !state.starts_with(b"Z")
}

#[track_caller]
fn are_gone(pids: &[u32]) {
    wait_until("nothing is left", || !pids.iter().any(|pid| runs(*pid)));
}

/// A check of a shell script that has one second until it must listen.
fn script(script: &str, file: &Path) -> Command {
    let file = file.to_str().expect("UTF-8");
    check(&["--patience", "1s"], &["sh", "-c", script, "{port}", file])
}

/// Writes its process number and that of a child that left its group, and never listens.
const FAMILY: &str = "echo $$ >> $1; setsid sh -c 'echo $$ >> $0; sleep 600' $1 & sleep 600";

#[test]
fn what_cannot_be_started_is_told() {
    let said = said(&mut check(&[], &["./there-is-no-such-program", "{port}"]));
    assert_eq!(said.code, Some(1));
    said.has("It could not be started: No such file or directory");
}

#[test]
fn a_program_that_ends_at_once_is_told_with_its_last_words() {
    let said = said(&mut script("echo no module named dotenv >&2; exit 3", Path::new("-")));
    assert_eq!(said.code, Some(1));
    said.has("It ended before it listened on port 7000, with exit code 3.");
    said.has("Its last lines: no module named dotenv");
}

#[test]
fn a_program_that_never_listens_is_ended_with_all_that_it_started() {
    let file = file_of_pids("never");
    let said = said(&mut script(FAMILY, &file));
    assert_eq!(said.code, Some(1));
    said.has("It runs, but after 1 s it does not listen on UDP port 7000 of 127.");
    are_gone(&pids(&file, 2));
}

#[test]
fn a_program_that_forks_into_the_background_is_told_and_ended() {
    let file = file_of_pids("forks");
    let said = said(&mut script("sh -c 'echo $$ >> $0; sleep 600' $1 & sleep 0.2", &file));
    assert_eq!(said.code, Some(1));
    said.has("without an error, and left");
    said.has("keep it in the foreground");
    are_gone(&pids(&file, 1));
}

#[test]
fn a_program_that_does_not_want_to_end_is_killed_and_that_is_noted() {
    let file = file_of_pids("deaf");
    let deaf = "trap '' TERM; echo $$ >> $1; while :; do sleep 600; done";
    let said = said(&mut script(deaf, &file));
    said.has("Note: it did not end within a second after SIGTERM, and was killed");
    are_gone(&pids(&file, 1));
}

#[test]
fn a_flood_is_read_and_noted() {
    let said = said(&mut script("yes", Path::new("-")));
    assert_eq!(said.code, Some(1));
    said.has("Note: it printed ");
}

/// A check that waits for a program that never listens, and that program's processes.
fn waiting(name: &str) -> (Child, Vec<u32>) {
    let file = file_of_pids(name);
    let path = file.to_str().expect("UTF-8");
    let mut check = check(&[], &["sh", "-c", FAMILY, "{port}", path]);
    let check = check.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let pids = pids(&file, 2);
    (check, pids)
}

#[test]
fn ctrl_c_ends_the_program_with_the_checker() {
    let (check, pids) = waiting("ctrl-c");
    let killed = Command::new("kill").args(["-INT", &check.id().to_string()]).status();
    assert!(killed.expect("there is kill").success());
    let begun = Instant::now();
    let said = Said::of(&check.wait_with_output().expect("it was started"));
    assert_eq!(said.code, Some(1));
    said.has("stopped; the checked program has been ended");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(!pids.iter().any(|pid| runs(*pid)), "the message must be true");
}

#[test]
fn a_checker_that_is_killed_takes_the_program_along() {
    let (mut check, pids) = waiting("killed");
    check.kill().expect("it runs");
    check.wait().expect("it was started");
    are_gone(&pids);
}

#[test]
fn a_command_without_its_placeholder_is_a_mistake() {
    for (exercise, placeholder) in [("1.1", "{block}"), ("1.2", "{chain}"), ("1.3", "{port}")] {
        let said = said(cairn().args(["check", exercise, "--", "./program"]));
        assert_eq!(said.code, Some(2));
        said.has(&format!("cairn check {exercise} -- ./program {placeholder}"));
    }
}

#[test]
fn a_check_of_nothing_is_a_mistake_and_alone_it_lists_the_exercises() {
    for (args, words) in [
        (&["1.9", "--", "true"][..], "\"1.9\" is not an exercise: type cairn check to see them"),
        (&["1.3"], "no program given: type cairn check 1.3 -- ./program {port}"),
        (&["1.3", "--ip", "224.0.0.1", "--", "true", "{port}"], "224.0.0.1 is not an address of"),
    ] {
        let said = said(cairn().arg("check").args(args));
        assert_eq!(said.code, Some(2));
        said.has(words);
    }
    let said = said(cairn().arg("check"));
    assert_eq!(said.code, Some(0));
    for words in
        ["1.1 Blocks", "cairn check 1.2 -- python3 chains.py {chain}", "lives it keeps running"]
    {
        said.has(words);
    }
}
