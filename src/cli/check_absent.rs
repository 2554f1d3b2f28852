//! `cairn check` in a program that was built without the feature `console`, or for a system
//! other than Unix.

use anyhow::Result;

use super::exit::Exit;

/// Test your own program against an exercise (this program was built without it)
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(hide = true)]
    arguments: Vec<String>,
}

/// Says what is missing.
pub(crate) fn run(args: &Args) -> Result<()> {
    let _ = &args.arguments;
    Err(Exit::usage("cairn check needs Unix and the feature console, which is on by default"))
}
