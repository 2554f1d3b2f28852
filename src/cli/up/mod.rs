//! `cairn up`: a whole network in one process, each node in its own thread, over real UDP.

mod ports;
mod links;
mod board;
mod summary;
mod sides;
mod story;
mod look;
mod opening;
mod backlog;
mod message;
mod teller;
mod nodes;
mod screen;
mod network;

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cairn::config::{Found, NODE_PORTS, parse_duration};
use cairn::event::as_flag;
use cairn::network::{Orders, Pace as TurnPace};

use self::links::Links;
use self::message::Message;
use self::network::{Network, Until};
use self::nodes::{Nodes, Plan};
use self::screen::{Screen, Style};
use super::address::{bind, elsewhere};
use super::audience::AudienceFlag;
use super::pace::{Effort, Pace};
use super::record::RecordFlag;
use super::{http, signals};

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn up                                       three nodes, until Ctrl-C
  cairn up --nodes 12 --for 2m --quiet           a dozen; only blocks and forks
  cairn up --delay 2s                            a slow network: many forks
  cairn up --data DIR --record lesson.jsonl      keep the chains, and what happened
  cairn up --ports 7000,8000 --peer 127.0.0.1:9000   the third runs elsewhere";

/// Run a whole network on this machine
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many nodes, on ports 7000, 8000, 9000, 10000 and so on
    #[arg(long, value_name = "COUNT", default_value_t = NODE_PORTS.len())]
    nodes: usize,
    /// The nodes' ports, instead of --nodes
    #[arg(long, value_name = "PORT,PORT...", value_delimiter = ',', conflicts_with = "nodes")]
    ports: Vec<u16>,
    /// A node that runs elsewhere, such as a Python node on port 9000; may be repeated
    #[arg(long = "peer", value_name = "HOST:PORT")]
    peers: Vec<String>,
    #[command(flatten)]
    pace: Pace,
    /// How long each node listens between two turns of mining
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = parse_duration)]
    listen: Duration,
    #[command(flatten)]
    links: Links,
    /// Keep each node's chain in this folder, as 7000.chain and so on; made if missing
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    audience: AudienceFlag,
    #[command(flatten)]
    record: RecordFlag,
    #[command(flatten)]
    style: Style,
    /// Stop when all agree on a chain of this height or above
    #[arg(long, value_name = "HEIGHT")]
    until_height: Option<usize>,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    time: Option<Duration>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let started = Instant::now();
    let ports = ports::chosen(args.nodes, &args.ports)?;
    let ip = args.pace.node_ip()?;
    let sockets = bind_all(&ip, &ports)?;
    if let Some(folder) = &args.data {
        let folder_for = || format!("cannot make the folder {} for --data", folder.display());
        fs::create_dir_all(folder).with_context(folder_for)?;
    }
    let seed = args.pace.effort.seed()?;
    let page = http::page_of(&ports);
    let mut screen = Screen::new(&args.style, page)?;
    let text = heading(&args, &ports, seed);
    let (messages, inbox) = mpsc::channel();
    let until = Until {
        deadline: args.time.map(|time| started + time),
        height: args.until_height,
        is_asked: Arc::default(),
    };
    let (stop, is_asked) = (messages.clone(), until.is_asked.clone());
    signals::on_stop(move || {
        is_asked.store(true, Ordering::Relaxed);
        drop(stop.send(Message::Stop));
    })?;
    let stage = args.audience.stage();
    let orders = messages.clone();
    let orders = Orders::new(move |order| drop(orders.send(Message::Order(order))));
    let http = http::Flags::of_network(orders, stage.clone());
    let plan = Plan {
        elsewhere: elsewhere(&args.peers, ip.value)?,
        ip,
        pace: TurnPace { nonces: args.pace.effort.nonces, listen: args.listen },
        flags: args.pace,
        seed,
        links: args.links.faults(),
        data: args.data,
        audience: None,
        is_recorded: args.record.is_given(),
        // Twice as many, because more nodes may join.
        pool: http::pool(&http, 2 * ports.len())?,
        http,
    };
    let mut nodes = Nodes::new(plan, &ports, messages);
    let record = args.record.begin()?;
    let audience = args.audience.open(nodes.pool(), stage.as_ref())?;
    nodes.show(audience.as_ref().map(|show| show.shown()));
    screen.head(text, audience.as_ref())?;
    nodes.start_all(sockets)?;
    Network::new(nodes, screen, record, until).run(&inbox)
}

/// Binds each port, so that a taken port is reported before any node starts.
fn bind_all(ip: &Found<IpAddr>, ports: &[u16]) -> Result<Vec<UdpSocket>> {
    ports.iter().map(|&port| bind(ip, port, ports::OTHERS)).collect()
}

fn heading(args: &Args, ports: &[u16], seed: u64) -> String {
    let Effort { nonces, zero_bits, .. } = &args.pace.effort;
    let names: Vec<_> = ports.iter().map(u16::to_string).collect();
    let data = |folder: &PathBuf| format!("  data    --data {}\n", folder.display());
    let data = args.data.as_ref().map(data).unwrap_or_default();
    format!(
        "UP {} nodes on ports {}\n  pace    --nonces {nonces} --listen {}\n  links   {}\n  target  --zero-bits \
         {zero_bits}\n  seed    --seed {seed}\n{data}Ctrl-C stops them all.\n",
        ports.len(),
        names.join(" "),
        as_flag(args.listen),
        args.links,
    )
}
