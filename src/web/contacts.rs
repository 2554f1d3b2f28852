//! The peers that a node among strangers knows, and posts that change them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contacts::{self, Contacts, Order, Path, Standing, Subject, is_id};
use crate::peer::PeerName;

use super::problem::{Problem, quoted};
use super::shared::Shared;

/// The peers that a node among strangers knows.
#[derive(Serialize, ToSchema)]
pub(super) struct Known {
    contacts: Vec<Contact>,
    /// Whether it looks for peers on the local network.
    discovering: bool,
    /// Handshakes since its start, by their result.
    handshakes: Vec<Handshakes>,
}

/// Handshakes with one result.
#[derive(Serialize, ToSchema)]
struct Handshakes {
    #[schema(example = "done")]
    outcome: &'static str,
    count: u64,
}

/// A peer that is known, connected or not.
#[derive(Serialize, ToSchema)]
struct Contact {
    /// Its public key in hexadecimal.
    id: String,
    /// Its name for itself.
    name: Option<String>,
    /// The address at which it can be dialled.
    #[schema(example = "192.0.2.1:6783")]
    address: Option<String>,
    /// The address at which it says that it serves HTTP. Nobody has checked that.
    http: Option<String>,
    /// The version of the protocol agreed on with it.
    version: Option<u8>,
    /// The capabilities that it claims.
    capabilities: Vec<String>,
    /// The region that it claims.
    region: Option<String>,
    /// The groups to which it says it belongs.
    groups: Vec<String>,
    /// When it was last heard from, in Unix seconds.
    last_seen: Option<u64>,
    status: Status,
    /// Whether this node has dialled it.
    outgoing: bool,
    /// Whether its packets go through a relay, if it is connected.
    relayed: Option<bool>,
    /// The address or the relay's URL that its packets go to, if it is connected.
    #[schema(example = "192.0.2.1:6783")]
    path: Option<String>,
    /// The round-trip time, in milliseconds.
    latency_ms: Option<f64>,
    /// From -100 to 100.
    reputation: i32,
    /// The reasons for its reputation, oldest first.
    reasons: Vec<String>,
    /// Until when it is banned, in Unix seconds.
    banned_until: Option<u64>,
}

/// The standing of a contact.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Connected,
    Dialling,
    Known,
    Banned,
    Blocked,
}

/// A peer and its address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Its public key in hexadecimal.
    id: String,
    /// The address at which it can be dialled.
    #[schema(example = "192.0.2.1:6783")]
    address: String,
}

/// A peer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Id {
    /// Its public key in hexadecimal.
    id: String,
}

/// The subject of a rule, and how long the rule holds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// An identity or an IP address.
    #[schema(example = "192.0.2.7")]
    who: String,
    /// For how many seconds; for good if absent.
    #[serde(default)]
    seconds: Option<u64>,
}

/// Whether to look for peers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// True to look, false to stop.
    on: bool,
}

/// Dial a peer and remember it
#[utoipa::path(post, path = "/peers/add", tag = "strangers", request_body = Place,
    responses((status = 202)))]
pub(super) async fn add(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Place>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(Place { id, address }) = body?;
    let address: SocketAddr = address.parse().map_err(|_| {
        Problem::bad_request(format_args!("{} is not an address; write IP:PORT", quoted(&address)))
    })?;
    give(&shared, Order::Add(name(&id)?, address))
}

/// Disconnect a peer and forget it
#[utoipa::path(post, path = "/peers/remove", tag = "strangers", request_body = Id,
    responses((status = 202)))]
pub(super) async fn remove(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Id>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    give(&shared, Order::Remove(name(&body?.id)?))
}

/// Let an identity or address in again, for some time or for good
#[utoipa::path(post, path = "/peers/allow", tag = "strangers", request_body = Rule,
    responses((status = 202)))]
pub(super) async fn allow(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Rule>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let (who, time) = rule(body?)?;
    give(&shared, Order::Allow(who, time))
}

/// Refuse an identity or address, for some time or for good
#[utoipa::path(post, path = "/peers/block", tag = "strangers", request_body = Rule,
    responses((status = 202)))]
