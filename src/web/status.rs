//! What a node reports about itself, its peers and its network.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::advice::{Claim, WEIGHING_BLOCKS, weigh};
use crate::block::GENESIS_HASH;
use crate::contacts::{Contacts, Told};

use super::contacts::{Known, Region};
use super::messages::percent;
use super::moment::{Moment, milliseconds};
use super::peers::{self, PeerState};
use super::shared::Shared;
use super::view::{Activity, View};

/// Version of the paths and shapes; a change that breaks a reader raises it.
const API_VERSION: u8 = 2;

/// The features of this API.
const CAPABILITIES: [&str; 9] =
    ["mine", "control", "events", "tree", "metrics", "messages", "hear", "types", "metadata"];

/// The part of a node that does not change while it runs, except uptime and pace.
#[derive(Serialize, ToSchema)]
pub(super) struct Info {
    /// Its name among its peers.
    #[schema(example = "127.0.0.1:7000")]
    name: String,
    /// Its port, which is also the receiver of its rewards.
    #[schema(example = 7000)]
    port: u16,
    /// The program's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The version of this API.
    #[schema(example = 2)]
    api: u8,
    /// The features of this API.
    #[schema(example = json!(CAPABILITIES))]
    capabilities: Vec<&'static str>,
    /// Hash of the first block.
    genesis: String,
    /// Zero bits that a block's hash must begin with.
    #[schema(example = 16)]
    zero_bits: u8,
    /// Nonces that a turn of mining tries.
    #[schema(example = 1000)]
    nonces: u64,
    /// How long a turn of listening lasts, in milliseconds.
    #[schema(example = 1000)]
    listen_ms: u64,
    /// When it started, in Unix milliseconds.
    started_ms: u64,
    /// How long it has been running, in milliseconds.
    uptime_ms: u64,
    /// The address of this API.
    #[schema(example = "http://127.0.0.1:7001")]
    http: String,
    /// Whether a post needs a token.
    needs_token: bool,
    /// The known addresses of all nodes' APIs, this one first.
    network: Vec<String>,
}

/// What the node is doing.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    /// Height of the chain's tip: one less than its number of blocks.
    #[schema(example = 12)]
    height: usize,
    /// Hash of the tip.
    tip: String,
    /// The next nonce to try, counted within the node's lane.
    #[schema(example = 41000)]
    nonce: u64,
    state: Activity,
    /// Whether mining is paused; the node still listens.
    paused: bool,
    /// How much longer it rests after a copy, in milliseconds.
    resting_ms: u64,
    /// Now, in Unix milliseconds.
    time_ms: u64,
}

/// All peers.
#[derive(Serialize, ToSchema)]
pub(super) struct Peers {
    peers: Vec<Peer>,
    /// All other senders together.
    strangers: Strangers,
    /// The peers that a node among strangers knows, connected or not.
    known: Option<Known>,
}

/// A peer, as far as its datagrams tell.
#[derive(Serialize, ToSchema)]
pub(super) struct Peer {
    #[schema(example = "127.0.0.1:8000")]
    address: String,
    /// The address of its API, by default at its port + 1.
    #[schema(example = "http://127.0.0.1:8001")]
    http: Option<String>,
    state: PeerState,
    /// When its last datagram came, in Unix milliseconds.
    last_seen_ms: Option<u64>,
    /// Height of its chain, from its last datagram.
    height: Option<usize>,
    /// The highest block of our chain that it is known to hold.
    holds: Option<usize>,
    messages_in: u64,
    messages_out: u64,
    bytes_in: u64,
    bytes_out: u64,
}

/// Datagrams from addresses that are not our peers'.
#[derive(Serialize, ToSchema)]
struct Strangers {
    messages_in: u64,
    bytes_in: u64,
}

/// The network, as far as this node knows it.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// This node, and the peers that sent something lately.
    #[schema(example = 3)]
    active_nodes: usize,
    /// This node, and all its peers.
    #[schema(example = 3)]
    known_nodes: usize,
    /// The lowest height of the active nodes' chains, from their last datagrams.
    #[schema(example = 11)]
    lowest_height: usize,
    #[schema(example = 12)]
    highest_height: usize,
    /// The difference.
    #[schema(example = 1)]
    height_spread: usize,
    /// Blocks in our chain.
    #[schema(example = 13)]
    blocks: usize,
    /// Abandoned blocks that are remembered.
    #[schema(example = 2)]
    abandoned_blocks: usize,
    /// How many peers are known to hold a block of our chain, on average.
    #[schema(example = 1.9)]
    average_holders: f64,
    /// For a node among strangers: the regions that it and its connected peers claim.
    regions: Option<Vec<Region>>,
    /// For a node among strangers: the weight of the miners that are online.
    online_weight: Option<OnlineWeight>,
}

/// The weight of the last 100 blocks whose accounts are claimed by nodes that are online.
#[derive(Serialize, ToSchema)]
struct OnlineWeight {
    /// The share of the last blocks whose account is claimed by exactly one node that is
    /// connected, or was heard from in the last two minutes.
    #[schema(example = 97.0)]
    percent: f64,
    /// The number of nodes that are online, this one included.
    nodes: usize,
    /// The weight that must answer a question about a block, in percent.
    #[schema(example = 50)]
    minimum_percent: u8,
}

