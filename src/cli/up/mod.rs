//! `cairn up`: a whole network on this machine, as real processes over real UDP.

mod board;
mod children;
mod screen;

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cairn::config::{Found, NODE_PORTS, parse_duration};

use self::board::Board;
use self::children::{Children, Sent};
use self::screen::Screen;
use super::exit::Exit;
use super::node::{Pace, bind};
use super::{http, print, signals};

/// The smallest network that can be called one.
const MIN_NODES: usize = 2;

/// The largest: ports go up in thousands, from 7000 to 65000.
const MAX_NODES: usize = 59;

/// Run a whole network on this machine
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many nodes, on ports 7000, 8000, 9000, 10000 and so on
    #[arg(long, value_name = "COUNT", default_value_t = NODE_PORTS.len())]
    nodes: usize,
    /// The nodes' ports, instead
    #[arg(long, value_name = "PORT,PORT...", value_delimiter = ',', conflicts_with = "nodes")]
    ports: Vec<u16>,
    #[command(flatten)]
    pace: Pace,
    /// How long each node listens between two turns of mining
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = parse_duration)]
    listen: Duration,
    /// Keep each node's chain in this folder, 7000.chain and so on; made if missing
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Stop when all agree on a chain of this height or above
    #[arg(long, value_name = "HEIGHT")]
    until_height: Option<usize>,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    time: Option<Duration>,
}

/// What reaches the loop below from the threads around it.
enum Message {
    /// A child printed a line.
    Line(Sent),
    /// All that the child of this index will ever print has been read.
    Ended(usize),
    /// Ctrl-C, or a signal that asks to end.
    Stop,
}

/// Why the network is to end.
#[derive(PartialEq, Eq)]
enum End {
    Agreed,
    TimeIsUp,
    Asked,
    AllGone,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let started = Instant::now();
    let ports = ports(&args)?;
    let ip = args.pace.node_ip()?;
    check_ports(&ip, &ports)?;
    if let Some(folder) = &args.data {
        let folder_for = || format!("cannot make the folder {} for --data", folder.display());
        fs::create_dir_all(folder).with_context(folder_for)?;
    }
    let (messages, inbox) = mpsc::channel();
    let stop = messages.clone();
    signals::on_stop(move || drop(stop.send(Message::Stop)))?;
    let seed = args.pace.seed()?;
    print::text(heading(&args, &ports, seed))?;
    let mut children = Children::start(&args, ip.value, &ports, seed, messages)?;
    let mut board = Board::new(&ports);
    let mut screen = Screen::new(&ports);
    let deadline = args.time.map(|time| started + time);
    let watch = Watch { deadline, until_height: args.until_height };
    let end = watch.run(&inbox, &mut children, &mut board, &mut screen);
    children.stop(&inbox);
    let end = end?;
    screen.close()?;
    print::text(board.summary())?;
    match (end, args.until_height) {
        (End::TimeIsUp, Some(height)) => bail!("the time was up before all agreed at {height}"),
        (End::AllGone, _) => bail!("every node has ended"),
        _ => Ok(()),
    }
}

fn ports(args: &Args) -> Result<Vec<u16>> {
    let ports = match &args.ports[..] {
        [] if !(MIN_NODES..=MAX_NODES).contains(&args.nodes) => {
            return Err(Exit::usage(format!(
                "--nodes {}: write a number from {MIN_NODES} to {MAX_NODES}; for a single node \
                 type cairn node 7000",
                args.nodes
            )));
        }
        [] => (NODE_PORTS[0]..=u16::MAX).step_by(1000).take(args.nodes).collect(),
        ports => ports.to_vec(),
    };
    let mut sorted = ports.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != ports.len() || ports.len() < MIN_NODES || sorted[0] == 0 {
        return Err(Exit::usage("--ports: write two or more different ports, such as 7000,8000"));
    }
    Ok(ports)
}

/// Binds each port and lets it go, so that a taken one is told of once, before
/// any node is started.
fn check_ports(ip: &Found<IpAddr>, ports: &[u16]) -> Result<()> {
    ports.iter().try_for_each(|&port| bind(ip, port).map(drop))
}

fn heading(args: &Args, ports: &[u16], seed: u64) -> String {
    let Pace { nonces, zero_bits, .. } = &args.pace;
    let names: Vec<_> = ports.iter().map(u16::to_string).collect();
    let page = http::page_of(ports).map(|url| format!("PAGE {url}\n")).unwrap_or_default();
    let data = |folder: &PathBuf| format!("  data    --data {}\n", folder.display());
    let data = args.data.as_ref().map(data).unwrap_or_default();
    format!(
        "{page}UP {} nodes on ports {}\n  pace    --nonces {nonces} --listen {:?}\n  target  --zero-bits \
         {zero_bits}\n  seed    --seed {seed}\n{data}Ctrl-C stops them all.\n",
        ports.len(),
        names.join(" "),
        args.listen,
    )
}

/// What the loop waits for.
struct Watch {
    deadline: Option<Instant>,
    until_height: Option<usize>,
}

impl Watch {
    /// Shows what the nodes say until the network is to end.
    fn run(
        &self,
        inbox: &Receiver<Message>,
        children: &mut Children,
        board: &mut Board,
        screen: &mut Screen,
    ) -> io::Result<End> {
        loop {
            let message = match self.deadline {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => inbox.recv_timeout(deadline - Instant::now().min(deadline)),
            };
            match message {
                Ok(Message::Line(sent)) => {
                    board.hear(sent.index, &sent.line);
                    screen.line(&sent, board)?;
                }
                Ok(Message::Ended(index)) => {
                    board.leave(index);
                    let how = children.how_it_ended(index);
                    let line = format!("ended by itself: {how}");
                    screen.line(&Sent { index, line, is_error: true }, board)?;
                }
                Ok(Message::Stop) => return Ok(End::Asked),
                Err(RecvTimeoutError::Timeout) => return Ok(End::TimeIsUp),
                Err(RecvTimeoutError::Disconnected) => return Ok(End::AllGone),
            }
            if board.living() == 0 {
                return Ok(End::AllGone);
            }
            let is_there = |height| board.agreed_height().is_some_and(|agreed| agreed >= height);
            if self.until_height.is_some_and(is_there) {
                return Ok(End::Agreed);
            }
        }
    }
}
