//! The first thing that two nodes tell each other.
//!
//! A hello is a JSON object, so later versions can add to it. It is checked in two steps:
//! whether it can be read, and whether it is from our network.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::contacts::is_id;
use crate::hash::Hash;
use crate::peer::PeerName;

/// The first and the last version of the protocol that this program speaks.
pub const VERSIONS: (u8, u8) = (1, 2);

/// From this version on there are messages, records, and questions for records.
pub const MESSAGES_SINCE: u8 = 2;

/// The largest size of a hello, in bytes.
pub const MAX_HELLO_LEN: usize = 8 * 1024;

/// The most peers that a hello may introduce.
pub const MAX_INTRODUCED: usize = 16;

/// The most peers behind relays that a hello may introduce.
pub const MAX_RELAYED: usize = 8;

/// The largest size of a name, a region or a capability, in bytes.
pub const MAX_WORD_LEN: usize = 32;

/// The most groups that a node can belong to.
pub const MAX_GROUPS: usize = 8;

/// The most capabilities that a node may claim.
const MAX_CAPABILITIES: usize = 16;

/// A node with this capability sends blocks and wants them.
pub const BLOCKS: &str = "blocks";

/// A node with this capability accepts statements about blocks and passes them on. They are
/// not sent to a node without it, which would not know such a frame.
pub const METADATA: &str = "metadata";

/// A node with this capability introduces others.
pub const INTRODUCE: &str = "introduce";

/// A node's description of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The first version of the protocol that it speaks.
    pub from: u8,
    /// The last version.
    pub to: u8,
    /// Hash of its first block, in hexadecimal.
    pub genesis: String,
    /// The number of zero bits at the start of its blocks' hashes.
    pub zero_bits: u8,
    /// The account for its rewards.
    pub account: u16,
    /// Its name for itself; may be empty.
    pub name: String,
    /// Its capabilities.
    pub capabilities: Vec<String>,
    /// Its region, if it names one.
    #[serde(default)]
    pub region: Option<String>,
    /// The groups that it belongs to.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The port on which it can be dialled, at the address from which its packets come.
    pub port: u16,
    /// Where it can be dialled from outside its router, if it knows that.
    #[serde(default)]
    pub external: Option<SocketAddr>,
    /// The address where it serves HTTP, if it does.
    #[serde(default)]
    pub http: Option<SocketAddr>,
    /// Some of the peers that it knows.
    #[serde(default)]
    pub peers: Vec<Introduced>,
    /// Some of the peers that it reaches only through relays.
    #[serde(default)]
    pub relayed: Vec<Relayed>,
}

/// A peer that the node knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduced {
    /// Its public key in hexadecimal.
    pub id: String,
    /// Where it was met.
    pub address: SocketAddr,
}

/// A peer that the node reaches only through a relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relayed {
    /// Its public key in hexadecimal.
    pub id: String,
    /// The fingerprint of the relay's certificate in hexadecimal. It does not say where the
    /// relay is, so nobody can be led to a relay that they do not already use.
    pub relay: String,
}

/// Why a node is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The hello cannot be read.
    Unreadable(String),
    /// There is no version that both nodes speak.
    Version {
        /// Theirs, first and last.
        theirs: (u8, u8),
        /// Ours.
        ours: (u8, u8),
    },
    /// Its chain begins with another genesis block.
    Genesis,
    /// It requires another number of zero bits in a hash.
    Target {
        /// Theirs.
        theirs: u8,
        /// Ours.
        ours: u8,
    },
    /// It is this node itself.
    Own,
    /// There is already a connection to this peer, and that one stays.
    Twice,
    /// It has lied too often and is banned for a time.
    Banned,
    /// The person who runs this node does not let it in.
    Blocked,
    /// There is no place.
    Full,
    /// It has said nothing for too long.
    Silent,
}

