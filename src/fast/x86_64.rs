//! The kernels of x86-64.

use std::arch::is_x86_feature_detected;

use multiversion::multiversion;
use multiversion::target::match_target;

use super::kernel::{Kernel, ONE_BY_ONE};
use super::one_by_one::{self, BATCH, State};
use super::{avx512, sha_instructions, vectors};
use crate::block::BlockBytes;
use crate::hash::Hash;

/// Makes a kernel of functions that need some features of the processor. If they are
/// missing, sha2 replaces them; `is_reached` says whether they are there.
macro_rules! by_name {
    ($module:ident, $first_words:ident, $hash_headers:ident, $is_reached:ident, $target:literal) => {
        #[multiversion(targets($target))]
        fn $first_words(midstate: &State, counter: u64, words: &mut [u32; BATCH]) {
            match_target! {
                $target => $module::first_words(midstate, counter, words),
                _ => one_by_one::first_words(midstate, counter, words),
            }
        }

        #[multiversion(targets($target))]
        fn $hash_headers(blocks: &[BlockBytes; BATCH], hashes: &mut [Hash; BATCH]) {
            match_target! {
                $target => $module::hash_headers(blocks, hashes),
                _ => one_by_one::hash_headers(blocks, hashes),
            }
        }

        #[cfg(test)]
        #[multiversion(targets($target))]
        fn $is_reached() -> bool {
            match_target! {
                $target => true,
                _ => false,
            }
        }
    };
}

by_name!(
    avx512,
    first_words_avx512,
    hash_headers_avx512,
    is_avx512_reached,
    "x86_64+avx512f+avx512bw+avx512vl"
);
by_name!(sha_instructions, first_words_sha, hash_headers_sha, is_sha_reached, "x86_64+sha+avx");

const AVX512: Kernel = Kernel {
    name: "AVX-512, 48 side by side",
    first_words: first_words_avx512,
    hash_headers: hash_headers_avx512,
};

const SHA_INSTRUCTIONS: Kernel = Kernel {
    name: "SHA instructions, 4 side by side",
    first_words: first_words_sha,
    hash_headers: hash_headers_sha,
};

const AVX2: Kernel = Kernel {
    name: "plain loops, AVX2",
    first_words: vectors::first_words_avx2,
    hash_headers: vectors::hash_headers_avx2,
};

const SSE2: Kernel = Kernel {
    name: "plain loops, SSE2",
    first_words: vectors::first_words_baseline,
    hash_headers: vectors::hash_headers_baseline,
};

/// The kernels that this processor can run, the best one last.
///
/// The SHA instructions take about the same number of cycles on all processors that have
/// them, 65 a message block; 256-bit vectors take over 100, and 512-bit vectors 50 if the
/// units are half as wide (Zen 4) and 25 if they are not (Zen 5).
pub(super) fn kernels() -> Vec<Kernel> {
    let has_avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl");
    let has_sha = is_x86_feature_detected!("sha");
    let kernels = [
        (!has_sha, ONE_BY_ONE),
        (true, SSE2),
        (has_sha, ONE_BY_ONE),
        (is_x86_feature_detected!("avx2"), AVX2),
        (has_sha && is_x86_feature_detected!("avx"), SHA_INSTRUCTIONS),
        (has_avx512, AVX512),
    ];
    kernels.into_iter().filter_map(|(is_there, kernel)| is_there.then_some(kernel)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel that does not reach its instructions is still correct, but slow.
    #[test]
    fn a_kernel_that_is_offered_reaches_its_instructions() {
        for kernel in kernels() {
            match kernel.name {
                name if name == AVX512.name => assert!(is_avx512_reached()),
                name if name == SHA_INSTRUCTIONS.name => assert!(is_sha_reached()),
                _ => {}
            }
        }
    }
}
