//! The mistake behind a wrong hash or field, found from the bytes alone.

use cairn::block::{Block, BlockBytes, field};
use cairn::hash::Hash;
use sha2::{Digest, Sha256};

/// The usual mistake that gives this hash for this block, if there is one.
pub(super) fn of_hash(block: &BlockBytes, found: &[u8; Hash::LEN]) -> Option<&'static str> {
    let once = |bytes: &[u8]| -> [u8; Hash::LEN] { Sha256::digest(bytes).into() };
    let twice = |bytes: &[u8]| once(&once(bytes));
    let header = &block[field::HEADER];
    let backwards = |mut hash: [u8; Hash::LEN]| {
        hash.reverse();
        hash
    };
    let as_text = hex::encode(once(header));
    let mistakes = [
        (once(header), "this is SHA-256 of the header once: hash the result once more"),
        (
            twice(block),
            "this is the hash of all 75 bytes: only the header, bytes 1 to 69, is hashed",
        ),
        (once(block), "this is SHA-256 of all 75 bytes, once: hash bytes 1 to 69, twice"),
        (twice(&block[..70]), "this hash begins at byte 0, the size: the header begins at byte 1"),
        (twice(&block[2..70]), "this hash begins at byte 2: the version, byte 1, is hashed too"),
        (
            twice(&block[1..]),
            "this hash goes on to the end of the block: the header ends with byte 69",
        ),
        (backwards(twice(header)), "this is the right hash backwards: write its first byte first"),
        (
            once(as_text.as_bytes()),
            "the first hash was hashed as hexadecimal text: hash its 32 bytes",
        ),
    ];
    mistakes.into_iter().find(|(hash, _)| hash == found).map(|(_, hint)| hint)
}

/// The usual mistake behind a block without proof of work, if there is one.
pub(super) fn of_work(block: &BlockBytes) -> Option<&'static str> {
    let is_low = |bytes: &[u8]| Sha256::digest(bytes)[..2] == [0, 0];
    let twice = |bytes: &[u8]| is_low(&Sha256::digest(bytes));
    let header = &block[field::HEADER];
    let ends_low = Sha256::digest(Sha256::digest(header))[30..] == [0, 0];
    match () {
        () if is_low(header) => Some("SHA-256 of the header once is low enough: hash it twice"),
        () if twice(block) => {
            Some("the hash of all 75 bytes is low enough: hash bytes 1 to 69 only")
        }
        () if ends_low => Some("the hash ends with 16 zero bits: they must be at its front"),
        () => None,
    }
}

/// The first field in which a block differs from the genesis block, and its value.
pub(super) fn of_genesis(block: &BlockBytes) -> Option<String> {
    let genesis = Block::genesis().to_bytes();
    let fields = [
        ("size", field::SIZE..field::SIZE + 1),
        ("version", field::VERSION..field::VERSION + 1),
        ("previous hash", field::PREVIOUS),
        ("timestamp", field::TIMESTAMP),
        ("nonce", field::NONCE),
        ("transaction counter", field::TRANSACTION_COUNTER..field::TRANSACTION_COUNTER + 1),
        ("sender", field::SENDER),
        ("receiver", field::RECEIVER),
    ];
    let mut fields = fields.into_iter();
    let (name, place) = fields.find(|(_, place)| block[place.clone()] != genesis[place.clone()])?;
    let (first, last) = (place.start, place.end - 1);
    let bytes =
        if first == last { format!("byte {first}") } else { format!("bytes {first} to {last}") };
    let value = hex::encode(&block[place.clone()]);
    let wanted = hex::encode(&genesis[place]);
    Some(format!("its {name}, {bytes}, is {value} and not {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_hash_is_no_mistake_and_the_usual_ones_are_named() {
        let block = Block::genesis().to_bytes();
        let right = *Block::genesis().hash().as_bytes();
        assert_eq!(of_hash(&block, &right), None);
        let once = Sha256::digest(&block[field::HEADER]).into();
        assert!(of_hash(&block, &once).is_some_and(|hint| hint.contains("once more")));
        let mut backwards = right;
        backwards.reverse();
        assert!(of_hash(&block, &backwards).is_some_and(|hint| hint.contains("backwards")));
        assert_eq!(of_work(&block), None);
    }

    #[test]
    fn the_field_that_differs_from_the_genesis_block_is_named() {
        let mut block = Block::genesis().to_bytes();
        assert_eq!(of_genesis(&block), None);
        block[37] = 0xe1;
        let hint = "its timestamp, bytes 34 to 37, is 616f8ae1 and not 616f8ae0";
        assert_eq!(of_genesis(&block).as_deref(), Some(hint));
        block[1] = 7;
        assert!(
            of_genesis(&block).is_some_and(|hint| hint.starts_with("its version, byte 1, is 07"))
        );
    }
}
