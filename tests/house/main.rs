//! The order of the house: which file may use which, and what the inner rooms
//! never name. It reads the source files, so a new module is covered as soon as
//! `src/lib.rs` declares it.

use std::fs;
use std::path::{Path, PathBuf};

/// The last module that knows nothing of the world outside: no socket, file,
/// clock, console, environment, process, nor chance without a seed.
const LAST_INNER_MODULE: &str = "node";

/// What the inner modules do not name, as beginnings of paths.
const OUTSIDE_PATHS: [&str; 12] = [
    "core::net",
    "rand::make_rng",
    "rand::random",
    "rand::random_range",
    "rand::rng",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread::sleep",
];

/// The same by single names, however they were imported. A `HashMap` is walked
/// in another order at each run, unlike a `BTreeMap`.
const OUTSIDE_NAMES: [&str; 22] = [
    "File",
    "HashMap",
    "HashSet",
    "Instant",
    "OsRng",
    "RandomState",
    "SysRng",
    "SystemTime",
    "ThreadRng",
    "UNIX_EPOCH",
    "UdpSocket",
    "dbg",
    "eprint",
    "eprintln",
    "from_os_rng",
    "getrandom",
    "print",
    "println",
    "stderr",
    "stdin",
    "stdout",
    "thread_rng",
];

#[test]
fn a_file_uses_only_files_above_it() {
    let modules = modules();
    let mut wrong = Vec::new();
    for (place, module) in modules.iter().enumerate() {
        let above = &modules[..=place];
        for (file, path) in paths_of(module) {
            // In a file of its own, `super` is the crate.
            let is_alone = file == source(&format!("{module}.rs"));
            let used = match path.split("::").collect::<Vec<_>>()[..] {
                ["crate", used, ..] => used,
                ["super", used, _, ..] if is_alone && modules.iter().any(|m| m == used) => used,
                _ => continue,
            };
            if !above.iter().any(|module| module == used) {
                wrong.push(format!("{} uses {path}", shown(&file)));
            }
        }
    }
    assert!(wrong.is_empty(), "not above in src/lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn from_hash_to_node_nothing_names_the_world_outside() {
    let mut wrong = Vec::new();
    for module in inner_modules() {
        for (file, path) in paths_of(&module) {
            if is_outside(&path) {
                wrong.push(format!("{} names {path}", shown(&file)));
            }
        }
    }
    assert!(wrong.is_empty(), "these belong in a driver:\n{}", wrong.join("\n"));
}

#[test]
fn the_library_is_without_unsafe_code() {
    let text = read(&source("lib.rs"));
    assert!(text.lines().any(|line| line == "#![forbid(unsafe_code)]"));
}

#[test]
fn every_source_file_is_declared_somewhere() {
    let declared = [modules(), declared_in(&source("main.rs"))].concat();
    for entry in fs::read_dir(source("")).expect("the folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name in UTF-8");
        let is_root = ["lib", "main"].contains(&name);
        let is_declared = declared.iter().any(|module| module == name);
        assert!(is_root || is_declared, "nothing declares {}", shown(&path));
    }
}

// The reading of the house, and that it reads well: a test that sees nothing
// finds nothing wrong.

#[test]
fn the_house_is_found() {
    let inner = inner_modules();
    assert_eq!((inner.first(), inner.last()), (Some(&"hash".into()), Some(&"node".into())));
    for module in modules() {
        assert!(!paths_of(&module).is_empty(), "{module} is empty or not found");
    }
    assert!(paths_of("udp").iter().any(|(_, path)| is_outside(path)), "udp has a socket");
}

#[test]
fn groups_are_taken_apart() {
    let code = "use crate::{a, b::{self, C}, d as e}; fn f() { g(::crate::h::<i>(), j.k) }";
    let found = paths(code);
    let uses: Vec<_> = found.iter().filter(|path| path.starts_with("crate::")).collect();
    assert_eq!(uses, ["crate::a", "crate::b::self", "crate::b::C", "crate::d", "crate::h"]);
    for single in ["e", "f", "g", "i", "j", "k"] {
        assert!(found.iter().any(|path| path == single), "{single} in {found:?}");
    }
}

#[test]
fn comments_and_texts_are_not_code() {
    let code = r###"
        /// std::fs in a comment
        /* and std::fs /* in */ another */
        let a = "std::fs \" std::fs"; let b = r#"std::fs " std::fs"#; let c = '"'; let d = '\'';
        let e: &'static str = b"std::fs"; let seen = 1;
    "###;
    let found = paths(code);
    assert!(!found.iter().any(|path| path.contains("fs")), "{found:?}");
    assert!(found.iter().any(|path| path == "seen"), "{found:?}");
}

#[test]
fn the_world_outside_is_known_by_its_names() {
    let all = |code: &str| paths(code).iter().any(|path| is_outside(path));
    for code in [
        "use std::{fmt, net::UdpSocket};",
        "let now = Instant::now();",
        "let now = std::time::SystemTime::now();",
        "println!(\"hello\");",
        "let lane: u64 = rand::random();",
        "let mut random = rand::rng();",
        "use rand::rngs::{ChaCha8Rng, SysRng};",
        "let home = std::env::var(\"HOME\");",
    ] {
        assert!(all(code), "{code}");
    }
    for code in ["use rand::rngs::ChaCha8Rng;", "use std::time::Duration;", "writeln!(f, \"a\")"] {
        assert!(!all(code), "{code}");
    }
}

