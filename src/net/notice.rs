//! What a node among strangers tells the person who runs it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::event::as_flag;
use crate::peer::PeerName;

/// Something that happened between this node and others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// There is a connection to a peer.
    Joined {
        /// Who it is.
        id: PeerName,
        /// What it calls itself; may be empty.
        name: String,
        /// Where it is; none where there is a relay between.
        address: Option<SocketAddr>,
    },
    /// A connection has ended.
    Left {
        /// To whom.
        id: PeerName,
        /// Why.
        why: String,
    },
    /// A handshake came to nothing.
    Refused {
        /// With whom: an identity or an address.
        who: String,
        /// Why, as either side says.
        why: String,
        /// Whether the other side has refused us.
        by_them: bool,
    },
    /// A peer is banned for a while.
    Banned {
        /// Who.
        id: PeerName,
        /// For how long.
        time: Duration,
        /// What it has done last.
        why: String,
    },
    /// How others reach this node has changed.
    Reach(String),
    /// Something around the network does not work.
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
