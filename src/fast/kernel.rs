//! A kernel: a way to hash many headers.

use super::one_by_one::{self, BATCH, FEW, State};
use crate::block::{self, BLOCK_LEN, BlockBytes};
use crate::hash::Hash;

/// A way to hash many headers.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// Its name for people.
    pub(super) name: &'static str,
    /// As [`one_by_one::first_words`].
    pub(super) first_words: fn(&State, u64, &mut [u32; BATCH]),
    /// As [`one_by_one::hash_headers`].
    pub(super) hash_headers: fn(&[BlockBytes; BATCH], &mut [Hash; BATCH]),
}

/// sha2's compression function, which knows the SHA instructions.
pub(super) const ONE_BY_ONE: Kernel = Kernel {
    name: "sha2, one by one, from the midstate",
    first_words: one_by_one::first_words,
    hash_headers: one_by_one::hash_headers,
};

impl Kernel {
    /// Its name for people.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// As [`one_by_one::first_words`].
    pub(super) fn first_words(&self, midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
        (self.first_words)(midstate, counter, words);
    }

    /// Hashes the headers of up to [`BATCH`] blocks; the hash of block *i* goes into
    /// `hashes[i]`. The content after the last is undefined.
    pub(super) fn hash_headers(&self, blocks: &[BlockBytes], hashes: &mut [Hash; BATCH]) {
        if blocks.len() < FEW {
            for (block, hash) in blocks.iter().zip(hashes) {
                *hash = block::hash(block);
            }
        } else if let Some(blocks) = blocks.first_chunk() {
            (self.hash_headers)(blocks, hashes);
        } else {
            let mut padded = [[0; BLOCK_LEN]; BATCH];
            padded[..blocks.len()].copy_from_slice(blocks);
            (self.hash_headers)(&padded, hashes);
        }
    }
}
