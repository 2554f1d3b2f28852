//! A reader who types the pieces of the first chapters has the whole program at the end.

use std::collections::BTreeSet;
use std::fs;

use crate::pages::{book, root};

/// A program, the chapter that builds it, and the earlier program from which the reader
/// copies pieces.
const PROGRAMS: [(&str, &str, Option<&str>); 4] = [
    ("blocks/src/main.rs", "blocks.md", None),
    ("chains/src/main.rs", "chains.md", Some("blocks/src/main.rs")),
    ("nodes/src/bin/basic.rs", "nodes.md", None),
    ("nodes/src/main.rs", "nodes.md", Some("chains/src/main.rs")),
];

/// Lines around the pieces; a chapter names them in its text.
const AROUND: [&str; 2] = ["impl Node {", "}"];

#[test]
fn every_line_of_a_program_is_in_a_piece_and_every_piece_in_the_chapter() {
    for (program, chapter, before) in PROGRAMS {
        let copied = before.map(|before| pieces(before).0).unwrap_or_default();
        let (pieces, rest) = pieces(program);
        let shown = shown(chapter, program);
        let missing: Vec<_> = pieces
            .iter()
            .filter(|name| !shown.contains(*name) && !copied.contains(*name))
            .collect();
        assert!(missing.is_empty(), "{chapter} does not show {missing:?} of {program}");
        let untyped: Vec<_> = rest.iter().filter(|line| !AROUND.contains(&line.as_str())).collect();
        assert!(untyped.is_empty(), "{program} has lines that no piece holds: {untyped:?}");
    }
}

/// The names of the pieces of a program, and its lines of code outside of them.
fn pieces(program: &str) -> (BTreeSet<String>, Vec<String>) {
    let path = root().join("book/steps").join(program);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{program}: {error}"));
    let (mut names, mut rest, mut is_inside) = (BTreeSet::new(), Vec::new(), false);
    for line in text.lines() {
        if let Some(name) = line.trim().strip_prefix("// ANCHOR: ") {
            names.insert(name.to_owned());
            is_inside = true;
        } else if line.trim().starts_with("// ANCHOR_END: ") {
            is_inside = false;
        } else if !is_inside && !line.trim().is_empty() && !line.starts_with("//!") {
            rest.push(line.to_owned());
        }
    }
    (names, rest)
}

/// The pieces of a program that a chapter shows.
fn shown(chapter: &str, program: &str) -> BTreeSet<String> {
    let pages = book();
    let page =
        pages.iter().find(|page| page.path.ends_with(chapter)).expect("the chapter is there");
    let lines = page.fences.iter().flat_map(|fence| &fence.lines);
    let include = format!("{{{{#include ../steps/{program}:");
    let named = lines.filter_map(|line| line.strip_prefix(&include)?.strip_suffix("}}"));
    named.map(str::to_owned).collect()
}
