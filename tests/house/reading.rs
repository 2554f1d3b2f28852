//! Tests of the reading itself, because a test that reads nothing finds no mistake.

use super::paths::paths;
use super::tree::{Sources, Tree};
use super::{breaches, inner_modules, is_outside, library, program, shown};

/// All paths in a piece of code.
fn found(code: &str) -> Vec<String> {
    paths(code.parse().expect("tokens")).iter().map(shown).collect()
}

/// The uses that break the rule in a crate of these files, of which the first is the root.
fn wrong(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Sources =
        files.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect();
    let tree = Tree::read(&sources, files[0].0);
    breaches(&tree)
}

#[test]
fn the_house_is_found() {
    let (library, program) = (library(), program());
    let inner = inner_modules(&library);
    assert_eq!(inner[0].names, ["crate", "hash"]);
    assert!(inner.iter().any(|module| module.names == ["crate", "node", "hearing"]));
    for module in library.0.iter().chain(&program.0) {
        assert!(!module.uses.is_empty(), "{} is empty", module.file.display());
    }
    let udp = library.0.iter().find(|module| module.names == ["crate", "udp"]).expect("udp");
    assert!(udp.uses.iter().any(|used| is_outside(&shown(used))), "udp has a socket");
    for file in ["src/cli/http.rs", "src/cli/http_absent.rs", "src/cli/up/mod.rs"] {
        assert!(program.0.iter().any(|module| module.file.ends_with(file)), "{file}");
    }
}

#[test]
fn groups_are_taken_apart() {
    let code = "use crate::{a, b::{self, C}, d as e, *}; fn f() { g(::crate::h::<i>(), j.k) }";
    let found = found(code);
    let uses: Vec<_> = found.iter().filter(|path| path.starts_with("crate::")).collect();
    let expected =
        ["crate::a", "crate::b::self", "crate::b::C", "crate::d", "crate::*", "crate::h"];
    assert_eq!(uses, expected);
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
    let found = found(code);
    assert!(!found.iter().any(|path| path.contains("fs")), "{found:?}");
    assert!(found.iter().any(|path| path == "seen"), "{found:?}");
}

#[test]
fn what_a_macro_or_an_attribute_is_given_is_code() {
    let code = r#"
        #[arg(value_parser = crate::a::parse)] fn f() { vec![crate::b::C, { super::d::e() }] }
        macro_rules! m { ($x:expr) => { crate::g::h($x) } }
    "#;
    let found = found(code);
    for path in ["crate::a::parse", "crate::b::C", "super::d::e", "crate::g::h"] {
        assert!(found.iter().any(|found| found == path), "{path} in {found:?}");
    }
}

#[test]
fn the_world_outside_is_known_by_its_names() {
    let names_it = |code: &str| found(code).iter().any(|path| is_outside(path));
    for code in [
        "use std::{fmt, net::UdpSocket};",
        "let now = Instant::now();",
        "let now = std::time::SystemTime::now();",
        "println!(\"hello\");",
        "let lane: u64 = rand::random();",
        "let mut random = rand::rng();",
        "use rand::rngs::{ChaCha8Rng, SysRng};",
        "let home = std::env::var(\"HOME\");",
        "assert!(std::env::args().len() > 1);",
    ] {
        assert!(names_it(code), "{code}");
    }
    for code in ["use rand::rngs::ChaCha8Rng;", "use std::time::Duration;", "writeln!(f, \"a\")"] {
        assert!(!names_it(code), "{code}");
    }
}

#[test]
fn a_sibling_may_be_used_below_its_declaration_only() {
    let house = |a, b| {
        wrong(&[("r.rs", "mod p;"), ("p.rs", "mod a; mod b;"), ("p/a.rs", a), ("p/b.rs", b)])
    };
    assert_eq!(house("", "use super::a::X;"), [""; 0]);
    assert_eq!(house("", "fn f() { m!(crate::p::a::x()) }"), [""; 0]);
    let breach = ["p/a.rs uses super::b::X, which is not declared above it"];
    assert_eq!(house("use super::b::X;", ""), breach);
    let breach = ["p/a.rs uses crate::p::b::x, which is not declared above it"];
    assert_eq!(house("fn f() { m!(crate::p::b::x()) }", ""), breach);
    let breach = ["p/a.rs uses super::super::b::X, which is not declared above it"];
    assert_eq!(house("mod tests { use super::super::b::X; }", ""), breach);
}

#[test]
fn what_a_parent_imports_counts_as_where_it_comes_from() {
    let house = |parent| wrong(&[("p.rs", parent), ("a.rs", "use super::X;"), ("b.rs", "")]);
    assert_eq!(house("mod b; mod a; pub use self::b::X;"), [""; 0]);
    assert_eq!(house("mod b; mod a; pub use b as X;"), [""; 0]);
    let breach = ["a.rs uses super::X, which is not declared above it"];
    assert_eq!(house("mod a; mod b; pub use self::b::{Y as X};"), breach);
    assert_eq!(house("mod a; mod b; use b as X;"), breach);
}

#[test]
fn a_parents_types_and_constants_may_be_used_but_not_its_functions() {
    let house = |child| {
        let parent = "mod a; pub struct T; const C: u8 = 0; fn f() {} use std::time::Duration;";
        wrong(&[("p.rs", parent), ("a.rs", child)])
    };
    assert_eq!(house("use super::{T, C, Duration}; mod tests { use super::*; }"), [""; 0]);
    let breach = ["a.rs uses super::f, a function of its parent"];
    assert_eq!(house("fn g() { super::f() }"), breach);
    let breach = ["a.rs uses super::*, all of its parent: say what is used of it"];
    assert_eq!(house("use super::*;"), breach);
}

#[test]
fn cousins_stand_where_their_parents_do() {
    let house = |root| {
        let (p, q) = (("p.rs", "mod a;"), ("q.rs", "mod b;"));
        wrong(&[("r.rs", root), p, q, ("p/a.rs", ""), ("q/b.rs", "use crate::p::a::X;")])
    };
    assert_eq!(house("mod p; mod q;"), [""; 0]);
    let breach = ["q/b.rs uses crate::p::a::X, which is not declared above it"];
    assert_eq!(house("mod q; mod p;"), breach);
}

#[test]
fn files_that_take_each_others_place_are_both_read() {
    let house = |root: &str| {
        let absent = ("t_absent.rs", "use super::b::X; mod inner;");
        wrong(&[("r.rs", root), ("t.rs", ""), absent, ("inner.rs", ""), ("b.rs", "")])
    };
    let breach = ["t_absent.rs uses super::b::X, which is not declared above it"];
    let on_condition = "#[cfg_attr(not(feature = \"f\"), path = \"t_absent.rs\")] mod t;";
    assert_eq!(house(&format!("{on_condition} mod b;")), breach);
    assert_eq!(house(&format!("mod b; {on_condition}")), [""; 0]);
    let fixed = "#[cfg(f)] mod t; #[cfg(not(f))] #[path = \"t_absent.rs\"] mod t;";
    assert_eq!(house(&format!("{fixed} mod b;")), breach);
    assert_eq!(house(&format!("mod b; {fixed}")), [""; 0]);
}
