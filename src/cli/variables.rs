//! Flags that can also be set in the environment, or in the file `.env`: those of rates,
//! bans, batches and sessions.

use std::env;
use std::path::Path;

use cairn::config::{ENV_FILE, setting};
use clap::{Arg, Command};

/// These flags; `--http-rate` is `CAIRN_HTTP_RATE`.
const FLAGS: [&str; 15] = [
    "ban",
    "ban-at",
    "batch-attempts",
    "batch-bytes",
    "batch-delay",
    "batch-entries",
    "batch-interval",
    "forgive",
    "http-at",
    "http-burst",
    "http-key",
    "http-rate",
    "http-refusal",
    "http-session",
    "longest-ban",
];

/// The command, in which the found values are the defaults of these flags.
pub(super) fn with_variables(command: Command) -> Command {
    command.mut_subcommands(|command| command.mut_args(with_variable))
}

fn with_variable(arg: Arg) -> Arg {
    match arg.get_long().filter(|flag| FLAGS.contains(flag)).and_then(value) {
        Some(value) => arg.default_value(value),
        None => arg,
    }
}

/// The value of a flag outside the command line.
fn value(flag: &str) -> Option<String> {
    let name = format!("CAIRN_{}", flag.to_uppercase().replace('-', "_"));
    let found = env::var(&name).ok().or_else(|| setting(&name, Path::new(ENV_FILE)));
    found.filter(|value| !value.trim().is_empty())
}
