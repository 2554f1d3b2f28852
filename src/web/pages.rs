//! Ranges of the chain, and the branches beside it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::hash::Hash;
use crate::node::Node;

use super::blocks::{Block, Seen, read};
use super::book::Entry;
use super::problem::Problem;
use super::shared::Shared;

/// Blocks in a page of the chain: the default, and the most.
const CHAIN_PAGE: (usize, usize) = (50, 500);

/// Heights in a page of the tree: the default, and the most.
const TREE_PAGE: (usize, usize) = (100, 1_000);

/// A range of the chain, or of the tree, which has all branches too.
#[derive(Serialize, ToSchema)]
pub(super) struct Stretch<B> {
    /// Height of the chain's tip.
    #[schema(example = 12)]
    height: usize,
    /// Hash of the tip.
    tip: String,
    /// The lowest height in this page.
    from: usize,
    /// By height, the chain's own blocks first.
    blocks: Vec<B>,
    /// The start of the next page; null on the last.
    next: Option<usize>,
}

/// A block in the tree.
#[derive(Serialize, ToSchema)]
pub(super) struct TreeBlock {
    #[schema(example = 1)]
    height: usize,
    hash: String,
    /// Hash of the block before.
    previous: String,
    /// Unix seconds.
    #[schema(example = 1634700600)]
    timestamp: u32,
    /// The miner's port.
    #[schema(example = 7000)]
    receiver: u16,
    on_chain: bool,
    #[serde(flatten)]
    seen: Seen,
}

/// The page to return.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The lowest height.
    from: Option<usize>,
    /// How many heights.
    limit: Option<usize>,
}

impl Page {
    fn limit(&self, (usual, most): (usize, usize)) -> Result<usize, Problem> {
        match self.limit.unwrap_or(usual) {
            limit if (1..=most).contains(&limit) => Ok(limit),
            limit => Err(Problem::bad_request(format_args!("limit {limit} is not 1 to {most}"))),
        }
    }
}

/// A range of the chain
#[utoipa::path(get, path = "/chain", tag = "blocks", params(Page),
    responses((status = 200, body = Stretch<Block>)))]
pub(super) async fn chain(
    State(shared): State<Arc<Shared>>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Stretch<Block>>, Problem> {
    let Query(page) = page?;
    let from = page.from.unwrap_or(0);
    let heights = from..=from.saturating_add(page.limit(CHAIN_PAGE)? - 1);
    {
        let view = shared.view.borrow();
        if from >= view.book.start() {
            let entries = heights.map_while(|height| view.book.at(height));
            let blocks = entries.map(Block::of).collect();
            return Ok(Json(chain_page(view.height, view.tip, from, blocks)));
        }
    }
    // These are older than the index, so the loop reads them.
    let read = move |node: &Node| {
        let blocks = read(node, heights).map(|entry| Block::of(&entry)).collect();
        chain_page(node.chain().height(), node.chain().tip_hash(), from, blocks)
    };
    shared.look(read).await.map(Json)
}

/// A range of the chain, and the branches that this node has seen and abandoned
///
/// It covers the chain's last 10,000 blocks, and the last 1,000 abandoned blocks; by
/// default the last 100 heights.
#[utoipa::path(get, path = "/tree", tag = "blocks", params(Page),
    responses((status = 200, body = Stretch<TreeBlock>)))]
pub(super) async fn tree(
    State(shared): State<Arc<Shared>>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Stretch<TreeBlock>>, Problem> {
    let Query(page) = page?;
    let limit = page.limit(TREE_PAGE)?;
    let view = shared.view.borrow();
    let book = &view.book;
    let from = page.from.unwrap_or(book.end().saturating_sub(limit)).max(book.start());
    let end = from.saturating_add(limit);
    let main = (from..end.min(book.end())).filter_map(|height| book.at(height));
    let abandoned = book.abandoned().filter(|entry| (from..end).contains(&entry.height));
    let mut blocks: Vec<_> = main.chain(abandoned).map(TreeBlock::of).collect();
    blocks.sort_by_key(|block| (block.height, block.seen.abandoned_ms));
    let next = (end < book.end()).then_some(end);
    Ok(Json(Stretch { height: view.height, tip: view.tip.to_string(), from, blocks, next }))
}

impl TreeBlock {
    fn of(entry: &Entry) -> TreeBlock {
        TreeBlock {
            height: entry.height,
            hash: entry.hash.to_string(),
            previous: entry.block.header.previous.to_string(),
            timestamp: entry.block.header.timestamp,
            receiver: entry.block.reward.receiver,
            on_chain: entry.is_on_chain(),
            seen: Seen::of(entry),
        }
    }
}

fn chain_page(height: usize, tip: Hash, from: usize, blocks: Vec<Block>) -> Stretch<Block> {
    let end = from.saturating_add(blocks.len());
    let next = (!blocks.is_empty() && end <= height).then_some(end);
    Stretch { height, tip: tip.to_string(), from, blocks, next }
}
