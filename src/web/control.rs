//! Commands to a node: to mine or not, and which peers to have.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::node::Command;
use crate::peer::PeerName;
use crate::udp;

use super::peers::MAX_PEERS;
use super::problem::{Problem, quoted};
use super::shared::Shared;
use super::status::{Peer, Status};

/// A peer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Address {
    /// The address at which it receives datagrams.
    #[schema(example = "127.0.0.1:8000")]
    address: String,
}

/// Add a peer to ours, even if it was refused, and send it our chain at once
#[utoipa::path(post, path = "/peers/announce", tag = "control", request_body = Address,
    responses((status = 200, body = Peer)))]
pub(super) async fn announce(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Address>, JsonRejection>,
) -> Result<Json<Peer>, Problem> {
    introduce(&shared, body?, Command::Connect).await
}

/// Neither send to a peer nor hear it, until it is announced again
#[utoipa::path(post, path = "/peers/disconnect", tag = "control", request_body = Address,
    responses((status = 200, body = Peer)))]
pub(super) async fn disconnect(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Address>, JsonRejection>,
) -> Result<Json<Peer>, Problem> {
    introduce(&shared, body?, Command::Disconnect).await
}

/// Send our chain to all peers: those with a longer one answer
#[utoipa::path(post, path = "/sync/request", tag = "control",
    responses((status = 202, body = Status)))]
pub(super) async fn sync(State(shared): State<Arc<Shared>>) -> Obeyed {
    obey(&shared, StatusCode::ACCEPTED, Command::Sync).await
}

/// Mine one block now, even if mining is paused
#[utoipa::path(post, path = "/mine", tag = "control", responses(
    (status = 202, description = "It is searching; an event tells of the block.", body = Status),
))]
pub(super) async fn mine(State(shared): State<Arc<Shared>>) -> Obeyed {
    obey(&shared, StatusCode::ACCEPTED, Command::MineOne).await
}

/// Stop mining, but go on listening
#[utoipa::path(post, path = "/pause", tag = "control", responses((status = 200, body = Status)))]
pub(super) async fn pause(State(shared): State<Arc<Shared>>) -> Obeyed {
    obey(&shared, StatusCode::OK, Command::Pause).await
}

/// Resume mining
#[utoipa::path(post, path = "/resume", tag = "control", responses((status = 200, body = Status)))]
pub(super) async fn resume(State(shared): State<Arc<Shared>>) -> Obeyed {
    obey(&shared, StatusCode::OK, Command::Resume).await
}

/// The node's status, after it has taken a command.
type Obeyed = Result<(StatusCode, Json<Status>), Problem>;

async fn obey(shared: &Shared, status: StatusCode, command: Command) -> Obeyed {
    shared.command(command).await?;
    Ok((status, Json(Status::of(&shared.view.borrow()))))
}

/// Tells the node about a peer, and answers with the peer's state after that.
async fn introduce(
    shared: &Shared,
    body: Json<Address>,
    command: impl FnOnce(PeerName) -> Command,
) -> Result<Json<Peer>, Problem> {
    let name = peer(shared, &body.address)?;
    // Until the loop has taken the other commands, nobody knows how many peers there are,
    // so each command reserves a place.
    let _place = shared.introductions.acquire().await.expect("it is never closed");
    check_room(shared, &name)?;
    shared.command(command(name.clone())).await?;
    let view = shared.view.borrow();
    let peer = view.peers.get(&name).ok_or_else(Problem::stopped)?;
    Ok(Json(Peer::of(shared, peer, Instant::now())))
}

/// The peer of this address, if it can be a peer.
pub(super) fn peer(shared: &Shared, text: &str) -> Result<PeerName, Problem> {
    let wrong = |why: &str| {
        Problem::bad_request(format_args!(
            "{} {why}; write IP:PORT, as in 127.0.0.1:8000",
            quoted(text)
        ))
    };
    let name = PeerName::new(text);
    let address = udp::address(&name).ok_or_else(|| wrong("is not an address"))?;
    if address.port() == 0 || address.ip().is_unspecified() {
        return Err(wrong("is nobody's address"));
    }
    if let Some(own) = udp::address(&shared.node.name) {
        if address == own {
            return Err(wrong("is this node's own address"));
        }
        if address.is_ipv4() != own.is_ipv4() {
            return Err(wrong("is of another kind than this node's address"));
        }
    }
    Ok(PeerName::new(address))
}

/// Whether there is room for this peer and for others in progress.
fn check_room(shared: &Shared, name: &PeerName) -> Result<(), Problem> {
    let under_way = MAX_PEERS - shared.introductions.available_permits();
    let view = shared.view.borrow();
    if view.peers.get(name).is_some() || view.peers.iter().len() + under_way <= MAX_PEERS {
        return Ok(());
    }
    let detail = format!("a node has at most {MAX_PEERS} peers");
    Err(Problem::new(StatusCode::CONFLICT, "too-many-peers", detail))
}
