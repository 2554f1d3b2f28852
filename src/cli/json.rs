//! A node's events as lines of JSON for programs.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use cairn::event::Event;
use cairn::json::Record;

use super::lines::{Folds, Printer, Told};

/// A printer for standard output: a line for each event. Events that a flood repeats are
/// merged as they are for people.
pub(crate) fn printer() -> Result<Printer> {
    let started = Instant::now();
    let mut folds = Folds::default();
    Ok(Box::new(move |event| {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        lines(&mut folds, started.elapsed(), wall, event)
    }))
}

/// Turns the events of the node of this name into lines; their times are since the Unix
/// epoch.
pub(crate) type NamedPrinter = Box<dyn Fn(&str, &Told) -> String>;

/// A printer for the events of several nodes: the line of each begins with the
/// node's name.
pub(crate) fn named_printer() -> Result<NamedPrinter> {
    Ok(Box::new(named))
}

fn named(node: &str, told: &Told) -> String {
    let line = Record::merged(told.time, &told.event, told.count).to_line();
    let rest = line.strip_prefix('{').expect("a record is an object");
    format!("{{\"node\":\"{node}\",{rest}\n")
}

/// The lines to print when an event happens `now`, which is `wall` since the Unix epoch.
fn lines(folds: &mut Folds, now: Duration, wall: Duration, event: &Event) -> String {
    let told = folds.tell(now, event);
    let records = told.iter().map(|told| {
        let time = wall.saturating_sub(now.saturating_sub(told.time));
        Record::merged(time, &told.event, told.count)
    });
    records.map(|record| record.to_line() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn::event::Reason;
    use cairn::hash::Hash;
    use cairn::peer::PeerName;

    #[test]
    fn the_line_of_one_of_several_nodes_begins_with_its_name() {
        let event = Event::Tried { counter: 5 };
        let told = Told { time: Duration::from_secs(1), event, count: 1 };
        let expected =
            r#"{"node":"127.0.0.1:7000","v":1,"time_ms":1000,"event":"tried","counter":5}"#;
        assert_eq!(named("127.0.0.1:7000", &told).trim_end(), expected);
    }

    #[test]
    fn a_flood_of_events_is_a_line_a_second_that_says_for_how_many() {
        let mut folds = Folds::default();
        let mut text = String::new();
        let reason = Reason::Tie { count: 1, same: true };
        let ignored = Event::Ignored { from: PeerName::new("bob"), reason };
        let created = Event::Created { height: 1, hash: Hash::ZERO };
        let mut tell = |time, event| {
            let now = Duration::from_millis(time);
            text += &lines(&mut folds, now, Duration::from_secs(1_700_000_000) + now, event);
        };
        (0..1_500).for_each(|time| tell(time, &ignored));
        tell(1_700, &created);
        let seen: Vec<_> = text.lines().map(|line| line.split(",\"from").next()).collect();
        let created = format!(
            r#"{{"v":1,"time_ms":1700000001700,"event":"created","height":1,"hash":"{}"}}"#,
            Hash::ZERO
        );
        let expected = [
            r#"{"v":1,"time_ms":1700000000000,"event":"ignored""#,
            r#"{"v":1,"time_ms":1700000000999,"merged":999,"event":"ignored""#,
            r#"{"v":1,"time_ms":1700000001499,"merged":500,"event":"ignored""#,
            &created,
        ];
        assert_eq!(seen, expected.map(Some), "{text}");
    }
}
