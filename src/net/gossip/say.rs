//! Messages of this node, and the neighbours that messages are passed on to.

use super::{Act, Around, Gossip, OF_SENDER};
use crate::event::Event;
use crate::net::frames::Kind;
use crate::net::message::{Body, MAX_HOPS, Message, Recipient};
use crate::net::replay::ms;
use crate::net::signed::Signed;
use crate::peer::PeerName;
use crate::words::{Sent, To, Unsent};

impl Gossip {
    /// Sends a message.
    ///
    /// # Errors
    /// Why no node will hear it.
    pub(crate) fn say(
        &mut self,
        around: &Around,
        to: Recipient,
        body: Body,
    ) -> Result<(Sent, Vec<Act>), Unsent> {
        let number = ms(around.now).max(self.number + 1);
        let message = Message { from: self.own.to_string(), number, to, body };
        message.check().map_err(Unsent::Wrong)?;
        let neighbours = self.next(around, &message, None);
        if neighbours.is_empty() {
            return Err(Unsent::Alone);
        }
        if !self.meter.take(around.now, OF_SENDER) {
            return Err(Unsent::TooMany);
        }
        self.number = number;
        let signed = Signed::new(&self.key, &self.messages, &message);
        let sent = Sent { to: To::from(&message.to), number, neighbours: neighbours.len() };
        let mut acts = send_all(neighbours, MAX_HOPS, &signed);
        if let Body::Text(text) = message.body {
            let (to, text) = (sent.to.to_string(), text);
            acts.push(Act::Tell(Event::MessageSent { to, number, text }));
        }
        Ok((sent, acts))
    }

    /// Passes on a message from a neighbour, if it is also for others.
    pub(super) fn pass_on(
        &self,
        around: &Around,
        hops: u8,
        message: &Message,
        signed: &Signed,
    ) -> Vec<Act> {
        if hops == 0 || self.is_for_us_alone(message) {
            return Vec::new();
        }
        let bringers = self.replay.bringers(&message.sender(), message.number);
        let next = self.next(around, message, Some(bringers));
        send_all(next, hops - 1, signed)
    }

    /// The neighbours that get a message: only its recipient, if that is a neighbour; for
    /// an answer, the neighbour that brought the question; otherwise all that have not
    /// brought it.
    fn next(
        &self,
        around: &Around,
        message: &Message,
        bringers: Option<&[PeerName]>,
    ) -> Vec<PeerName> {
        let all = || around.neighbours.iter().map(|neighbour| &neighbour.id);
        if let Recipient::Node(id) = &message.to {
            let recipient = PeerName::new(id);
            if let Some(neighbour) = all().find(|it| **it == recipient) {
                return vec![neighbour.clone()];
            }
            if let Body::Answer(answer) = &message.body {
                let way = self.replay.bringers(&recipient, answer.question).iter();
                let mut way = way.filter(|bringer| all().any(|it| it == *bringer));
                return way.next().cloned().into_iter().collect();
            }
        }
        let has_it = |id: &PeerName| {
            *id == message.sender() || bringers.is_some_and(|bringers| bringers.contains(id))
        };
        all().filter(|id| !has_it(id)).cloned().collect()
    }

    fn is_for_us_alone(&self, message: &Message) -> bool {
        matches!(&message.to, Recipient::Node(id) if *id == self.own.as_str())
    }
}

/// Sends each of these neighbours the message in a frame.
fn send_all(to: Vec<PeerName>, hops: u8, signed: &Signed) -> Vec<Act> {
    let bytes = [&[hops], &signed.to_bytes()[..]].concat();
    to.into_iter().map(|id| Act::Send(id, Kind::Message, bytes.clone())).collect()
}
