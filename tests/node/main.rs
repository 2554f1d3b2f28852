//! The node without a socket: its inputs, their times, and its outputs.

mod bench;
mod commands;
mod hostile;
mod links;
mod peers;
mod table;
mod time;
