//! Which file may use which, and what the inner modules never name. These tests read the
//! source files, so they cover a new module as soon as another file declares it.
//!
//! The rule. A parent file, such as `src/lib.rs` or `src/sim.rs`, declares its
//! modules in the order in which to read them, and
//!
//! 1. a module uses only modules that its parent declares above it. Where two
//!    modules have different parents, this holds for the two ancestors that have
//!    the same parent. So there are no circles, at any depth.
//! 2. A name that a parent only imports counts as the module that it comes from.
//! 3. Children may use the types, traits and constants that their parent itself
//!    defines, because these are shared words. They may not call its functions:
//!    a parent calls its children.
//! 4. A parent may use all its children. The code between the braces of
//!    `mod tests { ... }` is part of its file.
//!
//! If one file replaces another depending on a feature, the rule holds for both.
//! The library and the program are two such trees; all of the library is above
//! the program.

mod paths;
mod reading;
mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use paths::{Use, absolute};
use tree::{Module, Sources, Target, Tree};

/// The last module that knows nothing of the outside world: no socket, file, clock, console,
/// environment, process, or unseeded randomness.
const LAST_INNER_MODULE: &str = "node";

/// Paths that the inner modules do not name, nor any path that begins with them.
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

/// Single names that the inner modules do not use, however they are imported. The order of a
/// `HashMap` differs in each run, unlike that of a `BTreeMap`.
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
fn a_module_uses_only_modules_above_it_inside_folders_too() {
    let breaches: Vec<_> = [library(), program()].iter().flat_map(breaches).collect();
    assert!(breaches.is_empty(), "out of order:\n{}", breaches.join("\n"));
}

#[test]
fn from_hash_to_node_nothing_names_the_world_outside() {
    let library = library();
    let mut wrong = Vec::new();
    for module in inner_modules(&library) {
        for path in module.uses.iter().map(shown).filter(|path| is_outside(path)) {
            wrong.push(format!("{} names {path}", module.file.display()));
        }
    }
    assert!(wrong.is_empty(), "these belong in a driver:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_links_look_into_a_peers_name() {
    let readers = sources().into_iter().filter(|(_, text)| text.contains(".as_str().parse"));
    let others = readers.map(|(path, _)| path).filter(|path| !path.starts_with("src/net"));
    assert_eq!(others.collect::<Vec<_>>(), [Path::new("src/udp.rs")]);
}

#[test]
fn the_library_and_the_program_are_without_unsafe_code() {
    for root in ["src/lib.rs", "src/main.rs"] {
        let text = &sources()[Path::new(root)];
        assert!(text.lines().any(|line| line == "#![forbid(unsafe_code)]"), "{root}");
    }
}

#[test]
fn every_source_file_is_declared_somewhere() {
    let (library, program) = (library(), program());
    let declared: BTreeSet<_> = library.0.iter().chain(&program.0).map(|m| &m.file).collect();
    for file in sources().keys() {
        assert!(declared.contains(file), "nothing declares {}", file.display());
    }
}

/// A message for every use in a crate that breaks the rule.
fn breaches(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for module in &tree.0 {
        for used in &module.uses {
            let here = [&module.names[..], &used.inside].concat();
            let Some(path) = absolute(&here, &used.path) else { continue };
            for target in tree.targets(&path) {
                if let Some(why) = breach(tree, module, &target) {
                    let (file, path) = (module.file.display(), shown(used));
                    found.push(format!("{file} uses {path}, {why}"));
                }
            }
        }
    }
    found
}

/// Why a use breaks the rule, if it does.
fn breach(tree: &Tree, user: &Module, target: &Target) -> Option<&'static str> {
    let alike = user.names.iter().zip(&target.module).take_while(|(a, b)| a == b).count();
    let folder = &user.names[..alike];
    match (user.names.get(alike), target.module.get(alike)) {
        (Some(user), Some(used)) => {
            let is_above = |parent: &Module| is_above(parent, used, user);
            (!tree.named(folder).all(is_above)).then_some("which is not declared above it")
        }
        // It is in a parent, or in a parent's parent.
        (Some(_), None) => match target.item.as_deref() {
            None | Some("*") => Some("all of its parent: say what is used of it"),
            Some(item) => {
                let is_function = |parent: &Module| parent.functions.contains(item);
                tree.named(folder).any(is_function).then_some("a function of its parent")
            }
        },
        // It is in a child, or in the file itself.
        (None, _) => None,
    }
}

/// Whether a parent declares one module wholly above another.
fn is_above(parent: &Module, used: &str, user: &str) -> bool {
    let last = parent.children.iter().rposition(|child| child == used);
    let first = parent.children.iter().position(|child| child == user);
    first.is_none() || last.is_none() || last < first
}

fn library() -> Tree {
    Tree::read(&sources(), "src/lib.rs")
}

fn program() -> Tree {
    Tree::read(&sources(), "src/main.rs")
}

/// The modules up to the node, in reading order, with all modules inside them.
fn inner_modules(library: &Tree) -> Vec<&Module> {
    let names = &library.0[0].children;
    let last = names.iter().rposition(|name| name == LAST_INNER_MODULE);
    let inner = &names[..=last.expect("there is a node")];
    let is_inner = |module: &&Module| module.names.get(1).is_some_and(|name| inner.contains(name));
    library.0.iter().filter(is_inner).collect()
}

/// All source files, by their paths from the package's folder.
fn sources() -> Sources {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Sources::new();
    let mut folders = vec![package.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(package).expect("it is in the package");
                sources.insert(path.to_owned(), text);
            }
        }
    }
    sources
}

fn shown(used: &Use) -> String {
    used.path.join("::")
}

fn is_outside(path: &str) -> bool {
    let begins = |outside: &str| {
        path.strip_prefix(outside).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    OUTSIDE_PATHS.into_iter().any(begins)
        || path.split("::").any(|name| OUTSIDE_NAMES.contains(&name))
}
