//! `cairn break`: chains that break one rule each, to see it refuse them.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use byteorder::{BigEndian, ByteOrder};
use cairn::block::{self, Block, BlockBytes, Header, Nonce, Transaction, field};
use cairn::hash::Hash;
use cairn::node::MAX_AHEAD_SECONDS;
use cairn::rules::Rule;
use cairn::target::Target;

use super::exit::Exit;
use super::print;

/// The rule of admission, which belongs to the node and not to the chain.
const FUTURE: &str = "future";

/// When the second block of our chains was mined, unless its date breaks the rule.
const TIMESTAMP: u32 = 1_634_700_600;

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn break --list                             the rules, by name
  cairn break proof-of-work | cairn chain        see one refuse
  cairn break timestamp | cairn send - --to 7000 see a node refuse it";

/// Print a chain that breaks one rule
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The rule to break
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// List all rules
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match args.rule.as_deref() {
        _ if args.list => print::text(listing()),
        None => Err(Exit::usage("no rule given: cairn break --list names them")),
        Some(FUTURE) => print::line(hex::encode(from_the_future())),
        Some(name) => match name.parse() {
            Ok(rule) => print::line(hex::encode(broken(rule))),
            Err(error) => Err(Exit::usage(format!("{error}: cairn break --list names them"))),
        },
    }
}

fn listing() -> String {
    let rows = Rule::ALL.iter().map(|rule| format!("{rule:<16} {}\n", rule.demand()));
    let future = format!(
        "{FUTURE:<16} a block from a peer is at most {} hours ahead of our clock; no matter \
         for cairn chain\n",
        MAX_AHEAD_SECONDS / 3600
    );
    rows.chain([future]).collect()
}

/// Two blocks that break only `rule`.
fn broken(rule: Rule) -> Vec<u8> {
    let mut genesis = Block::genesis().to_bytes();
    let mut second = second_block(TIMESTAMP);
    match rule {
        Rule::WholeBlocks => {
            let bytes = [genesis, second].concat();
            return bytes[..bytes.len() - 1].to_vec();
        }
        Rule::Size => second[field::SIZE] = 74,
        Rule::Version => {
            second[field::VERSION] = 1;
            mine(&mut second);
        }
        Rule::OneTransaction => second[field::TRANSACTION_COUNTER] = 0,
        Rule::Sender => BigEndian::write_u16(&mut second[field::SENDER], 8000),
        Rule::Genesis => BigEndian::write_u16(&mut genesis[field::RECEIVER], 9000),
        Rule::PreviousHash => {
            second[field::PREVIOUS].copy_from_slice(Hash::of(b"another block").as_bytes());
            mine(&mut second);
        }
        Rule::ProofOfWork => {
            let nonce = Block::from_bytes(&second).header.nonce;
            let before = nonce.with_counter(nonce.counter() - 1);
            second[field::NONCE].copy_from_slice(before.as_bytes());
        }
        Rule::Timestamp => second = second_block(Block::genesis().header.timestamp - 1),
    }
    [genesis, second].concat()
}

/// Two valid blocks, the second dated an hour later than a node admits.
fn from_the_future() -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = u32::try_from(now).unwrap_or(u32::MAX);
    let timestamp = now.saturating_add(MAX_AHEAD_SECONDS + 3600);
    [Block::genesis().to_bytes(), second_block(timestamp)].concat()
}

/// A valid block on top of genesis.
fn second_block(timestamp: u32) -> BlockBytes {
    let header = Header { previous: block::GENESIS_HASH, timestamp, nonce: Nonce::in_lane(0, 0) };
    let mut bytes = Block { header, reward: Transaction::reward(7000) }.to_bytes();
    mine(&mut bytes);
    bytes
}

/// Searches for a nonce that gives these bytes proof of work, whether they are valid or
/// not.
fn mine(block: &mut BlockBytes) {
    let nonce = Nonce::in_lane(0, 0);
    let mut counters = 0..Nonce::COUNTER_END;
    while !Target::NETWORK.is_met_by(&block::hash(block)) {
        let counter = counters.next().expect("there is proof of work among 2^40 nonces");
        block[field::NONCE].copy_from_slice(nonce.with_counter(counter).as_bytes());
    }
}
