//! Messages to other nodes among strangers, and questions to them about a block.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::advice::{self, CAUTION, Weighed};
use crate::hash::Hash;
use crate::words::{self, Reply, Request, To, Unsent, check_text};

use super::contacts;
use super::problem::{Problem, quoted};
use super::shared::Shared;

/// How long to wait for the network: longer than it waits for other nodes.
const PATIENCE: Duration = Duration::from_secs(8);

/// A text, and its recipients.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// A node's name, its identity or the beginning of that; `group:NAME`; or `all`.
    #[schema(example = "bob")]
    to: String,
    /// One line of at most 1,024 bytes.
    #[schema(example = "hello")]
    msg: String,
}

/// A message that was sent.
#[derive(Serialize, ToSchema)]
pub(super) struct Sent {
    /// The recipients: `all`, `group:NAME` or an identity.
    to: String,
    /// Unix milliseconds, greater than that of each earlier message.
    number: u64,
    /// The number of neighbours that it was given to.
    neighbours: usize,
}

/// A block.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Its hash in hexadecimal.
    hash: String,
}

/// What other nodes say about a block: advice for people.
#[derive(Serialize, ToSchema)]
pub(super) struct Advice {
    hash: String,
    /// How many of the last blocks give weight.
    #[schema(example = 100)]
    blocks: usize,
    /// The weight that must answer, in percent.
    #[schema(example = 50)]
    minimum_percent: u8,
    /// The weight that has answered ...
    answered_percent: f64,
    /// ... and the weight that has the block.
    confirmed_percent: f64,
    /// Whether enough weight has answered.
    enough: bool,
    /// The answers, that of this node first.
    claims: Vec<Claim>,
    /// What this advice does not prove.
    caution: &'static str,
}

/// A node's answer about a block.
#[derive(Serialize, ToSchema)]
struct Claim {
    /// Its public key in hexadecimal, which signed this.
    id: String,
    /// Its name for itself.
    name: Option<String>,
    /// The account that it claims.
    account: u16,
    /// The weight of that account.
    weight_percent: f64,
    /// Whether it counts: no other claims the same account.
    counts: bool,
    /// Height of the block on its chain; null if it is not there.
    height: Option<u64>,
    /// How many blocks are above it.
    above: Option<u64>,
}

/// Send a message to one node, a group or all
#[utoipa::path(post, path = "/message", tag = "strangers", request_body = Words,
    responses((status = 202, body = Sent)))]
pub(super) async fn send(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Words>, JsonRejection>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let Json(Words { to, msg }) = body?;
    check_text(&msg).map_err(Problem::bad_request)?;
    let to: To = to.parse().unwrap_or_else(|never| match never {});
    let sent = ask(&shared, |reply| Request::Say(to, msg, reply)).await?;
    let words::Sent { to, number, neighbours } = sent.map_err(|unsent| problem(&unsent))?;
    Ok((StatusCode::ACCEPTED, Json(Sent { to: to.to_string(), number, neighbours })))
}

/// Ask all nodes whether they have a block, and weigh their answers
///
/// Takes some seconds, unless enough of the weight answers sooner. It never decides which
/// chain a node adopts.
#[utoipa::path(post, path = "/confirm", tag = "strangers", request_body = Which,
    responses((status = 200, body = Advice)))]
pub(super) async fn confirm(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Which>, JsonRejection>,
) -> Result<Json<Advice>, Problem> {
    let Json(Which { hash }) = body?;
    let hash: Hash = hash.parse().map_err(|_| {
        Problem::bad_request(format_args!(
            "{} is not a hash: write 64 hexadecimal digits",
            quoted(&hash)
        ))
    })?;
    Ok(Json(Advice::from(ask(&shared, |reply| Request::Confirm(hash, reply)).await?)))
}

/// Makes a request of the network, and waits for its answer.
async fn ask<T: Send + 'static>(
    shared: &Shared,
    request: impl FnOnce(Reply<T>) -> Request,
) -> Result<T, Problem> {
    let (reply, answer) = oneshot::channel();
    // The client may have gone.
    let reply = Reply::new(|answer| drop(reply.send(answer)));
    if !contacts::of(shared)?.ask(request(reply)) {
        return Err(Problem::busy("the network has ended or is held up"));
    }
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) | Err(_) => Err(Problem::busy("the network has ended or is held up")),
    }
}

fn problem(unsent: &Unsent) -> Problem {
    match unsent {
        Unsent::Wrong(_) => Problem::bad_request(unsent),
        Unsent::Unknown(_) => Problem::not_found(unsent),
        Unsent::Ambiguous(..) => Problem::new(StatusCode::CONFLICT, "ambiguous", unsent),
        Unsent::Alone => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "alone", unsent),
        Unsent::TooMany => Problem::rate(1, unsent),
    }
}

impl From<advice::Advice> for Advice {
    fn from(advice: advice::Advice) -> Advice {
        let total = advice.total;
        let claim = |Weighed { claim, blocks, counts }: &Weighed| Claim {
            id: claim.id.to_string(),
            name: claim.name.clone(),
            account: claim.account,
            weight_percent: percent(*blocks, total),
            counts: *counts,
            height: claim.place.map(|place| place.height),
            above: claim.place.map(|place| place.above),
        };
        Advice {
            hash: advice.hash.to_string(),
            blocks: total,
            minimum_percent: advice.minimum,
            answered_percent: percent(advice.answered(), total),
            confirmed_percent: percent(advice.confirmed(), total),
            enough: advice.is_enough(),
            claims: advice.claims.iter().map(claim).collect(),
            caution: CAUTION,
        }
    }
}

/// A percentage; 0 of 0.
pub(super) fn percent(part: usize, total: usize) -> f64 {
    if total == 0 { 0.0 } else { part as f64 * 100.0 / total as f64 }
}
