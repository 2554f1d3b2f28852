//! `cairn net status`: the state of a running node, and how others reach it.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use cairn::event::as_flag;
use serde::Deserialize;

use crate::cli::ask::Client;
use crate::cli::print;

/// Say how others reach a running node, and what to do if they cannot
#[derive(clap::Args)]
pub(super) struct Args {
    /// The URL of the API of a node that runs with --http
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:6784")]
    api: String,
}

#[derive(Deserialize)]
struct Info {
    name: String,
}

#[derive(Deserialize)]
struct Status {
    height: u64,
    time_ms: u64,
}

#[derive(Deserialize)]
struct Peers {
    known: Option<Known>,
}

#[derive(Deserialize)]
struct Known {
    contacts: Vec<Contact>,
}

#[derive(Deserialize)]
struct Contact {
    id: String,
    name: Option<String>,
    status: String,
    relayed: Option<bool>,
    path: Option<String>,
}

#[derive(Deserialize)]
struct Reach {
    ways: Vec<Way>,
    advice: Option<String>,
}

#[derive(Deserialize)]
struct Way {
    words: String,
    since: Option<u64>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let (client, url) = (Client::new(), args.api.trim_end_matches('/'));
    let info: Info = client.get(url, "/node/info").with_context(|| {
        format!("no node answers at {url}: start one with cairn net --http, or name it with --api")
    })?;
    let reach = client.get(url, "/node/reach").context("this is not a node of cairn net")?;
    let status = client.get(url, "/node/status")?;
    let peers: Peers = client.get(url, "/node/peers")?;
    let contacts = peers.known.map(|known| known.contacts).unwrap_or_default();
    print::text(text(&info, &status, &reach, &contacts))
}

fn text(info: &Info, status: &Status, reach: &Reach, contacts: &[Contact]) -> String {
    let mut text = format!("node {} at block {}\nothers reach it\n", info.name, status.height);
    let mut line =
        |line: std::fmt::Arguments| writeln!(text, "{line}").expect("a string takes all");
    for way in &reach.ways {
        let age = |since: u64| Duration::from_secs((status.time_ms / 1_000).saturating_sub(since));
        let age = way.since.map(|since| format!(", for {}", as_flag(age(since))));
        line(format_args!("  {}{}", way.words, age.unwrap_or_default()));
    }
    if reach.ways.is_empty() {
        line(format_args!("  not at all"));
    }
    if let Some(advice) = &reach.advice {
        line(format_args!("nobody outside the local network reaches it: {advice}"));
    }
    let connected = contacts.iter().filter(|contact| contact.status == "connected");
    line(format_args!(
        "connections: {}, peers known: {}",
        connected.clone().count(),
        contacts.len()
    ));
    for contact in connected {
        let name = contact.name.as_deref().map(|name| format!(" {name:?}")).unwrap_or_default();
        let path = contact.path.as_deref().unwrap_or("a way that is not known yet");
        let how = if contact.relayed == Some(true) { "through the relay" } else { "directly at" };
        line(format_args!("  {}{name} {how} {path}", contact.id));
    }
    text
}
