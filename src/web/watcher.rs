//! Passes what the loop shows to the server. Nothing here waits.

use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::watch;

use crate::driver::Observer;
use crate::event::Event;
use crate::hash::Hash;
use crate::metadata::Metadata;
use crate::node::Node;
use crate::passage::Passage;
use crate::peer::PeerName;

use super::feed::Feed;
use super::moment::Moment;
use super::tidings;
use super::view::View;

/// The loop's end of the connection to the server. It never ends the loop.
pub struct Watcher {
    view: watch::Sender<View>,
    feed: Arc<Feed>,
    metadata: Metadata,
    /// The last tip given to the metadata.
    tip: Hash,
}

/// Passes datagrams to the clients that watch them.
#[derive(Clone)]
pub struct Onlookers(Arc<Feed>);

impl Onlookers {
    /// Shows a datagram that is sent to the node now, without waiting.
    pub fn pass(&self, passage: &Passage) {
        self.0.pass(Moment::now().unix, passage);
    }
}

impl Watcher {
    /// The clients that watch the datagrams sent to this node.
    pub fn onlookers(&self) -> Onlookers {
        Onlookers(self.feed.clone())
    }

    pub(super) fn new(view: watch::Sender<View>, feed: Arc<Feed>, metadata: Metadata) -> Watcher {
        Watcher { view, feed, metadata, tip: Hash::ZERO }
    }

    /// The metadata knows a block before others can see it.
    fn follow(&mut self, node: &Node) {
        let tip = node.chain().tip_hash();
        if std::mem::replace(&mut self.tip, tip) != tip {
            self.metadata.follow(node.chain());
        }
    }
}

impl Observer for Watcher {
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()> {
        let now = Moment::now();
        self.follow(node);
        self.view.send_modify(|view| view.take_in(node, event, now));
        self.feed.tell(now.instant, now.unix, event);
        tidings::after(&self.feed, &self.view.borrow(), event, now);
        ControlFlow::Continue(())
    }

    fn received(&mut self, from: &PeerName, datagram: &[u8]) {
        self.view.send_modify(|view| view.received(from, datagram, Moment::now()));
    }

    fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        self.view.send_modify(|view| view.sent(to, datagram));
    }

    fn settled(&mut self, node: &Node) {
        let now = Moment::now();
        self.follow(node);
        let mut moves = Vec::new();
        self.view.send_modify(|view| {
            view.settle(node, now);
            moves = view.peers.moves(now.instant);
        });
        tidings::moves(&self.feed, &moves, now);
    }
}
