//! A node's page and API over HTTP.

use std::env;
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::sync::mpsc::Sender;
use std::time::Duration;

use anyhow::{Context, Result};
use cairn::config::parse_duration;
use cairn::contacts::{Contacts, Order};
use cairn::driver::{Command, Observer};
use cairn::event::Event;
use cairn::metadata::Metadata;
use cairn::network::Orders;
use cairn::node::Node;
use cairn::passage::Passage;
use cairn::peer::PeerName;
use cairn::web::{self, AllowedKey, Onlookers, Rates, Server, Settings, Stage, Watcher};

use super::address::resolve;
use super::exit::Exit;

/// The variable that holds the token.
const HTTP_TOKEN: &str = "CAIRN_HTTP_TOKEN";

/// The flags of `cairn node` for HTTP.
#[derive(Clone, clap::Args)]
pub(crate) struct Flags {
    /// Serve the page and the API by HTTP [default: on 127.0.0.1, at the node's port + 1]
    #[arg(long, value_name = "PORT|IP:PORT", num_args = 0..=1, default_missing_value = "")]
    http: Option<String>,
    /// The token that posts need, if not on loopback [default: CAIRN_HTTP_TOKEN in the environment]
    #[arg(long, value_name = "TOKEN", requires = "http")]
    http_token: Option<String>,
    /// A public key (Ed25519) whose holder can open a session without the token; may be repeated
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    http_key: Vec<AllowedKey>,
    /// How long a session lasts
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_duration)]
    http_session: Duration,
    /// An address at which a router or a container passes connections on to --http, for
    /// sessions; may be repeated
    #[arg(long, value_name = "IP:PORT", value_delimiter = ',')]
    http_at: Vec<SocketAddr>,
    /// Requests a second that an address may make in the long run
    #[arg(long, value_name = "COUNT", default_value_t = Rates::default().per_second)]
    http_rate: NonZeroU32,
    /// Requests that an address may make at once
    #[arg(long, value_name = "COUNT", default_value_t = Rates::default().at_once)]
    http_burst: NonZeroU32,
    /// How long to refuse an address that keeps asking for more
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    http_refusal: Duration,
    /// The HTTP address of a peer if not at its port + 1; may be repeated
    #[arg(long = "peer-http", value_name = "HOST:PORT", requires = "http")]
    peer_http: Vec<String>,
    /// The access to the network of this process, if it runs one.
    #[arg(skip)]
    orders: Option<Orders>,
    /// The stage on which all nodes of this process are shown to an audience.
    #[arg(skip)]
    stage: Option<Stage>,
    /// The access to the open network, if the node is among strangers.
    #[arg(skip)]
    contacts: Option<Contacts>,
    /// The metadata of blocks, if the node is among strangers.
    #[arg(skip)]
    metadata: Option<Metadata>,
}

impl Flags {
    /// HTTP for each node of a network that takes orders, at its port + 1.
    pub(crate) fn of_network(orders: Orders, stage: Option<Stage>) -> Flags {
        Flags { orders: Some(orders), stage, ..Flags::everywhere() }
    }

    /// HTTP for each of several nodes of this process, at these addresses.
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "no node is among strangers"))]
    pub(crate) fn of_nodes(addresses: impl Iterator<Item = String>) -> Flags {
        Flags { peer_http: addresses.collect(), ..Flags::everywhere() }
    }

    /// Also serves the contacts and the metadata of a node among strangers.
    #[cfg_attr(not(feature = "net"), expect(dead_code, reason = "no node is among strangers"))]
    pub(crate) fn show(&mut self, contacts: Contacts, metadata: Metadata) {
        (self.contacts, self.metadata) = (Some(contacts), Some(metadata));
    }

    /// HTTP at each node's port + 1.
    fn everywhere() -> Flags {
        Flags {
            http: Some(String::new()),
            http_token: None,
            http_key: Vec::new(),
            http_session: Settings::SESSION,
            http_at: Vec::new(),
            http_rate: Rates::default().per_second,
            http_burst: Rates::default().at_once,
            http_refusal: Rates::default().refusal,
            peer_http: Vec::new(),
            orders: None,
            stage: None,
            contacts: None,
            metadata: None,
        }
    }

    /// The port given to `--http`, if only a port was given.
    pub(crate) fn port(&self) -> Option<u16> {
        self.http.as_deref()?.parse().ok()
    }
}

/// The pool of connections of all nodes of a process.
pub(crate) type Pool = web::Pool;

/// A pool for a process with this many nodes, if they serve HTTP.
pub(crate) fn pool(flags: &Flags, nodes: usize) -> Result<Option<Pool>> {
    let Some(text) = &flags.http else { return Ok(None) };
    let pool = Pool::of_process(nodes);
    pool.map(Some).map_err(|error| Exit::config(format!("--http {text}: {error}")))
}

/// The node's HTTP, if it has any.
pub(crate) struct Http(Option<(Server, Watcher)>);

