//! `GET /events`: a node's events as they happen, over a WebSocket or as server-sent events.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::client::Client;
use super::following::{Hello, Resume};
use super::pool::Place;
use super::problem::Problem;
use super::shared::{EventPlaces, MAX_EVENT_CLIENTS, Shared};
use super::sse;

/// The most bytes in a client's message: we ask for none.
const MAX_MESSAGE_LEN: usize = 1024;

/// Bytes reserved for each client to read and to write.
const BUFFER_LEN: usize = 1024;

/// Bytes that may wait to be written: more than any event has.
const MAX_WAITING_LEN: usize = 128 * 1024;

/// The node's events as they happen, over a WebSocket or as server-sent events
///
/// One JSON object a message, as `cairn node --json` prints them, with a number `seq`; the
/// first is a `hello`. Of frequent events, the last of each kind is sent at most every 250
/// ms; `merged` is the number of events that it stands for. With `types` only those kinds
/// are sent, each with `type`, `data`, `timestamp` and `sender` (version 2).
///
/// A client whose `Accept` asks for `text/event-stream` gets server-sent events; it resumes
/// with `Last-Event-ID`.
#[utoipa::path(get, path = "/events", tag = "events", params(
    Resume,
    ("last-event-id" = Option<String>, Header, description = "The id of the last event, where \
        a stream of server-sent events goes on."),
), responses(
    (status = 101, description = "Events follow, after this message.", body = Hello),
    (status = 200, description = "The same as server-sent events.",
        content((String = "text/event-stream"))),
))]
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Place>>,
    headers: HeaderMap,
    resume: Result<Query<Resume>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let Query(resume) = resume?;
    let wanted = resume.wanted()?;
    if upgrade.is_err() && wants_stream(&headers) {
        let resume = resume.after_header(&headers)?;
        let places = take_place(&shared, connection)?;
        let following = resume.follow(&shared.feed, wanted);
        return Ok(sse::stream(shared, following, places));
    }
    let (upgrade, places) = admit(&shared, connection, upgrade)?;
    Ok(upgrade.on_upgrade(async move |socket| {
        let client = Client::new(socket);
        let follow = async |client: &mut Client| {
            let following = resume.follow(&shared.feed, wanted);
            client.follow(&shared, following).await
        };
        client.serve(&shared, places, follow).await;
    }))
}

/// Whether a client asks for server-sent events.
fn wants_stream(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// The datagrams that are sent to the node, as they are sent, over a WebSocket
///
/// One JSON object a message, with a number `seq`. At most 20 a second are sent; `merged`
/// is the number that a message stands for. A slow client misses some.
#[utoipa::path(get, path = "/messages", tag = "events", responses(
    (status = 101, description = "Messages follow."),
))]
pub(super) async fn messages(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Place>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let (upgrade, places) = admit(&shared, connection, upgrade)?;
    Ok(upgrade.on_upgrade(async move |socket| {
        let client = Client::new(socket);
        client.serve(&shared, places, async |client| client.watch(&shared).await).await;
    }))
}

/// Lets a client in, if there is a place for it.
fn admit(
    shared: &Shared,
    connection: Arc<Place>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<(WebSocketUpgrade, EventPlaces), Problem> {
    let upgrade = upgrade.map_err(|rejection| {
        Problem::new(StatusCode::UPGRADE_REQUIRED, "websocket-needed", rejection.body_text())
    })?;
    let places = take_place(shared, connection)?;
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE_LEN)
        .max_frame_size(MAX_MESSAGE_LEN)
        .read_buffer_size(BUFFER_LEN)
        .write_buffer_size(BUFFER_LEN)
        .max_write_buffer_size(MAX_WAITING_LEN);
    Ok((upgrade, places))
}

/// A place among the clients of the events, if there is one.
fn take_place(shared: &Shared, connection: Arc<Place>) -> Result<EventPlaces, Problem> {
    let place = shared.event_places.clone().try_acquire_owned().map_err(|_| {
        let detail = format!("{MAX_EVENT_CLIENTS} clients follow this node already");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-clients", detail)
    })?;
    Ok((place, connection))
}
