//! `cairn node`: one node of the network.

use std::env;
use std::fmt::Write;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cairn::config::{self, ENV_FILE, Found, NODE_IP, NODE_PORTS, parse_duration};
use cairn::driver::{self, Command, Observer, Setup};
use cairn::event::Event;
use cairn::node::{Node, Settings};
use cairn::peer::PeerName;
use cairn::sync::MAX_ANSWER_FRAMES;
use cairn::target::Target;
use cairn::wire::MAX_BLOCKS;
use rand::TryRng;
use rand::rngs::SysRng;

use super::address::{bind, elsewhere, reachable};
use super::exit::Exit;
use super::http::{self, Http};
use super::keeper::Keeper;
use super::lines::{Lines, Printer};
use super::output::Output;
use super::progress::Progress;
use super::record::{self, Record, RecordFlag, Scribe};
use super::{json, signals, threads};

/// What its help ends with.
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
    /// The node's port: 7000, 8000 or 9000; with --peer any, 0 for one that is free
    #[arg(value_name = "PORT")]
    port: Option<String>,
    /// A peer to write to, instead of the fixed three; may be repeated
    #[arg(long = "peer", value_name = "HOST:PORT")]
    peers: Vec<String>,
    #[command(flatten)]
    pace: Pace,
    /// How long to listen between two turns of mining, such as 200ms, 1s or 2m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    listen: Duration,
    /// Stop when the chain has reached this height
    #[arg(long, value_name = "HEIGHT")]
    until_height: Option<usize>,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    time: Option<Duration>,
    /// Keep the chain in this file, and start with what it holds
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Print each event as a line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    record: RecordFlag,
    #[command(flatten)]
    http: http::Flags,
}

/// What `node` and `up` have in common.
#[derive(clap::Args)]
pub(crate) struct Pace {
    /// This machine's address [default: NODE_IP in the environment or .env, else 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ip: Option<String>,
    /// Nonces to try in a turn of mining
    #[arg(long, value_name = "COUNT", default_value_t = 1000,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) nonces: u64,
    /// Zero bits that each hash must begin with, the same in the whole network
    #[arg(long, value_name = "BITS", default_value_t = Target::NETWORK.zero_bits())]
    pub(crate) zero_bits: u8,
    /// Threads to mine on; the tutorial's pace needs no more than one
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = threads::parse)]
    pub(crate) threads: usize,
    /// What the random numbers are grown from [default: drawn by the system]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

impl Pace {
    /// This machine's address and where it was found.
    pub(crate) fn node_ip(&self) -> Result<Found<IpAddr>> {
        // What is not text is no address either, and the error shows it.
        let environment = env::var_os(NODE_IP).map(|ip| ip.to_string_lossy().into_owned());
        let flag = self.ip.as_deref();
        config::node_ip(flag, environment.as_deref(), Path::new(ENV_FILE)).map_err(Exit::config)
    }

    /// The seed given, or one that the system draws.
    pub(crate) fn seed(&self) -> Result<u64> {
        match self.seed {
            Some(seed) => Ok(seed),
            None => SysRng.try_next_u64().context("the system has no random numbers"),
        }
    }
}

pub(crate) fn run(args: Args) -> Result<()> {
    let port = port(&args)?;
    let ip = args.pace.node_ip()?;
    let peers = peers(&args, ip.value, port)?;
    let socket = bind(&ip, port, "choose another port")?;
    let address = socket.local_addr().context("a bound socket has an address")?;
    let others = peers.into_iter().filter(|peer| *peer != address).map(PeerName::new).collect();
    let settings = Settings {
        nonces: args.pace.nonces,
        listen: args.listen,
        seed: args.pace.seed()?,
        ..Settings::tutorial(PeerName::new(address), address.port(), others)
    };
    let target = Target::from_zero_bits(args.pace.zero_bits);
    let (keeper, chain) = Keeper::open(args.data.as_deref(), target, settings.port)?;
    drive(&args, socket, Node::new(settings, chain), keeper)
}

