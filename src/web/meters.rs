//! The counters of a node, for Prometheus.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use crate::block;
use crate::event::{Event, Reason};
use crate::node::Node;

/// Upper ends of the histogram of reorganisations, in abandoned blocks.
const DEPTHS: [f64; 5] = [1.0, 2.0, 3.0, 6.0, 12.0];

/// A counter for each value of a label.
pub(super) type Counters = Family<[(&'static str, &'static str); 1], Counter>;

/// A metric that the registry shows.
pub(super) fn metric<M: Metric + Clone + Default>(
    registry: &mut Registry,
    name: &str,
    help: &str,
) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// Counters that begin with these values of a label, at 0.
pub(super) fn counters(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: &[&'static str],
) -> Counters {
    let counters: Counters = metric(registry, name, help);
    values.iter().for_each(|value| drop(counters.get_or_create(&[(label, value)])));
    counters
}

/// The counters of a node since it started.
#[derive(Debug)]
pub(super) struct Meters {
    hashes: Counter,
    turns: Counter,
    created: Counter,
    copied: Counter,
    /// By the reason's name, of which there are about a dozen.
    ignored: Counters,
    rules_broken: Counters,
    datagrams: Counters,
    bytes: Counters,
    depths: Histogram,
    /// The first counter of the current or the last search.
    searched_from: Option<u64>,
}

impl Meters {
    pub(super) fn new(registry: &mut Registry) -> Meters {
        let depths = Histogram::new(DEPTHS);
        let help = "Blocks of ours abandoned at once";
        registry.register("reorganisation_depth_blocks", help, depths.clone());
        let ways = ["in", "out"];
        Meters {
            hashes: metric(registry, "hashes", "Nonces tried"),
            turns: metric(registry, "turns", "Turns of mining"),
            created: metric(registry, "blocks_created", "Blocks found"),
            copied: metric(registry, "chains_copied", "Longer chains adopted"),
            ignored: metric(registry, "ignored", "Datagrams that changed nothing, by reason"),
            rules_broken: metric(registry, "rules_broken", "Datagrams that broke a rule, by rule"),
            datagrams: counters(registry, "datagrams", "Datagrams", "direction", &ways),
            bytes: counters(registry, "bytes", "Bytes in datagrams", "direction", &ways),
            depths,
            searched_from: None,
        }
    }

    /// Counts an event.
    pub(super) fn count(&mut self, node: &Node, event: &Event) {
        match event {
            Event::Tried { counter } => {
                self.turns.inc();
                self.searched_from = Some(*counter);
            }
            Event::Created { .. } => {
                self.created.inc();
                let found = node.chain().blocks().last().expect("a chain has a genesis block");
                let found = block::Block::from_bytes(found).header.nonce.counter();
                self.searched_to(found + 1);
            }
            Event::Copied { abandoned, .. } => {
                self.copied.inc();
                if *abandoned > 0 {
                    self.depths.observe(*abandoned as f64);
                }
            }
            Event::Ignored { reason, .. } => {
                self.ignored.get_or_create(&[("reason", reason.name())]).inc();
                if let Reason::Invalid(invalid) | Reason::WrongAnswer { invalid, .. } = reason {
                    let rule = invalid.rule().name();
                    self.rules_broken.get_or_create(&[("rule", rule)]).inc();
                }
            }
            _ => {}
        }
    }

    /// Counts a datagram, `in` or `out`.
    pub(super) fn datagram(&self, direction: &'static str, datagram: &[u8]) {
        self.datagrams.get_or_create(&[("direction", direction)]).inc();
        self.bytes.get_or_create(&[("direction", direction)]).inc_by(datagram.len() as u64);
    }

    /// No search is under way: the last one, if it found nothing, ended here.
    pub(super) fn settle(&mut self, node: &Node) {
        self.searched_to(node.next_counter());
    }

    fn searched_to(&mut self, end: u64) {
        if let Some(start) = self.searched_from.take() {
            self.hashes.inc_by(end.saturating_sub(start));
        }
    }
}
