//! `cairn man` and `cairn completions`: generated from the command line's own description.

use anyhow::Result;
use clap::{Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use super::exit::Exit;
use super::print;

/// Print a man page, of cairn or of one of its commands
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cairn man | man -l -                           read it
  cairn man up > ~/.local/share/man/man1/cairn-up.1   install it")]
pub(crate) struct ManArgs {
    /// One of cairn's commands
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Print a script that completes cairn's commands and flags in a shell
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  source <(cairn completions bash)               in this shell
  cairn completions fish > ~/.config/fish/completions/cairn.fish")]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL")]
    shell: String,
}

/// Prints the man page of this command line, or of one of its commands.
pub(crate) fn man(args: &ManArgs, mut cairn: Command) -> Result<()> {
    cairn.build();
    let command = match &args.command {
        None => cairn,
        Some(name) => {
            let found = cairn.find_subcommand(name).cloned();
            found.ok_or_else(|| Exit::usage(format!("{name:?} is not a command of cairn")))?
        }
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page).expect("memory takes all");
    print::text(String::from_utf8_lossy(&page))
}

/// Prints the completions of this command line.
pub(crate) fn completions(args: &CompletionsArgs, mut cairn: Command) -> Result<()> {
    let shell = Shell::from_str(&args.shell, true).map_err(|_| {
        let shell = &args.shell;
        Exit::usage(format!("{shell:?}: write bash, elvish, fish, powershell or zsh"))
    })?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cairn, "cairn", &mut script);
    print::text(String::from_utf8_lossy(&script))
}
