//! `cairn net id`: a node's identity, before it runs.

use std::path::PathBuf;

use anyhow::Result;
use cairn::net::key::Key;

use super::flags::in_use;
use crate::cli::print;

/// Print the identity of a node, and make its key if it has none
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cairn net id                                   the identity of the key in cairn.key
  cairn net --bootstrap $(cairn net id --key other.key)@192.0.2.7:6783")]
pub(super) struct Args {
    /// The file of the node's key, made if it is missing
    #[arg(long, value_name = "FILE", default_value = "cairn.key")]
    key: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<()> {
    print::line(Key::open(&args.key).map_err(in_use)?.name())
}
