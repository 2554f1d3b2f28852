//! `cairn net send`: a message to other nodes, through one that runs.

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use super::api::ApiFlags;
use crate::cli::print;

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn net send bob \"hello\"            to the node that calls itself bob
  cairn net send 3f9a \"hello\"           to the node whose identity begins with 3f9a
  cairn net send group:class \"hello\"    to the nodes of the group class
  cairn net send all \"hello\"            to all nodes";

/// Send a message to one node, a group or all, signed by your node that runs with --http
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A name, an identity or its beginning, group:NAME, or all
    to: String,
    /// One line of at most 1024 bytes
    msg: String,
    #[command(flatten)]
    api: ApiFlags,
}

#[derive(Deserialize)]
struct Sent {
    to: String,
    number: u64,
    neighbours: usize,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let body = json!({ "to": args.to, "msg": args.msg });
    let answer = args.api.post("/message", &body)?;
    let Sent { to, number, neighbours } = serde_json::from_value(answer)?;
    let plural = if neighbours == 1 { "" } else { "s" };
    print::line(format_args!(
        "sent message {number} to {to} through {neighbours} neighbour{plural}"
    ))
}
