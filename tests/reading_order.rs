//! The README's reading order: the files that are the tutorial.

use std::fs;
use std::path::Path;

/// The files of the README's table with the lengths that it gives, in order.
fn reading_order() -> Vec<(String, usize)> {
    let readme = include_str!("../README.md");
    let section = readme.split("## Where to read next").nth(1).expect("the README has the section");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| [`")?.split_once("`]("));
    let files = rows.map(|(file, rest)| {
        let lines = rest.split('|').nth(1).expect("a column of lengths").trim();
        (file.to_owned(), lines.parse().expect("a number of lines"))
    });
    files.collect()
}

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_tutorial_is_some_fourteen_files_and_their_lengths_are_right_within_a_tenth() {
    let files = reading_order();
    assert!((12..=16).contains(&files.len()), "{} files", files.len());
    for (file, told) in files {
        let lines = read(&file).lines().count();
        let is_near = lines.abs_diff(told) <= told / 10;
        assert!(is_near, "README says that {file} has {told} lines; it has {lines}");
    }
}

#[test]
fn a_reader_of_the_tutorial_meets_no_vector_and_no_thread() {
    for (file, _) in reading_order() {
        let text = read(&file);
        for word in ["std::thread", "thread::", "std::arch", "multiversion", "simd", "cfg(feature"]
        {
            assert!(!text.contains(word), "{file} names {word}");
        }
    }
}

#[test]
fn the_files_stand_in_the_order_in_which_the_library_declares_them() {
    let lib = read("src/lib.rs");
    let declared: Vec<_> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let place = |file: &str| {
        let module = file.trim_start_matches("src/").trim_end_matches(".rs");
        let module = module.split('/').next().expect("a name");
        declared.iter().position(|name| *name == module).unwrap_or_else(|| panic!("{file}?"))
    };
    let places: Vec<_> = reading_order().iter().map(|(file, _)| place(file)).collect();
    assert!(places.is_sorted(), "{places:?}");
}
