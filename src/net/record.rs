//! A node's record of itself, with its signature, so that others can pass it on.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hello::{MAX_GROUPS, is_word};
use super::message::is_group;
use super::rate::Meter;
use super::signed::{Purpose, Signed};
use crate::contacts::is_id;
use crate::peer::PeerName;

/// The most records that are kept.
pub const MAX_RECORDS: usize = 4_096;

/// A node's own record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its identity.
    pub id: String,
    /// The node's name for itself; may be empty.
    pub name: String,
    /// The groups that it belongs to.
    pub groups: Vec<String>,
    /// The account for its rewards, as it says.
    pub account: u16,
    /// The time of its signature, in Unix milliseconds: of two records, the later one
    /// counts.
    pub time_ms: u64,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not a record.
    Unreadable,
    /// The node that it describes has not signed it.
    Unproven,
}

impl Record {
    /// Reads a record and proves that it comes from the node that it describes.
    ///
    /// # Errors
    /// The record is not valid.
    pub fn prove(signed: &Signed, purpose: &Purpose) -> Result<Record, Wrong> {
        let record: Record = signed.value().ok_or(Wrong::Unreadable)?;
        let are_words = is_word(&record.name) && record.groups.iter().all(|it| is_group(it));
        if !is_id(&record.id) || !are_words || record.groups.len() > MAX_GROUPS {
            return Err(Wrong::Unreadable);
        }
        match signed.is_by(&PeerName::new(&record.id), purpose) {
            true => Ok(record),
            false => Err(Wrong::Unproven),
        }
    }
}

/// A proven record, and its owner's activity.
#[derive(Clone, Debug)]
pub struct Known {
    /// The content.
    pub record: Record,
    /// The record as its owner signed it.
    pub signed: Signed,
    /// When its owner was last heard of.
    pub heard: Duration,
    /// Counts its owner's messages.
    pub meter: Meter,
}

/// The known records. If there are too many, the record is forgotten whose owner was last
/// heard from longest ago.
#[derive(Debug, Default)]
pub struct Records(BTreeMap<PeerName, Known>);

impl Records {
    /// Saves a record, unless a later one is known.
    pub fn keep(&mut self, now: Duration, record: Record, signed: Signed) {
        let id = PeerName::new(&record.id);
        match self.0.get_mut(&id) {
            Some(known) if known.record.time_ms >= record.time_ms => known.heard = now,
            Some(known) => *known = Known { record, signed, heard: now, meter: known.meter },
            None => {
                let meter = Meter::default();
                self.0.insert(id, Known { record, signed, heard: now, meter });
            }
        }
        if self.0.len() > MAX_RECORDS {
            let oldest = self.0.iter().min_by_key(|(_, known)| known.heard);
            let oldest = oldest.map(|(id, _)| id.clone()).expect("there are many");
            self.0.remove(&oldest);
        }
    }

    /// The record of a node.
    pub fn get(&self, id: &PeerName) -> Option<&Known> {
        self.0.get(id)
    }

    /// The same, to count the node's messages.
    pub fn get_mut(&mut self, id: &PeerName) -> Option<&mut Known> {
        self.0.get_mut(id)
    }

    /// All known records.
    pub fn iter(&self) -> impl Iterator<Item = (&PeerName, &Known)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::key::Key;

    fn purpose() -> Purpose {
        Purpose::new("record", &[7; 32])
    }

    fn record(key: &Key, name: &str) -> Record {
        let id = key.name().to_string();
        Record { id, name: name.into(), groups: Vec::new(), account: 7, time_ms: 5 }
    }

    #[test]
    fn a_record_is_proven_by_the_signature_of_the_one_whom_it_is_about() {
        let (alice, mallory) = (Key::random(), Key::random());
        let own = record(&alice, "alice");
        let prove = |signed: &Signed| Record::prove(signed, &purpose());
        assert_eq!(prove(&Signed::new(&alice, &purpose(), &own)), Ok(own.clone()));
        let forged = Signed::new(&mallory, &purpose(), &own);
        assert_eq!(prove(&forged), Err(Wrong::Unproven));
        for wrong in [
            Record { name: "\u{1b}[2J".into(), ..own.clone() },
            Record { groups: vec!["a".into(); MAX_GROUPS + 1], ..own.clone() },
            Record { id: "alice".into(), ..own.clone() },
        ] {
            let signed = Signed::new(&alice, &purpose(), &wrong);
            assert_eq!(prove(&signed), Err(Wrong::Unreadable), "{wrong:?}");
        }
    }

    #[test]
    fn of_two_records_the_later_holds_and_the_most_silent_owner_goes_first() {
        let (alice, mut records) = (Key::random(), Records::default());
        let mut keep = |now, record: Record, key: &Key| {
            let signed = Signed::new(key, &purpose(), &record);
            records.keep(Duration::from_secs(now), record, signed);
        };
        keep(1, Record { time_ms: 6, ..record(&alice, "new") }, &alice);
        keep(2, record(&alice, "old"), &alice);
        let others: Vec<_> = (0..3).map(|_| Key::random()).collect();
        others.iter().for_each(|key| keep(1, record(key, ""), key));
        assert_eq!(records.get(&alice.name()).map(|it| &*it.record.name), Some("new"));
        let signed = Signed::new(&alice, &purpose(), &0);
        for number in 0..MAX_RECORDS - 4 {
            let record = Record { id: format!("{number:064}"), ..record(&alice, "") };
            records.keep(Duration::from_secs(3), record, signed.clone());
        }
        let record = record(&Key::random(), "");
        records.keep(Duration::from_secs(3), record, signed);
        assert_eq!(records.iter().count(), MAX_RECORDS);
        assert_eq!(others.iter().filter(|key| records.get(&key.name()).is_none()).count(), 1);
    }
}
