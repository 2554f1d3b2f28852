//! The chain file, which keeps what a node has announced.
//!
//! The file holds the chain's bytes and nothing else, so its format is the chain's and its
//! version is the blocks' version byte. The store writes it through a small [`Disk`], which
//! is real or simulated. It promises, whatever is interrupted and whenever the power fails:
//!
//! - when [`Store::save`] has returned, the blocks are on the disk;
//! - the next [`Store::open`] repairs the file by itself, and gives a valid chain that
//!   is no shorter than the last one saved;
//! - nothing that was read is deleted: bytes that are not part of the chain are
//!   set aside in another file.
//!
//! Blocks on top are appended. The rest of the file stays as it is, so an interrupted write
//! leaves a valid chain. A reorganisation overwrites the blocks above the fork, and
//! interrupted it would leave neither the old chain nor the new one. So the new blocks are
//! first written to a [`Journal`] beside the file: an opening that finds a whole journal
//! repeats the overwriting.
//!
//! No hash covers the two bytes of a reward's receiver, so the store cannot notice damage
//! there. That is a weakness of the format, not of the store.

mod error;
mod journal;
mod parts;

pub use self::error::{Repair, StoreError};
pub use self::journal::Journal;
pub use self::parts::{Disk, Part};

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::block::{self, BLOCK_LEN, Block, BlockBytes};
use crate::chain::{Chain, Rest};
use crate::rules::Rule;
use crate::target::Target;

/// A chain's open file.
#[derive(Debug)]
pub struct Store<D> {
    disk: D,
    /// The number of blocks in the file; `None` once a save has failed, because nobody
    /// knows then.
    kept: Option<usize>,
}

impl<D: Disk> Store<D> {
    /// Reads and checks the chain file, repairs it if needed, and says what it repaired. A
    /// missing or empty file becomes the chain of the genesis block.
    ///
    /// # Errors
    /// If the file is not one of ours, or mined for another target: then it stays
    /// untouched. Or if the disk fails; another try may succeed.
    pub fn open(disk: D, target: Target) -> Result<(Store<D>, Chain, Vec<Repair>), StoreError> {
        let mut store = Store { disk, kept: None };
        let mut bytes = store.load()?;
        let mut repairs = Vec::from_iter(store.replay(&mut bytes)?);
        let (chain, rest) =
            Chain::longest_in(bytes, target).expect("it begins with the genesis block");
        if let Some(rest) = rest {
            store.refuse_other_target(&rest)?;
            repairs.push(store.cut(chain.count(), rest)?);
        }
        store.settle()?;
        store.kept = Some(chain.count());
        Ok((store, chain, repairs))
    }

    /// Saves blocks, the first of them at height `from`, in place of all stored blocks from
    /// there on. The cost depends on the number of these blocks.
    ///
    /// # Errors
    /// If somebody moved or changed the file, which then stays as it is. Or if the disk
    /// fails: the file has the chain as last saved or, after a failed reorganisation,
    /// possibly the new one; the next opening finds out. From then on every save fails.
    ///
    /// # Panics
    /// If the blocks below `from` cannot be the stored ones: `from` is 0, or above
    /// everything that was saved.
    pub fn save(&mut self, from: usize, blocks: &[BlockBytes]) -> Result<(), StoreError> {
        let path = self.disk.path(Part::Chain);
        let Some(kept) = self.kept.take() else { return Err(StoreError::FailedBefore { path }) };
        if !self.disk.is_in_place((kept * BLOCK_LEN) as u64) {
            return Err(StoreError::Moved { path });
        }
        assert!((1..=kept).contains(&from), "block {from} is saved upon {kept} blocks");
        match from == kept {
            true => self.append(kept, blocks.as_flattened())?,
            false => self.replace(from, blocks)?,
        }
        self.kept = Some(from + blocks.len());
        Ok(())
    }

    /// The bytes of the chain file, which begin with the genesis block.
    fn load(&mut self) -> Result<Vec<u8>, StoreError> {
        let bytes = self.read(Part::Chain)?;
        let genesis = Block::genesis().to_bytes();
        match bytes {
            Some(bytes) if bytes.starts_with(&genesis) => return Ok(bytes),
            Some(bytes) if !is_unfinished_genesis(&bytes) => {
                return Err(StoreError::Foreign { path: self.disk.path(Part::Chain) });
            }
            Some(_) => {}
            None => {
                let created = self.disk.create(Part::Chain);
                created.map_err(|error| self.failed(Part::Chain, error))?;
            }
        }
        self.append(0, &genesis)?;
        Ok(genesis.to_vec())
    }

    /// Carries out a journal, if there is one, on the disk and on the bytes that were read,
    /// and removes it.
    fn replay(&mut self, bytes: &mut Vec<u8>) -> Result<Option<Repair>, StoreError> {
        let Some(found) = self.read(Part::Journal)? else { return Ok(None) };
        let path = self.disk.path(Part::Journal);
        let repair = match Journal::decode(&found) {
            // It was not yet safe, so the chain file has not been touched.
            None => Repair::Unfinished { path },
            Some(journal) if journal.fits(bytes.as_chunks().0) => {
                self.rewrite_journal(&found)?;
                self.put(journal.height, journal.blocks.as_flattened())?;
                bytes.truncate(journal.height * BLOCK_LEN);
                bytes.extend_from_slice(journal.blocks.as_flattened());
                Repair::Replayed { path, height: journal.height, count: journal.blocks.len() }
            }
            Some(_) => Repair::Stray { path, aside: self.set_aside(&found)? },
        };
        self.remove_journal()?;
        Ok(Some(repair))
    }

