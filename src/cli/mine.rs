//! `cairn mine`: the search for one block.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use cairn::block::{Block, GENESIS_HASH, Header, Nonce, Transaction};
use cairn::fast;
use cairn::hash::Hash;
use cairn::target::Target;

use super::{print, signals, threads};

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn mine --timestamp 1634700600              the block after genesis
  cairn mine --timestamp 1634700600 --zero-bits 20";

/// Search for the nonce of one block
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// When the search began, in Unix seconds
    #[arg(long, value_name = "SECONDS")]
    timestamp: u32,
    /// Hash of the block before, 64 hexadecimal digits [default: the genesis block's]
    #[arg(long, value_name = "HASH", default_value_t = GENESIS_HASH, hide_default_value = true)]
    previous: Hash,
    /// Zero bits that the hash must begin with
    #[arg(long, value_name = "BITS", default_value_t = Target::NETWORK.zero_bits())]
    zero_bits: u8,
    /// First nonce to try
    #[arg(long, value_name = "NONCE", default_value_t = 0,
          value_parser = clap::value_parser!(u64).range(..Nonce::COUNTER_END))]
    from: u64,
    /// How many nonces to try [default: all, 2^40]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    nonces: Option<u64>,
    /// Threads to search on
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = threads::parse)]
    threads: usize,
    /// The port that receives the reward
    #[arg(long, value_name = "PORT", default_value_t = 7000)]
    receiver: u16,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let start = Header {
        previous: args.previous,
        timestamp: args.timestamp,
        nonce: Nonce::in_lane(0, args.from),
    };
    let end = args.from.saturating_add(args.nonces.unwrap_or(u64::MAX)).min(Nonce::COUNTER_END);
    let target = Target::from_zero_bits(args.zero_bits);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    signals::on_stop(move || stopped.store(true, Ordering::Relaxed))?;
    let threads = args.threads;
    let found = fast::search_on_threads(&start, args.from..end, target, threads, &stop);
    let Some(header) = found else {
        if stop.load(Ordering::Relaxed) {
            bail!("stopped before a nonce was found");
        }
        bail!("no nonce from {} to {} meets {target}; try more with --nonces", args.from, end - 1);
    };
    let block = Block { header, reward: Transaction::reward(args.receiver) };
    print::text(format_args!(
        "nonce  {}\nhash   {}\nblock  {}\n",
        header.nonce,
        header.hash(),
        hex::encode(block.to_bytes())
    ))
}
