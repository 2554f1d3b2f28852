//! Pages of Markdown: their code blocks, and the text around these.

use std::fs;
use std::path::{Path, PathBuf};

/// A page and its content.
pub(crate) struct Page {
    /// Its path below the package's folder.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) fences: Vec<Fence>,
    /// The text outside code blocks.
    pub(crate) prose: String,
}

/// A block of code.
pub(crate) struct Fence {
    /// The line that opens it, from 1 on.
    pub(crate) line: usize,
    /// What follows the three backticks: `rust`, `console`, `sh` and so on.
    pub(crate) language: String,
    pub(crate) lines: Vec<String>,
    /// The last line of text before it.
    pub(crate) before: String,
}

impl Page {
    /// The place of a block, for messages.
    pub(crate) fn place(&self, fence: &Fence) -> String {
        format!("{}:{}", self.path.display(), fence.line)
    }

    /// The file that this page calls `path`, below the package's folder.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        root().join(self.path.parent().expect("a file lies in a folder")).join(path)
    }
}

/// The package's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages of the book.
pub(crate) fn book() -> Vec<Page> {
    let mut pages = Vec::new();
    read_folder(Path::new("book/src"), &mut pages);
    assert!(!pages.is_empty());
    pages
}

/// The pages beside the book, such as the README.
pub(crate) fn beside_the_book() -> Vec<Page> {
    let mut pages = Vec::new();
    for folder in ["", "docs"] {
        for path in entries(Path::new(folder)) {
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(read(path));
            }
        }
    }
    pages
}

fn read_folder(folder: &Path, pages: &mut Vec<Page>) {
    for path in entries(folder) {
        if root().join(&path).is_dir() {
            read_folder(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(read(path));
        }
    }
}

/// The entries of a folder, by name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("it can be read").file_name());
    let mut paths: Vec<_> = names.map(|name| folder.join(name)).collect();
    paths.sort();
    paths
}

fn read(path: PathBuf) -> Page {
    let text = fs::read_to_string(root().join(&path)).expect("it is text");
    let (mut fences, mut prose) = (Vec::new(), String::new());
    let mut open: Option<Fence> = None;
    let mut before = String::new();
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => {
                let (language, before) = (language.to_owned(), before.clone());
                open = Some(Fence { line: number + 1, language, lines: Vec::new(), before });
            }
            (Some(_), Some(_)) => fences.extend(open.take()),
            (Some(fence), None) => fence.lines.push(line.to_owned()),
            (None, None) => {
                prose.push_str(line);
                prose.push('\n');
                if !line.trim().is_empty() {
                    before = line.to_owned();
                }
            }
        }
    }
    assert!(open.is_none(), "{}: a block of code is not closed", path.display());
    Page { path, text, fences, prose }
}
