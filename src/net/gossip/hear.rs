//! Messages from neighbours.

use std::time::Duration;

use super::{Act, Around, Gossip, MAX_WAITING, OF_NEIGHBOUR, OF_SENDER, RECORD_WAIT, Waiting};
use crate::contacts::is_id;
use crate::event::Event;
use crate::net::frames::Kind;
use crate::net::message::{Body, MAX_HOPS, Message, Recipient};
use crate::net::record::{Record, Wrong};
use crate::net::replay::{Seen, ms};
use crate::net::reputation::Deed;
use crate::net::signed::Signed;
use crate::peer::PeerName;
use crate::words::To;

/// Why a message is refused: a name for programs, and a sentence for people.
type Refusal = (&'static str, String);

impl Gossip {
    /// A neighbour has sent a frame of one of the kinds for messages.
    pub(crate) fn hear(
        &mut self,
        around: &Around,
        via: &PeerName,
        kind: Kind,
        bytes: &[u8],
    ) -> Vec<Act> {
        if !self.meters.entry(via.clone()).or_default().take(around.now, OF_NEIGHBOUR) {
            let why = "this neighbour has brought too many frames in a second";
            return vec![refused(via, via, ("too-many", why.to_owned()))];
        }
        match kind {
            Kind::Message => self.hear_message(around, via, bytes),
            Kind::Record => self.hear_record(around, via, bytes),
            Kind::Who => self.hear_question(via, bytes),
            Kind::Hello | Kind::Datagram | Kind::Metadata => Vec::new(),
        }
    }

    /// Refuses messages that have waited too long, and forgets what it can.
    pub(crate) fn tick(&mut self, around: &Around) -> Vec<Act> {
        let now = around.now;
        for neighbour in around.neighbours {
            if let Some(known) = self.records.get_mut(&neighbour.id) {
                known.heard = now;
            }
        }
        self.meters.retain(|_, meter| !meter.is_clear(now));
        let late = self.waiting.extract_if(.., |waiting| waiting.until <= now);
        late.map(|waiting| {
            let why = match waiting.is_doubted {
                true => {
                    ("unproven", "its sender has not signed the record that was brought".to_owned())
                }
                false => ("unknown", "no introducer knows its sender".to_owned()),
            };
            refused(&waiting.message.sender(), &waiting.via, why)
        })
        .collect()
    }

    fn hear_message(&mut self, around: &Around, via: &PeerName, bytes: &[u8]) -> Vec<Act> {
        let Some((hops, message, signed)) = read(bytes) else {
            let why = "a message that cannot be read";
            let refused = refused(via, via, ("unreadable", why.to_owned()));
            return vec![refused, judge(via, -20, why)];
        };
        let from = message.sender();
        if from == self.own {
            // Our own message has come back, or a neighbour claims that it is ours.
            return Vec::new();
        }
        // A message that only claims to be an earlier one is dropped as if it were that
        // one.
        let has_come = self.replay.has(&from, message.number);
        if !has_come && !signed.is_by(&from, &self.messages) {
            // An honest node passes on only what it has checked.
            let why = "its sender has not signed it";
            let cost = judge(via, -40, "brought a forged message");
            return vec![refused(&from, via, ("forged", why.to_owned())), cost];
        }
        if !(around.is_let_in)(&from) {
            return vec![refused(&from, via, ("blocked", "its sender is not let in here".into()))];
        }
        if let Err(why) = self.check_number(around.now, &from, message.number, via) {
            return why.map(|why| refused(&from, via, why)).into_iter().collect();
        }
        if self.records.get(&from).is_some() {
            return self.take(around, via, hops, &message, &signed);
        }
        self.wait_for_record(around, via, hops, message, signed)
    }

    /// Checks by its number that a message has not come before. A message that other
    /// neighbours have brought is not worth reporting.
    fn check_number(
        &mut self,
        now: Duration,
        from: &PeerName,
        number: u64,
        via: &PeerName,
    ) -> Result<(), Option<Refusal>> {
        let now_ms = ms(now);
        let seconds = |apart_ms: u64| apart_ms.div_ceil(1_000);
        Err(Some(match self.replay.take(now_ms, from, number, via) {
            Seen::New => return Ok(()),
            Seen::Again => return Err(None),
            Seen::Replayed => ("replayed", "the same neighbour has brought it before".into()),
            Seen::TooOld => {
                let age = seconds(now_ms.saturating_sub(number));
                let why = "its number is from before the node's start or over a minute old";
                ("too-old", format!("sent {age} s ago: {why}"))
            }
            Seen::Ahead => {
                let ahead = seconds(number.saturating_sub(now_ms));
                ("ahead", format!("its number is {ahead} s ahead of our clock"))
            }
        }))
    }

    /// Asks for the record of an unknown sender.
    fn wait_for_record(
        &mut self,
        around: &Around,
        via: &PeerName,
        hops: u8,
        message: Message,
        signed: Signed,
    ) -> Vec<Act> {
        let from = message.sender();
        if self.waiting.len() >= MAX_WAITING {
            let why = "its sender is unknown, and too many others are being looked up";
            return vec![refused(&from, via, ("unknown", why.to_owned()))];
        }
        let is_asked = self.waiting.iter().any(|waiting| waiting.message.sender() == from);
        let until = around.now + RECORD_WAIT;
        let via = via.clone();
        let others = around.neighbours.iter().filter(|it| it.is_introducer && it.id != via);
        let asked = others.map(|it| it.id.clone()).chain([via.clone()]);
        let asked: Vec<_> = asked.filter(|_| !is_asked).collect();
        self.waiting.push(Waiting { until, via, hops, message, signed, is_doubted: false });
        let question = from.to_string().into_bytes();
        asked.into_iter().map(|id| Act::Send(id, Kind::Who, question.clone())).collect()
    }

    /// Accepts a record: a neighbour's own, or one that we asked for.
    fn hear_record(&mut self, around: &Around, via: &PeerName, bytes: &[u8]) -> Vec<Act> {
        let signed = Signed::from_bytes(bytes);
        let claimed = signed.as_ref().and_then(Signed::value::<Record>);
        let (Some(signed), Some(claimed)) = (signed, claimed) else {
            return vec![judge(via, -20, "a record that cannot be read")];
        };
        let id = PeerName::new(&claimed.id);
        let is_wanted = self.waiting.iter().any(|waiting| waiting.message.sender() == id);
        if !is_wanted && id != *via {
            return Vec::new();
        }
        match Record::prove(&signed, &self.records_are) {
            Ok(record) => self.records.keep(around.now, record, signed),
            Err(Wrong::Unreadable) => return vec![judge(via, -20, "a record that cannot be read")],
            Err(Wrong::Unproven) => {
                let doubted = self.waiting.iter_mut().filter(|it| it.message.sender() == id);
                doubted.for_each(|waiting| waiting.is_doubted = true);
                return vec![judge(via, -40, "brought a forged record")];
            }
        }
        let known: Vec<_> =
            self.waiting.extract_if(.., |waiting| waiting.message.sender() == id).collect();
        let take = |it: Waiting| self.take(around, &it.via, it.hops, &it.message, &it.signed);
        known.into_iter().flat_map(take).collect()
    }

    /// A neighbour asks for a node's record.
    fn hear_question(&mut self, via: &PeerName, bytes: &[u8]) -> Vec<Act> {
        let id = std::str::from_utf8(bytes).ok().filter(|id| is_id(id)).map(PeerName::new);
        let Some(id) = id else {
            return vec![judge(via, -20, "a question that cannot be read")];
        };
        let record = match id == self.own {
            true => Some(self.own_record()),
            false => self.records.get(&id).map(|known| known.signed.to_bytes()),
        };
        record.map(|record| Act::Send(via.clone(), Kind::Record, record)).into_iter().collect()
    }

    /// Accepts a message of a known sender: shows it and passes it on.
    fn take(
        &mut self,
        around: &Around,
        via: &PeerName,
        hops: u8,
        message: &Message,
        signed: &Signed,
    ) -> Vec<Act> {
        let from = message.sender();
        let known = self.records.get_mut(&from).expect("its record was looked up");
        if !known.meter.take(around.now, OF_SENDER) {
            let why = "its sender has sent too many in a second";
            return vec![refused(&from, via, ("too-many", why.to_owned()))];
        }
        known.heard = around.now;
        let mut acts = self.pass_on(around, hops, message, signed);
        if self.is_for_us(&message.to) {
            acts.push(self.show(from, message));
        }
        acts
    }

    fn show(&self, from: PeerName, message: &Message) -> Act {
        let name = self.name_of(&from);
        match &message.body {
            Body::Text(text) => Act::Tell(Event::MessageReceived {
                from,
                name,
                to: To::from(&message.to).to_string(),
                number: message.number,
                text: text.clone(),
            }),
            Body::Question(hash) => {
                let hash = hash.parse().expect("it was checked");
                Act::Look(from, message.number, hash)
            }
            Body::Answer(answer) => Act::Answered(from, name, *answer),
        }
    }

    fn is_for_us(&self, to: &Recipient) -> bool {
        match to {
            Recipient::All => true,
            Recipient::Group(group) => self.record.0.groups.contains(group),
            Recipient::Node(id) => *id == self.own.as_str(),
        }
    }
}

/// The hops left, the message, and the signed bytes.
fn read(bytes: &[u8]) -> Option<(u8, Message, Signed)> {
    let (hops, signed) = bytes.split_first()?;
    let signed = Signed::from_bytes(signed)?;
    let message: Message = signed.value()?;
    message.check().is_ok().then_some(((*hops).min(MAX_HOPS), message, signed))
}

fn refused(from: &PeerName, via: &PeerName, (reason, detail): Refusal) -> Act {
    Act::Tell(Event::MessageRefused { from: from.clone(), via: via.clone(), reason, detail })
}

fn judge(id: &PeerName, points: i32, why: &str) -> Act {
    Act::Judge(id.clone(), Deed { points, why: why.to_owned() })
}
