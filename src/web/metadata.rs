//! Metadata of blocks over HTTP: to state how warm a block is and who holds it, and to
//! carry statements from one node to another.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::hash::Hash;
use crate::metadata::entry::{Entry, Refused, Temperature, Value};
use crate::peer::PeerName;

use super::blocks;
use super::moment::Moment;
use super::problem::{Problem, quoted};
use super::shared::Shared;

/// The most bytes of a request with statements: as many as a peer may send in a minute.
const MAX_BODY_LEN: usize = 64 * 1024;

/// The temperature to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Warmth {
    /// `cold`, `warm` or `hot`; null if the block's use is to decide again.
    #[schema(example = "hot")]
    temperature: Option<String>,
}

/// A holder of a block.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Holding {
    /// The holder; this node if absent.
    #[schema(example = "127.0.0.1:8000")]
    #[serde(default)]
    holder: Option<String>,
    /// Whether it holds the block.
    holds: bool,
}

/// One statement about a block.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Statement {
    /// Hash of the block.
    block: String,
    #[serde(flatten)]
    what: What,
    /// The time, in Unix milliseconds by the writer's clock.
    time_ms: u64,
    /// The node that states it.
    #[schema(example = "127.0.0.1:7000")]
    by: String,
    /// Its Ed25519 signature in hexadecimal, if its name is a key.
    signature: Option<String>,
}

/// The content of a statement.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "about", rename_all = "snake_case")]
enum What {
    /// The temperature of the block.
    Temperature {
        /// `cold`, `warm` or `hot`; null if the block's use decides.
        temperature: Option<String>,
        /// Whether it was found by use, and not set.
        by_use: bool,
    },
    /// The holder.
    Location {
        holder: String,
        /// Whether it holds the block.
        holds: bool,
    },
}

/// Statements of another node.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    entries: Vec<Statement>,
}

/// This node's statements, after it has accepted the given ones.
#[derive(Serialize, ToSchema)]
pub(super) struct Synced {
    /// How many of the given statements were new here.
    taken: usize,
    /// The refused statements.
    refused: Vec<Refusal>,
    /// Whether this node's statements are on their way to its peers now: only among
    /// strangers.
    spread: bool,
    /// All statements of this node.
    entries: Vec<Statement>,
}

/// A refused statement.
#[derive(Serialize, ToSchema)]
struct Refusal {
    /// Its index in the request, from 0 on.
    index: usize,
    #[schema(example = "future")]
    reason: &'static str,
    detail: String,
}

/// The paths; those that carry statements have their own limit.
pub(super) fn routes() -> OpenApiRouter<Arc<Shared>> {
    let sync = OpenApiRouter::new()
        .routes(routes!(sync_metadata))
        .routes(routes!(sync_temperature))
        .layer(DefaultBodyLimit::max(MAX_BODY_LEN));
    OpenApiRouter::new().routes(routes!(temperature)).routes(routes!(location)).merge(sync)
}

/// State the temperature of one of the last 1,000 blocks
#[utoipa::path(post, path = "/blocks/{id}/temperature", tag = "metadata", request_body = Warmth,
    params(("id" = String, Path, description = "Height or hash.")),
    responses((status = 200, body = Statement)))]
async fn temperature(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<Warmth>, JsonRejection>,
) -> Result<Json<Statement>, Problem> {
    let Json(Warmth { temperature }) = body?;
    let temperature = read_temperature(temperature.as_deref())?;
    state(&shared, id?, Value::Temperature { temperature, is_by_use: false })
}

/// State that a node holds one of the last 1,000 blocks, or does not
#[utoipa::path(post, path = "/blocks/{id}/location", tag = "metadata", request_body = Holding,
    params(("id" = String, Path, description = "Height or hash.")),
    responses((status = 200, body = Statement)))]
async fn location(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<Holding>, JsonRejection>,
) -> Result<Json<Statement>, Problem> {
    let Json(Holding { holder, holds }) = body?;
    let holder = holder.unwrap_or_else(|| shared.node.name.to_string());
    state(&shared, id?, Value::Location { holder, holds })
}

/// Accept another node's statements about blocks, answer with all of this node's, and send
/// them to its peers
#[utoipa::path(post, path = "/sync/metadata", tag = "metadata", request_body = Option<Batch>,
    responses((status = 200, body = Synced)))]
