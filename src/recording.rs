//! Recordings: what happened in a network, as lines of JSON that the page can play.
//!
//! `docs/recording.md` has the format. A [`Scribe`] beside each node turns its events into
//! lines; one [`Recorder`] writes the lines of all.

use std::collections::HashSet;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::block::{Block, BlockBytes};
use crate::chain::Chain;
use crate::event::Event;
use crate::hash::Hash;
use crate::json::Record;
use crate::node::Node;
use crate::passage::Passage;
use crate::peer::PeerName;
use crate::throttle::{self, Throttle};
use crate::udp;

/// Version of the format.
pub const VERSION: u8 = 1;

/// The most bytes of a recording.
pub const MAX_LEN: u64 = 64 * 1024 * 1024;

/// The most blocks that are written of a node's first chain: its last ones.
pub const MAX_FIRST_BLOCKS: usize = 5_000;

/// Bytes reserved for the last line.
const END_LEN: u64 = 200;

/// Of the events that come by the thousand, one of a kind and node is written in this time.
const WINDOW: Duration = Duration::from_millis(250);

/// A line of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The block that it describes, which needs to be written only once.
    block: Option<Hash>,
    text: String,
}

impl Line {
    fn change(time: Duration, change: &str, fields: Value) -> Line {
        let mut line = json!({"time_ms": milliseconds(time), "change": change});
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields);
        }
        Line { block: None, text: line.to_string() }
    }

    /// This block exists, and was first seen at this time.
    pub fn block(time: Duration, height: usize, bytes: &BlockBytes) -> Line {
        let Block { header, reward } = Block::from_bytes(bytes);
        let hash = header.hash();
        let fields = json!({
            "hash": hash.to_string(),
            "height": height,
            "previous": header.previous.to_string(),
            "timestamp": header.timestamp,
            "miner": reward.receiver.to_string(),
            "bytes": hex::encode(bytes),
        });
        Line { block: Some(hash), ..Line::change(time, "block", fields) }
    }

    /// The line without its end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The block that it describes, which needs to be written only once.
    pub fn block_told(&self) -> Option<Hash> {
        self.block
    }

    /// A check of a simulation failed.
    pub fn failed(time: Duration, what: &str) -> Line {
        Line::change(time, "failed", json!({"what": what}))
    }

    /// The node of this name no longer answers.
    pub fn down(time: Duration, node: &PeerName) -> Line {
        Line::change(time, "down", json!({"node": node.as_str()}))
    }

    /// A datagram was sent to the node of this name.
    pub fn passage(time: Duration, node: &PeerName, passage: &Passage) -> Line {
        Line::told(node, &Record::passage(time, passage))
    }

    /// An event of the node of this name.
    fn told(node: &PeerName, record: &Record) -> Line {
        let record = record.to_line();
        let rest = record.strip_prefix('{').expect("a record is an object");
        Line { block: None, text: format!("{{\"node\":{},{rest}", Value::from(node.as_str())) }
    }

    /// From now on the node of this name refuses these peers.
    pub fn refused<'a>(
        time: Duration,
        node: &PeerName,
        refused: impl Iterator<Item = &'a PeerName>,
    ) -> Line {
        let refused: Vec<_> = refused.map(PeerName::as_str).collect();
        Line::change(time, "refused", json!({"node": node.as_str(), "refused": refused}))
    }
}

/// Turns the events of one node into lines.
#[derive(Debug)]
pub struct Scribe {
    throttle: Throttle<(Duration, Event)>,
    /// The number of blocks in the node's chain at its last event.
    count: usize,
}

impl Default for Scribe {
    fn default() -> Scribe {
        Scribe::new(WINDOW)
    }
}

impl Scribe {
    /// A scribe that writes, of the events that come by the thousand, one of a kind in this
    /// time.
    pub fn new(window: Duration) -> Scribe {
        Scribe { throttle: Throttle::new(window), count: 0 }
    }

    /// From now on it writes one of a kind in this time.
    pub fn set_window(&mut self, window: Duration) {
        self.throttle.set_window(window);
    }

    /// The current state of a node, for a reader who knows nothing before, with this many
    /// of the last blocks of its chain.
    pub fn standing(&mut self, time: Duration, node: &Node, blocks: usize) -> Vec<Line> {
        let mut lines = vec![settings(node)];
        lines.extend(self.blocks(time, node.chain(), blocks));
        lines.push(status(time, node));
        lines.push(Line::refused(time, &node.settings().name, node.refused()));
        lines
    }

