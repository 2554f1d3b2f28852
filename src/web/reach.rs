//! How others reach a node among strangers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::contacts;
use super::problem::Problem;
use super::shared::Shared;

/// How others reach a node.
#[derive(Serialize, ToSchema)]
pub(super) struct Reach {
    /// All ways, the best first.
    ways: Vec<Way>,
    /// What to do if nobody from outside the local network reaches it.
    advice: Option<String>,
}

/// One way to a node.
#[derive(Serialize, ToSchema)]
struct Way {
    /// `direct`, `forwarded`, `mapped`, `relay`, `lan` or `machine`, the best first.
    #[schema(example = "mapped")]
    kind: &'static str,
    /// The address, or the text with which others can use the relay.
    #[schema(example = "198.51.100.1:40000")]
    at: String,
    /// Since when, in Unix seconds, if that is known.
    since: Option<u64>,
    /// The same in words.
    words: String,
}

/// How others reach this node
#[utoipa::path(get, path = "/node/reach", tag = "strangers", responses(
    (status = 200, body = Reach),
))]
pub(super) async fn reach(State(shared): State<Arc<Shared>>) -> Result<Json<Reach>, Problem> {
    let reach = contacts::of(&shared)?.told().reach;
    let way = |way: crate::reach::Way| Way {
        kind: way.kind.name(),
        since: way.since,
        words: way.to_string(),
        at: way.at,
    };
    Ok(Json(Reach { ways: reach.ways.into_iter().map(way).collect(), advice: reach.advice }))
}