/// The modules of the library, in reading order.
fn modules() -> Vec<String> {
    declared_in(&source("lib.rs"))
}

/// Those up to the node.
fn inner_modules() -> Vec<String> {
    let mut modules = modules();
    let last = modules.iter().position(|module| module == LAST_INNER_MODULE);
    modules.truncate(last.expect("there is a node") + 1);
    modules
}

/// The names in lines such as `pub mod hash;`.
fn declared_in(file: &Path) -> Vec<String> {
    let text = read(file);
    let names = text.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';')
    });
    names.map(str::to_owned).collect()
}

/// All paths in the files of a module, and where they stand.
fn paths_of(module: &str) -> Vec<(PathBuf, String)> {
    let mut files = vec![source(&format!("{module}.rs"))];
    files.retain(|file| file.exists());
    files.extend(files_under(&source(module)));
    let paths_in = |file: PathBuf| {
        let paths = paths(&read(&file));
        paths.into_iter().map(move |path| (file.clone(), path))
    };
    files.into_iter().flat_map(paths_in).collect()
}

/// The files in a folder and in those inside it; none where there is no folder.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files_at = |path: PathBuf| match path.extension() {
        Some(extension) if extension == "rs" => vec![path],
        _ => files_under(&path),
    };
    paths.flat_map(files_at).collect()
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)
}

/// The path from the folder of the package on.
fn shown(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_outside(path: &str) -> bool {
    let begins = |outside: &str| {
        path.strip_prefix(outside).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    OUTSIDE_PATHS.into_iter().any(begins)
        || path.split("::").any(|name| OUTSIDE_NAMES.contains(&name))
}

/// All names in a file's code, joined where `::` or a `use` with braces joins them.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    // What stands before each brace that is open: `crate::` for `use crate::{`.
    let mut prefixes = Vec::new();
    let mut path = String::new();
    for token in tokens(code) {
        let goes_on = path.is_empty() || path.ends_with("::");
        match &token[..] {
            "::" => path += "::",
            "{" if path.ends_with("::") => prefixes.push(path.clone()),
            name if is_name(name) && goes_on => path += name,
            other => {
                paths.push(path.trim_matches(':').to_owned());
                match other {
                    "{" => prefixes.push(String::new()),
                    "}" => drop(prefixes.pop()),
                    _ => {}
                }
                path = prefixes.last().cloned().unwrap_or_default();
                match other {
                    // The new name in `use a as b` stands for itself.
                    "as" => path.clear(),
                    name if is_name(name) => path += name,
                    _ => {}
                }
            }
        }
    }
    paths.push(path);
    paths.retain(|path| !path.is_empty());
    paths
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphanumeric() || first == '_')
}

/// Names, `::` and single signs: what is left without spaces, comments and texts.
fn tokens(mut code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    while let Some(first) = code.chars().next() {
        let name = code.find(|sign: char| !sign.is_alphanumeric() && sign != '_');
        let skipped = skipped_len(code);
        let len = match name.unwrap_or(code.len()) {
            _ if skipped > 0 => skipped,
            0 if code.starts_with("::") => 2,
            0 => first.len_utf8(),
            len => len,
        };
        if skipped == 0 {
            tokens.push(code[..len].to_owned());
        }
        code = &code[len..];
    }
    tokens
}

/// The length of what is no code at the front: white space, a comment, or the
/// text between quotes. Zero where code begins.
fn skipped_len(code: &str) -> usize {
    let spaces = code.len() - code.trim_start().len();
    let raw = code.strip_prefix("br").or(code.strip_prefix('r'));
    let raw = raw.filter(|raw| raw.trim_start_matches('#').starts_with('"'));
    match code.as_bytes() {
        _ if spaces > 0 => spaces,
        [b'/', b'/', ..] => code.find('\n').unwrap_or(code.len()),
        [b'/', b'*', ..] => comment_len(code),
        [b'"', ..] => quoted_len(code, '"'),
        // A quote is a sign between two of them, or the start of a lifetime.
        [b'\'', b'\\', ..] => quoted_len(code, '\''),
        [b'\'', ..] if code.chars().nth(2) == Some('\'') => quoted_len(code, '\''),
        [b'\'', ..] => 1,
        _ => match raw {
            Some(raw) => {
                let hashes = raw.len() - raw.trim_start_matches('#').len();
                let (open, close) = (hashes + 1, format!("\"{}", "#".repeat(hashes)));
                let text = raw[open..].find(&close).expect("a raw text ends");
                code.len() - raw.len() + open + text + close.len()
            }
            None => 0,
        },
    }
}

/// The length of a comment between `/*` and `*/`, which may hold others.
fn comment_len(code: &str) -> usize {
    let (mut len, mut depth) = (2, 1);
    while depth > 0 {
        let rest = &code[len..];
        match (rest.find("/*"), rest.find("*/").expect("a comment ends")) {
            (Some(open), close) if open < close => (len, depth) = (len + open + 2, depth + 1),
            (_, close) => (len, depth) = (len + close + 2, depth - 1),
        }
    }
    len
}

/// The length of a text with its quotes, where `\` takes the next sign along.
fn quoted_len(code: &str, quote: char) -> usize {
    let mut signs = code.char_indices().skip(1);
    while let Some((place, sign)) = signs.next() {
        match sign {
            '\\' => drop(signs.next()),
            _ if sign == quote => return place + 1,
            _ => {}
        }
    }
    panic!("a text ends: {}", code.lines().next().unwrap_or(code));
}
