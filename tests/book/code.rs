//! The chapters hold no code themselves: each block includes a piece of a file.

use std::fs;

use crate::pages::{Fence, Page, book, root};

/// Folders with Rust that a page may include: every file in them is compiled.
const COMPILED: [&str; 5] = ["src/", "examples/", "tests/", "benches/", "book/steps/"];

#[test]
fn every_block_of_code_is_a_piece_of_a_file_that_is_there() {
    let mut count = 0;
    for page in book() {
        for fence in &page.fences {
            match fence.language.as_str() {
                "console" | "sh" => {}
                language => {
                    check(&page, fence, language).unwrap_or_else(|what| {
                        panic!("{}: {what}", page.place(fence));
                    });
                    count += 1;
                }
            }
        }
    }
    assert!(count > 0, "the book shows no code");
}

fn check(page: &Page, fence: &Fence, language: &str) -> Result<(), String> {
    let [line] = fence.lines.as_slice() else {
        return Err("write one line, {{#include FILE:ANCHOR}}, and no code".to_owned());
    };
    let include = line
        .trim()
        .strip_prefix("{{#include ")
        .and_then(|rest| rest.strip_suffix("}}"))
        .ok_or_else(|| format!("{line:?} is no {{{{#include FILE:ANCHOR}}}}"))?;
    let (file, anchor) = match include.split_once(':') {
        Some((file, anchor)) => (file, Some(anchor)),
        None => (include, None),
    };
    let path = page.beside(file).canonicalize().map_err(|error| format!("{file}: {error}"))?;
    let below = path.strip_prefix(root()).map_err(|_| format!("{file} is not in the package"))?;
    let below = below.to_str().expect("names are text");
    if language == "rust" && !COMPILED.iter().any(|folder| below.starts_with(folder)) {
        return Err(format!("{below} is not compiled"));
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    match anchor {
        None if language == "rust" => Err(format!("{file} is named without an anchor")),
        None => Ok(()),
        Some(anchor) => has_anchor(&text, anchor).map_err(|what| format!("{file}: {what}")),
    }
}

/// Whether a piece of this name begins once and ends after that.
fn has_anchor(text: &str, anchor: &str) -> Result<(), String> {
    let lines_with = |mark: &str| -> Vec<usize> {
        let is_it = |line: &str| {
            let rest = line.split_once(mark).map(|(_, rest)| rest);
            rest.is_some_and(|rest| rest.split_whitespace().next() == Some(anchor))
        };
        (0..).zip(text.lines()).filter(|(_, line)| is_it(line)).map(|(number, _)| number).collect()
    };
    match (lines_with("ANCHOR:").as_slice(), lines_with("ANCHOR_END:").as_slice()) {
        ([begin], [end]) if begin + 1 < *end => Ok(()),
        ([], _) => Err(format!("no piece is called {anchor}")),
        _ => Err(format!("the piece {anchor} does not begin and end once, with lines between")),
    }
}

#[test]
fn a_piece_that_is_not_there_is_found_out() {
    let text = "// ANCHOR: good\nx\n// ANCHOR_END: good\n// ANCHOR: open\ny\n";
    assert_eq!(has_anchor(text, "good"), Ok(()));
    assert!(has_anchor(text, "goo").is_err());
    assert!(has_anchor(text, "open").is_err());
    assert!(has_anchor("// ANCHOR: empty\n// ANCHOR_END: empty\n", "empty").is_err());
}

#[test]
fn code_typed_by_hand_is_found_out() {
    let page = &book()[0];
    let fence = |lines: &[&str]| Fence {
        line: 1,
        language: "rust".to_owned(),
        lines: lines.iter().map(|&line| line.to_owned()).collect(),
        before: String::new(),
    };
    for lines in [
        &["let x = 1;"][..],
        &["{{#include ../steps/blocks/src/main.rs:hash}}", "let x = 1;"],
        &["{{#include ../steps/blocks/src/main.rs}}"],
        &["{{#include ../steps/blocks/src/main.rs:nothing}}"],
        &["{{#include ../steps/blocks/src/absent.rs:hash}}"],
        &["{{#include ../../README.md:hash}}"],
        &[],
    ] {
        assert!(check(page, &fence(lines), "rust").is_err(), "{lines:?}");
    }
}
