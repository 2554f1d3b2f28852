//! `cairn health`: whether a node answers, for containers, service managers and scripts.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use ureq::Agent;

use super::print;

/// The longest that a node may take to answer: a container's health check waits longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ask a node whether it is healthy; end with 1 if it does not answer
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cairn health                                   the first node of cairn up, on this machine
  cairn health --api http://127.0.0.1:6784       a node that cairn net --http started")]
pub(crate) struct Args {
    /// The URL of the node's API
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7001")]
    api: String,
}

/// The part of a node's status that is printed.
#[derive(Deserialize)]
struct Status {
    height: u64,
    state: String,
    paused: bool,
}

/// Says in a sentence what the node does, or fails with the reason why it cannot.
pub(crate) fn run(args: &Args) -> Result<()> {
    let api = args.api.trim_end_matches('/');
    let Status { height, state, paused } = ask(api)?;
    let doing = if paused { format!("{state}, mining is paused") } else { state };
    print::line(format_args!("the node at {api} is well: block {height}, {doing}"))
}

fn ask(api: &str) -> Result<Status> {
    let config = Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None).build();
    let asked = Agent::from(config).get(format!("{api}/node/status")).call();
    let mut answer = asked.with_context(|| {
        format!("cannot ask a node at {api}: start it with --http, or name its API with --api")
    })?;
    let status = answer.body_mut().read_json();
    status.with_context(|| format!("{api} answers, but is not a node of Cairn"))
}
