//! A block, and its metadata.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::block;
use crate::hash::Hash;
use crate::metadata::entry::{Refused, Temperature, Value};
use crate::node::Node;

use super::book::{Entry, Origin};
use super::moment::Moment;
use super::peers::Peer;
use super::problem::Problem;
use super::shared::Shared;

/// How many hashes are compared while the loop waits, well within a millisecond.
const SEARCHED_AT_ONCE: usize = 20_000;

/// A block, field by field.
#[derive(Serialize, ToSchema)]
pub(super) struct Block {
    #[schema(example = 1)]
    height: usize,
    hash: String,
    /// Hash of the block before.
    previous: String,
    /// Unix seconds.
    #[schema(example = 1634700600)]
    timestamp: u32,
    /// The whole nonce: decimal below 2^64, else hexadecimal.
    #[schema(example = "58768")]
    nonce: String,
    /// The nonce's lane: the range of nonces that its miner searched.
    #[schema(example = "0x0")]
    lane: String,
    /// The nonce's place in the lane.
    #[schema(example = 58768)]
    counter: u64,
    /// The sender: 0, nobody.
    #[schema(example = 0)]
    sender: u16,
    /// The receiver: the miner's port.
    #[schema(example = 7000)]
    receiver: u16,
    /// Whether it is on our chain, or was abandoned.
    on_chain: bool,
    /// The 75 bytes, in hexadecimal.
    bytes: String,
}

/// What this node knows of a block besides its bytes.
#[derive(Serialize, ToSchema)]
pub(super) struct Metadata {
    #[schema(example = 1)]
    height: usize,
    hash: String,
    on_chain: bool,
    /// Blocks on our chain from this one on, itself included; 0 for an abandoned block.
    #[schema(example = 12)]
    confirmations: usize,
    #[serde(flatten)]
    seen: Seen,
    /// How often it was requested here, this time included; null for a block that is not
    /// among the last 10,000.
    #[schema(example = 3)]
    asked: Option<u64>,
    /// `cold`, `warm` or `hot`: how much it is used, or the temperature that was set.
    #[schema(example = "cold")]
    temperature: &'static str,
    /// Its known holders: this node, peers by their datagrams, and those in statements.
    #[schema(example = json!(["127.0.0.1:7000"]))]
    holders: Vec<String>,
}

/// When a block came and went, and from whom.
#[derive(Serialize, ToSchema)]
pub(super) struct Seen {
    /// Who sent it to us first: a peer's address, `self` if we mined it, null if that is
    /// not known.
    #[schema(example = "127.0.0.1:8000")]
    announced_by: Option<String>,
    /// When it came, in Unix milliseconds.
    first_seen_ms: Option<u64>,
    /// When it left our chain, in Unix milliseconds.
    pub(super) abandoned_ms: Option<u64>,
}

/// A block
#[utoipa::path(get, path = "/blocks/{id}", tag = "blocks",
    params(("id" = String, Path, description = "Height or hash.")),
    responses((status = 200, body = Block)))]
pub(super) async fn block(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Block>, Problem> {
    let block = find(&shared, id?, |entry, _| Block::of(entry)).await?;
    if let Ok(hash) = block.hash.parse() {
        shared.metadata.read(hash, Moment::now().ms());
    }
    Ok(Json(block))
}

/// What this node knows of a block besides its bytes
#[utoipa::path(get, path = "/blocks/{id}/metadata", tag = "blocks",
    params(("id" = String, Path, description = "Height or hash.")),
    responses((status = 200, body = Metadata)))]
pub(super) async fn metadata(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Metadata>, Problem> {
    let mut metadata = find(&shared, id?, Metadata::of).await?;
    metadata.add_statements(&shared);
    Ok(Json(metadata))
}

/// The hash of the block with this id, if it is indexed.
pub(super) fn hash_of(shared: &Shared, Path(id): Path<String>) -> Result<Hash, Problem> {
    let id = Id::parse(&id)?;
    let view = shared.view.borrow();
    match id {
        Id::Hash(hash) => Ok(hash),
        Id::Height(height) if height > view.height => Err(above(height, view.height)),
        Id::Height(height) => {
            let unknown = Refused::UnknownBlock;
            let entry = view.book.at(height).ok_or_else(|| Problem::not_found(unknown));
            entry.map(|entry| entry.hash)
        }
    }
}

/// Gives the block with this id and the tip's height to `shape`; counts the request.
async fn find<T: Send + 'static>(
    shared: &Shared,
    Path(id): Path<String>,
    shape: fn(&Entry, usize) -> T,
) -> Result<T, Problem> {
    let id = Id::parse(&id)?;
    let unindexed = {
        let view = shared.view.borrow();
        let entry = match id {
            Id::Height(height) => view.book.at(height),
            Id::Hash(hash) => view.book.by_hash(&hash),
        };
        if let Some(entry) = entry {
            entry.ask();
            return Ok(shape(entry, view.height));
        }
        if let Id::Height(height) = id
            && height > view.height
        {
            return Err(above(height, view.height));
        }
        view.book.start()
    };
    let height = match id {
        Id::Height(height) => Some(height),
        Id::Hash(hash) => search(shared, hash, unindexed).await?,
    };
    let Some(height) = height else {
        return Err(Problem::not_found(
            "no block of this hash, neither on the chain nor beside it",
        ));
    };
    let read = move |node: &Node| {
        let tip = node.chain().height();
        read(node, height..=height).next().map(|entry| shape(&entry, tip)).ok_or(tip)
    };
    shared.look(read).await?.map_err(|tip| above(height, tip))
}

