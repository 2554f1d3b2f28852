//! The settings of a node among strangers at its start.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::bootstrap::Bootstrap;
use super::gate::Limits;
use super::hello::{self, BLOCKS, Hello, INTRODUCE, METADATA};
use super::key::Key;
use super::lan::Lan;
use super::lists::Lists;
use super::mapping::Protocol;
use super::relay::Relay;
use super::table::Policy;
use crate::block::GENESIS_HASH;
use crate::metadata::spread::Batches;

/// By default half of the weight must answer.
pub const DEFAULT_WEIGHT_MINIMUM: u8 = 50;

/// The settings of a node among strangers at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its key.
    pub key: Key,
    /// The address at which it listens; with port 0 the system chooses one.
    pub address: SocketAddr,
    /// Its name for itself; may be empty.
    pub name: String,
    /// The region that it names, if any.
    pub region: Option<String>,
    /// The groups that it belongs to: it receives their messages.
    pub groups: Vec<String>,
    /// The part of the weight that must answer a question about a block, in percent.
    pub weight_minimum: u8,
    /// How long to wait for such answers.
    pub confirm: Duration,
    /// The account for its rewards; if `None`, its port, as over UDP.
    pub account: Option<u16>,
    /// The hash of the first block in hexadecimal; all nodes of a network share it.
    pub genesis: String,
    /// The number of zero bits at the start of hashes; all nodes of a network share it.
    pub zero_bits: u8,
    /// The first and last version of the protocol that it speaks.
    pub versions: (u8, u8),
    /// The peers to dial when no other peer is known.
    pub bootstrap: Vec<Bootstrap>,
    /// How often the names of bootstrap peers are looked up.
    pub lookup: Duration,
    /// The file in which peers that were met are saved.
    pub peers_file: Option<PathBuf>,
    /// The nodes that it lets in.
    pub lists: Lists,
    /// The limits on connections and handshakes.
    pub limits: Limits,
    /// How it chooses the peers to dial and to keep.
    pub policy: Policy,
    /// How it looks for peers on the local network.
    pub lan: Lan,
    /// Whether it looks from the start.
    pub is_discovering: bool,
    /// The protocols in which it asks the router to pass packets on; if empty, it does not
    /// ask.
    pub mapping: Vec<Protocol>,
    /// Where others reach it, if the router was configured by hand to forward a port.
    pub external: Option<SocketAddr>,
    /// The relays that it uses; it uses no others.
    pub relays: Vec<Relay>,
    /// How statements about blocks are spread.
    pub batches: Batches,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long a peer may take to read a frame before we hang up.
    pub unread: Duration,
    /// How often it sends another hello.
    pub hello: Duration,
    /// How often it asks some peers for their tips.
    pub tips: Duration,
    /// The seed of its random choices.
    pub seed: u64,
}

impl Settings {
    /// A node of the network with the tutorial's genesis and target, at any address of this
    /// machine and a port that the system chooses. It uses no file, does not look for peers
    /// on the local network, and asks no router and no relay for anything.
    pub fn new(key: Key) -> Settings {
        Settings {
            account: Some(key.account()),
            key,
            address: (Ipv4Addr::UNSPECIFIED, 0).into(),
            name: String::new(),
            region: None,
            groups: Vec::new(),
            weight_minimum: DEFAULT_WEIGHT_MINIMUM,
            confirm: Duration::from_secs(4),
            genesis: GENESIS_HASH.to_string(),
            zero_bits: crate::target::Target::NETWORK.zero_bits(),
            versions: hello::VERSIONS,
            bootstrap: Vec::new(),
            lookup: Duration::from_secs(60),
            peers_file: None,
            lists: Lists::default(),
            limits: Limits::default(),
            policy: Policy::default(),
            lan: Lan::default(),
            is_discovering: false,
            mapping: Vec::new(),
            external: None,
            relays: Vec::new(),
            batches: Batches::default(),
            handshake: Duration::from_secs(5),
            unread: Duration::from_secs(30),
            hello: Duration::from_secs(30),
            tips: Duration::from_secs(20),
            seed: 1,
        }
    }

    /// The hello of this node, which listens on this port, without peers.
    pub(super) fn hello(&self, port: u16) -> Hello {
        let does = if self.policy.is_introducer { INTRODUCE } else { BLOCKS };
        Hello {
            from: self.versions.0,
            to: self.versions.1,
            genesis: self.genesis.clone(),
            zero_bits: self.zero_bits,
            account: self.account.unwrap_or(port),
            name: self.name.clone(),
            capabilities: [does, METADATA].map(str::to_owned).into(),
            region: self.region.clone(),
            groups: self.groups.clone(),
            port,
            external: self.external,
            http: None,
            peers: Vec::new(),
            relayed: Vec::new(),
        }
    }
}
