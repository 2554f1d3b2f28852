//! What nodes tell each other about blocks outside the chain: how warm a block is, and who
//! holds it.
//!
//! Metadata is only in memory, and no rule of the chain depends on it. A node dates its
//! statements, and signs them if its name is a key. Of two statements about the same thing
//! the later one counts, so all nodes reach the same state without asking each other
//! ([`store`]). Among strangers statements go from node to node in batches ([`spread`]).
//! Nodes over UDP cannot prove their identity, so there a program carries statements from
//! one API to another.

pub mod entry;
mod heat;
pub mod store;
pub mod spread;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::entry::{Entry, Refused, SIGNATURE_LEN, Temperature, Value};
use self::store::Store;
use crate::chain::Chain;
use crate::hash::Hash;
use crate::peer::PeerName;

/// The most entries that wait for the link.
const MAX_OUTGOING: usize = 4_096;

/// What a listener is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// This node has accepted an entry.
    Changed {
        /// The entry.
        entry: Entry,
        /// The height of its block.
        height: usize,
    },
    /// A batch was received or sent.
    Synced(Synced),
}

/// The result of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Synced {
    /// The peer that it came from or went to; `None` is the API.
    pub peer: Option<PeerName>,
    /// Whether it was sent, not received.
    pub is_outgoing: bool,
    /// How many entries it has.
    pub entries: usize,
    /// The number of entries that were new here; for a sent batch, the number sent.
    pub taken: usize,
}

/// Signs this node's statements.
type Sign = Box<dyn Fn(&Entry) -> [u8; SIGNATURE_LEN] + Send>;

/// The metadata of one node, which its API and its link share.
#[derive(Clone)]
pub struct Metadata(Arc<Mutex<Shared>>);

struct Shared {
    own: PeerName,
    store: Store,
    /// The entries that the link is to spread, if a link spreads them.
    sign: Option<Sign>,
    listen: Option<Box<dyn Fn(Told) + Send>>,
    /// Entries that the link is to spread, each with the peer that it came from.
    outgoing: Vec<(Entry, Option<PeerName>)>,
}

impl Metadata {
    /// Metadata of a node of this name, with nothing about any block.
    pub fn new(own: PeerName) -> Metadata {
        let store = Store::default();
        let shared = Shared { own, store, sign: None, listen: None, outgoing: Vec::new() };
        Metadata(Arc::new(Mutex::new(shared)))
    }

    /// From now on a function is told of all changes. It must not wait, nor call this
    /// again.
    pub fn listen(&self, listen: impl Fn(Told) + Send + 'static) {
        self.lock().listen = Some(Box::new(listen));
    }

    /// From now on new entries wait for a link that spreads them, and a function signs this
    /// node's statements.
    pub fn spread(&self, sign: impl Fn(&Entry) -> [u8; SIGNATURE_LEN] + Send + 'static) {
        self.lock().sign = Some(Box::new(sign));
    }

    /// The chain has changed.
    pub fn follow(&self, chain: &Chain) {
        self.lock().store.follow(chain);
    }

    /// Makes a statement.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn write(&self, block: Hash, value: Value, now_ms: u64) -> Result<Entry, Refused> {
        self.lock().write(block, value, now_ms)
    }

    /// A block was read.
    pub fn read(&self, block: Hash, now_ms: u64) {
        let mut shared = self.lock();
        let Shared { own, store, .. } = &mut *shared;
        if let Some(value) = store.read(block, now_ms, own) {
            // If it has just left the last blocks, there is nothing to state.
            let _ = shared.write(block, value, now_ms);
        }
    }

    /// States that blocks which were not read for a while have cooled.
    pub fn cool(&self, now_ms: u64) {
        let mut shared = self.lock();
        for (block, value) in shared.store.cooled(now_ms, &shared.own) {
            // As above.
            let _ = shared.write(block, value, now_ms);
        }
    }

    /// Takes a batch from a peer, or from the API; returns the result of each entry.
    pub fn take_in(
        &self,
        from: Option<&PeerName>,
        entries: Vec<Entry>,
        now_ms: u64,
    ) -> Vec<Result<(), Refused>> {
        let mut shared = self.lock();
        let count = entries.len();
        let take = |entry: Entry| {
            shared.store.take_in(entry.clone(), now_ms)?;
            shared.changed(entry, from);
            Ok(())
        };
        let taken: Vec<_> = entries.into_iter().map(take).collect();
        shared.tell(Told::Synced(Synced {
            peer: from.cloned(),
            is_outgoing: false,
            entries: count,
            taken: taken.iter().filter(|taken| taken.is_ok()).count(),
        }));
        taken
    }

    /// A batch was sent to a peer, or could not be sent.
    pub fn sent(&self, to: &PeerName, entries: usize, is_sent: bool) {
        let taken = if is_sent { entries } else { 0 };
        let peer = Some(to.clone());
        self.lock().tell(Told::Synced(Synced { peer, is_outgoing: true, entries, taken }));
    }

    /// All entries, or all of one kind; they are spread again if a link does that.
    pub fn sync(&self, is_wanted: fn(&Value) -> bool) -> Vec<Entry> {
        let mut shared = self.lock();
        let wanted = shared.store.entries().filter(|entry| is_wanted(&entry.value));
        let wanted: Vec<_> = wanted.cloned().collect();
        wanted.iter().for_each(|entry| shared.send(entry.clone(), None));
        wanted
    }

    /// The metadata of a block: how warm it is, and all entries.
    pub fn of(&self, block: &Hash) -> (Temperature, Vec<Entry>) {
        let shared = self.lock();
        let entries = shared.store.entries_of(block).cloned().collect();
        (shared.store.temperature(block), entries)
    }

    /// All entries.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().store.entries().cloned().collect()
    }

    /// The entries that the link is to spread, each with the peer that it came from.
    pub fn outgoing(&self) -> Vec<(Entry, Option<PeerName>)> {
        std::mem::take(&mut self.lock().outgoing)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic under this lock leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn write(&mut self, block: Hash, value: Value, now_ms: u64) -> Result<Entry, Refused> {
        let mut entry = self.store.write(block, value, now_ms, &self.own)?;
        if let Some(sign) = &self.sign {
            entry.signature = Some(sign(&entry));
            self.store.sign(&entry);
        }
        self.changed(entry.clone(), None);
        Ok(entry)
    }

    fn changed(&mut self, entry: Entry, from: Option<&PeerName>) {
        if let Some(height) = self.store.height_of(&entry.block) {
            self.tell(Told::Changed { entry: entry.clone(), height });
        }
        self.send(entry, from.cloned());
    }

    fn send(&mut self, entry: Entry, from: Option<PeerName>) {
        if self.sign.is_some() && self.outgoing.len() < MAX_OUTGOING {
            self.outgoing.push((entry, from));
        }
    }

    fn tell(&self, told: Told) {
        if let Some(listen) = &self.listen {
            listen(told);
        }
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Metadata")
    }
}
