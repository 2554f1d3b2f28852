//! The metadata of the chain's last blocks, in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::entry::{Entry, Refused, Temperature, Value, is_name};
use super::heat::Heat;
use crate::chain::Chain;
use crate::hash::Hash;
use crate::peer::PeerName;

/// The number of the chain's last blocks whose metadata is kept.
pub const MAX_BLOCKS: usize = 1_000;

/// The most holders of one block.
pub const MAX_HOLDERS: usize = 16;

/// How far an entry may be dated ahead of our clock, in milliseconds.
pub const MAX_AHEAD_MS: u64 = 60_000;

/// The metadata of one block.
#[derive(Clone, Debug, Default)]
struct Record {
    temperature: Option<Entry>,
    locations: BTreeMap<String, Entry>,
    heat: Heat,
}

/// The metadata of the chain's last blocks. It has no clock: it gets times as arguments, in
/// Unix milliseconds.
#[derive(Debug, Default)]
pub struct Store {
    /// The chain's last blocks, the tip last.
    blocks: VecDeque<Hash>,
    /// Height of the first of them.
    start: usize,
    records: HashMap<Hash, Record>,
}

impl Store {
    /// Follows the chain to its current tip. Metadata of blocks that are no longer among
    /// the last ones is forgotten. The cost depends on the number of new blocks.
    pub fn follow(&mut self, chain: &Chain) {
        let end = self.start + self.blocks.len();
        if end == chain.count() && self.blocks.back() == Some(&chain.tip_hash()) {
            return;
        }
        let floor = chain.count().saturating_sub(MAX_BLOCKS);
        let mut fork = end.min(chain.count());
        let has = |store: &Store, height: usize| {
            let index = height.checked_sub(store.start);
            index.and_then(|index| store.blocks.get(index)).copied() == chain.hash_at(height)
        };
        while fork > floor && fork > self.start && !has(self, fork - 1) {
            fork -= 1;
        }
        if fork <= floor.max(self.start) {
            // None of the kept blocks stays.
            fork = floor;
            self.blocks.clear();
            self.start = floor;
        }
        self.blocks.truncate(fork - self.start);
        self.blocks.extend((fork..chain.count()).filter_map(|height| chain.hash_at(height)));
        let old = self.blocks.len().saturating_sub(MAX_BLOCKS);
        self.blocks.drain(..old);
        self.start += old;
        let mut records = std::mem::take(&mut self.records);
        if !records.is_empty() {
            let keep = |hash| records.remove(hash).map(|record| (*hash, record));
            self.records = self.blocks.iter().filter_map(keep).collect();
        }
    }

    /// Makes a statement of our own: later than what we have, whatever the clocks say.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn write(
        &mut self,
        block: Hash,
        value: Value,
        now_ms: u64,
        by: &PeerName,
    ) -> Result<Entry, Refused> {
        let next = self.place(block, &value).map_or(0, |entry| entry.time_ms.saturating_add(1));
        let entry =
            Entry { block, value, time_ms: now_ms.max(next), by: by.clone(), signature: None };
        self.check(&entry, now_ms.max(next))?;
        self.put(entry.clone());
        Ok(entry)
    }

    /// Accepts a statement, if it is later than ours.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn take_in(&mut self, entry: Entry, now_ms: u64) -> Result<(), Refused> {
        self.check(&entry, now_ms)?;
        self.put(entry);
        Ok(())
    }

    fn check(&self, entry: &Entry, now_ms: u64) -> Result<(), Refused> {
        let Entry { block, value, time_ms, by, .. } = entry;
        if !self.blocks.contains(block) {
            return Err(Refused::UnknownBlock);
        }
        if !is_name(by.as_str()) {
            return Err(Refused::Name);
        }
        if *time_ms > now_ms.saturating_add(MAX_AHEAD_MS) {
            return Err(Refused::Future { seconds: (time_ms - now_ms) / 1_000 });
        }
        let ours = self.place(*block, value);
        if ours.is_some_and(|ours| !entry.is_after(ours)) {
            return Err(Refused::Older);
        }
        if let Value::Location { holder, .. } = value {
            let holders = self.records.get(block).map_or(0, |record| record.locations.len());
            if !is_name(holder) {
                return Err(Refused::Name);
            }
            if ours.is_none() && holders >= MAX_HOLDERS {
                return Err(Refused::Holders);
            }
        }
        Ok(())
    }

    /// Our entry in place of one with this value.
    fn place(&self, block: Hash, value: &Value) -> Option<&Entry> {
        let record = self.records.get(&block)?;
        match value {
            Value::Temperature { .. } => record.temperature.as_ref(),
            Value::Location { holder, .. } => record.locations.get(holder),
        }
    }

    fn put(&mut self, entry: Entry) {
        let record = self.records.entry(entry.block).or_default();
        match &entry.value {
            Value::Temperature { .. } => record.temperature = Some(entry),
            Value::Location { holder, .. } => {
                record.locations.insert(holder.clone(), entry);
            }
        }
    }

    /// A block was read: returns the statement that this node is then to make, if any.
    pub fn read(&mut self, block: Hash, now_ms: u64, own: &PeerName) -> Option<Value> {
        if !self.blocks.contains(&block) {
            return None;
        }
        let record = self.records.entry(block).or_default();
        record.heat.read(now_ms);
        record.by_use(now_ms, own)
    }

    /// The statements that this node is to make about blocks that were not read for a
    /// while.
    pub fn cooled(&self, now_ms: u64, own: &PeerName) -> Vec<(Hash, Value)> {
        let all = self.records.iter();
        all.filter_map(|(hash, record)| Some((*hash, record.by_use(now_ms, own)?))).collect()
    }

    /// How warm a block is.
    pub fn temperature(&self, block: &Hash) -> Temperature {
        self.records.get(block).map_or(Temperature::Cold, Record::temperature)
    }

    /// All entries, by height.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.blocks.iter().flat_map(|hash| self.entries_of(hash))
    }

    /// All entries about a block.
    pub fn entries_of(&self, block: &Hash) -> impl Iterator<Item = &Entry> {
        let record = self.records.get(block);
        record.into_iter().flat_map(|it| it.temperature.iter().chain(it.locations.values()))
    }

    /// The height of a block, if it is among the last.
    pub fn height_of(&self, block: &Hash) -> Option<usize> {
        self.blocks.iter().position(|hash| hash == block).map(|index| self.start + index)
    }

    /// The same entry, now with its signature.
    pub fn sign(&mut self, entry: &Entry) {
        if self.place(entry.block, &entry.value).is_some_and(|ours| ours.time_ms == entry.time_ms) {
            self.put(entry.clone());
        }
    }
}

