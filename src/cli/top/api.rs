//! The requests of `cairn top` to a network's API.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use crate::cli::ask::Client;

/// How many of the last blocks to request.
const BLOCKS: u32 = 40;

/// A network, as far as its nodes answered.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) nodes: Vec<NodeSeen>,
    /// The last blocks of the first node that answered, lowest first.
    pub(super) blocks: Vec<Block>,
}

/// A node, if it answered.
#[derive(Debug)]
pub(super) struct NodeSeen {
    pub(super) url: String,
    pub(super) answer: Option<Answer>,
}

/// A node's report about itself.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) info: Info,
    pub(super) status: Status,
    /// The number of peers that it refuses.
    pub(super) refused: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Info {
    /// Its name, which over UDP is its address.
    pub(super) name: String,
    pub(super) port: u16,
    network: Vec<String>,
}

#[cfg(test)]
impl Info {
    /// The info of a node that knows no network.
    pub(super) fn named(name: String, port: u16) -> Info {
        Info { name, port, network: Vec::new() }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) height: u64,
    pub(super) tip: String,
    pub(super) nonce: u64,
    pub(super) state: String,
    pub(super) paused: bool,
    pub(super) time_ms: u64,
}

#[derive(Deserialize)]
struct Peers {
    peers: Vec<Peer>,
}

#[derive(Deserialize)]
struct Peer {
    state: String,
}

#[derive(Deserialize)]
struct Tree {
    blocks: Vec<Block>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Block {
    pub(super) height: u64,
    pub(super) hash: String,
    pub(super) receiver: u16,
    pub(super) on_chain: bool,
}

/// An order to the network.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The node with its API here stops mining.
    Pause(String),
    /// It resumes mining.
    Resume(String),
    /// The first half of the nodes and the second no longer hear each other.
    Split,
    /// All hear each other again.
    Heal,
}

/// The access to a network.
pub(super) struct Api {
    client: Client,
    first: String,
}

impl Api {
    /// The network of the node with its API here.
    pub(super) fn new(url: &str) -> Api {
        Api { client: Client::new(), first: url.trim_end_matches('/').to_owned() }
    }

    /// Asks all nodes.
    pub(super) fn look(&self) -> Result<Snapshot> {
        let urls = self.urls()?;
        let blocks = self.client.get::<Tree>(&self.first, &format!("/tree?limit={BLOCKS}"));
        let mut nodes: Vec<_> = urls.into_iter().map(|url| self.node(url)).collect();
        nodes.sort_by_key(|node| node.answer.as_ref().map(|answer| answer.info.port));
        Ok(Snapshot { nodes, blocks: blocks.map(|tree| tree.blocks).unwrap_or_default() })
    }

    /// Gives an order.
    pub(super) fn give(&self, order: &Order) -> Result<()> {
        match order {
            Order::Pause(url) => self.post(url, "/pause", None),
            Order::Resume(url) => self.post(url, "/resume", None),
            Order::Split => self.between_halves("/peers/disconnect"),
            Order::Heal => self.between_halves("/peers/announce"),
        }
    }

    fn urls(&self) -> Result<Vec<String>> {
        let info: Info = self.client.get(&self.first, "/node/info").with_context(|| {
            let url = &self.first;
            format!("no network answers at {url}: start one with cairn up, or name it with --api")
        })?;
        Ok(info.network)
    }

    fn node(&self, url: String) -> NodeSeen {
        let answer = || -> Result<Answer> {
            let peers: Peers = self.client.get(&url, "/node/peers")?;
            let refused = peers.peers.iter().filter(|peer| peer.state == "refused").count();
            let info = self.client.get(&url, "/node/info")?;
            Ok(Answer { info, status: self.client.get(&url, "/node/status")?, refused })
        };
        let answer = answer().ok();
        NodeSeen { url, answer }
    }

    /// Tells each node of one half about each node of the other.
    fn between_halves(&self, path: &str) -> Result<()> {
        let nodes = self.look()?.nodes.into_iter();
        let nodes: Vec<_> =
            nodes.filter_map(|node| Some((node.url, node.answer?.info.name))).collect();
        let (one, other) = nodes.split_at(nodes.len() / 2);
        for (url, _) in one {
            other.iter().try_for_each(|(_, name)| self.post(url, path, Some(name)))?;
        }
        for (url, _) in other {
            one.iter().try_for_each(|(_, name)| self.post(url, path, Some(name)))?;
        }
        Ok(())
    }

    fn post(&self, url: &str, path: &str, address: Option<&str>) -> Result<()> {
        self.client.post(url, path, address.map(|address| json!({ "address": address })).as_ref())
    }
}
