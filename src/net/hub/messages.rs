//! Messages: requests to send them, and those that neighbours bring.

use std::time::Duration;

use super::{Hub, ToHub};
use crate::driver::Command;
use crate::event::Event;
use crate::net::frames::{self, Kind};
use crate::net::gossip::{Act, Around, Gossip};
use crate::net::message::{Body, Recipient};
use crate::net::rate::Rate;
use crate::peer::PeerName;
use crate::words::{Reply, Request, Sent, To, Unsent};

/// The rate at which refused messages are reported: strangers can cause any number of them.
const TOLD_REFUSALS: Rate = Rate::new(100, 20);

impl Hub {
    /// Answers a request, now or later.
    pub(super) fn serve(&mut self, now: Duration, request: Request) {
        match request {
            Request::Say(to, text, reply) => self.say_text(now, &to, text, reply),
            Request::Confirm(hash, reply) => self.ask_own_chain(hash, reply),
        }
    }

    fn say_text(
        &mut self,
        now: Duration,
        to: &To,
        text: String,
        reply: Reply<Result<Sent, Unsent>>,
    ) {
        let contacts = self.table.contacts(now);
        let others = contacts.iter().map(|contact| (&contact.id, contact.name.as_deref()));
        let recipient = self.gossip.find(to, others);
        let said = recipient.and_then(|to| self.say(now, to, Body::Text(text)));
        reply.give(said);
    }

    /// Sends a message, and reports it.
    pub(super) fn say(&mut self, now: Duration, to: Recipient, body: Body) -> Result<Sent, Unsent> {
        let said = self.with_gossip(now, |gossip, around| gossip.say(around, to, body));
        said.map(|(sent, acts)| {
            self.act(now, acts);
            sent
        })
    }

    /// A neighbour has sent a frame about messages.
    pub(super) fn hear_message(&mut self, now: Duration, via: &PeerName, kind: Kind, held: &[u8]) {
        // It may be the last frame of a peer that we just hung up on.
        if self.lives.has(via) {
            let acts = self.with_gossip(now, |gossip, around| gossip.hear(around, via, kind, held));
            self.act(now, acts);
        }
    }

    /// Does what is due.
    pub(super) fn tick_messages(&mut self, now: Duration) {
        let acts = self.with_gossip(now, |gossip, around| gossip.tick(around));
        self.act(now, acts);
        self.tick_questions(now);
    }

    pub(super) fn with_gossip<T>(
        &mut self,
        now: Duration,
        with: impl FnOnce(&mut Gossip, &Around) -> T,
    ) -> T {
        let (neighbours, table) = (self.lives.neighbours(), &self.table);
        let is_let_in = |id: &PeerName| table.lets_in(now, id);
        let around = Around { now, neighbours: &neighbours, is_let_in: &is_let_in };
        with(&mut self.gossip, &around)
    }

    pub(super) fn act(&mut self, now: Duration, acts: Vec<Act>) {
        for act in acts {
            match act {
                // If its queue is full, the message is dropped, like a datagram.
                Act::Send(to, kind, held) => {
                    self.lives.send(&to, frames::encode(kind, &held));
                }
                Act::Tell(event) => self.show(now, event),
                Act::Judge(id, deed) => self.judge(now, &id, deed),
                Act::Look(from, question, hash) => self.look_for(from, question, hash),
                Act::Answered(from, name, answer) => self.hear_answer(from, name, answer),
            }
        }
    }

    /// Has the node's loop report an event, in order with its own events.
    fn show(&mut self, now: Duration, event: Event) {
        let is_refusal = matches!(event, Event::MessageRefused { .. });
        if is_refusal && !self.refusals.take(now, TOLD_REFUSALS) {
            return;
        }
        if let Some(node) = &self.node {
            // This fails if the loop has ended; then the network is about to end.
            let _ = node.send(Command::Tell(event));
        }
    }

    /// The queue for the results of the node's loop.
    pub(super) fn to_hub(&self) -> tokio::sync::mpsc::Sender<ToHub> {
        self.parts.to_hub.clone()
    }
}
