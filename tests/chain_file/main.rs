//! The chain file: what it survives, and what it refuses.

mod announcing;
mod damage;
mod faults;
mod openings;
mod processes;
mod stones;

#[path = "../common/mod.rs"]
mod common;
