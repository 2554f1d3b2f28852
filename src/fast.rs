//! The search and the check, made faster.
//!
//! [`miner::search`](crate::miner::search) and [`rules::check`](crate::rules::check) define
//! mining and checking. This module gives the same answers faster, to any question: it
//! hashes many headers at once, in vectors, and on several threads. You can skip it on a
//! first reading; the rest of the program calls [`search`](fn@search) and
//! [`check`](fn@check) and need not know how they work. Without the feature `fast` these
//! two names are the plain functions (`fast/absent.rs`).
//!
//! Here too, each file uses only files above it:
//! - `one_by_one`: many hashes, one after the other, from the midstate;
//! - `sha256` and `vectors`: 48 of them in lockstep, as plain loops that the compiler
//!   turns into vectors;
//! - `avx512` and `sha_instructions`: the same with instructions of x86-64 by name;
//! - `kernel`, `processor` and `dispatch`: which of these is best on this processor;
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
