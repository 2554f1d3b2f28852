//! An event in version 2: type, data, time and sender.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::json::Record;

use super::moment::milliseconds;

/// The version of this form.
pub(super) const VERSION: u8 = 2;

/// An event; all kinds have this form.
#[derive(Serialize)]
pub(super) struct Envelope<'a> {
    v: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    data: Value,
    /// When it happened, in Unix milliseconds.
    timestamp: u64,
    /// Who caused it, as far as this node knows.
    sender: &'a str,
    /// The number of events of its kind that it stands for, if more than itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged: Option<Value>,
}

impl Envelope<'_> {
    /// An event of a kind that only version 2 has.
    pub(super) fn new<'a>(
        kind: &'static str,
        time: Duration,
        sender: &'a str,
        data: Value,
    ) -> Envelope<'a> {
        Envelope { v: VERSION, kind, data, timestamp: milliseconds(time), sender, merged: None }
    }

    /// The envelope of an event that has a record. Its sender is the node of this name, or
    /// the peer that caused it.
    pub(super) fn of(kind: &'static str, time: Duration, own: &str, record: &Record) -> String {
        let mut data = match serde_json::to_value(record) {
            Ok(Value::Object(data)) => data,
            _ => Map::new(),
        };
        let merged = data.remove("merged");
        ["v", "time_ms", "event"].into_iter().for_each(|field| drop(data.remove(field)));
        let from = data.get("from").and_then(Value::as_str).map(str::to_owned);
        let sender = from.as_deref().unwrap_or(own);
        let envelope = Envelope::new(kind, time, sender, Value::Object(data));
        Envelope { merged, ..envelope }.to_json()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds;
    use super::*;
    use crate::event::{Event, Reason};
    use crate::peer::PeerName;

    #[test]
    fn an_event_of_version_1_keeps_its_fields_as_data() {
        let tell = |event: &Event, count| {
            let time = Duration::from_millis(5);
            Envelope::of(kinds::of(event), time, "alice", &Record::merged(time, event, count))
        };
        let tried = tell(&Event::Tried { counter: 7 }, 3);
        let expected = r#"{"v":2,"type":"tried","data":{"counter":7},"timestamp":5,"sender":"alice","merged":3}"#;
        assert_eq!(tried, expected);
        let from = PeerName::new("bob");
        let ignored = tell(&Event::Ignored { from, reason: Reason::Refused }, 1);
        assert!(ignored.ends_with(r#""sender":"bob"}"#), "{ignored}");
    }
}
