//! Events as JSON, for programs.
//!
//! One schema for the lines of `--json` and for everything else that sends events. A number
//! that may not survive a JavaScript reader (above 2^53) is a string.

use std::time::Duration;

use serde::Serialize;

use crate::event::{Event, Reason, Started};
use crate::passage::Passage;

/// Version of this schema; a change that breaks a reader raises it.
pub const VERSION: u8 = 1;

/// An event, and when it happened.
#[derive(Debug, Serialize)]
pub struct Record {
    /// [`VERSION`].
    v: u8,
    /// Unix time in milliseconds.
    time_ms: u64,
    /// The number of events of its kind that this one stands for, if more than itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged: Option<u64>,
    #[serde(flatten)]
    body: Body,
}

/// The fields of [`Event`], with plain types.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Body {
    Started {
        name: String,
        port: u16,
        peers: Vec<String>,
        nonces: u64,
        listen_ms: u64,
        zero_bits: u8,
        seed: String,
        lane: String,
        height: usize,
        hash: String,
    },
    Tried {
        counter: u64,
    },
    Created {
        height: usize,
        hash: String,
    },
    Copied {
        height: usize,
        hash: String,
        from: String,
        listed: bool,
        abandoned: usize,
    },
    Rested {
        duration_ms: u64,
    },
    Ignored {
        from: String,
        reason: &'static str,
        detail: String,
    },
    Paused {},
    Resumed {},
    Connected {
        peer: String,
    },
    Disconnected {
        peer: String,
    },
    Links {
        delay_ms: u64,
        loss: u8,
    },
    Paced {
        nonces: u64,
        listen_ms: u64,
    },
    /// Not an event of the node, but an observer's view of a datagram.
    Message {
        from: String,
        kind: &'static str,
        length: usize,
        delay_ms: u64,
        lost: bool,
    },
    Stopped {
        height: usize,
        hash: String,
    },
    MessageSent {
        to: String,
        number: u64,
        text: String,
    },
    MessageReceived {
        from: String,
        name: Option<String>,
        to: String,
        number: u64,
        text: String,
    },
    MessageRefused {
        from: String,
        via: String,
        reason: &'static str,
        detail: String,
    },
    Unsent {
        to: String,
        error: String,
    },
}

impl Record {
    /// An event that happened at this time since the Unix epoch.
    pub fn new(time: Duration, event: &Event) -> Record {
        Record { v: VERSION, time_ms: milliseconds(time), merged: None, body: Body::of(event) }
    }

    /// The last of `count` events of its kind, which stands for all of them.
    pub fn merged(time: Duration, event: &Event, count: u64) -> Record {
        Record { merged: (count > 1).then_some(count), ..Record::new(time, event) }
    }

    /// A datagram that was sent to the node at this time since the Unix epoch.
    pub fn passage(time: Duration, passage: &Passage) -> Record {
        let Passage { from, kind, len, delay, is_lost, count } = passage;
        let body = Body::Message {
            from: from.to_string(),
            kind,
            length: *len,
            delay_ms: milliseconds(*delay),
            lost: *is_lost,
        };
        let merged = (*count > 1).then_some(*count);
        Record { v: VERSION, time_ms: milliseconds(time), merged, body }
    }

    /// One line of JSON, without its end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers are JSON")
    }
}

impl Body {
    fn of(event: &Event) -> Body {
        match event {
            Event::Started(started) => Body::started(started),
            Event::Tried { counter } => Body::Tried { counter: *counter },
            Event::Created { height, hash } => {
                Body::Created { height: *height, hash: hash.to_string() }
            }
            Event::Copied { height, hash, from, listed, abandoned } => Body::Copied {
                height: *height,
                hash: hash.to_string(),
                from: from.to_string(),
                listed: *listed,
                abandoned: *abandoned,
            },
            Event::Rested { duration } => Body::Rested { duration_ms: milliseconds(*duration) },
            Event::Ignored { from, reason } => Body::ignored(from.to_string(), reason),
            Event::Paused => Body::Paused {},
            Event::Resumed => Body::Resumed {},
            Event::Connected { peer } => Body::Connected { peer: peer.to_string() },
            Event::Disconnected { peer } => Body::Disconnected { peer: peer.to_string() },
            Event::Links { delay, loss } => {
                Body::Links { delay_ms: milliseconds(*delay), loss: *loss }
            }
            Event::Paced { nonces, listen } => {
                Body::Paced { nonces: *nonces, listen_ms: milliseconds(*listen) }
            }
            Event::Stopped { height, hash } => {
                Body::Stopped { height: *height, hash: hash.to_string() }
            }
            Event::MessageSent { to, number, text } => {
                Body::MessageSent { to: to.clone(), number: *number, text: text.clone() }
            }
            Event::MessageReceived { from, name, to, number, text } => Body::MessageReceived {
                from: from.to_string(),
                name: name.clone(),
                to: to.clone(),
                number: *number,
                text: text.clone(),
            },
            Event::MessageRefused { from, via, reason, detail } => Body::MessageRefused {
                from: from.to_string(),
                via: via.to_string(),
                reason,
                detail: detail.clone(),
            },
            Event::Unsent { to, error } => {
                Body::Unsent { to: to.to_string(), error: error.clone() }
            }
        }
    }

