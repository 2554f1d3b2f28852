//! The kind of x86-64 processor, and what its units could do.

use std::hint::black_box;
use std::time::Instant;

use raw_cpuid::CpuId;

/// The processor's name for itself, and its family and model.
pub(super) fn name() -> String {
    let id = CpuId::new();
    let brand = id.get_processor_brand_string();
    let brand = brand.as_ref().map_or("without a name", |brand| brand.as_str().trim());
    match family_and_model() {
        Some((family, model)) => format!("{brand} (family {family}, model {model})"),
        None => brand.to_owned(),
    }
}

fn family_and_model() -> Option<(u8, u8)> {
    CpuId::new().get_feature_info().map(|info| (info.family_id(), info.model_id()))
}

/// Cycles of a multiplication whose result the next one needs, and of the bitwise operation
/// after it, on all processors that have AVX-512.
const CYCLES_A_LINK: f64 = 4.0;

/// Links of the chain that is timed.
const LINKS: u32 = 2_000_000;

/// Cycles a second, found by timing operations that wait for each other.
pub(super) fn clock() -> Option<f64> {
    let factor = black_box(0x9e37_79b9_7f4a_7c15_u64);
    let time = || {
        let start = Instant::now();
        black_box((0..LINKS).fold(factor, |x, _| x.wrapping_mul(factor) ^ factor));
        start.elapsed().as_secs_f64()
    };
    let shortest = (0..20).map(|_| time()).fold(f64::INFINITY, f64::min);
    Some(f64::from(LINKS) * CYCLES_A_LINK / shortest)
}

/// Vector operations that sixteen double hashes take in the kernel for AVX-512:
/// counted in its machine code, without loads, stores and moves.
const OPERATIONS: f64 = 3035.0;

/// The most hashes a second that a thread with AVX-512 could do, at this many cycles a
/// second. Zen 4 does two 512-bit additions or bitwise operations in a cycle, Zen 5 four;
/// for other processors this is not known.
pub(super) fn limit(clock: f64) -> Option<f64> {
    let is_amd = CpuId::new().get_vendor_info().is_some_and(|it| it.as_str() == "AuthenticAMD");
    let a_cycle = match family_and_model()? {
        (25, 16..=31 | 96..=127 | 160..=175) if is_amd => 2.0, // Zen 4
        (26, 0..=31 | 64..=79) if is_amd => 4.0,               // Zen 5 with full-width units
        _ => return None,
    };
    Some(clock * a_cycle * 16.0 / OPERATIONS)
}
