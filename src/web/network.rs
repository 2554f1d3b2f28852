//! The network of this process: its nodes, and orders to change them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::faulty_link::{LinkFaults, MAX_DELAY, MAX_LOSS};
use crate::network::{self, Change, Member, Order, Pace, Refusal};

use super::moment::milliseconds;
use super::problem::{Problem, quoted};
use super::shared::Shared;

/// The nodes of a network that runs in one process.
#[derive(Serialize, ToSchema)]
pub(super) struct Nodes {
    /// In the order in which they joined.
    nodes: Vec<NetworkNode>,
}

/// A node of this network.
#[derive(Serialize, ToSchema)]
pub(super) struct NetworkNode {
    /// Its UDP port.
    #[schema(example = 7000)]
    port: u16,
    /// Whether it runs or was stopped.
    running: bool,
    /// The URL of its API while it runs.
    #[schema(example = "http://127.0.0.1:7001")]
    http: Option<String>,
}

/// The delay and the loss of datagrams between two nodes of this network.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Links {
    /// How much later it arrives, in milliseconds: 0 to 5,000.
    #[schema(example = 500, maximum = 5000)]
    delay_ms: u64,
    /// The percentage of datagrams that is lost: 0 to 100.
    #[schema(example = 0, maximum = 100)]
    loss: u64,
}

/// How fast the nodes of this network search.
#[derive(Serialize, ToSchema)]
pub(super) struct NetworkPace {
    /// `slow`, `lesson` or `fast`; null for another pace.
    #[schema(example = "lesson")]
    pace: Option<&'static str>,
    /// Nonces that a turn of mining tries.
    #[schema(example = 1000)]
    nonces: u64,
    /// How long a turn of listening lasts, in milliseconds.
    #[schema(example = 200)]
    listen_ms: u64,
}

/// A pace by its name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaceName {
    /// `slow`, `lesson` or `fast`.
    #[schema(example = "fast")]
    pace: String,
}

/// The page for an audience.
#[derive(Serialize, ToSchema)]
pub(super) struct Lookout {
    /// Its address; null if there is no audience.
    #[schema(example = "http://192.168.1.10:8080/")]
    url: Option<String>,
    /// Its QR code: rows of `1` for dark and `0` for light.
    code: Vec<String>,
}

/// The nodes of the network that this node's process runs
#[utoipa::path(get, path = "/network/nodes", tag = "network", responses(
    (status = 200, body = Nodes),
))]
pub(super) async fn nodes(State(shared): State<Arc<Shared>>) -> Result<Json<Nodes>, Problem> {
    shown(&shared, None).await
}

/// Add a node on a port that the network chooses; it is the last in the answer
#[utoipa::path(post, path = "/network/nodes", tag = "network", responses(
    (status = 201, body = Nodes),
))]
pub(super) async fn add(
    State(shared): State<Arc<Shared>>,
) -> Result<(StatusCode, Json<Nodes>), Problem> {
    Ok((StatusCode::CREATED, shown(&shared, Some(Change::Add)).await?))
}

/// Stop a node between two steps, as if it had been killed; the last one cannot be stopped
///
/// If a node is told to stop itself, it may be gone before it has answered.
#[utoipa::path(post, path = "/network/nodes/{port}/stop", tag = "network",
    params(("port" = u16, Path, description = "The node's UDP port.")),
    responses(
        (status = 200, body = Nodes),
    )
)]
pub(super) async fn stop(
    State(shared): State<Arc<Shared>>,
    port: Result<Path<u16>, PathRejection>,
) -> Result<Json<Nodes>, Problem> {
    shown(&shared, Some(Change::Stop(port?.0))).await
}

/// Start a stopped node again, with the chain of its file, if it has one
#[utoipa::path(post, path = "/network/nodes/{port}/start", tag = "network",
    params(("port" = u16, Path, description = "The node's UDP port.")),
    responses(
        (status = 200, body = Nodes),
    )
)]
pub(super) async fn start(
    State(shared): State<Arc<Shared>>,
    port: Result<Path<u16>, PathRejection>,
) -> Result<Json<Nodes>, Problem> {
    shown(&shared, Some(Change::Start(port?.0))).await
}

/// Get the delay and the loss on the links of this network's nodes
#[utoipa::path(get, path = "/network/links", tag = "network", responses(
    (status = 200, body = Links),
))]
pub(super) async fn links(State(shared): State<Arc<Shared>>) -> Result<Json<Links>, Problem> {
    Ok(Json(Links::of(&order(&shared, None).await?)))
}

