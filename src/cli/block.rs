//! `cairn block`: a block's 75 bytes, field by field.

use std::fmt::Write;
use std::ops::Range;

use anyhow::Result;
use cairn::block::{self, Block, BlockBytes, field};
use cairn::rules::whole_blocks;

use super::exit::Exit;
use super::{input, print};

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn block                                    the genesis block
  cairn mine --timestamp 1634700600 | tail -c 151 | cairn block";

/// Show a block's 75 bytes field by field
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Hexadecimal digits, a file, or - for standard input [default: a pipe's content,
    /// else the genesis block]
    #[arg(value_name = "HEX|FILE")]
    input: Option<String>,
    /// Which of several blocks: 0 is the first [default: the last]
    #[arg(long, value_name = "HEIGHT")]
    at: Option<usize>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let bytes = match &args.input {
        Some(input) => input::bytes(Some(input))?,
        None => match input::from_pipe()? {
            Some(bytes) if !bytes.is_empty() => bytes,
            _ => Block::genesis().to_bytes().to_vec(),
        },
    };
    let blocks = whole_blocks(0, &bytes)?;
    let index = args.at.unwrap_or(blocks.len() - 1);
    let Some(block) = blocks.get(index) else {
        let last = blocks.len() - 1;
        return Err(Exit::usage(format!("there is no block {index}, the last is --at {last}")));
    };
    print::text(table(block))
}

/// The fields, a line each: position, name, bytes and meaning.
fn table(bytes: &BlockBytes) -> String {
    let block = Block::from_bytes(bytes);
    let nonce = block.header.nonce;
    let nonce_means = match nonce.lane() {
        0 => nonce.to_string(),
        lane => format!("lane {lane:#x}, counter {}", nonce.counter()),
    };
    let sender_means = match block.reward.sender {
        0 => "nobody: a reward".to_owned(),
        port => port.to_string(),
    };
    let one = |at: usize| at..at + 1;
    let rows: [(&str, Range<usize>, String); 8] = [
        ("size", one(field::SIZE), format!("{} bytes", bytes[field::SIZE])),
        ("version", one(field::VERSION), bytes[field::VERSION].to_string()),
        ("previous", field::PREVIOUS, "hash of the block before".into()),
        ("timestamp", field::TIMESTAMP, format!("{} Unix seconds", block.header.timestamp)),
        ("nonce", field::NONCE, nonce_means),
        ("counter", one(field::TRANSACTION_COUNTER), "of transactions".into()),
        ("sender", field::SENDER, sender_means),
        ("receiver", field::RECEIVER, block.reward.receiver.to_string()),
    ];
    let mut text = String::new();
    for (name, place, meaning) in rows {
        let last = place.end - 1;
        let at =
            if last == place.start { last.to_string() } else { format!("{}..{last}", place.start) };
        let value = hex::encode(&bytes[place]);
        writeln!(text, "{at:>6}  {name:<9}  {value:<64}  {meaning}").expect("a string takes all");
    }
    let hash = block::hash(bytes);
    writeln!(text, "        hash       {hash}  of bytes 1..69, twice SHA-256")
        .expect("a string takes all");
    text
}
