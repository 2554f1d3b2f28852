//! `cairn net`: a node among strangers, over the open network.

mod outside;
mod flags;
mod id;
mod notes;
mod delivery;
mod many;
mod status;
#[cfg(feature = "relay")]
mod relay_server;
#[cfg(not(feature = "relay"))]
#[path = "relay_server_absent.rs"]
mod relay_server;

mod patterns;
mod api;
mod send;
mod confirm;

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Result;
use cairn::config::{Found, Source, parse_duration};
use cairn::driver::Command;
use cairn::net::{self, Network};
use cairn::node::{self, Node};
use cairn::target::Target;

use self::flags::{Listen, NetFlags, node_settings};
use self::notes::notes;
use super::address::{bind, reachable};
use super::drive::{Parts, RunFlags, drive};
use super::keeper::Keeper;
use super::pace::Effort;

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn net                                      with the nodes of the local network
  cairn net --bootstrap ID@HOST:PORT             with the peers that this node knows
  cairn net --introduce                          only introduce others to each other
  cairn net id                                   print the identity of this node, without running it
  cairn net --nodes 30                           thirty strangers on this machine, with the page
  cairn net --relay-server                       a relay for nodes behind routers
  cairn net --relay relay+FINGERPRINT@HOST:PORT --bootstrap ID@relay
  cairn net status                               how others reach the node that runs with --http
  cairn net send bob hello                       a message, through your node that runs with --http
  cairn net confirm HASH                         which nodes have this block, and their weight
  cairn net patterns --nodes 30                  measure how messages and blocks spread";

/// Run a node among strangers: nodes find each other and prove their identity
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    errand: Option<Errand>,
    #[command(flatten)]
    listen_at: Listen,
    #[command(flatten)]
    net: NetFlags,
    #[command(flatten)]
    effort: Effort,
    /// How long to listen between two turns of mining, such as 200ms, 1s or 2m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    listen: Duration,
    #[command(flatten)]
    run: RunFlags,
    /// Run this many strangers on this machine, each with a page, and report how blocks spread
    #[arg(long, value_name = "COUNT",
          conflicts_with_all = ["Listen", "OwnFlags", "LanFlags", "LimitFlags", "ListFlags",
                                "BanFlags", "BatchFlags"])]
    nodes: Option<usize>,
    /// Run only a relay for nodes behind routers [default: on all addresses, port 6785]
    #[arg(long, value_name = "PORT|IP:PORT", num_args = 0..=1, default_missing_value = "",
          conflicts_with_all = ["Listen", "OwnFlags", "LanFlags", "LimitFlags", "ListFlags",
                                "OutsideFlags", "BanFlags", "BatchFlags", "Effort", "nodes"])]
    relay_server: Option<String>,
    /// The file of the relay's certificate and key, made at its first start
    #[arg(long, value_name = "FILE", default_value = "cairn-relay.pem", requires = "relay_server")]
    relay_key: PathBuf,
}

/// What `cairn net` does besides running nodes.
#[derive(clap::Subcommand)]
enum Errand {
    Id(id::Args),
    Status(status::Args),
    Send(send::Args),
    Confirm(confirm::Args),
    Patterns(patterns::Args),
}

pub(crate) fn run(mut args: Args) -> Result<()> {
    match &args.errand {
        Some(Errand::Id(args)) => return id::run(args),
        Some(Errand::Status(args)) => return status::run(args),
        Some(Errand::Send(args)) => return send::run(args),
        Some(Errand::Confirm(args)) => return confirm::run(args),
        Some(Errand::Patterns(args)) => return patterns::run(args),
        None => {}
    }
    if let Some(listen) = &args.relay_server {
        return relay_server::run(listen, &args.relay_key, args.run.time);
    }
    if let Some(count) = args.nodes {
        return many::run(&args, count);
    }
    let address = args.listen_at.address();
    check_free(address)?;
    let seed = args.effort.seed()?;
    let settings = args.net.settings(&args.listen_at, &args.effort, seed)?;
    let relays = settings.relays.clone();
    let account = settings.account.expect("it has at least the one of its key");
    let is_introducer = settings.policy.is_introducer;
    let (network, mut link) = net::start(settings, notes())?;
    let settings = node_settings(&network, account, &args.effort, args.listen, seed);
    let target = Target::from_zero_bits(args.effort.zero_bits);
    let (keeper, chain) = Keeper::open(args.run.data.as_deref(), target, settings.port)?;
    args.run.http.show(network.contacts().clone(), network.metadata().clone());
    eprintln!("note: others reach this node with --bootstrap {}", bootstrap(&network));
    for relay in relays {
        let name = network.name();
        eprintln!("note: behind routers they use --bootstrap {name}@relay --relay {relay}");
    }
    let commands = mpsc::channel();
    network.attend(commands.0.clone());
    if is_introducer {
        commands.0.send(Command::Node(node::Command::Pause)).expect("its receiver is here");
    }
    let (node, threads) = (Node::new(settings, chain), args.effort.threads);
    let parts = Parts { link: &mut link, node, keeper, threads, commands };
    drive(&args.run, parts, &mut |node, event| {
        network.judge(event);
        network.metadata().follow(node.chain());
    })
}

/// The text that others type to reach this node: on this machine, if it listens everywhere.
fn bootstrap(network: &Network) -> String {
    let address = network.address();
    let address = SocketAddr::new(reachable(address.ip()), address.port());
    format!("{}@{address}", network.name())
}

/// Reports in a line that the port is taken, or that the address does not belong to this
/// machine.
fn check_free(address: SocketAddr) -> Result<()> {
    let ip = Found { value: address.ip(), source: Source::Flag };
    bind(&ip, address.port(), "choose another with --port").map(|_: UdpSocket| ())
}