async fn sync_metadata(
    State(shared): State<Arc<Shared>>,
    body: Result<Option<Json<Batch>>, JsonRejection>,
) -> Result<Json<Synced>, Problem> {
    sync(&shared, body?, |_| true)
}

/// The same with temperatures only
#[utoipa::path(post, path = "/sync/temperature", tag = "metadata", request_body = Option<Batch>,
    responses((status = 200, body = Synced)))]
async fn sync_temperature(
    State(shared): State<Arc<Shared>>,
    body: Result<Option<Json<Batch>>, JsonRejection>,
) -> Result<Json<Synced>, Problem> {
    sync(&shared, body?, |value| matches!(value, Value::Temperature { .. }))
}

fn state(shared: &Shared, id: Path<String>, value: Value) -> Result<Json<Statement>, Problem> {
    let block = blocks::hash_of(shared, id)?;
    let entry = shared.metadata.write(block, value, Moment::now().ms()).map_err(problem)?;
    Ok(Json(Statement::of(&entry)))
}

fn sync(
    shared: &Shared,
    body: Option<Json<Batch>>,
    is_wanted: fn(&Value) -> bool,
) -> Result<Json<Synced>, Problem> {
    let given = body.map(|Json(batch)| batch.entries).unwrap_or_default();
    let given = given.into_iter().map(Statement::entry).collect::<Result<Vec<_>, _>>()?;
    if !given.iter().all(|entry| is_wanted(&entry.value)) {
        return Err(Problem::bad_request("this path takes only temperatures"));
    }
    let taken = match given.is_empty() {
        true => Vec::new(),
        false => shared.metadata.take_in(None, given, Moment::now().ms()),
    };
    let refused = taken.iter().enumerate().filter_map(|(index, taken)| {
        let refused = taken.err()?;
        Some(Refusal { index, reason: refused.name(), detail: refused.to_string() })
    });
    Ok(Json(Synced {
        taken: taken.iter().filter(|taken| taken.is_ok()).count(),
        refused: refused.collect(),
        spread: shared.settings.contacts.is_some(),
        entries: shared.metadata.sync(is_wanted).iter().map(Statement::of).collect(),
    }))
}

fn problem(refused: Refused) -> Problem {
    match refused {
        Refused::UnknownBlock => Problem::not_found(refused),
        Refused::Holders => Problem::new(StatusCode::CONFLICT, "conflict", refused),
        _ => Problem::bad_request(refused),
    }
}

fn read_temperature(name: Option<&str>) -> Result<Option<Temperature>, Problem> {
    let read = |name| {
        Temperature::named(name).ok_or_else(|| {
            let why =
                format_args!("{} is not a temperature; write cold, warm or hot", quoted(name));
            Problem::bad_request(why)
        })
    };
    name.map(read).transpose()
}

impl Statement {
    pub(super) fn of(entry: &Entry) -> Statement {
        let what = match &entry.value {
            Value::Temperature { temperature, is_by_use } => What::Temperature {
                temperature: temperature.map(|it| it.name().to_owned()),
                by_use: *is_by_use,
            },
            Value::Location { holder, holds } => {
                What::Location { holder: holder.clone(), holds: *holds }
            }
        };
        Statement {
            block: entry.block.to_string(),
            what,
            time_ms: entry.time_ms,
            by: entry.by.to_string(),
            signature: entry.signature.map(hex::encode),
        }
    }

    fn entry(self) -> Result<Entry, Problem> {
        let block: Hash = self.block.parse().map_err(|_| {
            Problem::bad_request("block is the 64 hexadecimal digits of a block's hash")
        })?;
        let value = match self.what {
            What::Temperature { temperature, by_use } => {
                let temperature = read_temperature(temperature.as_deref())?;
                Value::Temperature { temperature, is_by_use: by_use }
            }
            What::Location { holder, holds } => Value::Location { holder, holds },
        };
        let read = |digits: String| {
            let bytes = hex::decode(digits).ok()?;
            bytes.try_into().ok()
        };
        let signature = self.signature.map(|digits| {
            let why = "signature is the 128 hexadecimal digits of an Ed25519 signature";
            read(digits).ok_or_else(|| Problem::bad_request(why))
        });
        let (time_ms, by) = (self.time_ms, PeerName::new(self.by));
        Ok(Entry { block, value, time_ms, by, signature: signature.transpose()? })
    }
}