/// Set the delay and the loss on the links of this network's nodes
#[utoipa::path(post, path = "/network/links", tag = "network", request_body = Links, responses(
    (status = 200, body = Links),
))]
pub(super) async fn set_links(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Links>, JsonRejection>,
) -> Result<Json<Links>, Problem> {
    let faults = body?.faults()?;
    Ok(Json(Links::of(&order(&shared, Some(Change::Links(faults))).await?)))
}

/// Get the pace of this network's nodes
#[utoipa::path(get, path = "/network/pace", tag = "network", responses(
    (status = 200, body = NetworkPace),
))]
pub(super) async fn pace(State(shared): State<Arc<Shared>>) -> Result<Json<NetworkPace>, Problem> {
    Ok(Json(NetworkPace::of(&order(&shared, None).await?)))
}

/// Set the pace of all nodes of this network
#[utoipa::path(post, path = "/network/pace", tag = "network", request_body = PaceName, responses(
    (status = 200, body = NetworkPace),
))]
pub(super) async fn set_pace(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<PaceName>, JsonRejection>,
) -> Result<Json<NetworkPace>, Problem> {
    let Json(PaceName { pace: name }) = body?;
    let pace = Pace::of_name(&name).ok_or_else(|| {
        let names = Pace::NAMED.map(|(name, _)| name).join(", ");
        Problem::bad_request(format_args!("{} is not a pace; write one of {names}", quoted(&name)))
    })?;
    Ok(Json(NetworkPace::of(&order(&shared, Some(Change::Pace(pace))).await?)))
}

/// Get the address of the page for an audience
#[utoipa::path(get, path = "/network/audience", tag = "network", responses(
    (status = 200, body = Lookout),
))]
pub(super) async fn audience(State(shared): State<Arc<Shared>>) -> Result<Json<Lookout>, Problem> {
    let audience = order(&shared, None).await?.audience;
    let (url, code) = audience.map(|audience| (audience.url, audience.code)).unzip();
    Ok(Json(Lookout { url, code: code.unwrap_or_default() }))
}

/// Gives an order to the network, and returns the nodes after it.
async fn shown(shared: &Shared, change: Option<Change>) -> Result<Json<Nodes>, Problem> {
    Ok(Json(Nodes::of(&order(shared, change).await?, shared.address.ip())))
}

/// Gives an order to the network, and waits for its answer.
async fn order(shared: &Shared, change: Option<Change>) -> Result<network::State, Problem> {
    let Some(orders) = &shared.settings.orders else {
        return Err(Problem::not_found(
            "this node is not one of a network in one process, as those of cairn up are",
        ));
    };
    let (reply, answer) = oneshot::channel();
    // The client may have gone.
    orders.give(Order::new(change, |answer| drop(reply.send(answer))));
    match tokio::time::timeout(super::shared::PATIENCE, answer).await {
        Ok(Ok(answer)) => answer.map_err(|refusal| problem(&refusal)),
        Ok(Err(_)) => Err(Problem::stopped()),
        Err(_) => Err(Problem::busy("the network is held up")),
    }
}

impl Nodes {
    fn of(network: &network::State, ip: IpAddr) -> Nodes {
        let node = |member: &Member| {
            let port = member.port.checked_add(1).filter(|_| member.is_running);
            let http = port.map(|port| format!("http://{}", SocketAddr::new(ip, port)));
            NetworkNode { port: member.port, running: member.is_running, http }
        };
        Nodes { nodes: network.members.iter().map(node).collect() }
    }
}

impl NetworkPace {
    fn of(network: &network::State) -> NetworkPace {
        let pace = network.pace;
        let listen_ms = milliseconds(pace.listen);
        NetworkPace { pace: pace.name(), nonces: pace.nonces, listen_ms }
    }
}

impl Links {
    fn of(network: &network::State) -> Links {
        let LinkFaults { delay, loss } = network.links;
        Links { delay_ms: milliseconds(delay), loss: loss.into() }
    }

    fn faults(&self) -> Result<LinkFaults, Problem> {
        let delay = Duration::from_millis(self.delay_ms);
        let loss = u8::try_from(self.loss).ok().filter(|loss| *loss <= MAX_LOSS);
        match loss {
            Some(loss) if delay <= MAX_DELAY => Ok(LinkFaults { delay, loss }),
            _ => Err(Problem::bad_request(format_args!(
                "delay_ms goes from 0 to {}, loss from 0 to {MAX_LOSS}",
                MAX_DELAY.as_millis()
            ))),
        }
    }
}

fn problem(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Unknown(_) => Problem::not_found(refusal),
        Refusal::Failed(_) => Problem::busy(refusal),
        Refusal::Running(_) | Refusal::Stopped(_) | Refusal::Last(_) | Refusal::Full(_) => {
            Problem::new(StatusCode::CONFLICT, "conflict", refusal)
        }
    }
}
