//! A client that follows events over a WebSocket, until it ends.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::following::Following;
use super::shared::{EventPlaces, Shared};

/// How long it may take to hand an event to the system. It takes long if a client does not
/// read and the system's buffer is full.
const SEND_PATIENCE: Duration = Duration::from_secs(2);

/// The most messages that a client may send between two pings.
const MAX_MESSAGES: u32 = 100;

/// Why a client gets no more events.
pub(super) enum End {
    /// It left, or its connection broke.
    Gone,
    /// It does not keep up.
    TooSlow,
    /// It sends too much.
    TooLoud,
    /// The node stops.
    NoMore,
}

pub(super) struct Client {
    socket: WebSocket,
    /// Whether the last ping was answered.
    is_answering: bool,
    /// How many messages it has sent since.
    messages: u32,
}

/// There is no successful end: a client is served until something ends it.
pub(super) type Served = Result<std::convert::Infallible, End>;

impl Client {
    pub(super) fn new(socket: WebSocket) -> Client {
        Client { socket, is_answering: true, messages: 0 }
    }

    /// Serves the client until the end, and tells it the reason.
    pub(super) async fn serve(
        mut self,
        shared: &Shared,
        _places: EventPlaces,
        serve: impl AsyncFnOnce(&mut Client) -> Served,
    ) {
        let Err(end) = serve(&mut self).await;
        let (code, reason) = match end {
            End::Gone => return,
            End::TooSlow => (close_code::POLICY, "too slow: come back with after=SEQ"),
            End::TooLoud => (close_code::POLICY, "the client sends too much"),
            End::NoMore => (close_code::AWAY, "the node stops"),
        };
        if matches!(end, End::TooSlow | End::TooLoud) {
            shared.traffic.cut_off.inc();
        }
        let close = CloseFrame { code, reason: reason.into() };
        // The client may not even read that.
        let told = self.socket.send(Message::Close(Some(close)));
        let _ = timeout(Duration::from_millis(100), told).await;
    }

    /// Sends held events and then new ones. A client that falls behind is cut off.
    pub(super) async fn follow(&mut self, shared: &Shared, mut following: Following) -> Served {
        let feed = &shared.feed;
        self.send(following.hello(feed)).await?;
        for held in std::mem::take(&mut following.subscription.held) {
            if following.wants(&held) {
                self.send(held.text).await?;
            }
        }
        let mut receiver = following.subscription.receiver.take().ok_or(End::NoMore)?;
        let mut pings = shared.pings();
        loop {
            tokio::select! {
                held = receiver.recv() => match held {
                    Ok(held) if following.wants(&held) => self.send(held.text).await?,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Err(End::TooSlow),
                    Err(RecvError::Closed) => return Err(End::NoMore),
                },
                message = self.socket.recv() => {
                    let text = self.hear(message)?;
                    if let Some(pong) = text.and_then(|text| following.pong(feed, &text)) {
                        self.send(pong).await?;
                    }
                }
                _ = pings.tick() => {
                    self.ping().await?;
                    if let Some(ping) = following.ping(feed) {
                        self.send(ping).await?;
                    }
                }
            }
        }
    }

    /// Sends datagrams. A client that falls behind misses some.
    pub(super) async fn watch(&mut self, shared: &Shared) -> Served {
        let mut receiver = shared.feed.watch().ok_or(End::NoMore)?;
        let mut pings = shared.pings();
        loop {
            tokio::select! {
                held = receiver.recv() => match held {
                    Ok(held) => self.send(held.text).await?,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(End::NoMore),
                },
                message = self.socket.recv() => drop(self.hear(message)?),
                _ = pings.tick() => self.ping().await?,
            }
        }
    }

    /// Takes a message of the client; returns its text, if it is one.
    fn hear(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<Utf8Bytes>, End> {
        let text = match message {
            Some(Ok(Message::Text(text))) => Some(text),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
            Some(Ok(message)) => {
                self.is_answering |= matches!(message, Message::Pong(_));
                None
            }
        };
        self.messages += 1;
        if self.messages > MAX_MESSAGES { Err(End::TooLoud) } else { Ok(text) }
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.messages = 0;
        if !std::mem::replace(&mut self.is_answering, false) {
            return Err(End::TooSlow);
        }
        self.pass(Message::Ping(Default::default())).await
    }

    async fn send(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), End> {
        self.pass(Message::Text(text.into())).await
    }

    async fn pass(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND_PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::TooSlow),
        }
    }
}