    /// The lines for an event that has just happened, at this time since the Unix epoch.
    /// Call this for each event of the node.
    pub fn event(&mut self, time: Duration, node: &Node, event: &Event) -> Vec<Line> {
        let name = &node.settings().name;
        let held = match frequent(event) {
            Some(kind) => Vec::from_iter(self.throttle.offer(time, kind, (time, event.clone()))),
            None => [self.throttle.flush(time), vec![((time, event.clone()), 1)]].concat(),
        };
        let mut lines = self.before(time, node, event);
        let events = held
            .iter()
            .map(|((time, event), count)| Line::told(name, &Record::merged(*time, event, *count)));
        lines.extend(events);
        match event {
            Event::Started(_) | Event::Paused | Event::Resumed => lines.push(status(time, node)),
            Event::Connected { .. } | Event::Disconnected { .. } => {
                lines.push(Line::refused(time, name, node.refused()));
            }
            _ => {}
        }
        lines
    }

    /// The lines that a reader needs before an event: the node, and the blocks of its
    /// chain.
    fn before(&mut self, time: Duration, node: &Node, event: &Event) -> Vec<Line> {
        let chain = node.chain();
        match event {
            Event::Started(_) => {
                let blocks = self.blocks(time, chain, MAX_FIRST_BLOCKS);
                [settings(node)].into_iter().chain(blocks).collect()
            }
            Event::Created { .. } => self.blocks(time, chain, 1).collect(),
            Event::Copied { abandoned, .. } => {
                let first = self.count.saturating_sub(*abandoned);
                self.blocks(time, chain, chain.count() - first).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The last blocks of a node's chain, this many of them.
    fn blocks(
        &mut self,
        time: Duration,
        chain: &Chain,
        count: usize,
    ) -> impl Iterator<Item = Line> {
        self.count = chain.count();
        let first = self.count.saturating_sub(count);
        let blocks = chain.blocks_from(first).into_owned();
        (first..).zip(blocks).map(move |(height, bytes)| Line::block(time, height, &bytes))
    }
}

/// The kind of an event that comes often; `None` for other events.
fn frequent(event: &Event) -> Option<&'static str> {
    match event {
        Event::Tried { .. } => Some("tried"),
        event => throttle::kind(event),
    }
}

fn settings(node: &Node) -> Line {
    let settings = node.settings();
    let fields = json!({
        "node": settings.name.as_str(),
        "name": short_name(&settings.name),
        "miner": settings.account.to_string(),
        "zero_bits": node.chain().target().zero_bits(),
    });
    Line::change(Duration::ZERO, "node", fields)
}

/// A node's name for people: over UDP its port.
fn short_name(name: &PeerName) -> String {
    udp::address(name).map_or_else(|| name.to_string(), |address| address.port().to_string())
}

fn status(time: Duration, node: &Node) -> Line {
    let fields = json!({
        "node": node.settings().name.as_str(),
        "tip": node.chain().tip_hash().to_string(),
        "height": node.chain().height(),
        "paused": node.is_paused(),
    });
    Line::change(time, "status", fields)
}

/// Writes a recording, up to its bound.
#[derive(Debug)]
pub struct Recorder<W> {
    out: W,
    /// Bytes written.
    len: u64,
    told: HashSet<Hash>,
    is_over: bool,
}

impl<W: Write> Recorder<W> {
    /// Begins a recording. `by` is the program that writes it.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn new(mut out: W, by: &str) -> io::Result<Recorder<W>> {
        let by = Value::from(by);
        // First the field that a reader looks for.
        let header = format!("{{\"cairn-recording\":{VERSION},\"by\":{by}}}\n");
        out.write_all(header.as_bytes())?;
        Ok(Recorder { out, len: header.len() as u64, told: HashSet::new(), is_over: false })
    }

    /// Writes lines, except those of blocks that were already written. If a line would
    /// exceed [`MAX_LEN`], the recording ends before it.
    ///
    /// # Errors
    /// If the writer fails.
    /// What the writer says.
    pub fn write(&mut self, time: Duration, lines: &[Line]) -> io::Result<()> {
        for line in lines {
            if self.is_over || line.block.is_some_and(|hash| !self.told.insert(hash)) {
                continue;
            }
            if self.len + line.text.len() as u64 + 1 > MAX_LEN - END_LEN {
                self.end(time, "full")?;
            } else {
                self.put(line)?;
            }
        }
        self.out.flush()
    }

    /// Writes the last line, unless it is written.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn end(&mut self, time: Duration, why: &str) -> io::Result<()> {
        if std::mem::replace(&mut self.is_over, true) {
            return Ok(());
        }
        self.put(&Line::change(time, "end", json!({"why": why})))?;
        self.out.flush()
    }

