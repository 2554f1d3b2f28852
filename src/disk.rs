//! A chain's files on a real disk.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::store::{Disk, Part, StoreError};

/// A chain file on a real disk, which is locked against other processes.
///
/// The lock is on the chain file itself, so two nodes cannot share it by two names either,
/// and the system releases it however the process ends. A program that only reads needs no
/// lock. (On Windows a locked file cannot be read.)
///
/// A save needs no descriptors besides those that are open from the start, so it works even
/// if the process has as many open files as it may have.
#[derive(Debug)]
pub struct FileDisk {
    path: PathBuf,
    chain: File,
    /// Only Unix can open a folder.
    folder: Option<File>,
    /// The journal, from its creation to its removal.
    journal: Option<File>,
    /// Closed when the journal is created, to make room for its descriptor.
    reserve: Option<File>,
}

impl FileDisk {
    /// Opens the chain file, and creates it if it is missing. Its other parts lie beside
    /// it, and have its name with one more extension.
    ///
    /// # Errors
    /// If another process has it open, it is not a regular file, or the system fails.
    pub fn open(path: &Path) -> Result<FileDisk, StoreError> {
        let unwritable = |error| StoreError::Unwritable { path: path.to_owned(), error };
        // Before it is opened: opening a device may do something.
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(StoreError::NotAFile { path: path.to_owned() });
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let chain = options.open(path).map_err(unwritable)?;
        match chain.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse { path: path.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        // The target of a link: the journal must lie where the next start looks for it.
        let path = path.canonicalize().map_err(unwritable)?;
        let folder = path.parent().filter(|_| cfg!(unix)).map(File::open);
        let folder = folder.transpose().map_err(unwritable)?;
        let mut disk = FileDisk { path, chain, folder, journal: None, reserve: None };
        disk.reserve();
        Ok(disk)
    }

    /// Reserves a descriptor. If even that fails, the next save may fail too.
    fn reserve(&mut self) {
        self.reserve = self.folder.as_ref().and_then(|folder| folder.try_clone().ok());
    }

    fn with<T>(
        &mut self,
        part: Part,
        act: impl FnOnce(&mut File) -> io::Result<T>,
    ) -> io::Result<T> {
        match (part, &mut self.journal) {
            (Part::Chain, _) => act(&mut self.chain),
            (Part::Journal, Some(journal)) => act(journal),
            _ => act(&mut OpenOptions::new().write(true).open(self.path(part))?),
        }
    }
}

impl Disk for FileDisk {
    fn path(&self, part: Part) -> PathBuf {
        part.path(&self.path)
    }

    fn read(&mut self, part: Part) -> io::Result<Option<Vec<u8>>> {
        if part == Part::Chain {
            let mut bytes = Vec::new();
            self.chain.seek(SeekFrom::Start(0))?;
            self.chain.read_to_end(&mut bytes)?;
            return Ok(Some(bytes));
        }
        let path = self.path(part);
        // Before it is opened: a pipe may have no writer, and a device no end.
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(io::Error::other("it is a folder, a device or a pipe"));
        }
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&mut self, part: Part) -> io::Result<()> {
        self.reserve = None;
        let created = OpenOptions::new().write(true).create_new(true).open(self.path(part))?;
        match part {
            Part::Journal => self.journal = Some(created),
            _ => self.reserve(),
        }
        Ok(())
    }

    fn write(&mut self, part: Part, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(part, |file| {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(bytes)
        })
    }

    fn truncate(&mut self, part: Part, len: u64) -> io::Result<()> {
        self.with(part, |file| file.set_len(len))
    }

    fn sync(&mut self, part: Part) -> io::Result<()> {
        self.with(part, |file| file.sync_all())
    }

    fn remove(&mut self, part: Part) -> io::Result<()> {
        if part == Part::Journal {
            self.journal = None;
            self.reserve();
        }
        fs::remove_file(self.path(part))
    }

    /// (Another program can change the file without moving it, because the lock binds only
    /// programs that ask for it. A changed length is noticed.)
    fn is_in_place(&self, len: u64) -> bool {
        let (opened, found) = (self.chain.metadata(), fs::metadata(&self.path));
        opened.is_ok_and(|opened| {
            opened.len() == len && found.is_ok_and(|found| is_same_file(&opened, &found))
        })
    }

    /// Only Unix can sync a folder; elsewhere the system does so itself.
    fn sync_names(&mut self) -> io::Result<()> {
        self.folder.as_ref().map_or(Ok(()), File::sync_all)
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Only Unix numbers its files; elsewhere any file at the path counts as the same.
#[cfg(not(unix))]
fn is_same_file(_one: &Metadata, _other: &Metadata) -> bool {
    true
}
