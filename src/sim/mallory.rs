//! A hostile peer, which every node has on its list.
//!
//! It floods, replays datagrams that it has heard, sends under others' names, claims chains
//! that it does not have, answers questions with junk or not at all, and mines in secret to
//! release its blocks all at once. It sees every chain, and no partition stops it.

use std::time::Duration;

use rand::RngExt;

use super::{Happening, MALLORY, World};
use crate::block::{BLOCK_LEN, Block, field};
use crate::chain::Chain;
use crate::peer::PeerName;

use crate::wire::{Blocks, MAX_BLOCKS, Message, to_u32};

/// How many datagrams it keeps to replay.
const MAX_HEARD: usize = 64;

/// Datagrams in a flood.
const FLOOD: usize = 40;

/// The receiver of its blocks' rewards.
const ACCOUNT: u16 = 6_666;

/// How far the others may be ahead before it abandons its secret chain.
const GIVE_UP: usize = 3;

/// The state of the hostile peer.
pub(super) struct Mallory {
    pub(super) name: PeerName,
    heard: Vec<Vec<u8>>,
    /// The chain that it mines in secret, and the number of blocks it started from.
    secret: Option<Chain>,
}

impl Mallory {
    pub(super) fn new() -> Mallory {
        Mallory { name: PeerName::new("mallory"), heard: Vec::new(), secret: None }
    }
}

impl World<'_> {
    /// It remembers what it hears, and lies to every node that asks.
    pub(super) fn mallory_hears(&mut self, from: &PeerName, bytes: &[u8]) {
        let Some(mallory) = &mut self.mallory else { return };
        if mallory.heard.len() == MAX_HEARD {
            mallory.heard.remove(0);
        }
        mallory.heard.push(bytes.to_vec());
        let Ok(Message::Question(question)) = Message::decode(bytes) else { return };
        if self.is_calm || self.random.random() {
            self.counts.questions_unanswered += 1;
            return;
        }
        let mut block = Block::genesis().to_bytes();
        self.random.fill(&mut block[1..70]);
        let Some(place) = question.places.first() else { return };
        self.counts.questions_answered_with_junk += 1;
        // The blocks seem to be the next ones, so the node checks them.
        block[field::PREVIOUS].copy_from_slice(place.hash.as_bytes());
        let blocks = [block; 3];
        let (number, count) = (question.number, question.count.saturating_add(1_000));
        let junk = Blocks { number, count, height: place.height + 1, blocks: &blocks }.encode();
        self.as_mallory(from, &junk);
    }

    /// It does one thing, and plans the next.
    pub(super) fn mallory_acts(&mut self) {
        if self.is_calm || self.mallory.is_none() {
            return;
        }
        self.mine_in_secret();
        let victim = self.random.random_range(0..self.hosts.len());
        let victim = self.hosts[victim].name.clone();
        match self.random.random_range(0..4) {
            0 => self.flood(&victim),
            1 => self.replay(&victim),
            2 => self.spoof(&victim),
            _ => self.claim(&victim),
        }
        let wait = Duration::from_millis(self.random.random_range(200..4_000));
        self.plan_in(wait, Happening::MalloryActs);
    }

    fn as_mallory(&mut self, to: &PeerName, bytes: &[u8]) {
        let Some(mallory) = &self.mallory else { return };
        let from = mallory.name.clone();
        self.transmit(Some(MALLORY), from, to, bytes);
    }

    fn flood(&mut self, victim: &PeerName) {
        self.counts.floods += 1;
        for _ in 0..FLOOD {
            let mut junk = vec![0; self.random.random_range(0..3 * BLOCK_LEN)];
            self.random.fill(&mut junk[..]);
            if let [first, second, ..] = &mut junk[..] {
                // Like a chain, like a frame, or like nothing.
                (*first, *second) =
                    [(75, 0), (0, 1), (*first, *second)][self.random.random_range(0..3)];
            }
            self.as_mallory(victim, &junk);
        }
    }

    fn replay(&mut self, victim: &PeerName) {
        let Some(bytes) = self.heard_before() else { return };
        self.counts.replays += 1;
        self.as_mallory(victim, &bytes);
    }

    /// It sends under an honest name what it has heard, or junk.
    fn spoof(&mut self, victim: &PeerName) {
        let other = self.random.random_range(0..self.hosts.len());
        let from = self.hosts[other].name.clone();
        if from == *victim {
            return;
        }
        self.counts.spoofs += 1;
        let genesis = Block::genesis().to_bytes();
        let junk =
            Blocks { number: self.random.random(), count: 9_999, height: 1, blocks: &[genesis] };
        let bytes = match self.random.random_range(0..3) {
            0 => genesis.to_vec(),
            1 => junk.encode(),
            _ => self.heard_before().unwrap_or_default(),
        };
        self.transmit(None, from, victim, &bytes);
    }

    /// It claims a chain far longer than anybody's.
    fn claim(&mut self, victim: &PeerName) {
        self.counts.claims += 1;
        let block = Block::genesis().to_bytes();
        let count = self.random.random_range(1_000..u32::MAX);
        let frame = Blocks { number: 0, count, height: count - 1, blocks: &[block] };
        self.as_mallory(victim, &frame.encode());
    }

    fn heard_before(&mut self) -> Option<Vec<u8>> {
        let heard = &self.mallory.as_ref()?.heard;
        let index = self.random.random_range(0..heard.len().max(1));
        heard.get(index).cloned()
    }

    /// It mines on a secret chain, and publishes it as soon as that undoes others' blocks;
    /// it starts again if it falls behind.
    fn mine_in_secret(&mut self) {
        let nodes = self.hosts.iter().filter_map(|host| host.up.as_deref());
        let Some(best) = nodes.map(|(node, _)| node.chain()).max_by_key(|chain| chain.count())
        else {
            return;
        };
        let count = best.count();
        let Some(mallory) = &mut self.mallory else { return };
        mallory.secret.take_if(|secret| secret.count() + GIVE_UP < count);
        let secret = mallory.secret.get_or_insert_with(|| best.clone());
        // As much luck as two honest nodes have.
        if self.random.random_ratio(1, 16) {
            let block = secret.next_block(0, self.random.random(), ACCOUNT);
            let block = block.expect("one hash in 64 will do");
            secret.push(&block).expect("it was mined");
        }
        let is_worth_it = secret.count() > count && secret != best;
        if is_worth_it && self.random.random_ratio(1, 3) {
            self.release();
        }
    }

    fn release(&mut self) {
        let secret = self.mallory.as_mut().and_then(|mallory| mallory.secret.take());
        let Some(secret) = secret else { return };
        self.counts.releases += 1;
        let count = to_u32(secret.count());
        let height = secret.count().saturating_sub(MAX_BLOCKS);
        let blocks = &*secret.blocks_from(height);
        let bytes = match height {
            0 => secret.as_bytes().to_vec(),
            _ => Blocks { number: 0, count, height: to_u32(height), blocks }.encode(),
        };
        let names: Vec<_> = self.hosts.iter().map(|host| host.name.clone()).collect();
        names.iter().for_each(|name| self.as_mallory(name, &bytes));
    }
}
