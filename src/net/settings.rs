//! What a node among strangers is told at its start.

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

/// Half of the weight is to answer, unless told otherwise.
pub const DEFAULT_WEIGHT_MINIMUM: u8 = 50;

/// What a node among strangers is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who it is.
    pub key: Key,
    /// Where it listens; port 0 lets the system choose.
    pub address: SocketAddr,
    /// What it calls itself; may be empty.
    pub name: String,
    /// Where it is, if it is to say so.
    pub region: Option<String>,
    /// The groups that it is of: what is said to one of them is said to it.
    pub groups: Vec<String>,
    /// How much of the weight is to answer where a block is asked about, in percent.
    pub weight_minimum: u8,
    /// How long such answers are waited for.
    pub confirm: Duration,
    /// Where its rewards go; its port if there is none, as over UDP.
    pub account: Option<u16>,
    /// The hash of the first block in hexadecimal, which all of a network share.
    pub genesis: String,
    /// Zero bits that hashes begin with, which all of a network share.
    pub zero_bits: u8,
    /// The first and last version of the protocol that it speaks.
    pub versions: (u8, u8),
    /// Whom to dial when nobody else is known.
    pub bootstrap: Vec<Bootstrap>,
    /// How often the names among them are looked up.
    pub lookup: Duration,
    /// Where peers that were met are kept.
    pub peers_file: Option<PathBuf>,
    /// Whom it lets in.
    pub lists: Lists,
    /// How many it lets in.
    pub limits: Limits,
    /// Whom it dials and keeps.
    pub policy: Policy,
    /// How it looks for peers on the local network.
    pub lan: Lan,
    /// Whether it does so from the start.
    pub is_discovering: bool,
    /// In which protocols the router is asked to pass packets on; in none, if there are none.
    pub mapping: Vec<Protocol>,
    /// Where others reach it, if the router was told by hand to forward a port.
    pub external: Option<SocketAddr>,
    /// The relays that it uses, and no others.
    pub relays: Vec<Relay>,
    /// How statements about blocks are spread.
    pub batches: Batches,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long a peer may take to read a frame, before it is hung up on.
    pub unread: Duration,
    /// How often it says hello again.
    pub hello: Duration,
    /// How often it asks some peers for their tips.
    pub tips: Duration,
    /// What its random choices are grown from.
    pub seed: u64,
}

impl Settings {
    /// A node of the network with the tutorial's genesis and target, on any address of
    /// this machine and a port that the system chooses, without a file, which neither
    /// looks around on the local network nor asks a router or a relay for anything.
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

    /// The hello of this node, which listens at this port, without peers.
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
