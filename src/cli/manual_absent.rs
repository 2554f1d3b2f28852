//! `cairn man` and `cairn completions` in a program that was built without the feature
//! `manual`.

use anyhow::Result;
use clap::Command;

use super::exit::Exit;

/// Print a man page (this program was built without them)
#[derive(clap::Args)]
pub(crate) struct ManArgs {
    #[arg(hide = true)]
    command: Option<String>,
}

/// Print completions for a shell (this program was built without them)
#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    #[arg(hide = true)]
    shell: Option<String>,
}

/// Reports the missing feature.
pub(crate) fn man(args: &ManArgs, _cairn: Command) -> Result<()> {
    let _ = &args.command;
    Err(missing("man"))
}

/// Reports the missing feature.
pub(crate) fn completions(args: &CompletionsArgs, _cairn: Command) -> Result<()> {
    let _ = &args.shell;
    Err(missing("completions"))
}

fn missing(command: &str) -> anyhow::Error {
    Exit::usage(format!("cairn {command} needs the feature manual: build with --features manual"))
}
