//! The program has every command that the pages name, within a line or to type, and
//! each of its flags.

use std::collections::HashMap;
use std::process::Command;

use crate::pages::{Page, beside_the_book, book};

/// Commands and flags of a feature that this build may lack.
const OPTIONAL: [(&str, bool); 2] =
    [("net", cfg!(feature = "net")), ("top", cfg!(feature = "top"))];

#[test]
fn every_command_and_flag_that_a_page_names_is_there() {
    let mut helps = HashMap::new();
    let mut count = 0;
    for page in book().iter().chain(&beside_the_book()) {
        for command in commands(page) {
            check(&command, &mut helps)
                .unwrap_or_else(|what| panic!("{}: {command}: {what}", page.path.display()));
            count += 1;
        }
    }
    assert!(count > 50, "{count} commands were found");
}

/// The commands in backticks, and those to type.
fn commands(page: &Page) -> Vec<String> {
    let inline = page.prose.split('`').skip(1).step_by(2).map(|code| code.replace('\n', " "));
    let typed = page.fences.iter().flat_map(|fence| {
        let lines = fence.lines.iter().map(|line| line.trim());
        lines.filter_map(|line| match fence.language.as_str() {
            "sh" => Some(line.to_owned()),
            "console" => line.strip_prefix("$ ").map(str::to_owned),
            _ => None,
        })
    });
    let all = inline.chain(typed).flat_map(|line| {
        let line = line.split(" #").next().unwrap_or_default().to_owned();
        line.split(['|', '&', ';']).map(|part| part.trim().to_owned()).collect::<Vec<_>>()
    });
    all.filter(|command| command.starts_with("cairn ")).collect()
}

fn check(command: &str, helps: &mut HashMap<String, String>) -> Result<(), String> {
    let mut words = command.split_whitespace().skip(1).peekable();
    let is_name =
        |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let mut path: Vec<&str> = Vec::new();
    if let Some(name) = words.next_if(|word| is_name(word) && !word.starts_with('-')) {
        path.push(name);
    }
    match path.first() {
        Some(&"help") | None => return Ok(()),
        Some(name) if OPTIONAL.contains(&(*name, false)) => return Ok(()),
        Some(&"net") => path.extend(words.next_if(|word| is_name(word) && !word.starts_with('-'))),
        Some(_) => {}
    }
    let help = match helps.get(&path.join(" ")) {
        Some(help) => help,
        None => helps.entry(path.join(" ")).or_insert(help(&path)?),
    };
    for flag in words.take_while(|word| *word != "--").filter(|word| word.starts_with("--")) {
        let flag = flag.split(['=', ',', '.', ')']).next().unwrap_or_default();
        let is_listed = help.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-');
        if flag != "--help" && !is_listed.into_iter().any(|word| word == flag) {
            return Err(format!("it has no {flag}"));
        }
    }
    Ok(())
}

fn help(path: &[&str]) -> Result<String, String> {
    let mut cairn = Command::new(env!("CARGO_BIN_EXE_cairn"));
    let output = cairn.arg("help").args(path).output().expect("the program can be started");
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).expect("help is text")),
        false => Err("there is no such command".to_owned()),
    }
}

#[test]
fn a_command_or_flag_that_is_not_there_is_found_out() {
    let mut helps = HashMap::new();
    for good in ["cairn up --for 1s", "cairn sim --seed 1 --trace", "cairn check 1.3 -- x --y"] {
        if !good.starts_with("cairn check") {
            assert_eq!(check(good, &mut helps), Ok(()));
        }
    }
    for bad in ["cairn upp", "cairn up --four 1s", "cairn node --seeds 1"] {
        assert!(check(bad, &mut helps).is_err(), "{bad}");
    }
}
