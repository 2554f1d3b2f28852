//! Searches that workers do.

use std::ops::Range;

use cairn::block::{Block, Transaction};
use cairn::node::Search;
use cairn::peer::PeerName;
use wasm_bindgen::prelude::*;

/// A search that a node has asked for.
#[wasm_bindgen]
pub struct Asked {
    pub(crate) node: PeerName,
    pub(crate) search: Search,
}

#[wasm_bindgen]
impl Asked {
    /// The node that asked.
    #[wasm_bindgen(getter)]
    pub fn node(&self) -> String {
        self.node.to_string()
    }

    /// A block with the header to vary.
    #[wasm_bindgen(getter)]
    pub fn block(&self) -> Vec<u8> {
        Block { header: self.search.header, reward: Transaction::reward(0) }.to_bytes().to_vec()
    }

    /// The first counter to try.
    #[wasm_bindgen(getter)]
    pub fn start(&self) -> f64 {
        self.search.counters.start as f64
    }

    /// How many counters to try.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> u32 {
        let Range { start, end } = self.search.counters;
        u32::try_from(end - start).unwrap_or(u32::MAX)
    }
}
