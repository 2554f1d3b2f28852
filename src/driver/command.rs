//! Commands to a running loop from outside.

use std::fmt;

use crate::event::Event;
use crate::node::{self, Node};
use crate::peer::PeerName;

/// A command to a running loop from outside.
#[derive(Debug)]
pub enum Command {
    /// End the loop. (So does dropping the last sender.)
    Stop,
    /// A command for the node.
    Node(node::Command),
    /// Report to the observer something that happened to the node from outside, such as to
    /// its link.
    Tell(Event),
    /// Give the node a datagram, as if a peer had sent it.
    Hear(Hear),
    /// Show the node to a function, after the commands before this one and within 50 ms.
    Look(Look),
}

/// A function that looks at a node. The loop waits for it, so it must be fast and send its
/// result through a channel that does not block.
pub struct Look(Box<dyn FnOnce(&Node) + Send>);

impl Look {
    /// Wraps the function.
    pub fn new(look: impl FnOnce(&Node) + Send + 'static) -> Look {
        Look(Box::new(look))
    }

    pub(super) fn show(self, node: &Node) {
        (self.0)(node);
    }
}

/// A datagram for a node, and where to report its consequences.
pub struct Hear {
    pub(super) from: PeerName,
    pub(super) bytes: Vec<u8>,
    reply: Box<dyn FnOnce(Vec<Event>) + Send>,
}

impl Hear {
    /// A datagram as if from this peer. `reply` gets all events that the datagram causes,
    /// which may be none; the loop waits for it, so it must be fast.
    pub fn new(
        from: PeerName,
        bytes: Vec<u8>,
        reply: impl FnOnce(Vec<Event>) + Send + 'static,
    ) -> Hear {
        Hear { from, bytes, reply: Box::new(reply) }
    }

    pub(super) fn reply(self, told: Vec<Event>) {
        (self.reply)(told);
    }
}

impl fmt::Debug for Hear {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Hear({} bytes from {})", self.bytes.len(), self.from)
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Look")
    }
}
