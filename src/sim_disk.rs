//! A chain's files on a simulated disk, which fails and loses power on demand.
//!
//! It distinguishes what is synced from what only seems to be there. A write, a cut, a new
//! name or a removal is seen at once, and waits for a sync. When the power fails, each of
//! those that wait is lost, kept, or kept in part, independently of those before it. Chance
//! comes from the seed alone.
//!
//! ```
//! use cairn::sim_disk::{Loss, SimDisk};
//! use cairn::store::{Disk, Part, Store};
//! use cairn::target::Target;
//!
//! let disk = SimDisk::new("alice.chain", 1);
//! // A handle: the store has one, and we keep one to pull the plug.
//! disk.power_off_after(40);
//! assert!(Store::open(disk.clone(), Target::NETWORK).is_err());
//! disk.restart(Loss::Unsynced);
//! let (_, chain, _) = Store::open(disk.clone(), Target::NETWORK).unwrap();
//! assert_eq!(disk.bytes(Part::Chain).unwrap(), chain.as_bytes());
//! ```

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::pages::{Pages, Pool};
use crate::store::{Disk, Part};

/// What is lost when a node ends in the middle of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing: the process was killed, and the machine goes on.
    Nothing,
    /// Any part of what was not synced: the power failed.
    Unsynced,
}

/// A simulated disk with one chain's files. Cloned handles share it.
#[derive(Clone, Debug)]
pub struct SimDisk {
    path: PathBuf,
    state: Rc<RefCell<State>>,
}

#[derive(Debug)]
struct State {
    /// All files that ever existed; a name is an index into them.
    files: Vec<SimFile>,
    names: BTreeMap<Part, usize>,
    safe_names: BTreeMap<Part, usize>,
    /// Changes that lead from the safe names to the visible ones.
    unsynced_names: Vec<(Part, Option<usize>)>,
    random: ChaCha8Rng,
    operations: u64,
    steps: u64,
    /// Which operation is to fail, and how.
    failing: Option<(u64, ErrorKind)>,
    /// Steps until the power fails.
    power: Option<u64>,
    /// Whether a sync reports success and does nothing.
    lies: bool,
}

/// A file: its visible bytes and its safe bytes.
#[derive(Debug, Default)]
struct SimFile {
    bytes: Pages,
    safe: Pages,
    /// Changes that lead from the safe bytes to the visible ones.
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { len: usize },
}

impl SimDisk {
    /// An empty disk with a chain file of this name.
    pub fn new(name: &str, seed: u64) -> SimDisk {
        let state = State {
            files: Vec::new(),
            names: BTreeMap::new(),
            safe_names: BTreeMap::new(),
            unsynced_names: Vec::new(),
            random: ChaCha8Rng::seed_from_u64(seed),
            operations: 0,
            steps: 0,
            failing: None,
            power: None,
            lies: false,
        };
        SimDisk { path: name.into(), state: Rc::new(RefCell::new(state)) }
    }

    /// Puts a safe file on the disk, in place of one of this name.
    pub fn put(&self, part: Part, bytes: &[u8]) {
        let mut state = self.state();
        let file = state.files.len();
        let bytes = Pages::from(bytes.to_vec());
        state.files.push(SimFile { safe: bytes.clone(), bytes, unsynced: Vec::new() });
        state.names.insert(part, file);
        state.safe_names.insert(part, file);
    }

    /// The bytes that a reader sees in a file, if there is one of this name.
    pub fn bytes(&self, part: Part) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(&part).map(|&file| {
            let bytes = &state.files[file].bytes;
            bytes.range(0..bytes.len()).into_owned()
        })
    }

    /// The files that a reader sees.
    pub fn parts(&self) -> Vec<Part> {
        self.state().names.keys().copied().collect()
    }

    /// The number of operations so far, failed ones too.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// The number of steps so far: one for each operation, and one more for each byte
    /// written.
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Makes one operation fail: the one before which there have been this many.
    ///
    /// An operation that fails may be done in part. A sync that fails may leave bytes that
    /// are visible but never become safe, as on systems that give up on them.
    pub fn fail_at(&self, operation: u64, kind: ErrorKind) {
        self.state().failing = Some((operation, kind));
    }

    /// Makes the power fail after this many more [steps](Self::steps). From then on every
    /// operation fails, until [`SimDisk::restart`].
    pub fn power_off_after(&self, steps: u64) {
        self.state().power = Some(steps);
    }

    /// From now on a sync reports success and does nothing.
    pub fn lie_about_sync(&self) {
        self.state().lies = true;
    }

    /// Moves the old bytes of its files into pages of the pool, which others can share.
    pub(crate) fn share(&self, pool: &mut Pool) {
        for file in &mut self.state().files {
            file.bytes.share(pool);
            file.safe.share(pool);
        }
    }

    /// Whether the power is off: it failed, and nothing was started since.
    pub fn is_off(&self) -> bool {
        self.state().power == Some(0)
    }

    /// Takes back a call of [`SimDisk::power_off_after`], if the power is still on.
    pub fn keep_power(&self) {
        self.state().power = None;
    }

    /// Starts again after a kill or a loss of power, without further faults.
    pub fn restart(&self, loss: Loss) {
        let state = &mut *self.state();
        (state.failing, state.power) = (None, None);
        if loss == Loss::Nothing {
            return;
        }
        for file in &mut state.files {
            for change in std::mem::take(&mut file.unsynced) {
                change.apply_in_part(&mut file.safe, &mut state.random);
            }
            file.bytes.clone_from(&file.safe);
        }
        for (part, file) in std::mem::take(&mut state.unsynced_names) {
            if state.random.random() {
                rename(&mut state.safe_names, part, file);
            }
        }
        state.names.clone_from(&state.safe_names);
    }

    fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }
}

