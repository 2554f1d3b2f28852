//! The flags of `cairn net`, and the settings that they make.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use cairn::config::parse_duration;
use cairn::contacts::Subject;
use cairn::metadata::spread::Batches;
use cairn::net::bootstrap::Bootstrap;
use cairn::net::gate::Limits;
use cairn::net::hello::{MAX_GROUPS, is_word};
use cairn::net::key::{InUse, Key};
use cairn::net::lan::{DISCOVERY_PORT, Lan};
use cairn::net::lists::Lists;
use cairn::net::message::is_group;
use cairn::net::reputation::Bans;
use cairn::net::settings::DEFAULT_WEIGHT_MINIMUM;
use cairn::net::table::Policy;
use cairn::net::{Network, Settings};
use cairn::node;

use super::outside::OutsideFlags;
use crate::cli::exit::Exit;
use crate::cli::pace::Effort;

/// Where a node listens.
#[derive(clap::Args)]
pub(super) struct Listen {
    /// The UDP port to listen on; 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 6783)]
    port: u16,
    /// The address of this machine to listen on [default: all of IPv4]
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0", hide_default_value = true)]
    ip: IpAddr,
}

impl Listen {
    pub(super) fn address(&self) -> SocketAddr {
        (self.ip, self.port).into()
    }
}

/// A node's identity, the peers that it looks for, and those that it lets in.
#[derive(clap::Args)]
pub(super) struct NetFlags {
    #[command(flatten)]
    own: OwnFlags,
    #[command(flatten)]
    lan: LanFlags,
    #[command(flatten)]
    limits: LimitFlags,
    #[command(flatten)]
    lists: ListFlags,
    #[command(flatten)]
    outside: OutsideFlags,
    #[command(flatten)]
    bans: BanFlags,
    #[command(flatten)]
    batches: BatchFlags,
}

/// A node's identity, and the peers that it knows from the start.
#[derive(clap::Args)]
struct OwnFlags {
    /// The file of the node's key, made at the first start
    #[arg(long, value_name = "FILE", default_value = "cairn.key")]
    key: PathBuf,
    /// The node's name for itself
    #[arg(long, value_name = "NAME", default_value = "", value_parser = word)]
    name: String,
    /// The region in which the node says it is
    #[arg(long, value_name = "NAME", value_parser = word)]
    region: Option<String>,
    /// The account that earns the rewards [default: 16 bits of the key's hash]
    #[arg(long, value_name = "NUMBER")]
    account: Option<u16>,
    /// A group of the node, whose messages it shows; may be repeated, at most 8 times
    #[arg(long, value_name = "NAME", value_parser = group)]
    group: Vec<String>,
    /// The share of the last 100 blocks that must answer `cairn net confirm`, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = DEFAULT_WEIGHT_MINIMUM,
          value_parser = clap::value_parser!(u8).range(0..=100))]
    online_weight_minimum: u8,
    /// A peer to dial, as a node prints it when it starts; may be repeated
    #[arg(long, value_name = "ID@HOST:PORT")]
    bootstrap: Vec<Bootstrap>,
    /// How often to look up the host names of bootstrap peers
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    bootstrap_interval: Duration,
    /// Only introduce other nodes to each other; do not mine
    #[arg(long)]
    introduce: bool,
    /// Keep the peers that the node met in this file [default: the key's file, ending in .peers]
    #[arg(long, value_name = "FILE")]
    peers: Option<PathBuf>,
}

/// How a node looks for peers on the local network.
#[derive(clap::Args)]
struct LanFlags {
    /// Do not look for peers on the local network
    #[arg(long)]
    no_lan: bool,
    /// Look on the interface with this address; may be repeated [default: all]
    #[arg(long, value_name = "ADDRESS")]
    interface: Vec<Ipv4Addr>,
    /// The UDP port on which nodes announce themselves
    #[arg(long, value_name = "PORT", default_value_t = DISCOVERY_PORT,
          value_parser = clap::value_parser!(u16).range(1..))]
    discovery_port: u16,
    /// How often the node announces itself
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    discovery_interval: Duration,
}

/// How many connections a node has.
#[derive(clap::Args)]
struct LimitFlags {
    /// How many connections to keep by dialling
    #[arg(long, value_name = "COUNT", default_value_t = Policy::default().target)]
    connections: usize,
    /// The most connections in total
    #[arg(long, value_name = "COUNT", default_value_t = Policy::default().most)]
    max_connections: usize,
    /// The most connections from one address, other than this machine's own
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().per_address)]
    max_per_address: usize,
    /// The most handshakes a second
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().handshakes)]
    max_handshakes: u32,
    /// How long to wait after a failed dial; twice as long after each further one
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    retry: Duration,
    /// After how many failed dials to forget a peer, unless it is a bootstrap peer
    #[arg(long, value_name = "COUNT", default_value_t = Policy::default().retries)]
    retries: u32,
}

/// Which peers a node lets in.
#[derive(clap::Args)]
struct ListFlags {
    /// Let in only this identity or address; may be repeated
    #[arg(long, value_name = "ID|ADDRESS")]
    allow: Vec<Subject>,
    /// Refuse this identity or address; may be repeated
    #[arg(long, value_name = "ID|ADDRESS")]
    block: Vec<Subject>,
    /// A file of lines such as: block 192.0.2.7 until 1800000000
    #[arg(long, value_name = "FILE")]
    lists: Option<PathBuf>,
}

