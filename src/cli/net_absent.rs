//! `cairn net` in a program that was built without the feature `net`.

use std::ffi::OsString;

use anyhow::Result;

use super::exit::Exit;

/// Run a node among strangers (needs the feature net)
#[derive(clap::Args)]
#[command(
    disable_help_flag = true,
    after_help = "Examples:\n  cargo run --release --features net -- net"
)]
pub(crate) struct Args {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _any: Vec<OsString>,
}

/// Reports the missing feature.
pub(crate) fn run(_args: Args) -> Result<()> {
    Err(Exit::usage("cairn net needs the feature net: cargo install --path . --features net"))
}