impl Http {
    /// Starts it, if there is a pool for its connections. If the port is taken, this prints
    /// a note and the node runs without.
    pub(crate) fn start(
        flags: &Flags,
        pool: Option<&Pool>,
        node: &Node,
        commands: &Sender<Command>,
    ) -> Result<Http> {
        let (Some(text), Some(pool)) = (&flags.http, pool) else { return Ok(Http(None)) };
        let port = node.settings().port;
        let Some(address) = address(text, port)? else {
            note(format_args!(
                "no HTTP: there is no port {port} + 1, choose one with --http PORT"
            ))?;
            return Ok(Http(None));
        };
        let mut settings = Settings::new(address, pool.clone());
        settings.token = token(flags.http_token.as_deref())?;
        settings.keys = flags.http_key.clone();
        settings.session = flags.http_session;
        settings.reached_at = flags.http_at.clone();
        settings.rates = Rates {
            per_second: flags.http_rate,
            at_once: flags.http_burst,
            refusal: flags.http_refusal,
        };
        settings.orders = flags.orders.clone();
        settings.stage = flags.stage.clone();
        settings.contacts = flags.contacts.clone();
        settings.metadata = flags.metadata.clone();
        for text in &flags.peer_http {
            settings.peers.push(resolve("--peer-http", text, Some(address.ip()))?);
        }
        match web::start(settings, node, commands.clone()) {
            Ok(http) => {
                if let Some(contacts) = &flags.contacts {
                    contacts.give(Order::Serves(http.0.address()));
                }
                Ok(Http(Some(http)))
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                note(format_args!(
                    "no HTTP: {address} is taken; cairn node has --http PORT for another"
                ))?;
                Ok(Http(None))
            }
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => Err(Exit::config(
                format!("--http {text}: {} is not an address of this machine", address.ip()),
            )),
            Err(error) => Err(error).with_context(|| format!("cannot serve HTTP on {address}")),
        }
    }

    /// Passes datagrams to the clients that watch them.
    pub(crate) fn passing(&self) -> Passing {
        Passing(self.0.as_ref().map(|(_, watcher)| watcher.onlookers()))
    }

    /// Its address, for people.
    pub(crate) fn url(&self) -> Option<String> {
        let (server, _) = self.0.as_ref()?;
        Some(format!("http://{}/", server.address()))
    }
}

/// Passes datagrams to the HTTP clients that watch them, if there is HTTP.
pub(crate) struct Passing(Option<Onlookers>);

impl Passing {
    /// Shows a datagram that is in flight to the node now.
    pub(crate) fn show(&self, passage: &Passage) {
        if let Some(onlookers) = &self.0 {
            onlookers.pass(passage);
        }
    }
}

impl Observer for Http {
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()> {
        match &mut self.0 {
            Some((_, watcher)) => watcher.event(node, event),
            None => ControlFlow::Continue(()),
        }
    }

    fn received(&mut self, from: &PeerName, datagram: &[u8]) {
        if let Some((_, watcher)) = &mut self.0 {
            watcher.received(from, datagram);
        }
    }

    fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        if let Some((_, watcher)) = &mut self.0 {
            watcher.sent(to, datagram);
        }
    }

    fn settled(&mut self, node: &Node) {
        if let Some((_, watcher)) = &mut self.0 {
            watcher.settled(node);
        }
    }
}

/// The token that posts need: the flag's, else the environment's.
fn token(flag: Option<&str>) -> Result<Option<String>> {
    if let Some(token) = flag {
        check_token(token).map_err(|why| Exit::usage(format!("--http-token {why}")))?;
        return Ok(Some(token.to_owned()));
    }
    let Some(token) = env::var_os(HTTP_TOKEN) else { return Ok(None) };
    // A text that is not UTF-8 then has a character that is not ASCII.
    let token = token.to_string_lossy();
    check_token(&token).map_err(|why| Exit::config(format!("{HTTP_TOKEN} {why}, or unset it")))?;
    Ok(Some(token.into_owned()))
}

/// Whether a client can send this token in a header. The error gives the reason, but not
/// the token: others may read it.
fn check_token(token: &str) -> Result<(), String> {
    let why = if token.is_empty() {
        "is empty"
    } else if token.trim() != token {
        "has spaces around it"
    } else if !token.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        "has characters other than printable ASCII"
    } else {
        return Ok(());
    };
    Err(format!("{why}, which no client can send: choose another token"))
}

/// The page of `cairn up`: at the first node whose HTTP port is free.
pub(crate) fn page_of(ports: &[u16]) -> Option<String> {
    let http_ports = ports.iter().filter_map(|port| port.checked_add(1));
    let mut free =
        http_ports.filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.next().map(|port| format!("http://{}:{port}/", Ipv4Addr::LOCALHOST))
}

/// Reads nothing, `PORT` or `IP:PORT`; `None` if there is no port after the node's.
fn address(text: &str, port: u16) -> Result<Option<SocketAddr>> {
    if text.is_empty() {
        return Ok(port.checked_add(1).map(|port| (Ipv4Addr::LOCALHOST, port).into()));
    }
    let of_port = text.parse::<u16>().map(|port| (Ipv4Addr::LOCALHOST, port).into());
    of_port.or_else(|_| text.parse()).map(Some).map_err(|_| {
        Exit::usage(format!("--http {text}: write PORT or IP:PORT, such as 8123 or 127.0.0.1:8123"))
    })
}

fn note(note: std::fmt::Arguments) -> io::Result<()> {
    writeln!(io::stderr(), "note: {note}")
}
