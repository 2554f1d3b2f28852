//! The node without a socket: what it is told, when, and what it does then.

mod bench;
mod commands;
mod hostile;
mod links;
mod peers;
mod table;
mod time;
