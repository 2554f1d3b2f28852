//! The latest view of a node, from which handlers answer every request.

use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use crate::event::Event;
use crate::hash::Hash;
use crate::node::Node;
use crate::peer::PeerName;

use super::book::{Book, Origin};
use super::meters::Meters;
use super::moment::Moment;
use super::peers::Peers;

/// The activity of a node.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Activity {
    Mining,
    Listening,
    /// Listening for longer, after it has adopted a longer chain.
    Resting,
}

/// The current state of the node. The watcher changes it in place and handlers read it,
/// both only briefly.
pub(super) struct View {
    pub(super) height: usize,
    pub(super) tip: Hash,
    /// The counter of the next nonce to try.
    pub(super) counter: u64,
    pub(super) is_paused: bool,
    /// Nonces in a mining turn, and the length of a turn of listening.
    pub(super) pace: (u64, Duration),
    is_mining: bool,
    /// When the last rest ends.
    resting_until: Option<Instant>,
    pub(super) peers: Peers,
    meters: Meters,
    pub(super) book: Book,
}

impl View {
    /// A view of a node that has not started.
    pub(super) fn new(node: &Node, meters: Meters) -> View {
        let mut view = View {
            height: 0,
            tip: Hash::ZERO,
            counter: 0,
            is_paused: false,
            pace: Default::default(),
            is_mining: false,
            resting_until: None,
            peers: Peers::default(),
            meters,
            book: Book::default(),
        };
        view.settle(node, Moment::now());
        view
    }

    pub(super) fn state(&self, now: Instant) -> Activity {
        match self.resting(now) {
            _ if self.is_mining => Activity::Mining,
            Duration::ZERO => Activity::Listening,
            _ => Activity::Resting,
        }
    }

    /// The remaining time of a rest.
    pub(super) fn resting(&self, now: Instant) -> Duration {
        self.resting_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// Takes an event.
    pub(super) fn take_in(&mut self, node: &Node, event: &Event, now: Moment) {
        self.meters.count(node, event);
        match event {
            Event::Tried { counter } => {
                self.is_mining = true;
                self.resting_until = None;
                self.counter = *counter;
            }
            Event::Created { .. } => self.follow(node, &Origin::Us, now),
            Event::Copied { height, from, .. } => {
                self.follow(node, &Origin::Peer(from.clone()), now);
                self.peers.copied(from, *height);
            }
            Event::Rested { duration } => self.resting_until = Some(now.instant + *duration),
            Event::Paused | Event::Resumed => self.is_paused = node.is_paused(),
            Event::Ignored { from, reason } => self.peers.ignored(from, reason),
            _ => {}
        }
    }

    /// A datagram arrived.
    pub(super) fn received(&mut self, from: &PeerName, datagram: &[u8], now: Moment) {
        self.meters.datagram("in", datagram);
        self.peers.received(from, datagram, now.instant, now.ms());
    }

    /// A datagram was sent.
    pub(super) fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        self.meters.datagram("out", datagram);
        self.peers.sent(to, datagram);
    }

    /// An input is handled completely.
    pub(super) fn settle(&mut self, node: &Node, now: Moment) {
        self.is_mining = false;
        self.counter = node.next_counter();
        self.is_paused = node.is_paused();
        let settings = node.settings();
        self.pace = (settings.nonces, settings.listen);
        self.meters.settle(node);
        // Only if no event reported it, such as at the start.
        self.follow(node, &Origin::Unknown, now);
        self.peers.settle(node, &self.book);
    }

    fn follow(&mut self, node: &Node, origin: &Origin, now: Moment) {
        let chain = node.chain();
        if self.tip == chain.tip_hash() && self.book.end() == chain.count() {
            return;
        }
        let fork = self.book.follow(chain, origin, now.ms());
        self.peers.reorganised(fork);
        self.height = chain.height();
        self.tip = chain.tip_hash();
    }
}
