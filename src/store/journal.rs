//! The journal of a reorganisation, and its bytes.
//!
//! ```text
//!  0         8                       8 + 75 n    40 + 75 n
//! ┌─────────┬───────────────────────┬───────────┐
//! │ height  │ n blocks, 1 or more   │ checksum  │
//! └─────────┴───────────────────────┴───────────┘
//!  ╰──── hashed twice with SHA-256 ─╯
//! ```

use crate::block::{self, BLOCK_LEN, BlockBytes};
use crate::hash::Hash;

/// Blocks that are about to replace the tail of a chain file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journal<'a> {
    /// Height of the first block: the blocks of the file below it stay.
    pub height: usize,
    /// The new blocks.
    pub blocks: &'a [BlockBytes],
}

impl<'a> Journal<'a> {
    /// The height as 8 bytes, big-endian, the blocks, and the checksum of both.
    pub fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + self.blocks.len() * BLOCK_LEN + Hash::LEN);
        bytes.extend_from_slice(&(self.height as u64).to_be_bytes());
        bytes.extend_from_slice(self.blocks.as_flattened());
        bytes.extend_from_slice(Hash::of(&bytes).as_bytes());
        bytes
    }

    /// Reads a journal; `None` where it is not whole.
    pub fn decode(bytes: &'a [u8]) -> Option<Journal<'a>> {
        let (content, checksum) = bytes.split_last_chunk()?;
        if Hash::of(content).as_bytes() != checksum {
            return None;
        }
        let (height, blocks) = content.split_first_chunk()?;
        let height = usize::try_from(u64::from_be_bytes(*height)).ok()?;
        match blocks.as_chunks() {
            ([], _) => None,
            (blocks, []) => Some(Journal { height, blocks }),
            _ => None,
        }
    }

    /// Whether the first block names the one below it in `chain`; in a journal of another
    /// chain it does not.
    pub fn fits(&self, chain: &[BlockBytes]) -> bool {
        let parent = self.height.checked_sub(1).and_then(|height| chain.get(height));
        parent.is_some_and(|parent| block::hash(parent) == block::previous(&self.blocks[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Block, GENESIS_HASH};

    /// A block on top of genesis, with only the fields that a journal reads.
    fn second() -> BlockBytes {
        let mut block = Block::genesis();
        block.header.previous = GENESIS_HASH;
        block.to_bytes()
    }

    #[test]
    fn a_journal_is_these_115_bytes() {
        let journal = Journal { height: 1, blocks: &[second()] };
        let bytes = journal.encode();
        let checksum = "29aec1a8c306cac485c4cfbde00ce2aa5ad55e7a3fbbe509272c25b5baa665b9";
        assert_eq!(hex::encode(&bytes[..8]), "0000000000000001");
        assert_eq!(bytes[8..83], second());
        assert_eq!(hex::encode(&bytes[83..]), checksum);
        assert_eq!(Journal::decode(&bytes), Some(journal));
    }

    #[test]
    fn a_journal_that_is_not_whole_is_none() {
        let bytes = Journal { height: 1, blocks: &[second()] }.encode();
        for len in 0..bytes.len() {
            assert_eq!(Journal::decode(&bytes[..len]), None, "{len} bytes");
        }
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Journal::decode(&bytes), None, "bit {bit}");
        }
    }

    #[test]
    fn a_checksum_does_not_make_a_journal_of_anything() {
        let sealed = |content: &[u8]| [content, Hash::of(content).as_bytes()].concat();
        let block = second();
        for content in [&[][..], &[0; 7], &[0; 8], &[&[0; 8], &block[..74]].concat()] {
            assert_eq!(Journal::decode(&sealed(content)), None);
        }
    }

    #[test]
    fn a_journal_fits_the_chain_that_it_stands_on() {
        let (genesis, second) = (Block::genesis().to_bytes(), second());
        let blocks = [second];
        let at = |height| Journal { height, blocks: &blocks };
        assert!(at(1).fits(&[genesis]));
        assert!(at(1).fits(&[genesis, second]));
        assert!(!at(0).fits(&[genesis]), "nothing replaces the genesis block");
        assert!(!at(2).fits(&[genesis]), "the chain is too short");
        assert!(!at(2).fits(&[genesis, second]), "another block lies below");
    }
}
