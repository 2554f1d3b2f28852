//! Links that lead out of the book.
//!
//! A page may link to a file of the project, such as `../../API.md`, for readers in
//! the project's folder. The built book has no such file, so there the text replaces the
//! link.

use std::path::Path;

/// A chapter's text, without links to files that are not in the book. `folder` is the
/// chapter's folder. Code stays as it is, because brackets mean something else there.
pub(crate) fn without_links(text: &str, folder: &Path) -> String {
    let mut kept = String::new();
    // Every second part is a block of code, or code within a line.
    for (number, part) in text.split("```").enumerate() {
        if number > 0 {
            kept.push_str("```");
        }
        match number % 2 {
            0 => kept.push_str(&prose_without_links(part, folder)),
            _ => kept.push_str(part),
        }
    }
    kept
}

fn prose_without_links(text: &str, folder: &Path) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(middle) = rest.find("](") {
        let (before, after) = rest.split_at(middle);
        let target = after[2..].split(')').next().unwrap_or_default();
        let is_text = |&begin: &usize| {
            let backticks = |text: &str| text.matches('`').count();
            (backticks(&kept) + backticks(&before[..begin])).is_multiple_of(2)
        };
        let begin = before.rfind('[').filter(is_text);
        match begin {
            Some(begin) if leads_outside(target, folder) && after[2..].contains(')') => {
                kept.push_str(&before[..begin]);
                kept.push_str(&before[begin + 1..]);
                rest = &after[2 + target.len() + 1..];
            }
            _ => {
                kept.push_str(before);
                kept.push_str("](");
                rest = &after[2..];
            }
        }
    }
    kept + rest
}

fn leads_outside(target: &str, folder: &Path) -> bool {
    let file = target.split('#').next().unwrap_or_default();
    let is_here = file.is_empty() || file.contains("://") || file.contains("site/");
    let escapes = || file.matches("../").count() > folder_depth(folder);
    !is_here && (escapes() || !folder.join(file).exists())
}

/// How many folders a chapter is below the folder of all pages, which is called `src`.
fn folder_depth(folder: &Path) -> usize {
    folder.components().rev().take_while(|part| part.as_os_str() != "src").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_out_of_the_book_give_way_to_their_text_and_code_stays() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
        for (text, wanted) in [
            ("see [the API](../../API.md#posts) now", "see the API now"),
            ("see [the first\nbytes](blocks.md)", "see [the first\nbytes](blocks.md)"),
            ("[x](https://example.org) [y](#z)", "[x](https://example.org) [y](#z)"),
            (
                "```console\n$ grep '1[78](:|x)'\n```\n[a](no.md)",
                "```console\n$ grep '1[78](:|x)'\n```\na",
            ),
            ("type `a[1](b)` and [c](no.md)", "type `a[1](b)` and c"),
        ] {
            assert_eq!(without_links(text, &folder), wanted);
        }
    }
}
