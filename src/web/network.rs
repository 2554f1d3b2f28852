//! The network of this process: which nodes it has, and orders to change them.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::network::{Change, Member, Order, Refusal};

use super::problem::Problem;
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
    /// Whether it runs, or was stopped.
    running: bool,
    /// Where its API is while it runs.
    #[schema(example = "http://127.0.0.1:7001")]
    http: Option<String>,
}

/// The nodes of the network that this node's process runs
#[utoipa::path(get, path = "/network/nodes", tag = "network", responses(
    (status = 200, body = Nodes),
))]
pub(super) async fn nodes(State(shared): State<Arc<Shared>>) -> Result<Json<Nodes>, Problem> {
    order(&shared, None).await
}

/// Add a node on a port that the network chooses; it stands last in the answer
#[utoipa::path(post, path = "/network/nodes", tag = "network", responses(
    (status = 201, body = Nodes),
))]
pub(super) async fn add(
    State(shared): State<Arc<Shared>>,
) -> Result<(StatusCode, Json<Nodes>), Problem> {
    Ok((StatusCode::CREATED, order(&shared, Some(Change::Add)).await?))
}

/// Stop a node between two steps, as if it had been killed; the last one cannot be stopped
///
/// A node that is told to stop itself may be gone before it has answered.
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
    order(&shared, Some(Change::Stop(port?.0))).await
}

/// Start a node again that was stopped, with the chain of its file, if it has one
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
    order(&shared, Some(Change::Start(port?.0))).await
}

/// Gives an order to the network, and waits for its answer.
async fn order(shared: &Shared, change: Option<Change>) -> Result<Json<Nodes>, Problem> {
    let Some(orders) = &shared.settings.orders else {
        return Err(Problem::not_found(
            "this node is not one of a network in one process, as those of cairn up are",
        ));
    };
    let (reply, answer) = oneshot::channel();
    // The client may have gone.
    orders.give(Order::new(change, |answer| drop(reply.send(answer))));
    match tokio::time::timeout(super::shared::PATIENCE, answer).await {
        Ok(Ok(Ok(members))) => Ok(Json(shown(shared, &members))),
        Ok(Ok(Err(refusal))) => Err(problem(&refusal)),
        Ok(Err(_)) => Err(Problem::stopped()),
        Err(_) => Err(Problem::busy("the network is held up")),
    }
}

fn shown(shared: &Shared, members: &[Member]) -> Nodes {
    let ip = shared.address.ip();
    let node = |member: &Member| {
        let port = member.port.checked_add(1).filter(|_| member.is_running);
        let http = port.map(|port| format!("http://{}", SocketAddr::new(ip, port)));
        NetworkNode { port: member.port, running: member.is_running, http }
    };
    Nodes { nodes: members.iter().map(node).collect() }
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
