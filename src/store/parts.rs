//! The files of a chain, and what a store needs of the disk they are on.

use std::io;
use std::path::{Path, PathBuf};

/// One of the files that belong to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The chain itself.
    Chain,
    /// The journal, which replaces the chain's tail, while it does: `.reorg`.
    Journal,
    /// Bytes found in a file that do not belong there: `.damaged-1` and so on.
    Aside(u32),
}

impl Part {
    /// Where it lies, beside the chain file at `chain`.
    pub fn path(self, chain: &Path) -> PathBuf {
        let mut path = chain.as_os_str().to_owned();
        match self {
            Part::Chain => {}
            Part::Journal => path.push(".reorg"),
            Part::Aside(number) => path.push(format!(".damaged-{number}")),
        }
        path.into()
    }
}

/// What a store needs of a disk.
///
/// All readers see at once what was written, cut, created or removed, but it survives a
/// loss of power for sure only if it was synced: a file's bytes and length by
/// [`Disk::sync`], the names of files by [`Disk::sync_names`]. Until then any part of it
/// may be there or not. An operation that fails may have been done in part.
pub trait Disk {
    /// The file's name for people.
    fn path(&self, part: Part) -> PathBuf;

    /// Whether the chain file is still where it was opened, `len` bytes long. By default
    /// nobody else touches the files of a disk.
    fn is_in_place(&self, _len: u64) -> bool {
        true
    }

    /// All the file's bytes; `None` if there is no such file.
    fn read(&mut self, part: Part) -> io::Result<Option<Vec<u8>>>;

    /// Makes an empty file; [`AlreadyExists`](io::ErrorKind::AlreadyExists) if there is
    /// one.
    fn create(&mut self, part: Part) -> io::Result<()>;

    /// Writes bytes into a file, from byte `at` on, over the old ones.
    fn write(&mut self, part: Part, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to `len` bytes.
    fn truncate(&mut self, part: Part, len: u64) -> io::Result<()>;

    /// Returns when the file's bytes and its length are safe.
    fn sync(&mut self, part: Part) -> io::Result<()>;

    /// Removes a file.
    fn remove(&mut self, part: Part) -> io::Result<()>;

    /// Returns when the names of all files are safe.
    fn sync_names(&mut self) -> io::Result<()>;
}