impl Disk for SimDisk {
    fn path(&self, part: Part) -> PathBuf {
        part.path(Path::new(&self.path))
    }

    fn read(&mut self, part: Part) -> io::Result<Option<Vec<u8>>> {
        self.state().begin(0).1?;
        Ok(self.bytes(part))
    }

    fn create(&mut self, part: Part) -> io::Result<()> {
        let mut state = self.state();
        state.begin(0).1?;
        if state.names.contains_key(&part) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let file = state.new_file();
        state.rename(part, Some(file));
        Ok(())
    }

    fn write(&mut self, part: Part, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let (done, end) = state.begin(bytes.len());
        let at = usize::try_from(at).map_err(io::Error::other)?;
        state.file(part)?.change(Change::Write { at, bytes: bytes[..done].into() });
        end
    }

    fn truncate(&mut self, part: Part, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.begin(0).1?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        state.file(part)?.change(Change::Truncate { len });
        Ok(())
    }

    fn sync(&mut self, part: Part) -> io::Result<()> {
        let state = &mut *self.state();
        let (_, end) = state.begin(0);
        if state.lies && end.is_ok() {
            return Ok(());
        }
        let gives_up = end.is_err() && state.power.is_none() && state.random.random();
        let file = *state.names.get(&part).ok_or(ErrorKind::NotFound)?;
        let file = &mut state.files[file];
        if end.is_ok() || gives_up {
            for change in std::mem::take(&mut file.unsynced) {
                match &end {
                    Ok(()) => change.apply(&mut file.safe),
                    Err(_) => change.apply_in_part(&mut file.safe, &mut state.random),
                }
            }
        }
        end
    }

    fn remove(&mut self, part: Part) -> io::Result<()> {
        let mut state = self.state();
        state.begin(0).1?;
        state.file(part)?;
        state.rename(part, None);
        Ok(())
    }

    fn sync_names(&mut self) -> io::Result<()> {
        let state = &mut *self.state();
        state.begin(0).1?;
        state.unsynced_names.clear();
        state.safe_names.clone_from(&state.names);
        Ok(())
    }
}

impl State {
    /// Begins an operation that is to write `len` bytes: returns how many of them it
    /// writes, and how it ends.
    fn begin(&mut self, len: usize) -> (usize, io::Result<()>) {
        let operation = self.operations;
        self.operations += 1;
        if let Some((_, kind)) = self.failing.take_if(|(at, _)| *at == operation) {
            return (self.random.random_range(0..=len), Err(kind.into()));
        }
        let wanted = len as u64 + 1;
        let steps = self.power.map_or(wanted, |power| power.min(wanted));
        self.steps += steps;
        self.power = self.power.map(|power| power - steps);
        match wanted - steps {
            0 => (len, Ok(())),
            _ => (steps.saturating_sub(1) as usize, Err(io::Error::other("the power is off"))),
        }
    }

    /// An empty file that no name leads to any more, if there is one.
    fn new_file(&mut self) -> usize {
        let free = (0..self.files.len()).find(|&file| self.is_forgotten(file));
        let file = free.unwrap_or(self.files.len());
        self.files.resize_with(self.files.len().max(file + 1), SimFile::default);
        self.files[file] = SimFile::default();
        file
    }

    /// Whether no name leads to a file, and no loss of power can bring one back.
    fn is_forgotten(&self, file: usize) -> bool {
        let waiting = self.unsynced_names.iter().filter_map(|(_, file)| *file);
        let mut named = self.names.values().chain(self.safe_names.values()).copied().chain(waiting);
        self.files[file].unsynced.is_empty() && !named.any(|named| named == file)
    }

    fn file(&mut self, part: Part) -> io::Result<&mut SimFile> {
        let file = *self.names.get(&part).ok_or(ErrorKind::NotFound)?;
        Ok(&mut self.files[file])
    }

    fn rename(&mut self, part: Part, file: Option<usize>) {
        rename(&mut self.names, part, file);
        self.unsynced_names.push((part, file));
    }
}

/// Gives a file the name, or takes the name away.
fn rename(names: &mut BTreeMap<Part, usize>, part: Part, file: Option<usize>) {
    match file {
        Some(file) => names.insert(part, file),
        None => names.remove(&part),
    };
}

impl SimFile {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.bytes);
        self.unsynced.push(change);
    }
}

impl Change {
    fn apply(&self, file: &mut Pages) {
        match self {
            Change::Write { at, bytes } => {
                // As on a real disk, writing nothing far beyond the end does nothing.
                if bytes.is_empty() {
                    return;
                }
                file.write(*at, bytes);
            }
            Change::Truncate { len } => file.resize(*len),
        }
    }

    /// What a loss of power may leave of it: nothing, all, its beginning, or some of its
    /// bytes between zeros or the old bytes.
    fn apply_in_part(&self, file: &mut Pages, random: &mut ChaCha8Rng) {
        match (self, random.random_range(0..4)) {
            (_, 0) => {}
            (Change::Write { at, bytes }, 1) => {
                let bytes = bytes[..random.random_range(0..=bytes.len())].into();
                Change::Write { at: *at, bytes }.apply(file);
            }
            (Change::Write { at, bytes }, 2) => {
                for (at, &byte) in (*at..).zip(bytes) {
                    if random.random() {
                        Change::Write { at, bytes: vec![byte] }.apply(file);
                    }
                }
            }
            _ => self.apply(file),
        }
    }
}
