//! Cairn: a toy proof-of-work blockchain network that is real enough to run,
//! read, break and measure.
//!
//! A cairn is a pile of stones that every traveller adds to; people trust the tallest one.
//! Here the stones are blocks, and the travellers are nodes that alternate between mining a
//! thousand nonces and listening for a second.
//!
//! The modules are listed in reading order, and each uses only those above it. The book in
//! the repository's folder `book/` builds a network from an empty folder and then explains
//! this one: its first chapter is `book/src/five-minutes.md`.
//!
//! First what a block is and what makes it worth anything: [`hash`], [`target`],
//! [`block`] (chapter 1.1, `book/src/blocks.md`). To find one, search:
//!
//! ```
//! use cairn::block::{Block, GENESIS_HASH, Header, Nonce, Transaction};
//! use cairn::miner;
//! use cairn::target::Target;
//!
//! let header =
//!     Header { previous: GENESIS_HASH, timestamp: 1634700600, nonce: Nonce::in_lane(0, 0) };
//! let found = miner::search(&header, 0..100_000, Target::NETWORK).unwrap();
//! assert_eq!(found.nonce.counter(), 58_768);
//! # let block = Block { header: found, reward: Transaction::reward(7000) };
//! ```
//!
//! Blocks on top of each other are a chain if they keep the [`rules`] (chapter 1.2,
//! `book/src/chains.md`). A [`chain`] is its bytes, and only checking them can make one:
//!
//! ```
//! # use cairn::block::{Block, GENESIS_HASH, Header, Nonce, Transaction};
//! # use cairn::target::Target;
//! # let nonce = Nonce::in_lane(0, 58_768);
//! # let header = Header { previous: GENESIS_HASH, timestamp: 1634700600, nonce };
//! # let block = Block { header, reward: Transaction::reward(7000) };
//! use cairn::chain::Chain;
//! use cairn::rules::Rule;
//!
//! let mut bytes = [Block::genesis().to_bytes(), block.to_bytes()].concat();
//! let chain = Chain::from_bytes(bytes.clone(), Target::NETWORK).unwrap();
//! assert_eq!(chain.height(), 1);
//!
//! bytes[149 - 5] ^= 1; // the last byte of the nonce
//! let invalid = Chain::from_bytes(bytes, Target::NETWORK).unwrap_err();
//! assert_eq!(invalid.rule(), Rule::ProofOfWork);
//! ```
//!
//! The rest of the program searches and checks through [`fast`], which gives the same
//! answers as [`miner`] and [`rules`], but faster; you can read it later (chapter 1.8,
//! `book/src/speed.md`).
//!
//! Then how nodes behave (chapter 1.3, `book/src/nodes.md`): a [`peer`] sends what [`wire`]
//! describes, a [`node`] answers and reports it as an [`event`]. If a chain is longer than
//! a datagram, [`sync`] fetches it (chapter 1.6, `book/src/long-chains.md`). The node is a
//! state machine. The [`driver`] is the loop that gives it a clock and a link to its peers,
//! and [`config`] reads its settings. [`udp`] is one link, and [`faulty_link`] adds faults
//! to any link (a [`passage`] describes a datagram to an observer). A [`store`] keeps the
//! chain in a file, on a real [`disk`] or on [one that fails on demand](sim_disk) (chapter
//! 1.7, `book/src/disk.md`). [`sim`] runs many nodes at once, under a virtual clock and
//! with every kind of fault (chapter 1.4, `book/src/forks.md`). A [`throttle`] thins out
//! events that come too often.

#![forbid(unsafe_code)]

pub mod hash;
pub mod target;
pub mod block;
pub mod miner;
pub mod rules;
#[cfg(feature = "fast")]
pub mod fast;
#[cfg(not(feature = "fast"))]
#[path = "fast/absent.rs"]
pub mod fast;
pub(crate) mod pages;
pub mod chain;
pub mod peer;
pub mod wire;
pub mod passage;
pub mod event;
pub mod sync;
pub mod node;
pub mod store;
pub mod disk;
pub mod sim_disk;
pub mod config;
pub mod driver;
pub mod udp;
pub mod faulty_link;
pub mod reach;
pub mod advice;
pub mod words;
pub mod contacts;
pub mod metadata;
#[cfg(feature = "net")]
pub mod net;
pub mod network;
pub mod sim;
pub mod throttle;

#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "json")]
pub mod recording;
#[cfg(feature = "web")]
pub mod web;
