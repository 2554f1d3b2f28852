//! Counters, and their text for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::block;
use crate::event::{Event, Reason};
use crate::node::Node;

/// Upper ends of the histogram of reorganisations, in blocks that gave way.
const DEPTHS: [usize; 5] = [1, 2, 3, 6, 12];

/// What is counted of a node since it started.
#[derive(Debug, Default)]
pub(super) struct Meters {
    pub(super) hashes: u64,
    turns: u64,
    created: u64,
    copied: u64,
    /// By the reason's name, of which there are a dozen or so.
    ignored: BTreeMap<&'static str, u64>,
    rules_broken: BTreeMap<&'static str, u64>,
    depths: [u64; DEPTHS.len()],
    reorganisations: u64,
    blocks_abandoned: u64,
    /// The first counter of the search that is under way or was the last.
    searched_from: Option<u64>,
}

impl Meters {
    /// Counts an event.
    pub(super) fn count(&mut self, node: &Node, event: &Event) {
        match event {
            Event::Tried { counter } => {
                self.turns += 1;
                self.searched_from = Some(*counter);
            }
            Event::Created { .. } => {
                self.created += 1;
                let found = node.chain().blocks().last().expect("a chain has a genesis block");
                let found = block::Block::from_bytes(found).header.nonce.counter();
                self.searched_to(found + 1);
            }
            Event::Copied { abandoned, .. } => {
                self.copied += 1;
                self.reorganised(*abandoned);
            }
            Event::Ignored { reason, .. } => {
                *self.ignored.entry(reason.name()).or_default() += 1;
                if let Reason::Invalid(invalid) | Reason::WrongAnswer { invalid, .. } = reason {
                    *self.rules_broken.entry(invalid.rule().name()).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    /// No search is under way: the last one, if it found nothing, ended here.
    pub(super) fn settle(&mut self, node: &Node) {
        self.searched_to(node.next_counter());
    }

    fn searched_to(&mut self, end: u64) {
        if let Some(start) = self.searched_from.take() {
            self.hashes += end.saturating_sub(start);
        }
    }

    fn reorganised(&mut self, depth: usize) {
        if depth == 0 {
            return;
        }
        self.reorganisations += 1;
        self.blocks_abandoned += depth as u64;
        for (end, count) in DEPTHS.iter().zip(&mut self.depths) {
            *count += u64::from(depth <= *end);
        }
    }

    /// Writes all counters.
    pub(super) fn write(&self, text: &mut Text) {
        text.counter("cairn_hashes_total", "Nonces tried.", self.hashes);
        text.counter("cairn_turns_total", "Turns of mining.", self.turns);
        text.counter("cairn_blocks_created_total", "Blocks found.", self.created);
        text.counter("cairn_chains_copied_total", "Longer chains taken over.", self.copied);
        let help = "Datagrams that changed nothing, by reason.";
        text.counters("cairn_ignored_total", help, "reason", &self.ignored);
        let help = "Datagrams that broke a rule of validity, by rule.";
        text.counters("cairn_rules_broken_total", help, "rule", &self.rules_broken);
        self.write_depths(text);
    }

    fn write_depths(&self, text: &mut Text) {
        let name = "cairn_reorganisation_depth_blocks";
        text.head(name, "Blocks of ours that gave way at once.", "histogram");
        for (end, count) in DEPTHS.iter().zip(self.depths) {
            text.line(format_args!("{name}_bucket{{le=\"{end}\"}} {count}"));
        }
        let count = self.reorganisations;
        text.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}"));
        text.line(format_args!("{name}_sum {}", self.blocks_abandoned));
        text.line(format_args!("{name}_count {count}"));
    }
}

/// Prometheus's text format, version 0.0.4. Names and labels are our own words,
/// so nothing has to be escaped.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn into_string(self) -> String {
        self.0
    }

    fn line(&mut self, line: std::fmt::Arguments) {
        writeln!(self.0, "{line}").expect("a string takes all");
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    /// A number that only grows.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "counter");
        self.line(format_args!("{name} {value}"));
    }

    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "gauge");
        self.line(format_args!("{name} {value}"));
    }

    /// Numbers that only grow, one for each value of a label.
    pub(super) fn counters<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'a &'static str, &'a u64)>,
    ) {
        self.head(name, help, "counter");
        for (value, count) in values {
            self.line(format_args!("{name}{{{label}=\"{value}\"}} {count}"));
        }
    }
}
