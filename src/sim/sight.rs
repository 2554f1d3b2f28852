//! What a program that records a run gets to see.

use std::time::Duration;

use crate::event::Event;
use crate::node::Node;
use crate::peer::PeerName;

/// One thing that happened.
#[derive(Debug)]
pub enum Sight<'a> {
    /// A node reports an event.
    Event(&'a Node, &'a Event),
    /// A datagram is sent to the node of this name.
    Sent {
        /// The node.
        to: &'a PeerName,
        /// The sender.
        from: &'a PeerName,
        /// All its bytes.
        bytes: &'a [u8],
        /// Its delay; `None` if it is lost.
        delay: Option<Duration>,
    },
    /// The machine of the node of this name is down.
    Down(&'a PeerName),
    /// From now on the first node cannot hear these nodes.
    Deaf(&'a PeerName, Vec<&'a PeerName>),
}

/// The observer of a run, if there is one; it gets the virtual time too.
pub type Watch<'a> = Option<&'a mut dyn FnMut(Duration, Sight)>;
