//! The network as `cairn top` knows it, and its changes.

use std::collections::{HashMap, VecDeque};

use anyhow::Result;

use super::api::{NodeSeen, Order, Snapshot};

/// How many lines of news to keep.
const NEWS: usize = 200;

/// The network now, and its last news.
pub(super) struct Scene {
    pub(super) now: Snapshot,
    /// Tries in a second, by the address of the node's API.
    pub(super) rates: HashMap<String, u64>,
    /// The oldest first.
    pub(super) news: VecDeque<String>,
    pub(super) chosen: usize,
    /// Why the last request to the network failed.
    pub(super) trouble: Option<String>,
}

impl Scene {
    pub(super) fn new(first: Snapshot) -> Scene {
        Scene { now: first, rates: HashMap::new(), news: VecDeque::new(), chosen: 0, trouble: None }
    }

    /// Takes the current state of the network.
    pub(super) fn take(&mut self, found: Result<Snapshot>) {
        let next = match found {
            Ok(next) => next,
            Err(error) => return self.trouble = Some(format!("{error:#}")),
        };
        self.trouble = None;
        let mut news = new_blocks(&self.now, &next);
        for node in &next.nodes {
            let before = self.now.nodes.iter().find(|before| before.url == node.url);
            news.extend(before.and_then(|before| changed(before, node)));
            if let Some(rate) = before.and_then(|before| rate(before, node)) {
                self.rates.insert(node.url.clone(), rate);
            }
        }
        self.news.extend(news);
        while self.news.len() > NEWS {
            self.news.pop_front();
        }
        self.now = next;
        self.choose(0);
    }

    /// Chooses the node that stands this many places further down.
    pub(super) fn choose(&mut self, by: isize) {
        let last = self.now.nodes.len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }

    /// The order that pauses the chosen node, or makes it resume mining.
    pub(super) fn pause(&self) -> Option<Order> {
        let node = self.now.nodes.get(self.chosen)?;
        let url = node.url.clone();
        Some(match node.answer.as_ref()?.status.paused {
            true => Order::Resume(url),
            false => Order::Pause(url),
        })
    }
}

fn new_blocks(before: &Snapshot, next: &Snapshot) -> Vec<String> {
    let is_new = |hash: &str| before.blocks.iter().all(|block| block.hash != hash);
    let new = next.blocks.iter().filter(|block| is_new(&block.hash));
    let mut news: Vec<_> =
        new.map(|block| format!("{} found block {}", block.receiver, block.height)).collect();
    let gone = next.blocks.iter().filter(|block| !block.on_chain);
    let was_there =
        |hash: &str| before.blocks.iter().any(|block| block.hash == hash && block.on_chain);
    let gone = gone.filter(|block| was_there(&block.hash));
    news.extend(gone.map(|block| {
        format!("block {} by {} was abandoned for the longer chain", block.height, block.receiver)
    }));
    news
}

/// The changes of a node, besides its chain.
fn changed(before: &NodeSeen, next: &NodeSeen) -> Option<String> {
    let (old, new) = match (&before.answer, &next.answer) {
        (Some(old), Some(new)) => (old, new),
        (Some(old), None) => return Some(format!("{} does not answer", old.info.port)),
        (None, Some(new)) => return Some(format!("{} answers", new.info.port)),
        (None, None) => return None,
    };
    let port = new.info.port;
    match (old.status.paused, new.status.paused) {
        (false, true) => return Some(format!("{port} is paused")),
        (true, false) => return Some(format!("{port} searches again")),
        _ => {}
    }
    match new.refused.cmp(&old.refused) {
        std::cmp::Ordering::Greater => {
            Some(format!("{port} no longer hears {} peers", new.refused))
        }
        std::cmp::Ordering::Less if new.refused == 0 => Some(format!("{port} hears all again")),
        _ => None,
    }
}

/// Tries in a second, if the search continued between the two requests.
fn rate(before: &NodeSeen, next: &NodeSeen) -> Option<u64> {
    let (old, new) = (&before.answer.as_ref()?.status, &next.answer.as_ref()?.status);
    let millis = new.time_ms.checked_sub(old.time_ms).filter(|millis| *millis > 0)?;
    if new.paused {
        return Some(0);
    }
    Some(new.nonce.checked_sub(old.nonce)? * 1_000 / millis)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cli::top::api::{Answer, Block, Info, Status};

    fn status(height: u64, nonce: u64, time_ms: u64, paused: bool) -> Status {
        let state = "listening".to_owned();
        Status { height, tip: format!("{height:064x}"), nonce, state, paused, time_ms }
    }

    /// Nodes on these ports at a height, which have tried this many nonces by this time.
    pub(in super::super) fn network(ports: &[u16], height: u64, nonce: u64, time: u64) -> Snapshot {
        let node = |port: &u16| NodeSeen {
            url: format!("http://127.0.0.1:{}", port + 1),
            answer: Some(Answer {
                info: Info::named(format!("127.0.0.1:{port}"), *port),
                status: status(height, nonce, time, false),
                refused: 0,
            }),
        };
        let block = |height| Block {
            height,
            hash: format!("{height:064x}"),
            receiver: 7000,
            on_chain: true,
        };
        Snapshot {
            nodes: ports.iter().map(node).collect(),
            blocks: (0..=height).map(block).collect(),
        }
    }

    #[test]
    fn what_changed_is_news() {
        let mut scene = Scene::new(network(&[7000, 8000], 1, 1_000, 0));
        let mut next = network(&[7000, 8000], 2, 3_000, 500);
        next.nodes[1].answer.as_mut().expect("it answers").status.paused = true;
        scene.take(Ok(next));
        assert_eq!(scene.news, ["7000 found block 2", "8000 is paused"]);
        assert_eq!(scene.rates["http://127.0.0.1:7001"], 4_000);
        let mut next = network(&[7000, 8000], 2, 3_000, 1_000);
        (next.blocks[2].on_chain, next.nodes[0].answer) = (false, None);
        scene.take(Ok(next));
        let last: Vec<_> = scene.news.iter().skip(2).collect();
        let gone = "block 2 by 7000 was abandoned for the longer chain";
        assert_eq!(last, [gone, "7000 does not answer", "8000 searches again"]);
    }

    #[test]
    fn the_chosen_node_is_paused_or_resumed() {
        let mut scene = Scene::new(network(&[7000, 8000], 0, 0, 0));
        scene.choose(5);
        let url = "http://127.0.0.1:8001".to_owned();
        assert_eq!(scene.pause(), Some(Order::Pause(url.clone())));
        scene.now.nodes[1].answer.as_mut().expect("it answers").status.paused = true;
        assert_eq!(scene.pause(), Some(Order::Resume(url)));
    }
}
