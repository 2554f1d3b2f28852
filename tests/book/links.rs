//! Links within the project lead to files and headings that exist.

use std::fs;
use std::io;
use std::path::Path;

use crate::pages::{Page, beside_the_book, book, root};

#[test]
fn every_link_within_the_project_leads_somewhere() {
    let mut broken = Vec::new();
    let mut count = 0;
    for page in book().iter().chain(&beside_the_book()) {
        for target in targets(page) {
            count += 1;
            if let Err(what) = follow(page, &target) {
                broken.push(format!("{}: {target}: {what}", page.path.display()));
            }
        }
    }
    assert!(count > 30, "{count} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The targets of a page's links, except addresses elsewhere.
fn targets(page: &Page) -> Vec<String> {
    let ends = page.prose.split("](").skip(1);
    let named = ends.filter_map(|rest| rest.split([')', ' ']).next()).map(str::to_owned);
    named.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

fn follow(page: &Page, target: &str) -> Result<(), String> {
    let (file, heading) = match target.split_once('#') {
        Some((file, heading)) => (file, Some(heading)),
        None => (target, None),
    };
    let text = match file {
        "" => page.text.clone(),
        // book/build.sh builds the site beside the book.
        file if file.contains("site/") => return Ok(()),
        file => {
            let path = page.beside(file);
            if !path.exists() {
                return Err("there is no such file".to_owned());
            }
            match heading {
                None => return Ok(()),
                Some(_) => with_included(&path).map_err(|error| error.to_string())?,
            }
        }
    };
    let heading = heading.unwrap_or_default();
    match headings(&text).any(|name| name == heading) {
        true => Ok(()),
        false => Err("the page has no such heading".to_owned()),
    }
}

/// The text of a page, and of the files that it includes.
fn with_included(path: &Path) -> io::Result<String> {
    let mut text = fs::read_to_string(path)?;
    let folder = path.parent().expect("a file lies in a folder");
    let included = text.lines().filter_map(|line| line.strip_prefix("{{#include "));
    let files = included.filter_map(|rest| rest.split([':', '}']).next());
    let files: Vec<_> = files.map(|file| folder.join(file)).collect();
    for file in files {
        text += &fs::read_to_string(file)?;
    }
    Ok(text)
}

/// The names that links use for the headings of a page.
fn headings(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept =
            words.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    })
}

#[test]
fn every_chapter_that_the_source_names_is_there() {
    let mut count = 0;
    for file in sources(&root().join("src")) {
        for rest in file.split("book/src/").skip(1) {
            let end = rest.find(".md").expect("chapters are Markdown") + 3;
            assert!(root().join("book/src").join(&rest[..end]).exists(), "{}", &rest[..end]);
            count += 1;
        }
    }
    assert!(count > 0, "no source names a chapter");
}

fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.fold(Vec::new(), |mut all, path| {
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(fs::read_to_string(path).expect("it is text"));
        }
        all
    })
}

#[test]
fn a_broken_link_is_found_out() {
    let page = &beside_the_book()[0];
    assert!(follow(page, "absent.md").is_err());
    assert!(follow(page, "README.md#absent").is_err());
    assert_eq!(follow(page, "README.md#the-page"), Ok(()));
    assert_eq!(follow(page, "book/src/reference/wire.md#block"), Ok(()), "it is included there");
}
