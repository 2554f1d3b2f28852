//! The book cannot drift from the code: its code comes from compiled and tested files, and
//! these tests run its commands and check its links.

mod pages;
mod code;
mod commands;
mod links;
mod typed;
mod changes;
#[cfg(target_os = "linux")]
mod console;
