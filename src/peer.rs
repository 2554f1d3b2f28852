//! The name of a peer.

use std::fmt;
use std::sync::Arc;

/// A peer's name, as the transport gives it.
///
/// Over UDP it is an address such as `127.0.0.1:8000`, in a simulation a first name. The
/// node compares names and shows them, but never interprets them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerName(Arc<str>);

impl PeerName {
    /// The peer with this name in the transport.
    pub fn new(name: impl fmt::Display) -> PeerName {
        PeerName(name.to_string().into())
    }

    /// The name as the transport gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0)
    }
}