pub(super) async fn block(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Rule>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let (who, time) = rule(body?)?;
    give(&shared, Order::Block(who, time))
}

/// Start or stop looking for peers on the local network
#[utoipa::path(post, path = "/network/discovery", tag = "strangers", request_body = Wanted,
    responses((status = 202)))]
pub(super) async fn discover(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Wanted>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    give(&shared, Order::Discover(body?.on))
}

impl Known {
    /// The peers of a node among strangers; `None` for other nodes.
    pub(super) fn of(shared: &Shared) -> Option<Known> {
        let told = shared.settings.contacts.as_ref()?.told();
        let handshakes = told.handshakes.into_iter();
        Some(Known {
            contacts: told.contacts.into_iter().map(Contact::from).collect(),
            discovering: told.is_discovering,
            handshakes: handshakes.map(|(outcome, count)| Handshakes { outcome, count }).collect(),
        })
    }
}

/// Nodes that claim the same region.
#[derive(Serialize, ToSchema)]
pub(super) struct Region {
    /// Null for those that claim none.
    #[schema(example = "eu")]
    region: Option<String>,
    #[schema(example = 3)]
    nodes: usize,
}

impl Region {
    /// The regions that this node and its connected peers claim; `None` if the node is not
    /// among strangers.
    pub(super) fn all(shared: &Shared) -> Option<Vec<Region>> {
        let told = shared.settings.contacts.as_ref()?.told();
        let is_connected = |it: &contacts::Contact| it.standing == Standing::Connected;
        let others = told.contacts.into_iter().filter(is_connected).map(|it| it.region);
        let mut counts = BTreeMap::new();
        for region in others.chain([told.region]) {
            *counts.entry(region).or_insert(0) += 1;
        }
        Some(counts.into_iter().map(|(region, nodes)| Region { region, nodes }).collect())
    }
}

/// The contacts of a node among strangers.
pub(super) fn of(shared: &Shared) -> Result<&Contacts, Problem> {
    shared.settings.contacts.as_ref().ok_or_else(|| {
        Problem::not_found("this node is not among strangers, as those of cairn net are")
    })
}

fn give(shared: &Shared, order: Order) -> Result<StatusCode, Problem> {
    match of(shared)?.give(order) {
        true => Ok(StatusCode::ACCEPTED),
        false => Err(Problem::busy("the network has ended or is held up")),
    }
}

fn name(id: &str) -> Result<PeerName, Problem> {
    if is_id(id) {
        return Ok(PeerName::new(id));
    }
    let what = "is not an identity: write 64 lower-case hexadecimal digits";
    Err(Problem::bad_request(format_args!("{} {what}", quoted(id))))
}

fn rule(Json(body): Json<Rule>) -> Result<(Subject, Option<Duration>), Problem> {
    let who = body.who.parse().map_err(|why: String| Problem::bad_request(why))?;
    Ok((who, body.seconds.map(Duration::from_secs)))
}

impl From<contacts::Contact> for Contact {
    fn from(contact: contacts::Contact) -> Contact {
        Contact {
            id: contact.id.to_string(),
            name: contact.name,
            address: contact.address.map(|address| address.to_string()),
            http: contact.http.map(|address| format!("http://{address}")),
            version: contact.version,
            capabilities: contact.capabilities,
            region: contact.region,
            groups: contact.groups,
            last_seen: contact.last_seen,
            status: Status::from(contact.standing),
            outgoing: contact.is_outgoing,
            relayed: contact.path.as_ref().map(|path| matches!(path, Path::Relay(_))),
            path: contact.path.map(|path| match path {
                Path::Direct(address) => address.to_string(),
                Path::Relay(url) => url,
            }),
            latency_ms: contact.latency.map(|latency| latency.as_secs_f64() * 1_000.0),
            reputation: contact.reputation,
            reasons: contact.reasons,
            banned_until: contact.banned_until,
        }
    }
}

impl From<Standing> for Status {
    fn from(standing: Standing) -> Status {
        match standing {
            Standing::Connected => Status::Connected,
            Standing::Dialling => Status::Dialling,
            Standing::Known => Status::Known,
            Standing::Banned => Status::Banned,
            Standing::Blocked => Status::Blocked,
        }
    }
}