    /// The recording's output.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn put(&mut self, line: &Line) -> io::Result<()> {
        self.len += line.text.len() as u64 + 1;
        self.out.write_all(line.text.as_bytes())?;
        self.out.write_all(b"\n")
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Command, Input, Now, Output, Settings};
    use crate::target::Target;

    const NOW: Now = Now { monotonic: Duration::ZERO, wall: 1_700_000_000 };

    fn node() -> Node {
        let peers = vec![PeerName::new("127.0.0.1:8000")];
        let settings = Settings::tutorial(PeerName::new("127.0.0.1:7000"), 7000, peers);
        Node::new(settings, Chain::genesis(Target::from_zero_bits(0)))
    }

    /// The lines for a node's reaction to an input, at this second.
    fn lines(scribe: &mut Scribe, node: &mut Node, second: u64, input: Input) -> Vec<Line> {
        let outputs = node.step(NOW, input);
        let events = outputs.into_iter().filter_map(|output| match output {
            Output::Event(event) => Some(event),
            _ => None,
        });
        let time = Duration::from_secs(second);
        events.flat_map(|event| scribe.event(time, node, &event)).collect()
    }

    /// The kind of a line: its event or its change.
    fn kinds(lines: &[Line]) -> Vec<String> {
        let kind = |line: &Line| {
            let value: Value = serde_json::from_str(&line.text).expect("it is JSON");
            assert!(value["time_ms"].is_u64(), "{}", line.text);
            let kind = value.get("event").or(value.get("change")).expect("it has one of them");
            kind.as_str().expect("text").to_owned()
        };
        lines.iter().map(kind).collect()
    }

    #[test]
    fn a_start_tells_of_the_node_then_of_its_blocks_then_of_itself() {
        let (mut node, mut scribe) = (node(), Scribe::default());
        let started = lines(&mut scribe, &mut node, 1, Input::Start);
        assert_eq!(kinds(&started), ["node", "block", "started", "status"]);
        assert!(started[0].text.contains(r#""name":"7000""#), "{started:?}");
        let parted = Command::Disconnect(PeerName::new("127.0.0.1:8000"));
        let parted = lines(&mut scribe, &mut node, 2, Input::Command(parted));
        assert_eq!(kinds(&parted), ["disconnected", "refused"]);
        assert!(parted[1].text.contains(r#""refused":["127.0.0.1:8000"]"#), "{parted:?}");
        let paused = lines(&mut scribe, &mut node, 3, Input::Command(Command::Pause));
        assert_eq!(kinds(&paused), ["paused", "status"]);
        assert!(paused[1].text.contains(r#""paused":true"#), "{paused:?}");
    }

    #[test]
    fn blocks_stand_before_the_event_that_names_them_and_are_written_once() {
        let (mut alice, mut bob) = (node(), node());
        let mut scribes = [Scribe::default(), Scribe::default()];
        lines(&mut scribes[0], &mut alice, 1, Input::Start);
        lines(&mut scribes[1], &mut bob, 1, Input::Start);
        let mut chain = alice.chain().clone();
        for _ in 0..3 {
            let block = chain.next_block(1_700_000_000, 1, 9000).expect("every nonce will do");
            chain.push(&block).expect("it is valid");
        }
        let from = PeerName::new("127.0.0.1:8000");
        let heard = Input::Datagram { from, bytes: chain.as_bytes() };
        let first = lines(&mut scribes[0], &mut alice, 2, heard.clone());
        assert_eq!(kinds(&first), ["block", "block", "block", "copied", "rested"]);
        let second = lines(&mut scribes[1], &mut bob, 3, heard);
        let mut recorder = Recorder::new(Vec::new(), "a test").expect("memory takes all");
        for lines in [&first, &second] {
            recorder.write(Duration::ZERO, lines).expect("memory takes all");
        }
        let text = String::from_utf8(recorder.into_inner()).expect("UTF-8");
        assert!(text.starts_with("{\"cairn-recording\":1,\"by\":\"a test\"}\n"), "{text}");
        assert_eq!(text.matches("\"change\":\"block\"").count(), 3, "{text}");
        assert_eq!(text.matches("\"event\":\"copied\"").count(), 2, "{text}");
    }

    #[test]
    fn of_what_comes_often_one_in_a_quarter_of_a_second_is_written() {
        let (mut node, mut scribe) = (node(), Scribe::default());
        lines(&mut scribe, &mut node, 1, Input::Start);
        let mut tell = |millis| {
            scribe.event(Duration::from_millis(millis), &node, &Event::Tried { counter: 0 }).len()
        };
        assert_eq!((2_000..3_000).map(&mut tell).sum::<usize>(), 4);
    }

    #[test]
    fn a_recording_ends_before_its_bound_and_says_so() {
        let mut recorder = Recorder::new(io::sink(), "a test").expect("a sink takes all");
        let fields = json!({"node": "x".repeat(60_000)});
        let long = [Line::change(Duration::ZERO, "up", fields)];
        for _ in 0..2_000 {
            recorder.write(Duration::ZERO, &long).expect("a sink takes all");
        }
        assert!(recorder.is_over && recorder.len <= MAX_LEN, "{}", recorder.len);
        assert!(recorder.len > MAX_LEN - 61_000);
    }
}
