//! Signed statements about blocks as bytes.
//!
//! A batch is a sequence of entries. Each entry has the hash of its block, 8 bytes of time,
//! the writer's public key, a byte for the kind, the content of that kind, and a signature
//! (Ed25519) of all of these, prefixed with a line that says what is signed. Each entry is
//! signed by its writer, so any node that has it can pass it on.

use std::io::Read;

use byteorder::{BigEndian, ReadBytesExt};
use iroh::{PublicKey, SecretKey, Signature};

use crate::hash::Hash;
use crate::metadata::entry::{Entry, MAX_NAME_LEN, SIGNATURE_LEN, Temperature, Value};
use crate::metadata::spread::Batches;
use crate::peer::PeerName;

/// The largest size of an entry, in bytes: one that names a holder.
const MAX_ENTRY_LEN: usize = 32 + 8 + 32 + 1 + 2 + MAX_NAME_LEN + SIGNATURE_LEN;

/// The largest size of a batch, in bytes.
pub(super) const MAX_BATCH_LEN: usize = Batches::MOST * MAX_ENTRY_LEN;

/// The prefix of the bytes that are signed.
const SIGNED: &[u8] = b"cairn metadata 1\n";

/// A kind of entry.
const TEMPERATURE: u8 = 1;
const LOCATION: u8 = 2;

/// Signs an entry of this key's holder.
pub(super) fn sign(key: &SecretKey, entry: &Entry) -> [u8; SIGNATURE_LEN] {
    // The writer is the key's holder, and the holder's name is a key.
    let signed = signed(entry).unwrap_or_default();
    key.sign(&[SIGNED, &signed].concat()).to_bytes()
}

/// Whether an entry is signed by its writer.
pub(super) fn is_proven(entry: &Entry) -> bool {
    let check = || {
        let key: PublicKey = entry.by.as_str().parse().ok()?;
        let signature = Signature::from_bytes(&entry.signature?);
        key.verify(&[SIGNED, &signed(entry)?].concat(), &signature).ok()
    };
    check().is_some()
}

/// Encodes a batch. It leaves out entries that no stranger would accept.
pub(super) fn encode(entries: &[Entry]) -> Vec<u8> {
    let proven = entries.iter().filter(|entry| is_proven(entry)).take(Batches::MOST);
    let bytes = proven.filter_map(|entry| Some([&signed(entry)?[..], &entry.signature?].concat()));
    bytes.flatten().collect()
}

/// Reads a batch. It does not check the signatures; `None` if the bytes are not a batch.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        if entries.len() == Batches::MOST {
            return None;
        }
        entries.push(read(&mut bytes)?);
    }
    Some(entries)
}

/// The part of an entry that is signed.
fn signed(entry: &Entry) -> Option<Vec<u8>> {
    let by: PublicKey = entry.by.as_str().parse().ok()?;
    let head = [&entry.block.as_bytes()[..], &entry.time_ms.to_be_bytes(), by.as_bytes()];
    let rest = match &entry.value {
        Value::Temperature { temperature, is_by_use } => {
            let number = |it| Temperature::ALL.into_iter().position(|found| found == it);
            let number = temperature.and_then(number).map_or(0, |index| index as u8 + 1);
            vec![TEMPERATURE, number, u8::from(*is_by_use)]
        }
        Value::Location { holder, holds } => {
            let len = u8::try_from(holder.len()).ok()?;
            [&[LOCATION, u8::from(*holds), len], holder.as_bytes()].concat()
        }
    };
    Some([head.concat(), rest].concat())
}

fn read(bytes: &mut &[u8]) -> Option<Entry> {
    let block = Hash::from_bytes(array(bytes)?);
    let time_ms = bytes.read_u64::<BigEndian>().ok()?;
    let by = PeerName::new(PublicKey::from_bytes(&array(bytes)?).ok()?);
    let value = match bytes.read_u8().ok()? {
        TEMPERATURE => {
            let temperature = match bytes.read_u8().ok()? {
                0 => None,
                number => Some(*Temperature::ALL.get(usize::from(number) - 1)?),
            };
            Value::Temperature { temperature, is_by_use: flag(bytes)? }
        }
        LOCATION => {
            let holds = flag(bytes)?;
            let len = usize::from(bytes.read_u8().ok()?);
            let (holder, rest) = bytes.split_at_checked(len)?;
            *bytes = rest;
            Value::Location { holder: String::from_utf8(holder.to_vec()).ok()?, holds }
        }
        _ => return None,
    };
    Some(Entry { block, value, time_ms, by, signature: Some(array(bytes)?) })
}

fn flag(bytes: &mut &[u8]) -> Option<bool> {
    match bytes.read_u8().ok()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn array<const LEN: usize>(bytes: &mut &[u8]) -> Option<[u8; LEN]> {
    let mut array = [0; LEN];
    bytes.read_exact(&mut array).ok()?;
    Some(array)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &SecretKey, value: Value) -> Entry {
        let by = PeerName::new(key.public());
        let block = Hash::from_bytes([7; 32]);
        let entry = Entry { block, value, time_ms: 5, by, signature: None };
        Entry { signature: Some(sign(key, &entry)), ..entry }
    }

    fn values() -> Vec<Value> {
        let hot = Some(Temperature::Hot);
        vec![
            Value::Temperature { temperature: hot, is_by_use: true },
            Value::Temperature { temperature: None, is_by_use: false },
            Value::Location { holder: "bob".into(), holds: true },
        ]
    }

    #[test]
    fn an_entry_is_these_bytes_and_can_be_read_back() {
        let key = SecretKey::from_bytes(&[1; 32]);
        let entries: Vec<_> = values().into_iter().map(|value| entry(&key, value)).collect();
        let bytes = encode(&entries);
        assert_eq!(decode(&bytes), Some(entries));
        let head = [&[7; 32][..], &5_u64.to_be_bytes(), key.public().as_bytes()].concat();
        assert_eq!(bytes[..72], head);
        assert_eq!(bytes[72..75], [1, 3, 1], "a temperature, hot, by use");
        let location = 2 * (75 + 64) + 72;
        assert_eq!(bytes[location..location + 6], [2, 1, 3, b'b', b'o', b'b']);
    }

    #[test]
    fn what_is_changed_on_the_way_or_signed_by_another_is_not_proven() {
        let key = SecretKey::from_bytes(&[1; 32]);
        for value in values() {
            let good = entry(&key, value);
            assert!(is_proven(&good));
            let len = encode(std::slice::from_ref(&good)).len();
            for place in 0..len {
                let mut bytes = encode(std::slice::from_ref(&good));
                bytes[place] ^= 1;
                let read = decode(&bytes).unwrap_or_default();
                assert!(!read.iter().any(is_proven), "byte {place}");
            }
            let eve = SecretKey::from_bytes(&[2; 32]);
            let forged = Entry { signature: Some(sign(&eve, &good)), ..good.clone() };
            assert_eq!((is_proven(&forged), encode(&[forged])), (false, Vec::new()));
            assert!(!is_proven(&Entry { signature: None, ..good }));
        }
    }

    #[test]
    fn what_is_cut_off_or_too_much_is_no_batch() {
        let key = SecretKey::from_bytes(&[1; 32]);
        let one = encode(&[entry(&key, values().remove(2))]);
        for len in 1..one.len() {
            assert_eq!(decode(&one[..len]), None, "{len}");
        }
        assert!(decode(&one.repeat(Batches::MOST)).is_some());
        assert_eq!(decode(&one.repeat(Batches::MOST + 1)), None);
        assert!(one.len() <= MAX_ENTRY_LEN);
    }
}