/// The node itself
#[utoipa::path(get, path = "/node/info", tag = "node", responses((status = 200, body = Info)))]
pub(super) async fn info(State(shared): State<Arc<Shared>>) -> Json<Info> {
    let settings = &shared.node;
    let own = url(shared.own_address());
    let (nonces, listen) = shared.view.borrow().pace;
    let others = shared.network().into_iter().map(url).filter(|other| *other != own);
    Json(Info {
        name: settings.name.to_string(),
        port: settings.port,
        version: env!("CARGO_PKG_VERSION"),
        api: API_VERSION,
        capabilities: capabilities(&shared),
        genesis: GENESIS_HASH.to_string(),
        zero_bits: shared.target.zero_bits(),
        nonces,
        listen_ms: milliseconds(listen),
        started_ms: shared.started.ms(),
        uptime_ms: milliseconds(shared.started.instant.elapsed()),
        needs_token: shared.needs_token(),
        network: std::iter::once(own.clone()).chain(others).collect(),
        http: own,
    })
}

/// The features of this node's API: `network` if its process runs a network that takes
/// orders.
fn capabilities(shared: &Shared) -> Vec<&'static str> {
    let network = shared.settings.orders.is_some().then_some("network");
    CAPABILITIES.into_iter().chain(network).collect()
}

/// What the node is doing
#[utoipa::path(get, path = "/node/status", tag = "node", responses((status = 200, body = Status)))]
pub(super) async fn status(State(shared): State<Arc<Shared>>) -> Json<Status> {
    Json(Status::of(&shared.view.borrow()))
}

/// The node's peers
#[utoipa::path(get, path = "/node/peers", tag = "node", responses((status = 200, body = Peers)))]
pub(super) async fn peers(State(shared): State<Arc<Shared>>) -> Json<Peers> {
    let now = Instant::now();
    let view = shared.view.borrow();
    let strangers = view.peers.strangers;
    Json(Peers {
        peers: view.peers.iter().map(|peer| Peer::of(&shared, peer, now)).collect(),
        strangers: Strangers { messages_in: strangers.messages, bytes_in: strangers.bytes },
        known: Known::of(&shared),
    })
}

/// The state of the network, as far as this node knows
#[utoipa::path(get, path = "/network/health", tag = "node", responses(
    (status = 200, body = Health),
))]
pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Json<Health> {
    let mut health = Health::of(&shared.view.borrow(), Instant::now());
    let told = shared.settings.contacts.as_ref().map(Contacts::told);
    health.online_weight = told.map(|told| OnlineWeight::of(&shared.view.borrow(), told));
    health.regions = Region::all(&shared);
    Json(health)
}

impl Status {
    pub(super) fn of(view: &View) -> Status {
        let now = Moment::now();
        Status {
            height: view.height,
            tip: view.tip.to_string(),
            nonce: view.counter,
            state: view.state(now.instant),
            paused: view.is_paused,
            resting_ms: milliseconds(view.resting(now.instant)),
            time_ms: now.ms(),
        }
    }
}

impl Peer {
    pub(super) fn of(shared: &Shared, peer: &peers::Peer, now: Instant) -> Peer {
        Peer {
            address: peer.name.to_string(),
            http: shared.http_of(&peer.name).map(url),
            state: peer.state(now),
            last_seen_ms: peer.last_seen_ms,
            height: peer.height,
            holds: peer.holds,
            messages_in: peer.incoming.messages,
            messages_out: peer.outgoing.messages,
            bytes_in: peer.incoming.bytes,
            bytes_out: peer.outgoing.bytes,
        }
    }
}

impl Health {
    fn of(view: &View, now: Instant) -> Health {
        let active: Vec<_> = view.peers.active(now).collect();
        let heights = || active.iter().filter_map(|peer| peer.height).chain([view.height]);
        let lowest = heights().min().unwrap_or(view.height);
        let highest = heights().max().unwrap_or(view.height);
        let blocks = view.height + 1;
        // A peer that holds a block holds all those below.
        let held: usize = view.peers.iter().filter_map(|peer| peer.holds).map(|top| top + 1).sum();
        Health {
            active_nodes: 1 + active.len(),
            known_nodes: 1 + view.peers.iter().len(),
            lowest_height: lowest,
            highest_height: highest,
            height_spread: highest - lowest,
            blocks,
            abandoned_blocks: view.book.abandoned().len(),
            average_holders: held as f64 / blocks as f64,
            regions: None,
            online_weight: None,
        }
    }
}

impl OnlineWeight {
    fn of(view: &View, told: Told) -> OnlineWeight {
        let last = (1..=view.height).rev().take(WEIGHING_BLOCKS);
        let receivers: Vec<_> =
            last.filter_map(|height| Some(view.book.at(height)?.block.reward.receiver)).collect();
        let claim = |(id, account)| Claim { id, name: None, account, place: None };
        let weighed = weigh(&receivers, told.online.into_iter().map(claim));
        let counted = weighed.iter().filter(|it| it.counts).map(|it| it.blocks).sum();
        OnlineWeight {
            percent: percent(counted, receivers.len()),
            nodes: weighed.len(),
            minimum_percent: told.weight_minimum,
        }
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
