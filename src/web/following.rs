//! What a client of the events asks for, and its first message.

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::json;

use super::channel::{Held, Subscription};
use super::envelope::Envelope;
use super::feed::Feed;
use super::kinds::{SYSTEM_PING, SYSTEM_PONG, Wanted};
use super::moment::Moment;
use super::problem::Problem;

/// Where to resume, and in which version.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Resume {
    /// First all events above this number that are still held; 0 for all that are.
    after: Option<u64>,
    /// The stream to which `after` belongs, as the first message named it.
    stream: Option<String>,
    /// Only these kinds, in version 2: names separated by commas; `*` at the end of one
    /// stands for anything. If absent, all kinds of version 1.
    #[param(example = "node:*,block:temperature")]
    types: Option<String>,
}

/// The first message to each client.
#[derive(Serialize, ToSchema)]
pub(super) struct Hello<'a> {
    /// The version of the events' schema.
    v: u8,
    /// Always `hello`.
    event: &'static str,
    #[serde(flatten)]
    stand: Stand<'a>,
}

/// The current numbers of the events.
#[derive(Serialize, ToSchema)]
struct Stand<'a> {
    /// Names this run of the node; the numbers restart with each run.
    stream: &'a str,
    /// The number of the oldest event that is held.
    first: u64,
    /// The number of the next event that happens.
    next: u64,
    /// How many events after `after` are no longer held.
    missed: u64,
}

/// What one client follows.
pub(super) struct Following {
    /// The kinds that it has chosen; `None` is all of version 1.
    wanted: Option<Wanted>,
    pub(super) subscription: Subscription,
}

impl Resume {
    /// The same, resumed from the id that a browser sends; it repeats the request that it
    /// made at first.
    ///
    /// # Errors
    /// If the header is not one of ours.
    pub(super) fn after_header(mut self, headers: &HeaderMap) -> Result<Resume, Problem> {
        let Some(id) = headers.get("last-event-id") else { return Ok(self) };
        let parts = id.to_str().ok().and_then(|id| id.rsplit_once(':'));
        let parts = parts.and_then(|(stream, seq)| Some((stream, seq.parse().ok()?)));
        let Some((stream, seq)) = parts else {
            return Err(Problem::bad_request(
                "Last-Event-ID is not the id of an event: STREAM:SEQ",
            ));
        };
        (self.stream, self.after) = (Some(stream.to_owned()), Some(seq));
        Ok(self)
    }

    /// The requested kinds, if the client chose some.
    ///
    /// # Errors
    /// If there is no such kind.
    pub(super) fn wanted(&self) -> Result<Option<Wanted>, Problem> {
        self.types.as_deref().map(Wanted::parse).transpose()
    }

    /// Starts to follow from there.
    pub(super) fn follow(&self, feed: &Feed, wanted: Option<Wanted>) -> Following {
        let (after, stream) = (self.after, self.stream.as_deref());
        let subscription = match wanted {
            None => feed.subscribe(after, stream),
            Some(_) => feed.subscribe_to_envelopes(after, stream),
        };
        Following { wanted, subscription }
    }
}

impl Following {
    /// The first message.
    pub(super) fn hello(&self, feed: &Feed) -> String {
        let &Subscription { ref stream, first, next, missed, .. } = &self.subscription;
        let stand = Stand { stream, first, next, missed };
        match self.wanted {
            None => {
                let hello = Hello { v: json::VERSION, event: "hello", stand };
                serde_json::to_string(&hello).expect("strings and numbers are JSON")
            }
            Some(_) => by_itself("hello", feed, json!(stand)),
        }
    }

    /// Whether the client wants this event.
    pub(super) fn wants(&self, held: &Held) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.has(held.kind))
    }

    /// The event that the node is there, if the client wants it.
    pub(super) fn ping(&self, feed: &Feed) -> Option<String> {
        let is_wanted = self.wanted.as_ref().is_some_and(|wanted| wanted.has(SYSTEM_PING));
        is_wanted.then(|| by_itself(SYSTEM_PING, feed, json!({})))
    }

    /// The answer to a client's message, if that is a ping of version 2.
    pub(super) fn pong(&self, feed: &Feed, text: &str) -> Option<String> {
        self.wanted.as_ref()?;
        let ping: Ping = serde_json::from_str(text).ok().filter(Ping::is_one)?;
        Some(by_itself(SYSTEM_PONG, feed, ping.data))
    }
}

/// What a client may send.
#[derive(Deserialize)]
struct Ping {
    #[serde(rename = "type")]
    kind: String,
    /// Anything: the answer repeats it.
    #[serde(default)]
    data: Value,
}

impl Ping {
    fn is_one(&self) -> bool {
        self.kind == SYSTEM_PING
    }
}

/// An event for only one client, without a number.
fn by_itself(kind: &'static str, feed: &Feed, data: Value) -> String {
    Envelope::new(kind, Moment::now().unix, feed.name.as_str(), data).to_json()
}