    /// A block that lacks work although the next one builds on it is not damaged: it was
    /// mined for another target, and nothing is wrong with the file.
    fn refuse_other_target(&self, rest: &Rest) -> Result<(), StoreError> {
        if rest.invalid.rule() != Rule::ProofOfWork {
            return Ok(());
        }
        let blocks: &[BlockBytes] = rest.bytes.as_chunks().0;
        let hashes = blocks.windows(2).map_while(|pair| {
            let hash = block::hash(&pair[0]);
            (block::previous(&pair[1]) == hash).then_some(hash)
        });
        let Some(zero_bits) = hashes.map(|hash| hash.leading_zero_bits()).min() else {
            return Ok(());
        };
        let (path, invalid) = (self.disk.path(Part::Chain), rest.invalid.clone());
        Err(StoreError::OtherTarget { path, invalid, zero_bits })
    }

    /// Sets the bytes after the first `count` blocks aside, and cuts them off.
    fn cut(&mut self, count: usize, rest: Rest) -> Result<Repair, StoreError> {
        let aside = self.set_aside(&rest.bytes)?;
        self.put(count, &[])?;
        let (path, len) = (self.disk.path(Part::Chain), rest.bytes.len());
        Ok(Repair::SetAside { path, invalid: rest.invalid, len, aside })
    }

    /// The bytes that were read may only be in the system's memory, if an earlier process
    /// was killed before it could sync. They must be safe before they are announced.
    fn settle(&mut self) -> Result<(), StoreError> {
        let disk = &mut self.disk;
        let settled = disk.sync(Part::Chain).and_then(|()| disk.sync_names());
        settled.map_err(|error| self.failed(Part::Chain, error))
    }

    fn append(&mut self, kept: usize, tail: &[u8]) -> Result<(), StoreError> {
        let put = self.put(kept, tail);
        if put.is_err() {
            // If the disk is full, half a block may have been written; if a sync failed,
            // bytes that readers see may never become safe. The next start should not find
            // them; if even this fails, it repairs what it can.
            let _ = self.disk.truncate(Part::Chain, (kept * BLOCK_LEN) as u64);
        }
        put
    }

    // ANCHOR: replace
    fn replace(&mut self, from: usize, blocks: &[BlockBytes]) -> Result<(), StoreError> {
        if blocks.is_empty() {
            // To truncate is a single step, which is done or not.
            return self.put(from, &[]);
        }
        let journal = Journal { height: from, blocks }.encode();
        let created = self.disk.create(Part::Journal);
        created.map_err(|error| self.failed(Part::Journal, error))?;
        self.rewrite_journal(&journal)?;
        self.put(from, blocks.as_flattened())?;
        self.remove_journal()
    }
    // ANCHOR_END: replace

    /// Makes the chain file end with these blocks, the first at height `from`.
    fn put(&mut self, from: usize, blocks: &[u8]) -> Result<(), StoreError> {
        let (disk, at) = (&mut self.disk, (from * BLOCK_LEN) as u64);
        let put = disk
            .write(Part::Chain, at, blocks)
            .and_then(|()| disk.truncate(Part::Chain, at + blocks.len() as u64))
            .and_then(|()| disk.sync(Part::Chain));
        put.map_err(|error| self.failed(Part::Chain, error))
    }

    /// Writes the journal and makes it safe, with its name. A journal that was found is
    /// written again: if an earlier sync failed, the system may believe it safe although it
    /// is not.
    fn rewrite_journal(&mut self, journal: &[u8]) -> Result<(), StoreError> {
        let disk = &mut self.disk;
        let written = disk
            .write(Part::Journal, 0, journal)
            .and_then(|()| disk.sync(Part::Journal))
            .and_then(|()| disk.sync_names());
        written.map_err(|error| self.failed(Part::Journal, error))
    }

    /// It must be gone for good before anything is appended, because a later replay would
    /// undo that.
    fn remove_journal(&mut self) -> Result<(), StoreError> {
        let disk = &mut self.disk;
        let removed = disk.remove(Part::Journal).and_then(|()| disk.sync_names());
        removed.map_err(|error| self.failed(Part::Journal, error))
    }

    /// Writes bytes to a new file, and makes it safe.
    fn set_aside(&mut self, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let disk = &mut self.disk;
        let mut number = 1;
        let created = loop {
            match disk.create(Part::Aside(number)) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                created => break created,
            }
        };
        let part = Part::Aside(number);
        let written = created.and_then(|()| {
            let written = disk
                .write(part, 0, bytes)
                .and_then(|()| disk.sync(part))
                .and_then(|()| disk.sync_names());
            if written.is_err() {
                // The bytes are still where they were found. On a full disk each start
                // would leave another piece of them.
                let _ = disk.remove(part);
            }
            written
        });
        written.map_err(|error| self.failed(part, error))?;
        Ok(self.disk.path(part))
    }

    fn read(&mut self, part: Part) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.disk.path(part);
        self.disk.read(part).map_err(|error| StoreError::Unreadable { path, error })
    }

    fn failed(&self, part: Part, error: io::Error) -> StoreError {
        StoreError::Unwritable { path: self.disk.path(part), error }
    }
}

/// Whether a file is empty, or holds a genesis block whose writing was interrupted: bytes
/// that never reached the disk read as zero.
fn is_unfinished_genesis(bytes: &[u8]) -> bool {
    let genesis = Block::genesis().to_bytes();
    bytes.len() <= BLOCK_LEN
        && bytes.iter().zip(genesis).all(|(&found, wanted)| found == 0 || found == wanted)
}
