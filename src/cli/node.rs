//! `cairn node`: one node of the network.

use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};
use cairn::config::{NODE_PORTS, parse_duration};
use cairn::node::{Node, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;

use super::address::{bind, elsewhere, reachable};
use super::drive::{Parts, RunFlags, drive};
use super::exit::Exit;
use super::keeper::Keeper;
use super::pace::Pace;

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn node 7000                                one of three: 8000 and 9000 in other terminals
  cairn node 7000 --http                         with the page at http://127.0.0.1:7001/
  cairn node 7000 --data 7000.chain              keep the chain in a file
  cairn node 7000 --ip 192.168.1.10 --peer 192.168.1.11:7000   on two machines
  cairn node 7000 --json --for 10s               events for programs";

/// Run one node
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The node's port: 7000, 8000 or 9000; with --peer any port, or 0 for a free one
    #[arg(value_name = "PORT")]
    port: Option<String>,
    /// A peer to send to, instead of the fixed three; may be repeated
    #[arg(long = "peer", value_name = "HOST:PORT")]
    peers: Vec<String>,
    #[command(flatten)]
    pace: Pace,
    /// How long to listen between two turns of mining, such as 200ms, 1s or 2m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    listen: Duration,
    #[command(flatten)]
    run: RunFlags,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let port = port(&args)?;
    let ip = args.pace.node_ip()?;
    let peers = peers(&args, ip.value, port)?;
    let mut socket = bind(&ip, port, "choose another port")?;
    let address = socket.local_addr().context("a bound socket has an address")?;
    let others = peers.into_iter().filter(|peer| *peer != address).map(PeerName::new).collect();
    let settings = Settings {
        nonces: args.pace.effort.nonces,
        listen: args.listen,
        seed: args.pace.effort.seed()?,
        ..Settings::tutorial(PeerName::new(address), address.port(), others)
    };
    let target = Target::from_zero_bits(args.pace.effort.zero_bits);
    let (keeper, chain) = Keeper::open(args.run.data.as_deref(), target, settings.port)?;
    let threads = args.pace.effort.threads;
    let parts = Parts {
        link: &mut socket,
        node: Node::new(settings, chain),
        keeper,
        threads,
        commands: mpsc::channel(),
    };
    drive(&args.run, parts, &mut |_, _| {})
}

/// The port to bind. Without `--peer` it must be one of the network's.
fn port(args: &Args) -> Result<u16> {
    let [first, second, third] = NODE_PORTS;
    let Some(text) = &args.port else {
        return Err(no_port(args));
    };
    let Ok(number) = text.parse::<i128>() else {
        return Err(Exit::usage(format!("{text:?} is not a port: type cairn node {first}")));
    };
    match u16::try_from(number) {
        Ok(port) if !args.peers.is_empty() || NODE_PORTS.contains(&port) => Ok(port),
        Err(_) => Err(Exit::usage(format!(
            "{number} is not a port: type one of {first}, {second} and {third}"
        ))),
        Ok(_) => {
            let nearest = NODE_PORTS.iter().min_by_key(|port| (i128::from(**port) - number).abs());
            let nearest = nearest.expect("the network has ports");
            Err(Exit::usage(format!(
                "port {number} is not one of the network's: type cairn node {nearest}, or name \
                 the nodes of your own network with --peer HOST:PORT"
            )))
        }
    }
}

fn no_port(args: &Args) -> anyhow::Error {
    let [first, second, third] = NODE_PORTS;
    Exit::usage(match args.run.http.port() {
        Some(http) if NODE_PORTS.contains(&http) => format!(
            "no port given for the node, as --http took {http}: type cairn node {http} --http"
        ),
        _ => format!(
            "no port given: type cairn node {first}, and {second} and {third} in other terminals"
        ),
    })
}

/// The peers to send to.
fn peers(args: &Args, ip: IpAddr, port: u16) -> Result<Vec<SocketAddr>> {
    if args.peers.is_empty() {
        let host = reachable(ip);
        let others = NODE_PORTS.into_iter().filter(|other| *other != port);
        return Ok(others.map(|port| SocketAddr::from((host, port))).collect());
    }
    elsewhere(&args.peers, ip)
}
