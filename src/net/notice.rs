//! What a node among strangers reports to the person who runs it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::event::as_flag;
use crate::peer::PeerName;

/// An event between this node and others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// There is a connection to a peer.
    Joined {
        /// The peer's identity.
        id: PeerName,
        /// Its name for itself; may be empty.
        name: String,
        /// Its address; `None` if the connection goes through a relay.
        address: Option<SocketAddr>,
    },
    /// A connection has ended.
    Left {
        /// The peer's identity.
        id: PeerName,
        /// Why.
        why: String,
    },
    /// A handshake failed.
    Refused {
        /// The other side: an identity or an address.
        who: String,
        /// The reason, as either side says.
        why: String,
        /// Whether the other side refused us.
        by_them: bool,
    },
    /// A peer is banned for a time.
    Banned {
        /// The peer's identity.
        id: PeerName,
        /// For how long.
        time: Duration,
        /// Its last deed.
        why: String,
    },
    /// How others reach this node has changed.
    Reach(String),
    /// Something in the surroundings of the network does not work.
    Trouble(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Notice::Joined { id, name, address } => {
                write!(f, "JOIN {id}")?;
                match address {
                    Some(address) => write!(f, " at {address}")?,
                    None => f.write_str(" through a relay")?,
                }
                if name.is_empty() { Ok(()) } else { write!(f, ", who calls itself {name:?}") }
            }
            Notice::Left { id, why } => write!(f, "LEAVE {id}: {why}"),
            Notice::Refused { who, why, by_them: false } => write!(f, "REFUSE {who}: {why}"),
            Notice::Refused { who, why, by_them: true } => write!(f, "REFUSED by {who}: {why}"),
            Notice::Banned { id, time, why } => write!(f, "BAN {id} for {}: {why}", as_flag(*time)),
            Notice::Reach(what) => f.write_str(what),
            Notice::Trouble(why) => f.write_str(why),
        }
    }
}