/// When a peer that has lied is banned, and for how long.
#[derive(clap::Args)]
struct BanFlags {
    /// How long to ban a peer that has lied too often; twice as long each further time
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_duration)]
    ban: Duration,
    /// The longest ban
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_duration)]
    longest_ban: Duration,
    /// The reputation at which a peer is banned; a block that breaks a rule costs 40
    #[arg(long, value_name = "POINTS", default_value_t = Bans::default().at,
          value_parser = clap::value_parser!(i32).range(-100..=-1))]
    ban_at: i32,
    /// How long it takes to regain a lost point of reputation
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    forgive: Duration,
}

/// How statements about blocks are spread.
#[derive(clap::Args)]
struct BatchFlags {
    /// The most statements about blocks in a batch
    #[arg(long, value_name = "COUNT", default_value_t = Batches::default().entries,
          value_parser = batch_entries)]
    batch_entries: usize,
    /// How long to collect statements for a batch
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    batch_interval: Duration,
    /// How often to try to send a batch that a peer does not take
    #[arg(long, value_name = "COUNT", default_value_t = Batches::default().attempts)]
    batch_attempts: u32,
    /// How long to wait between two such attempts
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = parse_duration)]
    batch_delay: Duration,
    /// The most bytes of batches a minute, to a peer and from a peer
    #[arg(long, value_name = "BYTES", default_value_t = Batches::default().bytes_per_minute)]
    batch_bytes: usize,
}

impl BanFlags {
    fn bans(&self) -> Bans {
        let Self { ban: first, longest_ban: longest, ban_at: at, forgive: forgiven_after } = *self;
        Bans { at, first, longest, forgiven_after }
    }
}

impl BatchFlags {
    fn batches(&self) -> Batches {
        Batches {
            entries: self.batch_entries,
            interval: self.batch_interval,
            attempts: self.batch_attempts,
            delay: self.batch_delay,
            bytes_per_minute: self.batch_bytes,
        }
    }
}

impl NetFlags {
    /// The settings of these flags. Makes the key if it is missing.
    pub(super) fn settings(&self, listen: &Listen, effort: &Effort, seed: u64) -> Result<Settings> {
        let (own, limits) = (&self.own, &self.limits);
        if own.group.len() > MAX_GROUPS {
            return Err(Exit::usage(format!(
                "--group: a node belongs to at most {MAX_GROUPS} groups"
            )));
        }
        let lists = self.lists.lists()?;
        let key = Key::open(&own.key).map_err(in_use)?;
        let interfaces = self.lan.interface.clone();
        let peers_file = own.peers.clone().unwrap_or_else(|| own.key.with_extension("peers"));
        self.outside.apply(Settings {
            address: listen.address(),
            name: own.name.clone(),
            region: own.region.clone(),
            account: own.account.or_else(|| Some(key.account())),
            groups: own.group.clone(),
            weight_minimum: own.online_weight_minimum,
            zero_bits: effort.zero_bits,
            bootstrap: own.bootstrap.clone(),
            lookup: own.bootstrap_interval,
            peers_file: Some(peers_file),
            lists,
            limits: Limits {
                per_address: limits.max_per_address,
                handshakes: limits.max_handshakes,
            },
            policy: Policy {
                target: limits.connections,
                most: limits.max_connections,
                retry: limits.retry,
                retries: limits.retries,
                bans: self.bans.bans(),
                is_introducer: own.introduce,
                ..Policy::default()
            },
            lan: Lan {
                interfaces,
                port: self.lan.discovery_port,
                interval: self.lan.discovery_interval,
            },
            is_discovering: !self.lan.no_lan,
            batches: self.batches.batches(),
            seed,
            ..Settings::new(key)
        })
    }
}

impl ListFlags {
    fn lists(&self) -> Result<Lists> {
        let mut lists = Lists::default();
        if let Some(path) = &self.lists {
            let shown = path.display();
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
            let read = lists.read(&text);
            read.map_err(|(line, why)| Exit::config(format!("{shown} line {line}: {why}")))?;
        }
        self.allow.iter().for_each(|subject| lists.allow(subject.clone(), None));
        self.block.iter().for_each(|subject| lists.block(subject.clone(), None));
        Ok(lists)
    }
}

/// The settings of a node among strangers at its start.
pub(super) fn node_settings(
    network: &Network,
    account: u16,
    effort: &Effort,
    listen: Duration,
    seed: u64,
) -> node::Settings {
    node::Settings { account, nonces: effort.nonces, listen, seed, ..network.node_settings() }
}

/// An error that ends the program with the code for a resource in use, if that is the
/// reason.
pub(super) fn in_use(error: anyhow::Error) -> anyhow::Error {
    if error.is::<InUse>() { Exit::in_use(error) } else { error }
}

/// Reads the number of statements in a batch.
fn batch_entries(text: &str) -> Result<usize, String> {
    let most = Batches::MOST;
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("write a number from 1 to {most}"))
}

/// Reads a name that others will see.
fn word(text: &str) -> Result<String, String> {
    let why = "write at most 32 bytes without control characters";
    is_word(text).then(|| text.to_owned()).ok_or_else(|| why.to_owned())
}

/// Reads the name of a group.
fn group(text: &str) -> Result<String, String> {
    let why = "write 1 to 32 bytes without control characters";
    is_group(text).then(|| text.to_owned()).ok_or_else(|| why.to_owned())
}
