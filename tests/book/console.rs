//! Runs the commands of the book, and compares their output with the book's.
//!
//! A shell runs the commands of a page one after the other, in a new folder. `...`
//! stands for any lines, and `[..]` for any part of one. If the line above a block is
//! `<!-- in FOLDER -->`, the block runs in a copy of that folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use snapbox::cmd::Command;

use crate::pages::{Fence, Page, book, root};

/// The longest time that a command may take, in seconds. The first one in a folder compiles it.
/// `timeout` also ends the programs that the command has started in the background.
const LIMIT: &str = "100";

#[test]
fn what_the_book_runs_prints_what_it_shows() {
    let pages = book();
    thread::scope(|scope| {
        for (number, page) in pages.iter().enumerate() {
            scope.spawn(move || run(number, page));
        }
    });
}

fn run(number: usize, page: &Page) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("book-{number}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    for fence in page.fences.iter().filter(|fence| fence.language == "console") {
        let folder = folder_of(fence, &folder);
        for (command, shown) in commands(fence) {
            let command = Command::new("timeout").args([LIMIT, "sh", "-c", &command]);
            let command = command.current_dir(&folder).env("PATH", path());
            let command = command
                .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("book-steps"))
                .env("NODE_IP", address(number))
                .env("COLUMNS", "100")
                .stderr_to_stdout();
            eprintln!("{}", page.place(fence));
            command.assert().stdout_eq(shown);
        }
    }
}

/// The address of a page's nodes: the ports are fixed, so each page of each run of these
/// tests gets a different address.
fn address(number: usize) -> String {
    format!("127.{}.{}.1", 100 + std::process::id() % 100, number + 1)
}

/// The folders of the programs that the book runs: this build's first.
fn path() -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_cairn")).parent().expect("it is in a folder");
    format!("{}:{}", built.display(), std::env::var("PATH").unwrap_or_default())
}

/// Where a block runs: in the page's folder, or in a copy of the one it names.
fn folder_of(fence: &Fence, folder: &Path) -> PathBuf {
    let named = fence.before.strip_prefix("<!-- in ").and_then(|rest| rest.strip_suffix(" -->"));
    let Some(named) = named else { return folder.to_owned() };
    let copy = folder.join(named.rsplit('/').next().expect("a path has an end"));
    if !copy.exists() {
        copy_folder(&root().join(named), &copy);
    }
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("it can be written");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("it can be read");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true if entry.file_name() != "target" => copy_folder(&from, &to),
            true => {}
            false => drop(fs::copy(from, to).expect("it can be copied")),
        }
    }
}

/// Each command of a block, and the output that the book shows below it.
fn commands(fence: &Fence) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in &fence.lines {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push((command.to_owned(), String::new()));
        } else {
            let (command, shown) = commands.last_mut().expect("a block begins with a command");
            match line.strip_prefix("> ") {
                Some(more) if shown.is_empty() => *command += &format!("\n{more}"),
                _ => *shown += &format!("{line}\n"),
            }
        }
    }
    commands
}
