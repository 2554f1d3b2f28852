//! Kernels: the ways in which many headers can be hashed, and which of them
//! this processor does best.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::one_by_one::{self, BATCH, FEW, State};
use super::vectors;
use crate::block::BlockBytes;
use crate::hash::Hash;

/// A way to hash many headers.
#[derive(Clone, Copy)]
pub struct Kernel {
    name: &'static str,
    first_words: fn(&State, u64, &mut [u32; BATCH]),
    hash_headers: fn(&[BlockBytes], &mut [Hash; BATCH]),
}

/// sha2's compression function, which knows the SHA instructions.
const ONE_BY_ONE: Kernel = Kernel {
    name: "sha2, one by one, from the midstate",
    first_words: one_by_one::first_words,
    hash_headers: one_by_one::hash_headers,
};

/// Loops that the compiler turns into vectors, of the width that `name` tells.
const fn in_vectors(name: &'static str) -> Kernel {
    Kernel { name, first_words: vectors::first_words, hash_headers: vectors::hash_headers }
}

/// The kernels that this processor can run, the best one last.
pub fn kernels() -> Vec<Kernel> {
    let mut kernels = vec![ONE_BY_ONE];
    kernels.extend(vectors());
    kernels
}

impl Kernel {
    /// The kernel that hashes fastest on this processor.
    pub(super) fn chosen() -> Kernel {
        vectors().unwrap_or(ONE_BY_ONE)
    }

    /// What it is, for people to read.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Puts into `words` the first 32 bits of the hashes that a header has with
    /// the 64 counters from `counter` on, given the header's midstate. `counter` is
    /// a multiple of 64.
    pub(super) fn first_words(&self, midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
        (self.first_words)(midstate, counter, words);
    }

    /// Hashes the headers of up to 64 blocks; the hash of block *i* goes into
    /// `hashes[i]`.
    pub(super) fn hash_headers(&self, blocks: &[BlockBytes], hashes: &mut [Hash; BATCH]) {
        match blocks.len() < FEW {
            true => one_by_one::hash_headers(blocks, hashes),
            false => (self.hash_headers)(blocks, hashes),
        }
    }
}

/// The vectors of this processor, where they beat its SHA instructions.
///
/// Vectors of 256 bits still beat the SHA instructions of x86-64; vectors of 128
/// bits do not, but are better than no SHA instructions.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl",
    "x86_64+avx2",
    "x86_64+sha+sse4.1",
    "aarch64+sha2"
))]
fn vectors() -> Option<Kernel> {
    match_target! {
        "x86_64+avx512f+avx512bw+avx512vl" => Some(in_vectors("vectors, AVX-512")),
        "x86_64+avx2" => Some(in_vectors("vectors, AVX2")),
        "x86_64+sha+sse4.1" => None,
        "aarch64+sha2" => None,
        _ => Some(in_vectors("vectors of 128 bits, or none")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::BLOCK_LEN;

    proptest! {
        #[test]
        fn every_kernel_hashes_blocks_as_sha2_does(
            blocks: [[u8; 25]; 3 * BATCH],
            count in 0..=BATCH,
        ) {
            let blocks: &[BlockBytes] = &blocks.as_flattened().as_chunks::<BLOCK_LEN>().0[..count];
            let mut wanted = [Hash::ZERO; BATCH];
            one_by_one::hash_headers(blocks, &mut wanted);
            for kernel in kernels() {
                let mut found = [Hash::ZERO; BATCH];
                (kernel.hash_headers)(blocks, &mut found);
                prop_assert_eq!(found, wanted, "{}", kernel.name);
            }
        }

        #[test]
        fn every_kernel_hashes_counters_as_sha2_does(midstate: State, batch in 0..1_u64 << 34) {
            let mut wanted = [0; BATCH];
            one_by_one::first_words(&midstate, batch * BATCH as u64, &mut wanted);
            for kernel in kernels() {
                let mut found = [0; BATCH];
                kernel.first_words(&midstate, batch * BATCH as u64, &mut found);
                prop_assert_eq!(found, wanted, "{}", kernel.name);
            }
        }
    }
}
