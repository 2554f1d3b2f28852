//! Events as a stream that a browser reads by itself (`EventSource`), for clients that
//! cannot use WebSockets.

use std::convert::Infallible;
use std::sync::Arc;
use std::vec;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Interval;

use super::channel::Held;
use super::following::Following;
use super::shared::{EventPlaces, Shared};

/// One client, as long as its answer lasts.
struct Reader {
    shared: Arc<Shared>,
    following: Following,
    /// The first message, until it is sent.
    hello: Option<String>,
    /// The events that it missed. All clients share their text until it is sent, because many may not read.
    missed: vec::IntoIter<Held>,
    pings: Interval,
    /// The client's resources while it is connected.
    _places: EventPlaces,
}

/// An answer that ends when the node does, or when its client is too slow: the connection
/// itself ends if the client reads nothing for a while.
pub(super) fn stream(shared: Arc<Shared>, following: Following, places: EventPlaces) -> Response {
    let reader = Reader::new(shared, following, places);
    let events = unfold(reader, async |mut reader| {
        let text = reader.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), reader))
    });
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    (kind, Body::from_stream(events)).into_response()
}

impl Reader {
    fn new(shared: Arc<Shared>, mut following: Following, places: EventPlaces) -> Reader {
        let missed = std::mem::take(&mut following.subscription.held);
        let first = missed.first().map_or(following.subscription.next, |held| held.seq);
        // A client that comes back with only this id resumes here.
        let stream = &following.subscription.stream;
        let hello = Some(message(stream, first - 1, &following.hello(&shared.feed)));
        let pings = shared.pings();
        Reader { hello, missed: missed.into_iter(), pings, shared, following, _places: places }
    }

    /// What to send next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        if let Some(hello) = self.hello.take() {
            return Some(hello);
        }
        if let Some(held) = self.missed.find(|held| self.following.wants(held)) {
            return Some(self.text(&held));
        }
        loop {
            let receiver = self.following.subscription.receiver.as_mut()?;
            tokio::select! {
                held = receiver.recv() => {
                    let held = self.taken(held)?;
                    if self.following.wants(&held) {
                        return Some(self.text(&held));
                    }
                }
                _ = self.pings.tick() => {
                    // A comment shows that the connection works.
                    let ping = self.following.ping(&self.shared.feed);
                    return Some(ping.map_or(":\n\n".into(), |ping| format!("data: {ping}\n\n")));
                }
            }
        }
    }

    /// An event that has arrived; `None` at the end.
    fn taken(&self, held: Result<Held, RecvError>) -> Option<Held> {
        if matches!(held, Err(RecvError::Lagged(_))) {
            self.shared.traffic.cut_off.inc();
        }
        held.ok()
    }

    fn text(&self, held: &Held) -> String {
        message(&self.following.subscription.stream, held.seq, &held.text)
    }
}

/// A message, and the id with which a browser resumes after it.
fn message(stream: &str, seq: u64, text: &str) -> String {
    format!("id: {stream}:{seq}\ndata: {text}\n\n")
}
