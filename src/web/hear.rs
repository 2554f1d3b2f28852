//! A datagram for the node, as if a peer had sent it, and the node's verdict.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::block::BLOCK_LEN;
use crate::event::Event;
use crate::wire::MAX_BLOCKS;

use super::control;
use super::problem::Problem;
use super::shared::Shared;

/// The most bytes of the datagram: the longest chain that is sent whole, and room for a
/// frame's head.
const MAX_LEN: usize = MAX_BLOCKS * BLOCK_LEN + 64;

/// The most bytes of the request: the datagram as digits, and the rest of the JSON.
const MAX_BODY_LEN: usize = 2 * MAX_LEN + 512;

/// A datagram and its supposed sender.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Heard {
    /// The sender's UDP address.
    #[schema(example = "127.0.0.1:8000")]
    from: String,
    /// All its bytes, as hexadecimal digits.
    #[schema(example = "4b00")]
    bytes: String,
}

/// The node's verdict.
#[derive(Serialize, ToSchema)]
pub(super) struct Verdict {
    /// `ignored`, `copied`, or `nothing`, for example for a question, which is answered.
    #[schema(example = "ignored")]
    outcome: &'static str,
    /// The reason: the name of the broken rule, or another one.
    #[schema(example = "proof-of-work")]
    reason: Option<&'static str>,
    /// The same in words.
    detail: Option<String>,
}

/// The path and its own limits.
pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(hear)).layer(DefaultBodyLimit::max(MAX_BODY_LEN))
}

/// Give the node a datagram as if a peer had sent it, and get the node's verdict
#[utoipa::path(post, path = "/hear", tag = "control", request_body = Heard,
    responses((status = 200, body = Verdict)))]
async fn hear(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Heard>, JsonRejection>,
) -> Result<Json<Verdict>, Problem> {
    let Json(Heard { from, bytes }) = body?;
    let from = control::peer(&shared, &from)?;
    let bytes = hex::decode(&bytes).map_err(|error| {
        Problem::bad_request(format_args!("bytes are not hexadecimal digits: {error}"))
    })?;
    if bytes.len() > MAX_LEN {
        let why = format_args!("{} bytes are too many: at most {MAX_LEN}", bytes.len());
        return Err(Problem::bad_request(why));
    }
    let told = shared.hear(from, bytes).await?;
    Ok(Json(told.iter().find_map(Verdict::of).unwrap_or(Verdict::NOTHING)))
}

impl Verdict {
    const NOTHING: Verdict = Verdict { outcome: "nothing", reason: None, detail: None };

    fn of(event: &Event) -> Option<Verdict> {
        match event {
            Event::Ignored { reason, .. } => Some(Verdict {
                outcome: "ignored",
                reason: Some(reason.name()),
                detail: Some(reason.to_string()),
            }),
            Event::Copied { .. } => Some(Verdict { outcome: "copied", ..Verdict::NOTHING }),
            _ => None,
        }
    }
}
