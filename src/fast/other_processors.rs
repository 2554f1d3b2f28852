//! The kernels of processors other than x86-64.

use super::kernel::{Kernel, ONE_BY_ONE};
use super::vectors;

const PLAIN_LOOPS: Kernel = Kernel {
    name: "plain loops, the vectors that all such processors have",
    first_words: vectors::first_words_baseline,
    hash_headers: vectors::hash_headers_baseline,
};

/// The kernels that this processor can run, the best one last: if it has instructions for
/// SHA-256, they beat vectors of 128 bits, and sha2 uses them.
pub(super) fn kernels() -> Vec<Kernel> {
    match has_sha_instructions() {
        true => vec![PLAIN_LOOPS, ONE_BY_ONE],
        false => vec![ONE_BY_ONE, PLAIN_LOOPS],
    }
}

#[cfg(target_arch = "aarch64")]
fn has_sha_instructions() -> bool {
    std::arch::is_aarch64_feature_detected!("sha2")
}

#[cfg(not(target_arch = "aarch64"))]
fn has_sha_instructions() -> bool {
    false
}
