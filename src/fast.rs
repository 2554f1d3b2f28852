//! The search and the check, answered faster.
//!
//! [`miner::search`](crate::miner::search) and [`rules::check`](crate::rules::check)
//! say what mining and checking are. What is in here gives the same answers sooner,
//! to any question: many headers are hashed at once, in vectors, and on several
//! threads. A first reader may pass it by; the rest of the program asks
//! [`search`](fn@search) and [`check`](fn@check) and need not know how they do it. Without the feature
//! `fast` those two names stand for the plain functions (`fast/absent.rs`).
//!
//! In here too, each file uses only files above it:
//! - `one_by_one`: many hashes, one after the other, from the midstate;
//! - `sha256` and `vectors`: 48 of them in lockstep, as plain loops that the compiler
//!   turns into vectors;
//! - `avx512` and `sha_instructions`: the same with instructions of x86-64 by name;
//! - `kernel`, `processor` and `dispatch`: which of these this processor does best;
//! - `search` and `check`: the two questions, in batches and on threads.

mod one_by_one;
mod sha256;
mod vectors;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod sha_instructions;
mod kernel;
#[cfg(target_arch = "x86_64")]
#[path = "fast/x86_64.rs"]
mod processor;
#[cfg(not(target_arch = "x86_64"))]
#[path = "fast/other_processors.rs"]
mod processor;
mod dispatch;
mod search;
mod all_fit;
mod check;

pub use self::check::{check, check_by, check_on_threads};
pub use self::dispatch::kernels;
pub use self::kernel::Kernel;
pub use self::search::{search, search_by, search_on_threads};
