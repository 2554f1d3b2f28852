//! `cairn top` in a program that was built without the feature `top`.

use anyhow::Result;

use super::exit::Exit;

/// Watch a running network (this program was built without it)
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo run --release --features top -- top")]
pub(crate) struct Args {
    #[arg(long, hide = true, value_name = "URL")]
    api: Option<String>,
}

/// Says what is missing.
pub(crate) fn run(args: &Args) -> Result<()> {
    let _ = &args.api;
    Err(Exit::usage("cairn top needs the feature top: build with --features top"))
}
