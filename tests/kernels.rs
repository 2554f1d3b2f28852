//! Which kernel hashes on this processor.
#![cfg(all(feature = "fast", target_os = "linux", target_arch = "x86_64"))]

use std::fs;

use cairn::fast;

/// The system reads the processor's features in its own way.
#[test]
fn the_chosen_kernel_is_the_one_for_the_features_that_the_processor_reports() {
    let text = fs::read_to_string("/proc/cpuinfo").expect("Linux has this file");
    let flags = text.lines().find(|line| line.starts_with("flags")).expect("a line of flags");
    let has = |all: &[&str]| all.iter().all(|&one| flags.split(' ').any(|flag| flag == one));
    let wanted = match () {
        _ if has(&["avx512f", "avx512bw", "avx512vl"]) => "AVX-512, 48 side by side",
        _ if has(&["sha_ni", "avx"]) => "SHA instructions, 4 side by side",
        _ if has(&["avx2"]) => "plain loops, AVX2",
        _ if has(&["sha_ni"]) => "sha2, one by one, from the midstate",
        _ => "plain loops, SSE2",
    };
    let chosen = fast::kernels().pop().expect("there is always one");
    assert_eq!(chosen.name(), wanted);
}
