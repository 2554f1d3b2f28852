//! A preprocessor for mdBook. It replaces parts of the chapters in each build:
//!
//! - `<!-- figure NAME -->` with a drawing (`figures`);
//! - `<!-- help COMMAND -->` with the output of `cairn help COMMAND`, and `<!-- help -->`
//!   with that of all commands. The variable `CAIRN` names the program; default `cairn`;
//! - links to files that are not in the book with their text (`outside`).
//!
//! mdBook writes the chapters as JSON to standard input, and reads them from standard
//! output.

#![forbid(unsafe_code)]

mod figures;
mod fork;
mod help;
mod layout;
mod outside;
mod svg;
mod waiting;

use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

fn main() -> ExitCode {
    // mdBook first asks whether this program supports a renderer; it supports all.
    if std::env::args().nth(1).is_some_and(|argument| argument == "supports") {
        return ExitCode::SUCCESS;
    }
    match preprocess() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}

fn preprocess() -> Result<(), String> {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input).map_err(|error| error.to_string())?;
    let input: Value = serde_json::from_str(&input).map_err(|error| error.to_string())?;
    let mut book = input.get(1).cloned().ok_or("mdBook gives a context and a book")?;
    let root = input.pointer("/0/root").and_then(Value::as_str).ok_or("mdBook names its folder")?;
    fill(&mut book, &Path::new(root).join("src"))?;
    println!("{book}");
    Ok(())
}

/// Fills each chapter, at any depth of the book. The pages are in the folder `pages`.
fn fill(value: &mut Value, pages: &Path) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, pages)),
        Value::Object(fields) => {
            let path = fields.get("path").and_then(Value::as_str).unwrap_or_default();
            let path = pages.join(path);
            let folder = path.parent().unwrap_or(pages).to_owned();
            fields.iter_mut().try_for_each(|(name, value)| match value {
                Value::String(text) if name == "content" => {
                    *text = outside::without_links(&filled(text)?, &folder);
                    Ok(())
                }
                value => fill(value, pages),
            })
        }
        _ => Ok(()),
    }
}

fn filled(text: &str) -> Result<String, String> {
    let mut filled = String::new();
    for line in text.lines() {
        let inside = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let made = match inside.and_then(|inside| inside.split_once(' ')) {
            Some(("figure", name)) => Some(figures::draw(name)?),
            Some(("help", command)) => Some(help::of(command)?),
            _ if inside == Some("help") => Some(help::of_all()?),
            _ => None,
        };
        filled.push_str(made.as_deref().unwrap_or(line));
        filled.push('\n');
    }
    Ok(filled)
}