impl Refused {
    /// The name of the refusal, by which handshakes are counted.
    pub fn name(&self) -> &'static str {
        match self {
            Refused::Unreadable(_) => "unreadable",
            Refused::Version { .. } => "version",
            Refused::Genesis => "genesis",
            Refused::Target { .. } => "target",
            Refused::Own => "own",
            Refused::Twice => "twice",
            Refused::Banned => "banned",
            Refused::Blocked => "blocked",
            Refused::Full => "full",
            Refused::Silent => "silent",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Refused::Unreadable(why) => write!(f, "its hello cannot be read: {why}"),
            Refused::Version { theirs, ours } => write!(
                f,
                "no common version: one speaks {} to {}, the other {} to {}",
                theirs.0, theirs.1, ours.0, ours.1
            ),
            Refused::Genesis => f.write_str("the two are of different networks: another genesis"),
            Refused::Target { theirs, ours } => write!(
                f,
                "the two are of different networks: one demands {theirs} zero bits, the other {ours}"
            ),
            Refused::Own => f.write_str("this is the node itself"),
            Refused::Twice => f.write_str("the two are connected already"),
            Refused::Banned => f.write_str("it has broken rules too often and is banned"),
            Refused::Blocked => f.write_str("it is not let in here"),
            Refused::Full => f.write_str("all connections are taken"),
            Refused::Silent => f.write_str("it has said nothing for too long"),
        }
    }
}

impl Hello {
    /// Encodes the hello.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers are JSON")
    }

    /// Reads a stranger's hello.
    ///
    /// # Errors
    /// It is not a hello, or is larger than it may be.
    pub fn decode(bytes: &[u8]) -> Result<Hello, Refused> {
        let unreadable = |why: &str| Refused::Unreadable(why.to_owned());
        if bytes.len() > MAX_HELLO_LEN {
            return Err(unreadable("it is too long"));
        }
        let hello: Hello =
            serde_json::from_slice(bytes).map_err(|_| unreadable("it is not the expected JSON"))?;
        let words = [&hello.name].into_iter().chain(&hello.region).chain(&hello.capabilities);
        let words = words.chain(&hello.groups);
        if !words.into_iter().all(|word| is_word(word)) {
            return Err(unreadable("a name has control characters or more than 32 bytes"));
        }
        let is_too_many = hello.capabilities.len() > MAX_CAPABILITIES
            || hello.peers.len() > MAX_INTRODUCED
            || hello.relayed.len() > MAX_RELAYED
            || hello.groups.len() > MAX_GROUPS;
        if is_too_many {
            return Err(unreadable("it has too many capabilities, groups or peers"));
        }
        let ids = hello.peers.iter().map(|peer| &peer.id);
        if !ids.chain(hello.relayed.iter().map(|peer| &peer.id)).all(|id| is_id(id)) {
            return Err(unreadable("a peer's identity is not 64 hexadecimal digits"));
        }
        Ok(hello)
    }

    /// The version to speak with a node that sent this hello.
    ///
    /// # Errors
    /// It is from another network, or there is no version that both nodes speak.
    pub fn agree(&self, theirs: &Hello) -> Result<u8, Refused> {
        let version = self.to.min(theirs.to);
        if version < self.from.max(theirs.from) {
            let (ours, theirs) = ((self.from, self.to), (theirs.from, theirs.to));
            return Err(Refused::Version { theirs, ours });
        }
        let (theirs, ours) = ((&theirs.genesis, theirs.zero_bits), (&self.genesis, self.zero_bits));
        match () {
            () if theirs.0 != ours.0 => Err(Refused::Genesis),
            () if theirs.1 != ours.1 => Err(Refused::Target { theirs: theirs.1, ours: ours.1 }),
            () => Ok(version),
        }
    }

    /// Where a node can be dialled whose packets come from this address. Its claim about
    /// its router is believed only if its packets come through that router; otherwise it
    /// could make us dial others.
    pub fn place(&self, ip: IpAddr) -> Option<SocketAddr> {
        let ip = ip.to_canonical();
        let external = self.external.filter(|it| it.ip().to_canonical() == ip && it.port() != 0);
        external.or((self.port != 0).then(|| SocketAddr::new(ip, self.port)))
    }

    /// The identifier of its network: a hash of what all nodes in it share.
    pub fn network(&self) -> [u8; 32] {
        *Hash::of(format!("{} {}", self.genesis, self.zero_bits).as_bytes()).as_bytes()
    }

    /// Whether a node claims this capability.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|it| it == capability)
    }
}

impl Introduced {
    /// Its name.
    pub fn name(&self) -> PeerName {
        PeerName::new(&self.id)
    }
}

impl Relayed {
    /// Its name.
    pub fn name(&self) -> PeerName {
        PeerName::new(&self.id)
    }
}