impl Record {
    fn temperature(&self) -> Temperature {
        match self.temperature.as_ref().map(|entry| &entry.value) {
            Some(Value::Temperature { temperature: Some(temperature), .. }) => *temperature,
            _ => Temperature::Cold,
        }
    }

    /// The statement to make after the use of the block has changed. A temperature that
    /// somebody set stays, and only a node that found a block warm states that it has
    /// cooled.
    fn by_use(&self, now_ms: u64, own: &PeerName) -> Option<Value> {
        let (stated, used) = (self.temperature(), self.heat.temperature(now_ms));
        let is_ours = match &self.temperature {
            Some(Entry { value: Value::Temperature { temperature, is_by_use }, by, .. }) => {
                if temperature.is_some() && !is_by_use {
                    return None;
                }
                by == own
            }
            _ => true,
        };
        let is_news = used > stated || (used < stated && is_ours);
        is_news.then_some(Value::Temperature { temperature: Some(used), is_by_use: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    const NOW: u64 = 1_700_000_000_000;

    fn chain(count: usize, receiver: u16) -> Chain {
        let mut chain = Chain::genesis(Target::from_zero_bits(0));
        while chain.count() < count {
            let block = chain.next_block(0, receiver.into(), receiver).expect("any hash will do");
            chain.push(&block).expect("valid");
        }
        chain
    }

    fn store(chain: &Chain) -> Store {
        let mut store = Store::default();
        store.follow(chain);
        store
    }

    fn set(temperature: Temperature) -> Value {
        Value::Temperature { temperature: Some(temperature), is_by_use: false }
    }

    fn entry(chain: &Chain, height: usize, time_ms: u64, by: &str, value: Value) -> Entry {
        let block = chain.hash_at(height).expect("it is there");
        Entry { block, value, time_ms, by: PeerName::new(by), signature: None }
    }

    #[test]
    fn the_last_writer_wins_by_time_and_then_by_name_in_any_order() {
        let chain = chain(3, 1);
        let entries = [
            entry(&chain, 1, NOW, "bob", set(Temperature::Hot)),
            entry(&chain, 1, NOW - 1, "carol", set(Temperature::Cold)),
            entry(&chain, 1, NOW, "alice", set(Temperature::Warm)),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let mut store = store(&chain);
            for index in order {
                let _ = store.take_in(entries[index].clone(), NOW);
            }
            assert_eq!(store.entries().collect::<Vec<_>>(), [&entries[0]], "{order:?}");
            assert_eq!(store.take_in(entries[0].clone(), NOW), Err(Refused::Older), "again");
        }
    }

    #[test]
    fn what_is_dated_more_than_a_minute_ahead_is_refused() {
        let chain = chain(2, 1);
        let mut store = store(&chain);
        let dated = |ahead| entry(&chain, 1, NOW + ahead, "bob", set(Temperature::Hot));
        let refused = store.take_in(dated(60_001), NOW);
        assert_eq!(refused, Err(Refused::Future { seconds: 60 }));
        assert_eq!(store.take_in(dated(60_000), NOW), Ok(()));
        let own = PeerName::new("alice");
        let hash = chain.hash_at(1).expect("it is there");
        let ours = store.write(hash, set(Temperature::Cold), NOW, &own).expect("it is later");
        assert_eq!(ours.time_ms, NOW + 60_001, "a clock that is behind does not lose the order");
    }

    #[test]
    fn metadata_is_kept_of_the_last_thousand_blocks_of_the_chain_alone() {
        let mut chain = chain(MAX_BLOCKS + 5, 1);
        let mut store = store(&chain);
        let old = entry(&chain, 4, NOW, "bob", set(Temperature::Hot));
        assert_eq!(store.take_in(old, NOW), Err(Refused::UnknownBlock));
        let first = entry(&chain, 5, NOW, "bob", set(Temperature::Hot));
        assert_eq!(store.take_in(first, NOW), Ok(()));
        let last = entry(&chain, MAX_BLOCKS, NOW, "bob", set(Temperature::Hot));
        assert_eq!(store.take_in(last.clone(), NOW), Ok(()));
        let block = chain.next_block(0, 0, 1).expect("any hash will do");
        chain.push(&block).expect("valid");
        store.follow(&chain);
        assert_eq!(store.entries().collect::<Vec<_>>(), [&last], "the first has left");
        assert_eq!(store.height_of(&last.block), Some(MAX_BLOCKS));
    }

    #[test]
    fn a_branch_that_gives_way_takes_its_metadata_along() {
        let (ours, theirs) = (chain(4, 1), chain(5, 2));
        let mut store = store(&ours);
        let shared = entry(&ours, 0, NOW, "bob", set(Temperature::Hot));
        for entry in [shared.clone(), entry(&ours, 2, NOW, "bob", set(Temperature::Hot))] {
            assert_eq!(store.take_in(entry, NOW), Ok(()));
        }
        store.follow(&theirs);
        assert_eq!(store.entries().collect::<Vec<_>>(), [&shared]);
        assert_eq!(store.height_of(&theirs.tip_hash()), Some(4));
        store.follow(&ours);
        assert_eq!(store.height_of(&ours.tip_hash()), Some(3), "also back to fewer blocks");
        assert_eq!(store.height_of(&theirs.tip_hash()), None);
    }

    #[test]
    fn holders_are_kept_one_by_one_and_there_is_an_end_to_them() {
        let chain = chain(2, 1);
        let mut store = store(&chain);
        let held = |holder: String, time_ms, holds| {
            entry(&chain, 1, time_ms, "bob", Value::Location { holder, holds })
        };
        for index in 0..MAX_HOLDERS {
            assert_eq!(store.take_in(held(format!("node {index}"), NOW, true), NOW), Ok(()));
        }
        assert_eq!(store.take_in(held("more".into(), NOW, true), NOW), Err(Refused::Holders));
        assert_eq!(store.take_in(held("node 1".into(), NOW + 1, false), NOW), Ok(()));
        assert_eq!(store.take_in(held("a\nb".into(), NOW, true), NOW), Err(Refused::Name));
    }

    #[test]
    fn use_warms_a_block_and_time_cools_it_unless_it_was_set() {
        let chain = chain(2, 1);
        let (mut store, own) = (store(&chain), PeerName::new("alice"));
        let hash = chain.hash_at(1).expect("it is there");
        let read = |store: &mut Store, now| {
            let value = store.read(hash, now, &own)?;
            store.write(hash, value, now, &own).ok()?;
            Some(store.temperature(&hash))
        };
        assert_eq!(read(&mut store, NOW), Some(Temperature::Warm));
        let hot: Vec<_> = (0..8).filter_map(|_| read(&mut store, NOW)).collect();
        assert_eq!(hot, [Temperature::Hot]);
        assert_eq!(store.cooled(NOW + 1, &own), []);
        let later = NOW + 24 * 3_600_000;
        let value = store.cooled(later, &own).pop().expect("it has cooled").1;
        store.write(hash, value, later, &own).expect("it is later");
        assert_eq!(store.temperature(&hash), Temperature::Cold);
        store.write(hash, set(Temperature::Hot), later, &own).expect("it is later");
        assert_eq!(read(&mut store, later + 1), None, "what was set stays");
        let release = Value::Temperature { temperature: None, is_by_use: false };
        store.write(hash, release, later, &own).expect("it is later");
        assert_eq!(read(&mut store, later + 2), Some(Temperature::Warm), "by use again");
        let bob = PeerName::new("bob");
        assert_eq!(store.cooled(later * 2, &bob), [], "alice has warmed it, so she cools it");
    }
}
