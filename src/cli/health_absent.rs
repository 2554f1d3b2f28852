//! `cairn health` in a program that was built without the feature `client`.

use anyhow::Result;

use super::exit::Exit;

/// Ask a node whether it is healthy (this program was built without it)
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo run --release --features client -- health")]
pub(crate) struct Args {
    #[arg(long, hide = true, value_name = "URL")]
    api: Option<String>,
}

/// Says what is missing.
pub(crate) fn run(args: &Args) -> Result<()> {
    let _ = &args.api;
    Err(Exit::usage("cairn health needs the feature client: build with --features client"))
}
