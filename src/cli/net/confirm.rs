//! `cairn net confirm`: which nodes have a block, and how much weight they have.

use std::fmt::Write;

use anyhow::Result;
use cairn::advice::CAUTION;
use serde::Deserialize;
use serde_json::json;

use super::api::ApiFlags;
use crate::cli::print;

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn net confirm HASH                 ask all nodes about the block with this hash
  cairn net confirm HASH --json          the same as a line of JSON";

/// Ask all nodes whether they have a block, and weigh their answers by the last 100 blocks
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The block's hash
    hash: String,
    #[command(flatten)]
    api: ApiFlags,
    /// Print a line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Advice {
    blocks: usize,
    minimum_percent: u8,
    answered_percent: f64,
    confirmed_percent: f64,
    enough: bool,
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
struct Claim {
    id: String,
    name: Option<String>,
    account: u16,
    weight_percent: f64,
    counts: bool,
    height: Option<u64>,
    above: Option<u64>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let answer = args.api.post("/confirm", &json!({ "hash": args.hash }))?;
    match args.json {
        true => print::line(answer),
        false => print::text(text(&serde_json::from_value(answer)?)),
    }
}

/// The advice for people.
fn text(advice: &Advice) -> String {
    let mut text = String::new();
    let mut add = |line: std::fmt::Arguments| {
        writeln!(text, "{line}").expect("a string takes all");
    };
    for claim in &advice.claims {
        let name = claim.name.as_deref().map(|name| format!(", {name:?}")).unwrap_or_default();
        let says = match (claim.height, claim.above) {
            (Some(height), Some(above)) => format!("has it at height {height}, {above} above"),
            _ => "does not have it".to_owned(),
        };
        let Claim { id, account, weight_percent, .. } = claim;
        let counts = if claim.counts { "" } else { ": counts for nothing, others claim it too" };
        add(format_args!("{id}{name}: {says}"));
        add(format_args!("  account {account}, {weight_percent:.0} % of the weight{counts}"));
    }
    let Advice { blocks, minimum_percent, answered_percent, confirmed_percent, .. } = advice;
    add(format_args!(
        "{confirmed_percent:.0} % of the last {blocks} blocks' weight has it, {answered_percent:.0} % \
         has answered; {minimum_percent} % is wanted"
    ));
    if !advice.enough {
        add(format_args!("Too little weight has answered: ask again later."));
    }
    add(format_args!("{CAUTION}"));
    text
}