    fn started(started: &Started) -> Body {
        Body::Started {
            name: started.name.to_string(),
            port: started.port,
            peers: started.peers.iter().map(ToString::to_string).collect(),
            nonces: started.nonces,
            listen_ms: milliseconds(started.listen),
            zero_bits: started.target.zero_bits(),
            seed: started.seed.to_string(),
            lane: format!("{:#x}", started.lane),
            height: started.height,
            hash: started.hash.to_string(),
        }
    }

    fn ignored(from: String, reason: &Reason) -> Body {
        Body::Ignored { from, reason: reason.name(), detail: reason.to_string() }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;
    use crate::peer::PeerName;

    #[test]
    fn an_event_is_this_line() {
        let event = Event::Copied {
            height: 5,
            hash: Hash::ZERO,
            from: PeerName::new("bob"),
            listed: true,
            abandoned: 1,
        };
        let line = Record::new(Duration::from_millis(1_700_000_000_123), &event).to_line();
        let zero = "0".repeat(64);
        assert_eq!(
            line,
            format!(
                r#"{{"v":1,"time_ms":1700000000123,"event":"copied","height":5,"hash":"{zero}","from":"bob","listed":true,"abandoned":1}}"#
            )
        );
    }

    #[test]
    fn an_event_that_stands_for_others_says_for_how_many() {
        let line =
            |count| Record::merged(Duration::ZERO, &Event::Tried { counter: 1 }, count).to_line();
        assert_eq!(line(1), r#"{"v":1,"time_ms":0,"event":"tried","counter":1}"#);
        assert_eq!(line(7), r#"{"v":1,"time_ms":0,"merged":7,"event":"tried","counter":1}"#);
    }

    #[test]
    fn orders_that_a_node_has_obeyed_are_these_lines() {
        let line = |event| Record::new(Duration::ZERO, &event).to_line();
        let peer = PeerName::new("bob");
        assert_eq!(line(Event::Paused), r#"{"v":1,"time_ms":0,"event":"paused"}"#);
        assert_eq!(line(Event::Resumed), r#"{"v":1,"time_ms":0,"event":"resumed"}"#);
        let connected = line(Event::Connected { peer: peer.clone() });
        assert_eq!(connected, r#"{"v":1,"time_ms":0,"event":"connected","peer":"bob"}"#);
        let disconnected = line(Event::Disconnected { peer });
        assert_eq!(disconnected, r#"{"v":1,"time_ms":0,"event":"disconnected","peer":"bob"}"#);
    }

    #[test]
    fn links_a_pace_and_a_datagram_on_its_way_are_these_lines() {
        let line = |event| Record::new(Duration::ZERO, &event).to_line();
        let delay = Duration::from_millis(500);
        let links = line(Event::Links { delay, loss: 10 });
        assert_eq!(links, r#"{"v":1,"time_ms":0,"event":"links","delay_ms":500,"loss":10}"#);
        let paced = line(Event::Paced { nonces: 1000, listen: delay });
        assert_eq!(paced, r#"{"v":1,"time_ms":0,"event":"paced","nonces":1000,"listen_ms":500}"#);
        let from = PeerName::new("bob");
        let passage = Passage { from, kind: "chain", len: 75, delay, is_lost: false, count: 3 };
        let line = Record::passage(Duration::ZERO, &passage).to_line();
        let expected = r#"{"v":1,"time_ms":0,"merged":3,"event":"message","from":"bob","kind":"chain","length":75,"delay_ms":500,"lost":false}"#;
        assert_eq!(line, expected);
    }

    #[test]
    fn messages_are_these_lines() {
        let line = |event| Record::new(Duration::ZERO, &event).to_line();
        let (from, via) = (PeerName::new("ab"), PeerName::new("cd"));
        let (to, text) = ("all".to_owned(), "hi".to_owned());
        let (name, sent) = (Some("bob".to_owned()), (to.clone(), text.clone()));
        let received = Event::MessageReceived { from: from.clone(), name, to, number: 5, text };
        let expected = r#"{"v":1,"time_ms":0,"event":"message_received","from":"ab","name":"bob","to":"all","number":5,"text":"hi"}"#;
        assert_eq!(line(received), expected);
        let expected =
            r#"{"v":1,"time_ms":0,"event":"message_sent","to":"all","number":5,"text":"hi"}"#;
        assert_eq!(line(Event::MessageSent { to: sent.0, number: 5, text: sent.1 }), expected);
        let detail = "why".to_owned();
        let refused = Event::MessageRefused { from, via, reason: "forged", detail };
        let expected = r#"{"v":1,"time_ms":0,"event":"message_refused","from":"ab","via":"cd","reason":"forged","detail":"why"}"#;
        assert_eq!(line(refused), expected);
    }

    #[test]
    fn a_reason_has_a_name_for_programs_and_a_sentence_for_people() {
        let reason = Reason::Tie { count: 3, same: false };
        let event = Event::Ignored { from: PeerName::new("bob"), reason };
        let line = Record::new(Duration::ZERO, &event).to_line();
        let expected = r#"{"v":1,"time_ms":0,"event":"ignored","from":"bob","reason":"tie","detail":"not longer, it ends at block 2 as ours does; first seen stays"}"#;
        assert_eq!(line, expected);
    }
}
