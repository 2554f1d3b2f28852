//! Keeps the book true to the code: its code comes from files that are compiled and
//! tested, these tests run its commands, and its links lead to files that exist.

mod pages;
mod code;
mod commands;
mod links;
mod typed;
mod changes;
#[cfg(target_os = "linux")]
mod console;
