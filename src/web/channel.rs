//! Numbered messages on their way to many clients, and held for those who come back.

use std::collections::VecDeque;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::broadcast;

/// How many of the last messages are held for clients that come back: some 200 KB,
/// and at four a second some minutes.
pub(super) const MAX_HELD_EVENTS: usize = 1_000;

/// How many messages a client may be behind before it is cut off as too slow.
pub(super) const MAX_EVENTS_BEHIND: usize = 256;

/// How many of the last frequent messages are held beside them: they come several times a
/// second and would push all others out within minutes. A page takes rates over five seconds.
pub(super) const MAX_HELD_OFTEN: usize = 50;

/// A message as every client gets it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) seq: u64,
    /// What kind of event it tells of.
    pub(super) kind: &'static str,
    pub(super) text: Utf8Bytes,
}

/// How long a message is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// With the others that tell the story.
    Story,
    /// Apart, as its kind comes often.
    Often,
    /// Not at all.
    No,
}

/// The way to all clients.
pub(super) struct Channel {
    /// The number of the next message.
    next: u64,
    held: VecDeque<Held>,
    /// The same for those that come often.
    often: VecDeque<Held>,
    /// The number after the last message of the story that is held no more.
    first: u64,
    /// `None` when there is nothing more to come.
    sender: Option<broadcast::Sender<Held>>,
}

/// What a client gets that comes, or comes back.
pub(super) struct Subscription {
    /// Names the run of the node that the numbers are of, and the version.
    pub(super) stream: String,
    /// From this number on all events are held, but for those that come often.
    pub(super) first: u64,
    /// The number of the next event.
    pub(super) next: u64,
    /// How many events it missed for good.
    pub(super) missed: u64,
    /// What it missed and can still have.
    pub(super) held: Vec<Held>,
    /// What is to come; `None` if nothing.
    pub(super) receiver: Option<broadcast::Receiver<Held>>,
}

impl Channel {
    pub(super) fn new() -> Channel {
        let (sender, _) = broadcast::channel(MAX_EVENTS_BEHIND);
        let sender = Some(sender);
        Channel { next: 1, held: VecDeque::new(), often: VecDeque::new(), first: 1, sender }
    }

    /// Sends a message, an object of JSON, with its number in front. Never waits for a client.
    pub(super) fn send(&mut self, kind: &'static str, keep: Keep, object: &str) {
        let rest = object.strip_prefix('{').expect("a message is an object");
        let text = format!("{{\"seq\":{},{rest}", self.next).into();
        let held = Held { seq: self.next, kind, text };
        self.next += 1;
        self.hold(keep, held.clone());
        if let Some(sender) = &self.sender {
            // It fails where nobody listens.
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

    /// Whether somebody gets what is sent now.
    pub(super) fn is_followed(&self) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.receiver_count() > 0)
    }

    /// Nothing more is to come: clients are told so.
    pub(super) fn close(&mut self) {
        self.sender = None;
    }

    /// All messages from now on; `None` when there is nothing more to come.
    pub(super) fn receiver(&self) -> Option<broadcast::Receiver<Held>> {
        self.sender.as_ref().map(broadcast::Sender::subscribe)
    }

    /// All messages after `after` that are held, and all to come. `told` is the stream that
    /// `after` counts in, if the client says so, and `stream` this one.
    pub(super) fn subscribe(
        &self,
        stream: String,
        after: Option<u64>,
        told: Option<&str>,
    ) -> Subscription {
        let Channel { next, first, .. } = *self;
        // A number of another run, or from nowhere, says nothing here.
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
