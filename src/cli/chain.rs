//! `cairn chain`: the blocks of a chain, and the verdict.

use std::fmt::Write;

use anyhow::Result;
use cairn::block::{Block, BlockBytes};
use cairn::chain::Chain;
use cairn::rules::{self, Tip};
use cairn::target::Target;

use super::{input, print};

/// Without `--all`, so many blocks are listed at either end of a longer chain.
const LISTED_AT_EITHER_END: usize = 10;

/// Show and check a chain
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Hexadecimal digits, a file, or - for standard input
    #[arg(value_name = "HEX|FILE")]
    input: Option<String>,
    /// Zero bits that each hash must begin with
    #[arg(long, value_name = "BITS", default_value_t = Target::NETWORK.zero_bits())]
    zero_bits: u8,
    /// List every block of a long chain
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let bytes = input::bytes(args.input.as_deref())?;
    let target = Target::from_zero_bits(args.zero_bits);
    let count = match rules::check(Tip::START, &bytes, target) {
        Ok(tip) => tip.count(),
        // The blocks before the bad one are good.
        Err(invalid) => invalid.height,
    };
    let (blocks, _) = bytes.as_chunks();
    print::text(list(&blocks[..count], args.all))?;
    let chain = Chain::from_bytes(bytes, target)?;
    print::line(format_args!(
        "valid: {} block{}, {} bytes, tip at height {}",
        chain.count(),
        if chain.count() == 1 { "" } else { "s" },
        chain.as_bytes().len(),
        chain.height(),
    ))
}

fn list(blocks: &[BlockBytes], all: bool) -> String {
    let mut text = String::new();
    let end = if all { blocks.len() } else { LISTED_AT_EITHER_END };
    let (first, rest) = blocks.split_at(end.min(blocks.len()));
    let (between, last) = rest.split_at(rest.len().saturating_sub(LISTED_AT_EITHER_END));
    describe(&mut text, 0, first);
    if !between.is_empty() {
        writeln!(text, "  … {} more, listed with --all …", between.len()).expect("room");
    }
    describe(&mut text, first.len() + between.len(), last);
    text
}

fn describe(text: &mut String, height: usize, blocks: &[BlockBytes]) {
    for (height, bytes) in (height..).zip(blocks) {
        let block = Block::from_bytes(bytes);
        let (hash, timestamp) = (block.hash(), block.header.timestamp);
        let receiver = block.reward.receiver;
        writeln!(text, "block {height}: {hash}  at {timestamp}  for {receiver}").expect("room");
    }
}