fn above(height: usize, tip: usize) -> Problem {
    Problem::not_found(format_args!("no block {height}: the tip is at height {tip}"))
}

/// Searches the blocks below `end`, which are not indexed, from the last to the first.
async fn search(shared: &Shared, hash: Hash, mut end: usize) -> Result<Option<usize>, Problem> {
    while end > 0 {
        let start = end.saturating_sub(SEARCHED_AT_ONCE);
        let look = move |node: &Node| {
            (start..end).rev().find(|height| node.chain().hash_at(*height) == Some(hash))
        };
        let found = shared.look(look).await?;
        if found.is_some() {
            return Ok(found);
        }
        end = start;
    }
    Ok(None)
}

/// The blocks at these heights that the chain has, read by the loop.
pub(super) fn read(node: &Node, heights: RangeInclusive<usize>) -> impl Iterator<Item = Entry> {
    let chain = node.chain();
    heights.map_while(|height| {
        let block = block::Block::from_bytes(chain.blocks().get(height)?);
        Some(Entry::unindexed(height, chain.hash_at(height)?, block))
    })
}

/// An id of a block.
#[derive(Clone, Copy)]
enum Id {
    Height(usize),
    Hash(Hash),
}

impl Id {
    fn parse(text: &str) -> Result<Id, Problem> {
        let id = match text.len() {
            length if length == 2 * Hash::LEN => text.parse().ok().map(Id::Hash),
            _ => text.parse().ok().map(Id::Height),
        };
        let wanted = "a block is named by its height or by the 64 hexadecimal digits of its hash";
        id.ok_or_else(|| Problem::bad_request(wanted))
    }
}

impl Block {
    pub(super) fn of(entry: &Entry) -> Block {
        let block::Header { previous, timestamp, nonce } = entry.block.header;
        Block {
            height: entry.height,
            hash: entry.hash.to_string(),
            previous: previous.to_string(),
            timestamp,
            nonce: nonce.to_string(),
            lane: format!("{:#x}", nonce.lane()),
            counter: nonce.counter(),
            sender: entry.block.reward.sender,
            receiver: entry.block.reward.receiver,
            on_chain: entry.is_on_chain(),
            bytes: hex::encode(entry.block.to_bytes()),
        }
    }
}

impl Metadata {
    fn of(entry: &Entry, tip: usize) -> Metadata {
        Metadata {
            height: entry.height,
            hash: entry.hash.to_string(),
            on_chain: entry.is_on_chain(),
            confirmations: if entry.is_on_chain() { tip + 1 - entry.height } else { 0 },
            seen: Seen::of(entry),
            asked: entry.asked(),
            temperature: Temperature::Cold.name(),
            holders: Vec::new(),
        }
    }

    /// The statements about the block besides what this node has seen.
    fn add_statements(&mut self, shared: &Shared) {
        let Ok(hash) = self.hash.parse() else { return };
        let (temperature, entries) = shared.metadata.of(&hash);
        self.temperature = temperature.name();
        let view = shared.view.borrow();
        let is_holder = |peer: &&Peer| peer.holds.is_some_and(|top| top >= self.height);
        let peers = view.peers.iter().filter(is_holder).map(|peer| peer.name.to_string());
        let seen = std::iter::once(shared.node.name.to_string()).chain(peers);
        let mut holders: BTreeSet<_> = seen.filter(|_| self.on_chain).collect();
        for entry in entries {
            if let Value::Location { holder, holds } = entry.value {
                if holds {
                    holders.insert(holder)
                } else {
                    holders.remove(&holder)
                };
            }
        }
        self.holders = holders.into_iter().collect();
    }
}

impl Seen {
    pub(super) fn of(entry: &Entry) -> Seen {
        let announced_by = match &entry.origin {
            Origin::Unknown => None,
            Origin::Us => Some("self".to_owned()),
            Origin::Peer(name) => Some(name.to_string()),
        };
        let &Entry { first_seen_ms, abandoned_ms, .. } = entry;
        Seen { announced_by, first_seen_ms, abandoned_ms }
    }
}
