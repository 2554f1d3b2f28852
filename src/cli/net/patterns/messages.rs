//! Messages: along a chain, to all, between random pairs, to groups.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use cairn::event::Event;
use rand::seq::{IndexedRandom, SliceRandom};

use super::cluster::{Cluster, GROUPS};
use super::row::Row;

/// How long to wait for the last messages of a pattern.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// How often a message goes along the chain.
const ROUNDS: usize = 3;

/// The most messages to all.
const BROADCASTS: usize = 20;

/// How many messages each node sends to random others.
const TO_OTHERS: usize = 3;

/// The time between two messages: more than a hundred in a second would be too many.
const APART: Duration = Duration::from_millis(10);

/// A message in flight: its text, when it was sent, and to how many.
struct Sent {
    text: String,
    at: Instant,
    receivers: usize,
}

/// Each node passes a message on to the next, from the first to the last.
pub(super) fn chain(cluster: &mut Cluster) -> Result<Row> {
    let steps = cluster.members.len() - 1;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        for from in 0..steps {
            let text = format!("round {round}, step {from}");
            let at = cluster.say(from, cluster.id(from + 1).as_str(), &text)?;
            let arrived = arrivals(cluster, &[Sent { text, at, receivers: 1 }]);
            if arrived.is_empty() {
                break;
            }
            times.extend(arrived);
        }
    }
    Ok(Row::of("messages", "chain", ROUNDS * steps, ROUNDS * steps, times))
}

/// One node after the other sends a message to all.
pub(super) fn broadcast(cluster: &mut Cluster) -> Result<Row> {
    let count = cluster.members.len();
    let mut times = Vec::new();
    let senders = count.min(BROADCASTS);
    for from in 0..senders {
        let text = format!("broadcast {from}");
        let at = cluster.say(from, "all", &text)?;
        times.extend(arrivals(cluster, &[Sent { text, at, receivers: count - 1 }]));
    }
    Ok(Row::of("messages", "broadcast", senders, senders * (count - 1), times))
}

/// Every node sends some messages to random others, in total a hundred in a second.
pub(super) fn pairs(cluster: &mut Cluster) -> Result<Row> {
    let nodes: Vec<_> = (0..cluster.members.len()).collect();
    let mut senders = nodes.repeat(TO_OTHERS);
    senders.shuffle(&mut cluster.random);
    let mut sent = Vec::new();
    for (number, from) in senders.into_iter().enumerate() {
        let others: Vec<_> = nodes.iter().copied().filter(|node| *node != from).collect();
        let to = *others.choose(&mut cluster.random).expect("there are others");
        let text = format!("pair {number}");
        let at = cluster.say(from, cluster.id(to).as_str(), &text)?;
        sent.push(Sent { text, at, receivers: 1 });
        thread::sleep(APART);
    }
    let times = arrivals(cluster, &sent);
    Ok(Row::of("messages", "random pairs", sent.len(), sent.len(), times))
}

/// Every node sends a message to its own group.
pub(super) fn groups(cluster: &mut Cluster) -> Result<Row> {
    let count = cluster.members.len();
    let mut sent = Vec::new();
    for from in 0..count {
        let group = from % GROUPS;
        let others = (0..count).filter(|node| *node != from && node % GROUPS == group).count();
        let text = format!("to the group of {from}");
        let at = cluster.say(from, &format!("group:group {}", group + 1), &text)?;
        sent.push(Sent { text, at, receivers: others });
        thread::sleep(APART);
    }
    let expected = sent.iter().map(|sent| sent.receivers).sum();
    let times = arrivals(cluster, &sent);
    Ok(Row::of("messages", "groups", count, expected, times))
}

/// How long each message took to each of its recipients that it reached.
fn arrivals(cluster: &Cluster, sent: &[Sent]) -> Vec<Duration> {
    let by_text: HashMap<_, _> = sent.iter().map(|sent| (sent.text.as_str(), sent.at)).collect();
    let expected: usize = sent.iter().map(|sent| sent.receivers).sum();
    let deadline = Instant::now() + LAST_WAIT;
    let mut times = Vec::new();
    while times.len() < expected {
        let Some(happened) = cluster.next(deadline) else { break };
        if let Event::MessageReceived { text, .. } = &happened.event
            && let Some(at) = by_text.get(text.as_str())
        {
            times.push(happened.at.saturating_duration_since(*at));
        }
    }
    times
}
