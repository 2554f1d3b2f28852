//! Numbered messages for many clients, held for clients that come back.

use std::collections::VecDeque;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::broadcast;

/// How many of the last messages are held for clients that come back: about 200 KB, and at
/// four a second some minutes.
pub(super) const MAX_HELD_EVENTS: usize = 1_000;

/// How many messages a client may be behind before it is cut off as too slow.
pub(super) const MAX_EVENTS_BEHIND: usize = 256;

/// How many of the last frequent messages are held separately: they come several times a
/// second and would displace all others within minutes. A page computes rates over five
/// seconds.
pub(super) const MAX_HELD_OFTEN: usize = 50;

/// A message as every client gets it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) seq: u64,
    /// The kind of its event.
    pub(super) kind: &'static str,
    pub(super) text: Utf8Bytes,
}

/// How long a message is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Among the other events.
    Story,
    /// Separately, because its kind comes often.
    Often,
    /// Not at all.
    No,
}

/// The channel to all clients.
pub(super) struct Channel {
    /// The number of the next message.
    next: u64,
    held: VecDeque<Held>,
    /// The same for frequent messages.
    often: VecDeque<Held>,
    /// The number after the last message that is no longer held, frequent ones aside.
    first: u64,
    /// `None` when there is nothing more to come.
    sender: Option<broadcast::Sender<Held>>,
}

/// What a client gets when it comes, or comes back.
pub(super) struct Subscription {
    /// Names the run of the node to which the numbers belong, and the version.
    pub(super) stream: String,
    /// From this number on all events are held, except frequent ones.
    pub(super) first: u64,
    /// The number of the next event.
    pub(super) next: u64,
    /// How many of the events that it missed are lost.
    pub(super) missed: u64,
    /// The missed events that are still held.
    pub(super) held: Vec<Held>,
    /// Future events; `None` if there will be none.
    pub(super) receiver: Option<broadcast::Receiver<Held>>,
}

impl Channel {
    pub(super) fn new() -> Channel {
        let (sender, _) = broadcast::channel(MAX_EVENTS_BEHIND);
        let sender = Some(sender);
        Channel { next: 1, held: VecDeque::new(), often: VecDeque::new(), first: 1, sender }
    }

    /// Sends a message, a JSON object, with its number in front. Never waits for a client.
    pub(super) fn send(&mut self, kind: &'static str, keep: Keep, object: &str) {
        let rest = object.strip_prefix('{').expect("a message is an object");
        let text = format!("{{\"seq\":{},{rest}", self.next).into();
        let held = Held { seq: self.next, kind, text };
        self.next += 1;
        self.hold(keep, held.clone());
        if let Some(sender) = &self.sender {
            // It fails if nobody listens.
            let _ = sender.send(held);
        }
    }

    fn hold(&mut self, keep: Keep, held: Held) {
        match keep {
            Keep::No => {}
            Keep::Often => {
                self.often.push_back(held);
                if self.often.len() > MAX_HELD_OFTEN {
                    self.often.pop_front();
                }
            }
            Keep::Story => {
                self.held.push_back(held);
                if self.held.len() > MAX_HELD_EVENTS {
                    self.first = self.held.pop_front().map_or(self.first, |held| held.seq + 1);
                }
            }
        }
    }

    /// Whether anybody gets messages that are sent now.
    pub(super) fn is_followed(&self) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.receiver_count() > 0)
    }

    /// There will be no more messages: clients are told so.
    pub(super) fn close(&mut self) {
        self.sender = None;
    }

    /// All messages from now on; `None` if there will be none.
    pub(super) fn receiver(&self) -> Option<broadcast::Receiver<Held>> {
        self.sender.as_ref().map(broadcast::Sender::subscribe)
    }

    /// All messages after `after` that are held, and all future ones. `told` is the stream
    /// to which `after` belongs, if the client says so, and `stream` is this one.
    pub(super) fn subscribe(
        &self,
        stream: String,
        after: Option<u64>,
        told: Option<&str>,
    ) -> Subscription {
        let Channel { next, first, .. } = *self;
        // A number of another run, or an invented one, means nothing here.
        let is_ours = told.is_none_or(|told| told == stream);
        let after = after.map(|after| if is_ours && after < next { after } else { 0 });
        let after = after.unwrap_or(next - 1);
        let held = self.held.iter().chain(&self.often);
        let mut held: Vec<_> = held.filter(|held| held.seq > after).cloned().collect();
        held.sort_by_key(|held| held.seq);
        let (missed, receiver) = (first.saturating_sub(after + 1), self.receiver());
        Subscription { stream, first, next, missed, held, receiver }
    }
}
