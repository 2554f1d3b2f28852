//! A link over the open network: a link between strangers, who prove their identities.
//!
//! Each node has a key, and the public half is its name: a dial to a name reaches the
//! holder of that key, or fails. Two nodes shake hands with a [`hello`], which describes
//! the node and its network. Then they send each other the same datagrams as over UDP,
//! through one long stream in each direction.
//!
//! The decisions need no socket and no clock: which peers to dial, keep and ban ([`table`],
//! [`reputation`], [`gate`]). The rest is a thread with its own async runtime, which talks
//! to the node's loop through bounded queues ([`link`]).

pub mod group;
pub mod reputation;
pub mod lists;
pub mod gate;
pub mod hello;
pub mod table;
mod private_file;
pub mod key;
pub mod peers_file;
pub mod bootstrap;
pub mod lan;
pub mod relay;
#[cfg(feature = "relay")]
pub mod relay_server;
pub mod mapping;
pub mod settings;
mod batch;
mod frames;
pub mod rate;
pub mod signed;
pub mod message;
pub mod record;
pub mod replay;
mod gossip;
pub mod link;
mod endpoint;
mod paths;
pub mod notice;
mod session;
mod hub;
mod thread;

pub use self::link::NetLink;
pub use self::settings::Settings;
pub use self::thread::{Network, start};
