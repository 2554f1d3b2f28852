//! The search for a nonce, for workers, and functions that tests compare with the native
//! program.

use cairn::block::{Block, BlockBytes, Header, Nonce};
use cairn::sim::Scenario;
use cairn::target::Target;
use cairn::{fast, miner};
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::*;

/// A search for a block's nonce, in parts.
#[wasm_bindgen]
pub struct Mining {
    block: Block,
    target: Target,
    next: u64,
}

#[wasm_bindgen]
impl Mining {
    /// Searches for the nonce of this block, with counters from zero on.
    ///
    /// # Errors
    /// `block` does not have the length of a block.
    #[wasm_bindgen(constructor)]
    pub fn new(block: &[u8], zero_bits: u8) -> Result<Mining, String> {
        let block: &BlockBytes = block.try_into().map_err(|_| "a block has 75 bytes")?;
        let (block, target) = (Block::from_bytes(block), Target::from_zero_bits(zero_bits));
        Ok(Mining { block, target, next: 0 })
    }

    /// Begins with this counter instead of zero.
    #[wasm_bindgen(js_name = startAt)]
    pub fn start_at(&mut self, counter: f64) {
        self.next = counter as u64;
    }

    /// The number of nonces tried.
    #[wasm_bindgen(getter)]
    pub fn tries(&self) -> f64 {
        self.next as f64
    }

    /// Tries `count` more nonces; returns the block if a hash was low enough.
    pub fn run(&mut self, count: u32) -> Option<Vec<u8>> {
        self.search(count, fast::search)
    }

    /// The same with the plain loop, for comparison.
    #[wasm_bindgen(js_name = runPlainly)]
    pub fn run_plainly(&mut self, count: u32) -> Option<Vec<u8>> {
        self.search(count, miner::search)
    }

    fn search(&mut self, count: u32, search: Search) -> Option<Vec<u8>> {
        let end = Nonce::COUNTER_END.min(self.next + u64::from(count));
        let header = search(&self.block.header, self.next..end, self.target);
        self.next = header.map_or(end, |header| header.nonce.counter() + 1);
        Some(Block { header: header?, ..self.block }.to_bytes().to_vec())
    }
}

type Search = fn(&Header, std::ops::Range<u64>, Target) -> Option<Header>;

/// The SHA-256 of the output of `cairn sim --seed SEED --trace`.
#[wasm_bindgen(js_name = traceHash)]
pub fn trace_hash(seed: u64) -> String {
    let mut hash = Sha256::new();
    let outcome = Scenario::campaign(seed).run(Some(&mut |line| {
        hash.update(line);
        hash.update("\n");
    }));
    hash.update(outcome.map_or_else(|failure| failure.to_string(), |report| report.to_string()));
    hash.update("\n");
    hex::encode(hash.finalize())
}