/// Whether a text can be a name: short, and safe to print.
pub fn is_word(text: &str) -> bool {
    text.len() <= MAX_WORD_LEN && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        Hello {
            from: 1,
            to: 1,
            genesis: "00ab".into(),
            zero_bits: 16,
            account: 7,
            name: "alice".into(),
            capabilities: vec![BLOCKS.into()],
            region: None,
            groups: Vec::new(),
            port: 4000,
            external: None,
            http: None,
            peers: vec![Introduced { id: "ab".repeat(32), address: ([192, 0, 2, 1], 4000).into() }],
            relayed: vec![Relayed { id: "cd".repeat(32), relay: "ef".repeat(32) }],
        }
    }

    #[test]
    fn a_hello_is_this_json_and_can_be_read_back() {
        let (id, other, relay) = ("ab".repeat(32), "cd".repeat(32), "ef".repeat(32));
        let text = format!(
            r#"{{"from":1,"to":1,"genesis":"00ab","zero_bits":16,"account":7,"name":"alice","capabilities":["blocks"],"region":null,"groups":[],"port":4000,"external":null,"http":null,"peers":[{{"id":"{id}","address":"192.0.2.1:4000"}}],"relayed":[{{"id":"{other}","relay":"{relay}"}}]}}"#
        );
        assert_eq!(String::from_utf8(hello().encode()).expect("it is text"), text);
        assert_eq!(Hello::decode(text.as_bytes()), Ok(hello()));
        let later = text.replacen('{', r#"{"moon":"full","#, 1);
        assert_eq!(Hello::decode(later.as_bytes()), Ok(hello()), "later versions may add");
    }

    #[test]
    fn what_is_too_long_or_unprintable_is_unreadable() {
        let unreadable =
            |hello: &Hello| matches!(Hello::decode(&hello.encode()), Err(Refused::Unreadable(_)));
        assert!(unreadable(&Hello { name: "a".repeat(33), ..hello() }));
        assert!(unreadable(&Hello { region: Some("\x1b[2J".into()), ..hello() }));
        assert!(unreadable(&Hello { groups: vec!["a".into(); 9], ..hello() }));
        let peer = hello().peers.remove(0);
        assert!(unreadable(&Hello { peers: vec![peer.clone(); 17], ..hello() }));
        let nobody = Introduced { id: "xyz".into(), ..peer };
        assert!(unreadable(&Hello { peers: vec![nobody], ..hello() }));
        let relayed = hello().relayed.remove(0);
        assert!(unreadable(&Hello { relayed: vec![relayed.clone(); 9], ..hello() }));
        let nobody = Relayed { id: "xyz".into(), ..relayed };
        assert!(unreadable(&Hello { relayed: vec![nobody], ..hello() }));
        assert!(matches!(Hello::decode(b"{"), Err(Refused::Unreadable(_))));
        assert!(matches!(Hello::decode(&[b' '; 9_000]), Err(Refused::Unreadable(_))));
    }

    #[test]
    fn the_highest_common_version_is_spoken_if_there_is_one() {
        let agreed = |ours: (u8, u8), theirs: (u8, u8)| {
            let ours = Hello { from: ours.0, to: ours.1, ..hello() };
            ours.agree(&Hello { from: theirs.0, to: theirs.1, ..hello() }).ok()
        };
        assert_eq!(agreed((1, 1), (1, 1)), Some(1));
        assert_eq!(agreed((1, 3), (2, 5)), Some(3));
        assert_eq!(agreed((1, 1), (2, 5)), None);
        assert_eq!(agreed((2, 5), (1, 1)), None);
    }

    #[test]
    fn a_node_is_dialled_at_its_routers_port_only_where_it_comes_through_that_router() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let external = Some(([198, 51, 100, 1], 40_000).into());
        let mapped = Hello { external, ..hello() };
        assert_eq!(mapped.place(ip("198.51.100.1")), external);
        assert_eq!(mapped.place(ip("192.168.1.2")), Some(([192, 168, 1, 2], 4000).into()));
        let elsewhere = Hello { port: 0, ..mapped };
        assert_eq!(elsewhere.place(ip("192.168.1.2")), None);
    }

    #[test]
    fn another_genesis_or_another_target_is_another_network() {
        let other = Hello { genesis: "00cd".into(), ..hello() };
        assert_eq!(hello().agree(&other), Err(Refused::Genesis));
        let other = Hello { zero_bits: 8, ..hello() };
        assert_eq!(hello().agree(&other), Err(Refused::Target { theirs: 8, ours: 16 }));
    }
}