/// Runs the node until something stops it, and prints what happens.
fn drive(args: &Args, mut socket: UdpSocket, mut node: Node, mut keeper: Keeper) -> Result<()> {
    let started = Instant::now();
    // Held to the end, as dropping the last sender would stop the node.
    let (stop, commands) = mpsc::channel();
    signals::on_stop(sender(&stop))?;
    if let Some(time) = args.time {
        let stop = sender(&stop);
        let wait = move || {
            thread::sleep(time);
            stop();
        };
        thread::Builder::new().spawn(wait).context("cannot start a thread that ends --for")?;
    }
    let print = if args.json { json::printer()? } else { Lines::printer() };
    let pool = http::pool(&args.http, 1)?;
    let http = Http::start(&args.http, pool.as_ref(), &node, &stop)?;
    let output = Output::standard().context("cannot start a thread to print on")?;
    let stop = Box::new(sender(&stop));
    let (record, scribe) = (args.record.begin()?, Scribe::default());
    let printed = Ok(());
    let mut watch = Watch { args, print, output, printed, fetch: None, record, scribe, http, stop };
    let mut keep = |save: &_| keeper.keep(save);
    let threads = args.pace.threads;
    let setup = Setup { link: &mut socket, commands: &commands, keep: &mut keep, threads };
    let ended = driver::run(&mut node, setup, &mut watch);
    let printed = watch.finish();
    ended?;
    printed.context("cannot write to standard output")?;
    let time_is_up = args.time.is_some_and(|time| started.elapsed() >= time);
    match args.until_height {
        Some(height) if time_is_up && node.chain().height() < height => {
            bail!("the time was up before the chain reached {height}")
        }
        _ => Ok(()),
    }
}

/// So many blocks to fetch are worth a bar: more than an answer or two.
const LONG_FETCH: usize = 2 * MAX_ANSWER_FRAMES * MAX_BLOCKS;

/// Prints what happens, shows it by HTTP, and knows when it is enough.
struct Watch<'a> {
    args: &'a Args,
    print: Printer,
    output: Output,
    /// Whether the last event could be printed.
    printed: io::Result<()>,
    /// How far a long download has come.
    fetch: Option<Progress>,
    record: Record,
    scribe: Scribe,
    http: Http,
    /// Ends the loop when the step that is under way is done.
    stop: Box<dyn Fn()>,
}

/// How long a bar stays away for what is printed.
const BAR_AWAY: Duration = Duration::from_millis(20);

impl Watch<'_> {
    fn print(&mut self, event: &Event) -> io::Result<()> {
        let mut text = (self.print)(event);
        if let Event::Started(_) = event {
            self.add_settings(&mut text)?;
        }
        match &self.fetch {
            None => self.output.print(text),
            Some(fetch) => fetch.aside(|| {
                self.output.print(text)?;
                self.output.wait(BAR_AWAY)
            }),
        }
    }

    /// Those that the node itself knows nothing of, below the others.
    fn add_settings(&self, text: &mut String) -> io::Result<()> {
        let url = self.http.url();
        if self.args.json {
            return url.map_or(Ok(()), |url| self.output.note(format!("http {url}\n")));
        }
        if let Some(file) = &self.args.data {
            writeln!(text, "  data    --data {}", file.display()).expect("a string takes all");
        }
        if let Some(url) = url {
            writeln!(text, "  http    {url}").expect("a string takes all");
        }
        Ok(())
    }

    /// Prints what is left, and says whether all could be printed.
    fn finish(self) -> io::Result<()> {
        self.record.end();
        self.printed?;
        self.output.finish()
    }
}

impl Observer for Watch<'_> {
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()> {
        self.http.event(node, event)?;
        self.record.write(&record::lines(&mut self.scribe, node, event));
        self.printed = self.print(event);
        let is_there = self.args.until_height.is_some_and(|height| node.chain().height() >= height);
        if is_there {
            // Not at once: the peers are still to hear of the block.
            (self.stop)();
        }
        match self.printed {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn received(&mut self, from: &PeerName, datagram: &[u8]) {
        self.http.received(from, datagram);
    }

    fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        self.http.sent(to, datagram);
    }

    fn settled(&mut self, node: &Node) {
        let count = node.chain().count();
        let is_long = |claimed: &usize| claimed - claimed.min(&count) > LONG_FETCH;
        match node.fetching() {
            None => self.fetch = None,
            Some(claimed) if self.fetch.is_none() && !is_long(&claimed) => {}
            Some(claimed) => {
                let begin = || Progress::new("fetching", claimed);
                self.fetch.get_or_insert_with(begin).done(count);
            }
        }
        self.http.settled(node);
    }
}

/// A function that stops the node; it may be gone already.
fn sender(stop: &Sender<Command>) -> impl Fn() + Send + use<> {
    let stop = stop.clone();
    move || {
        let _ = stop.send(Command::Stop);
    }
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
    Exit::usage(match args.http.port() {
        Some(http) if NODE_PORTS.contains(&http) => format!(
            "no port given for the node, as --http took {http}: type cairn node {http} --http"
        ),
        _ => format!(
            "no port given: type cairn node {first}, and {second} and {third} in other terminals"
        ),
    })
}

/// Whom to write to.
fn peers(args: &Args, ip: IpAddr, port: u16) -> Result<Vec<SocketAddr>> {
    if args.peers.is_empty() {
        let host = reachable(ip);
        let others = NODE_PORTS.into_iter().filter(|other| *other != port);
        return Ok(others.map(|port| SocketAddr::from((host, port))).collect());
    }
    elsewhere(&args.peers, ip)
}
