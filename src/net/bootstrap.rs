//! The peers to dial when no other peer is known.
//!
//! Such a peer is named by its identity and its place, `ID@HOST:PORT`, so nobody who
//! redirects the traffic can take its place. `ID@relay` names a peer that is dialled
//! through the relays in the settings. The host may be a name. The system looks it up again
//! and again, as its address may change.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use tokio::net::lookup_host;

use crate::contacts::is_id;
use crate::peer::PeerName;

/// The place of a peer that is dialled through relays.
pub const THROUGH_RELAYS: &str = "relay";

/// A peer named by the person who runs the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// Its public key in hexadecimal.
    pub id: PeerName,
    /// Its place: `HOST:PORT`, or [`THROUGH_RELAYS`].
    pub place: String,
}

impl FromStr for Bootstrap {
    type Err = String;

    fn from_str(text: &str) -> Result<Bootstrap, String> {
        let wrong = || {
            "write ID@HOST:PORT, where ID has 64 hexadecimal digits: a node prints its own at its \
             start; or ID@relay for one behind a router, together with --relay"
                .to_owned()
        };
        let (id, place) = text.split_once('@').ok_or_else(wrong)?;
        let is_place = place == THROUGH_RELAYS
            || place.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
            });
        if !is_id(id) || !is_place {
            return Err(wrong());
        }
        Ok(Bootstrap { id: PeerName::new(id), place: place.to_owned() })
    }
}

impl fmt::Display for Bootstrap {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.place)
    }
}

impl Bootstrap {
    /// Whether it is dialled through relays.
    pub fn is_relayed(&self) -> bool {
        self.place == THROUGH_RELAYS
    }

    /// Its current address, by the system's own look-up. Addresses of the family of `like`
    /// go first.
    pub(super) async fn find(&self, like: SocketAddr) -> Result<SocketAddr, String> {
        let found = lookup_host(&self.place).await.map_err(|error| error.to_string())?;
        let found: Vec<_> = found.collect();
        let alike = found.iter().find(|address| address.is_ipv4() == like.is_ipv4());
        alike.or(found.first()).copied().ok_or_else(|| "the name has no address".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bootstrap_peer_is_an_identity_at_a_place() {
        let id = "ab".repeat(32);
        for place in ["192.0.2.1:4000", "[2001:db8::1]:4000", "seed.example:4000", "relay"] {
            let text = format!("{id}@{place}");
            let read: Bootstrap = text.parse().expect("it is well written");
            assert_eq!((read.to_string(), read.place.as_str()), (text, place));
        }
        for text in ["seed.example:4000", "@h:1", &format!("{id}@h"), &format!("{id}@h:0")] {
            assert!(text.parse::<Bootstrap>().is_err(), "{text}");
        }
    }
}
