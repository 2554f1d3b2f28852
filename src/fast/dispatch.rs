//! The kernels of this processor, and the choice of one.

use std::sync::OnceLock;

use super::kernel::Kernel;
use super::processor;

/// The kernels that this processor can run, the chosen one last.
pub fn kernels() -> Vec<Kernel> {
    processor::kernels()
}

/// The kernel that hashes fastest on processors with these features.
pub(super) fn chosen() -> Kernel {
    static CHOSEN: OnceLock<Kernel> = OnceLock::new();
    *CHOSEN.get_or_init(|| *kernels().last().expect("there is a kernel for every processor"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::{self, BLOCK_LEN, BlockBytes};
    use crate::fast::kernel::ONE_BY_ONE;
    use crate::fast::one_by_one::{BATCH, State};
    use crate::hash::Hash;

    proptest! {
        #[test]
        fn every_kernel_hashes_blocks_as_the_plain_function_does(
            blocks: [[u8; 25]; 3 * BATCH],
            count in 0..=BATCH,
        ) {
            let blocks: &[BlockBytes] = &blocks.as_flattened().as_chunks::<BLOCK_LEN>().0[..count];
            let wanted: Vec<_> = blocks.iter().map(block::hash).collect();
            for kernel in kernels() {
                let mut found = [Hash::ZERO; BATCH];
                kernel.hash_headers(blocks, &mut found);
                prop_assert_eq!(&found[..count], &wanted, "{}", kernel.name);
            }
        }

        #[test]
        fn every_kernel_hashes_counters_as_sha2_does(
            midstate: State,
            counter in prop_oneof![0..1_u64 << 39, (1..1_u64 << 8).prop_map(|n| (n << 32) - 20)],
        ) {
            let mut wanted = [0; BATCH];
            ONE_BY_ONE.first_words(&midstate, counter, &mut wanted);
            for kernel in kernels() {
                let mut found = [0; BATCH];
                kernel.first_words(&midstate, counter, &mut found);
                prop_assert_eq!(found, wanted, "{}", kernel.name);
            }
        }
    }
}
