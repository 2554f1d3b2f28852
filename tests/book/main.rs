//! The book cannot drift from the code: what it shows is cut from files that are
//! compiled and tested, what it runs is run here, and what it links to is there.

mod pages;
mod code;
mod commands;
mod links;
mod typed;
mod changes;
#[cfg(target_os = "linux")]
mod console;
