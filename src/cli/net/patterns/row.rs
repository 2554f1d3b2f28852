//! The measurements of one pattern.

use std::time::Duration;

use serde_json::json;

use crate::cli::net::delivery::quantile;

/// The head of the table.
pub(super) const HEAD: &str =
    "what      pattern        sent  delivered             p50 ms   p99 ms  longest";

/// The measurements of one pattern.
pub(super) struct Row {
    /// `messages` or `blocks`.
    pub(super) what: &'static str,
    pub(super) pattern: &'static str,
    /// How many were sent.
    pub(super) sent: usize,
    /// How many arrivals were expected.
    pub(super) expected: usize,
    /// How many arrivals there were.
    pub(super) delivered: usize,
    /// How long they took, from the sending to the arrival.
    pub(super) times: Vec<Duration>,
}

impl Row {
    /// A row in which every arrival has a time.
    pub(super) fn of(
        what: &'static str,
        pattern: &'static str,
        sent: usize,
        expected: usize,
        mut times: Vec<Duration>,
    ) -> Row {
        times.sort_unstable();
        Row { what, pattern, sent, expected, delivered: times.len(), times }
    }

    fn percent(&self) -> f64 {
        if self.expected == 0 {
            100.0
        } else {
            self.delivered as f64 * 100.0 / self.expected as f64
        }
    }

    /// A quantile of the times, in milliseconds.
    fn ms(&self, part: f64) -> Option<f64> {
        quantile(&self.times, part).map(|time| time.as_secs_f64() * 1_000.0)
    }

    /// A line of the table.
    pub(super) fn text(&self) -> String {
        let ms = |part| self.ms(part).map_or("-".to_owned(), |ms| format!("{ms:.1}"));
        let Row { what, pattern, sent, expected, delivered, .. } = self;
        let delivered = format!("{delivered} of {expected}, {:.1} %", self.percent());
        let (median, late, last) = (ms(0.5), ms(0.99), ms(1.0));
        format!(
            "{what:<9} {pattern:<13} {sent:>5}  {delivered:<20} {median:>7} {late:>8} {last:>8}"
        )
    }

    /// The same as an object of JSON.
    pub(super) fn json(&self) -> String {
        let Row { what, pattern, sent, expected, delivered, .. } = self;
        json!({
            "what": what, "pattern": pattern, "sent": sent, "expected": expected,
            "delivered": delivered, "percent": self.percent(), "p50_ms": self.ms(0.5),
            "p99_ms": self.ms(0.99), "longest_ms": self.ms(1.0),
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_how_many_arrived_and_how_fast() {
        let times = (1..=99).rev().map(Duration::from_millis).collect();
        let row = Row::of("messages", "broadcast", 10, 100, times);
        let text = row.text();
        assert!(text.contains("99 of 100, 99.0 %"), "{text}");
        assert!(text.ends_with("50.0     98.0     99.0"), "{text}");
        let json = row.json();
        assert!(json.contains(r#""p50_ms":50.0,"p99_ms":98.0"#), "{json}");
        let none = Row::of("blocks", "line", 0, 0, Vec::new());
        assert!(
            none.text().contains("0 of 0, 100.0 %") && none.json().contains(r#""p50_ms":null"#)
        );
    }
}
