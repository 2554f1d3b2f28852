//! `cairn chain`: the blocks of a chain, and the verdict.

use std::fmt::Write;

use anyhow::{Error, Result};
use cairn::block::{BLOCK_LEN, Block, BlockBytes};
use cairn::fast;
use cairn::rules::{self, Fault, Invalid, Tip};
use cairn::target::Target;

use super::progress::Progress;
use super::{input, print};

/// How many blocks are listed at either end of a longer chain, without `--all`.
const LISTED_AT_EITHER_END: usize = 10;

/// How many blocks are checked between two updates of the progress: some milliseconds.
const STRETCH: usize = 1 << 15;

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn chain 7000.chain                         the file of a node
  cairn break timestamp | cairn chain            see a rule refuse";

/// Show and check a chain
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
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
    check_first(&bytes)?;
    let (blocks, _) = bytes.as_chunks();
    let (count, checked) = check(blocks, Target::from_zero_bits(args.zero_bits));
    print::text(list(&blocks[..count], args.all))?;
    rules::whole_blocks(0, &bytes)?;
    checked?;
    print::line(format_args!(
        "valid: {count} block{}, {} bytes, tip at height {}",
        if count == 1 { "" } else { "s" },
        bytes.len(),
        count - 1,
    ))
}

/// Bytes that do not begin like a block are not a damaged chain, but something else.
fn check_first(bytes: &[u8]) -> Result<()> {
    match bytes.first() {
        Some(&found) if usize::from(found) != BLOCK_LEN => {
            let invalid = Invalid { height: 0, fault: Fault::Size { found } };
            Err(Error::from(invalid)
                .context("this is not a chain: a chain begins with the byte 75"))
        }
        _ => Ok(()),
    }
}

/// Checks blocks part by part and shows the progress: returns how many at the front are
/// valid, and what is wrong with the next.
fn check(blocks: &[BlockBytes], target: Target) -> (usize, Result<(), Invalid>) {
    let progress = Progress::new("checking", blocks.len());
    let mut tip = Tip::START;
    for stretch in blocks.chunks(STRETCH) {
        match fast::check(tip, stretch.as_flattened(), target) {
            Ok(next) => tip = next,
            Err(invalid) => return (invalid.height, Err(invalid)),
        }
        progress.done(tip.count());
    }
    (tip.count(), Ok(()))
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
