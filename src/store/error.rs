//! What can go wrong with a chain file, and what was repaired.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::rules::Invalid;

/// Why a chain file cannot be used.
#[derive(Debug)]
pub enum StoreError {
    /// Another process has it open.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is a folder, a device or a pipe.
    NotAFile {
        /// The path given for the file.
        path: PathBuf,
    },
    /// It does not begin with our genesis block; it is left untouched.
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is a chain, but mined for a lower target; it is left untouched.
    OtherTarget {
        /// The file.
        path: PathBuf,
        /// The first block that lacks work.
        invalid: Invalid,
        /// The zero bits that all its blocks have from there on.
        zero_bits: u32,
    },
    /// The system cannot read it.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The system cannot open, write or sync it.
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Somebody moved, removed, replaced or changed it while it was open.
    Moved {
        /// Its path.
        path: PathBuf,
    },
    /// An earlier save failed, so the content of the file is not known.
    FailedBefore {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            StoreError::InUse { path } => write!(
                f,
                "{} is in use, perhaps by a node that still runs: stop it, or give another file",
                path.display()
            ),
            StoreError::NotAFile { path } => {
                write!(f, "{} is a folder, a device or a pipe: give a file", path.display())
            }
            StoreError::Foreign { path } => write!(
                f,
                "{} does not begin with the genesis block, so it is no chain file, or damaged at \
                 its very start, and stays as it is: give another file, or move this one away",
                path.display()
            ),
            StoreError::OtherTarget { path, invalid, zero_bits } => write!(
                f,
                "{} was mined for another target and stays as it is: {invalid}, and the next \
                 block stands on it; start with --zero-bits {zero_bits}, or give another file",
                path.display()
            ),
            StoreError::Unreadable { path, error } => {
                write!(f, "cannot read {}: {error}; {}", path.display(), advice(error))
            }
            StoreError::Unwritable { path, error } => {
                write!(f, "cannot write {}: {error}; {}", path.display(), advice(error))
            }
            StoreError::Moved { path } => write!(
                f,
                "{} was moved, removed, replaced or changed while this node had it open: put it \
                 back and start again, or start with what is there",
                path.display()
            ),
            StoreError::FailedBefore { path } => {
                write!(f, "{} could not be written before: start again", path.display())
            }
        }
    }
}

impl std::error::Error for StoreError {}

/// What to do about an error of the system.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "make its folder first",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "let this user write in its folder, or give another file"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room and start again: no block that was announced is lost"
        }
        _ => "fix that and start again: no block that was announced is lost",
    }
}

/// What an opening has repaired. Its `Display` is a line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// After a valid chain, the file had bytes that are not part of it.
    SetAside {
        /// The chain file.
        path: PathBuf,
        /// The first bad block.
        invalid: Invalid,
        /// The number of bytes from that block on.
        len: usize,
        /// Where they are now.
        aside: PathBuf,
    },
    /// A reorganisation had been interrupted, and is done now.
    Replayed {
        /// The journal.
        path: PathBuf,
        /// Height of the first block that it replaced.
        height: usize,
        /// The number of blocks that it put there.
        count: usize,
    },
    /// A reorganisation had been interrupted before it touched the chain.
    Unfinished {
        /// The journal, now removed.
        path: PathBuf,
    },
    /// There was a whole journal that does not belong to this chain.
    Stray {
        /// Where it was.
        path: PathBuf,
        /// Where it is now.
        aside: PathBuf,
    },
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Repair::SetAside { path, invalid, len, aside } => write!(
                f,
                "{} is damaged ({invalid}): the rest, {len} byte{}, is set aside in {}, and peers \
                 have what is missing",
                path.display(),
                if *len == 1 { "" } else { "s" },
                aside.display()
            ),
            Repair::Replayed { path, height, count } => write!(
                f,
                "{}: finished a reorganisation that was cut short, blocks {height} to {}",
                path.display(),
                height + count - 1
            ),
            Repair::Unfinished { path } => write!(
                f,
                "{}: dropped a reorganisation that was cut short before it began",
                path.display()
            ),
            Repair::Stray { path, aside } => write!(
                f,
                "{} does not belong to this chain: set aside in {}",
                path.display(),
                aside.display()
            ),
        }
    }
}
