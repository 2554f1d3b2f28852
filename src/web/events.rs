//! `GET /events`: a node's events over a WebSocket, as they happen.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use utoipa::{IntoParams, ToSchema};

use crate::json;

use super::feed::{Held, Subscription};
use super::pool::Place;
use super::problem::Problem;
use super::shared::{MAX_EVENT_CLIENTS, Shared};

/// How long an event may take to be handed to the system. It takes a while where
/// a client does not read and the system holds no more for it.
const SEND_PATIENCE: Duration = Duration::from_secs(2);

/// The most bytes that a client may send in a message: we ask for none.
const MAX_MESSAGE_LEN: usize = 1024;

/// The most messages that it may send between two pings.
const MAX_MESSAGES: u32 = 100;

/// Bytes set aside for each client to read and to write.
const BUFFER_LEN: usize = 1024;

/// Bytes that may wait to be written: more than any event has.
const MAX_WAITING_LEN: usize = 128 * 1024;

/// Where to go on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Resume {
    /// First all events above this number that are still held; 0 for all that are.
    after: Option<u64>,
    /// The stream that `after` is a number of, as the first message named it.
    stream: Option<String>,
}

/// The first message to each client.
#[derive(Serialize, ToSchema)]
pub(super) struct Hello<'a> {
    /// The version of the events' schema.
    v: u8,
    /// Always `hello`.
    event: &'static str,
    /// Names this run of the node; the numbers start anew with each.
    stream: &'a str,
    /// The number of the oldest event that is held.
    first: u64,
    /// The number of the next event that happens.
    next: u64,
    /// How many events after `after` are held no more.
    missed: u64,
}

/// The node's events as they happen, over a WebSocket
///
/// One JSON object a message, as `cairn node --json` prints them, with a number
/// `seq`; the first is a `hello`. What happens often comes at most every 250 ms,
/// the last of its kind, with how many it stands for in `merged`.
#[utoipa::path(get, path = "/events", tag = "events", params(Resume), responses(
    (status = 101, description = "Events follow, after this message.", body = Hello),
))]
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Place>>,
    resume: Result<Query<Resume>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let Query(resume) = resume?;
    let (upgrade, places) = admit(&shared, connection, upgrade)?;
    Ok(upgrade.on_upgrade(async move |socket| {
        let client = Client::new(socket);
        client.serve(&shared, places, async |client| client.follow(&shared, &resume).await).await;
    }))
}

/// The datagrams that are sent to the node, as they are sent, over a WebSocket
///
/// One JSON object a message, with a number `seq`. At most 20 a second are told, with
/// how many they stand for in `merged`; a client that is slow misses some.
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

/// What a client takes up while it is there.
type Places = (OwnedSemaphorePermit, Arc<Place>);

/// Lets a client in, if there is a place for it.
fn admit(
    shared: &Shared,
    connection: Arc<Place>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<(WebSocketUpgrade, Places), Problem> {
    let upgrade = upgrade.map_err(|rejection| {
        Problem::new(StatusCode::UPGRADE_REQUIRED, "websocket-needed", rejection.body_text())
    })?;
    let place = shared.event_places.clone().try_acquire_owned().map_err(|_| {
        let detail = format!("{MAX_EVENT_CLIENTS} clients follow this node already");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-clients", detail)
    })?;
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE_LEN)
        .max_frame_size(MAX_MESSAGE_LEN)
        .read_buffer_size(BUFFER_LEN)
        .write_buffer_size(BUFFER_LEN)
        .max_write_buffer_size(MAX_WAITING_LEN);
    Ok((upgrade, (place, connection)))
}

/// Why a client gets no more.
enum End {
    /// It went, or its connection broke.
    Gone,
    /// It does not keep up.
    TooSlow,
    /// It says too much.
    TooLoud,
    /// The node stops.
    NoMore,
}

struct Client {
    socket: WebSocket,
    /// Whether the last ping was answered.
    is_answering: bool,
    /// How many messages came since.
    messages: u32,
}

/// Nothing ends well: a client is served until it gets no more.
type Served = Result<std::convert::Infallible, End>;

impl Client {
    fn new(socket: WebSocket) -> Client {
        Client { socket, is_answering: true, messages: 0 }
    }

    /// Serves the client to its end, and tells it why that has come.
    async fn serve(
        mut self,
        shared: &Shared,
        _places: Places,
        serve: impl AsyncFnOnce(&mut Client) -> Served,
    ) {
        let Err(end) = serve(&mut self).await;
        let (code, reason) = match end {
            End::Gone => return,
            End::TooSlow => (close_code::POLICY, "too slow: come back with after=SEQ"),
            End::TooLoud => (close_code::POLICY, "nothing is asked of you"),
            End::NoMore => (close_code::AWAY, "the node stops"),
        };
        if matches!(end, End::TooSlow | End::TooLoud) {
            shared.traffic.cut_off.inc();
        }
        let close = CloseFrame { code, reason: reason.into() };
        // It may not even read that.
        let told = self.socket.send(Message::Close(Some(close)));
        let _ = timeout(Duration::from_millis(100), told).await;
    }

    /// Sends what is held and then what happens.
    async fn follow(&mut self, shared: &Shared, resume: &Resume) -> Served {
        let Subscription { first, next, missed, held, receiver } =
            shared.feed.subscribe(resume.after, resume.stream.as_deref());
        let stream = &shared.feed.stream;
        let hello = Hello { v: json::VERSION, event: "hello", stream, first, next, missed };
        let hello = serde_json::to_string(&hello).expect("strings and numbers are JSON");
        self.send(Message::Text(hello.into())).await?;
        for Held { text, .. } in held {
            self.send(Message::Text(text)).await?;
        }
        self.pass_on(shared, receiver, false).await
    }

    /// Sends the datagrams that come.
    async fn watch(&mut self, shared: &Shared) -> Served {
        self.pass_on(shared, shared.feed.watch(), true).await
    }

    /// Sends what comes. A client that falls behind is cut off, or misses some.
    async fn pass_on(
        &mut self,
        shared: &Shared,
        receiver: Option<broadcast::Receiver<Held>>,
        may_miss: bool,
    ) -> Served {
        let mut receiver = receiver.ok_or(End::NoMore)?;
        let mut pings = interval_at(Instant::now() + shared.settings.ping, shared.settings.ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                held = receiver.recv() => match held {
                    Ok(held) => self.send(Message::Text(held.text)).await?,
                    Err(RecvError::Lagged(_)) if may_miss => {}
                    Err(RecvError::Lagged(_)) => return Err(End::TooSlow),
                    Err(RecvError::Closed) => return Err(End::NoMore),
                },
                message = self.socket.recv() => self.hear(message)?,
                _ = pings.tick() => self.ping().await?,
            }
        }
    }

    fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Pong(_))) => self.is_answering = true,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
            Some(Ok(_)) => {}
        }
        self.messages += 1;
        if self.messages > MAX_MESSAGES { Err(End::TooLoud) } else { Ok(()) }
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.messages = 0;
        if !std::mem::replace(&mut self.is_answering, false) {
            return Err(End::TooSlow);
        }
        self.send(Message::Ping(Default::default())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND_PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::TooSlow),
        }
    }
}
