//! What is told of a node's events: by HTTP, on the screen, and in a recording.

use std::ops::ControlFlow;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use cairn::driver::Observer;
use cairn::event::Event;
use cairn::node::Node;
use cairn::peer::PeerName;

use super::backlog::Backlog;
use super::message::Message;
use crate::cli::http::Http;
use crate::cli::lines::Folds;
use crate::cli::record::{self, Scribe};

/// Tells of a node's events by HTTP and by messages, where those that repeat
/// themselves are folded: a flood must not fill the memory with messages.
pub(super) struct Teller {
    pub(super) port: u16,
    /// When this began, on the wall's clock and on one that never goes back.
    pub(super) since: Duration,
    pub(super) started: Instant,
    pub(super) folds: Folds,
    /// Where there is a recording.
    pub(super) scribe: Option<Scribe>,
    pub(super) http: Http,
    pub(super) messages: Sender<Message>,
    pub(super) backlog: Backlog,
}

impl Observer for Teller {
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()> {
        self.http.event(node, event)?;
        self.backlog.wait();
        for told in self.folds.tell(self.since + self.started.elapsed(), event) {
            self.backlog.add();
            // It fails where the network has ended, and a stop is on its way.
            let _ = self.messages.send(Message::Told(self.port, told));
        }
        if let Some(scribe) = &mut self.scribe {
            let lines = record::lines(scribe, node, event);
            let _ = self.messages.send(Message::Recorded(lines));
        }
        ControlFlow::Continue(())
    }

    fn received(&mut self, from: &PeerName, datagram: &[u8]) {
        self.http.received(from, datagram);
    }

    fn sent(&mut self, to: &PeerName, datagram: &[u8]) {
        self.http.sent(to, datagram);
    }

    fn settled(&mut self, node: &Node) {
        self.http.settled(node);
    }
}
