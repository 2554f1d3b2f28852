//! What is shown of a run to a program that records it.

use std::time::Duration;

use crate::event::Event;
use crate::node::Node;
use crate::peer::PeerName;

/// One thing that happened.
#[derive(Debug)]
pub enum Sight<'a> {
    /// A node tells of an event.
    Event(&'a Node, &'a Event),
    /// A datagram is sent to the node of this name.
    Sent {
        /// The node.
        to: &'a PeerName,
        /// Who sends it.
        from: &'a PeerName,
        /// All its bytes.
        bytes: &'a [u8],
        /// How long it will take; `None` where it is lost.
        delay: Option<Duration>,
    },
    /// The machine of the node of this name is down.
    Down(&'a PeerName),
    /// From now on these nodes cannot be heard by the first.
    Deaf(&'a PeerName, Vec<&'a PeerName>),
}

/// What is shown a run, with the virtual time, if anything is.
pub type Watch<'a> = Option<&'a mut dyn FnMut(Duration, Sight)>;
