//! Events as a stream that a browser reads by itself (`EventSource`), for clients that
//! cannot use WebSockets.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

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
    /// Messages to send first.
    waiting: VecDeque<String>,
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
        let held = std::mem::take(&mut following.subscription.held);
        let first = held.first().map_or(following.subscription.next, |held| held.seq);
        let stream = &following.subscription.stream;
        // A client that comes back with only this id resumes here.
        let hello = message(stream, first - 1, &following.hello(&shared.feed));
        let wanted = held.iter().filter(|held| following.wants(held));
        let held = wanted.map(|held| message(stream, held.seq, &held.text));
        let waiting = std::iter::once(hello).chain(held).collect();
        let pings = shared.pings();
        Reader { shared, following, waiting, pings, _places: places }
    }

    /// What to send next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(text) = self.waiting.pop_front() {
                return Some(text);
            }
            let receiver = self.following.subscription.receiver.as_mut()?;
            tokio::select! {
                held = receiver.recv() => {
                    let held = self.take(held)?;
                    self.waiting.extend(held);
                }
                _ = self.pings.tick() => {
                    // A comment shows that the connection works.
                    let ping = self.following.ping(&self.shared.feed);
                    return Some(ping.map_or(":\n\n".into(), |ping| format!("data: {ping}\n\n")));
                }
            }
        }
    }

    /// An event, if the client wants it; `None` at the end.
    fn take(&self, held: Result<Held, RecvError>) -> Option<Option<String>> {
        match held {
            Ok(held) => {
                let stream = &self.following.subscription.stream;
                let text = || message(stream, held.seq, &held.text);
                Some(self.following.wants(&held).then(text))
            }
            Err(RecvError::Lagged(_)) => {
                self.shared.traffic.cut_off.inc();
                None
            }
            Err(RecvError::Closed) => None,
        }
    }
}

/// A message, and the id with which a browser resumes after it.
fn message(stream: &str, seq: u64, text: &str) -> String {
    format!("id: {stream}:{seq}\ndata: {text}\n\n")
}
