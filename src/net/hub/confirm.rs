//! Questions about blocks: those of other nodes, and those of the person who runs this
//! node.

use std::time::Duration;

use super::{Hub, ToHub};
use crate::advice::{Advice, Claim, Place, WEIGHING_BLOCKS, weigh};
use crate::block::Block;
use crate::chain::Chain;
use crate::driver::{Command, Look};
use crate::hash::Hash;
use crate::net::message::{Answer, Body, Recipient};
use crate::node::Node;
use crate::peer::PeerName;
use crate::words::Reply;

/// The most look-ups in the chain that are under way: each walks along the chain once.
const MAX_LOOKS: usize = 8;

/// The most questions of this node that are under way.
const MAX_ASKED: usize = 16;

/// The least time to wait for answers: a conflict between two nodes that claim one account
/// shows only when both have answered.
const AT_LEAST: Duration = Duration::from_millis(500);

/// The result of a look-up by the node's loop in its chain.
pub(crate) enum Found {
    /// For another node, whose question has this number.
    Theirs(PeerName, u64, Option<Place>),
    /// For the person who runs this node.
    Ours(Weighing),
}

/// The data for weighing the answers to a question of ours.
pub(crate) struct Weighing {
    hash: Hash,
    place: Option<Place>,
    /// The accounts of the last blocks.
    receivers: Vec<u16>,
    reply: Reply<Advice>,
}

/// A question of ours that is under way.
pub(super) struct Asked {
    weighing: Weighing,
    /// The numbers of the messages with the question.
    questions: Vec<u64>,
    claims: Vec<Claim>,
    since: Duration,
}

impl Hub {
    /// Another node asks about a block.
    pub(super) fn look_for(&mut self, from: PeerName, question: u64, hash: Hash) {
        self.look(move |node| Some(Found::Theirs(from, question, place(node.chain(), hash))));
    }

    /// The person who runs this node asks about a block: we look in our own chain first.
    pub(super) fn ask_own_chain(&mut self, hash: Hash, reply: Reply<Advice>) {
        // If there is no room, the reply is dropped, and its receiver learns that.
        if self.asked.len() < MAX_ASKED {
            self.look(move |node| {
                let (place, receivers) = (place(node.chain(), hash), receivers(node.chain()));
                Some(Found::Ours(Weighing { hash, place, receivers, reply }))
            });
        }
    }

    fn look(&mut self, look: impl FnOnce(&Node) -> Option<Found> + Send + 'static) {
        let Some(node) = self.node.as_ref().filter(|_| self.looks < MAX_LOOKS) else { return };
        let to_hub = self.to_hub();
        let look = Look::new(move |node| {
            if let Some(found) = look(node) {
                // If the queue is full, the question is lost, as others may be.
                let _ = to_hub.try_send(ToHub::Found(found));
            }
        });
        if node.send(Command::Look(look)).is_ok() {
            self.looks += 1;
        }
    }

    /// The node's loop has looked in its chain.
    pub(super) fn have_found(&mut self, now: Duration, found: Found) {
        self.looks = self.looks.saturating_sub(1);
        match found {
            Found::Theirs(from, question, place) => {
                let account = self.hello.account;
                let (height, above) = place.map_or((None, 0), |it| (Some(it.height), it.above));
                let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
                let answer =
                    Answer { question, account, height: height.map(short), above: short(above) };
                // If there is no way back any more, nobody waits for the answer.
                let _ = self.say(now, Recipient::Node(from.to_string()), Body::Answer(answer));
            }
            Found::Ours(weighing) => {
                let own = Claim {
                    id: self.parts.settings.key.name(),
                    name: Some(self.hello.name.clone()).filter(|name| !name.is_empty()),
                    account: self.hello.account,
                    place: weighing.place,
                };
                let questions = self.ask(now, weighing.hash);
                self.asked.push(Asked { weighing, questions, claims: vec![own], since: now });
            }
        }
    }

    /// Asks all nodes; returns the question's number, if any node hears it.
    fn ask(&mut self, now: Duration, hash: Hash) -> Vec<u64> {
        let sent = self.say(now, Recipient::All, Body::Question(hash.to_string()));
        sent.map(|sent| sent.number).into_iter().collect()
    }

    pub(super) fn hear_answer(&mut self, id: PeerName, name: Option<String>, answer: Answer) {
        let asked = self.asked.iter_mut().find(|it| it.questions.contains(&answer.question));
        if let Some(asked) = asked {
            let Answer { account, .. } = answer;
            asked.claims.push(Claim { id, name, account, place: answer.place() });
        }
    }

    /// Replies if enough nodes have answered or the time is up; asks once more at half
    /// time.
    pub(super) fn tick_questions(&mut self, now: Duration) {
        let (most, minimum) = (self.parts.settings.confirm, self.parts.settings.weight_minimum);
        for index in 0..self.asked.len() {
            let asked = &self.asked[index];
            if asked.questions.len() < 2 && now >= asked.since + most / 2 {
                let again = self.ask(now, asked.weighing.hash);
                self.asked[index].questions.extend(again);
            }
        }
        let is_over = |asked: &mut Asked| {
            let waited = now.saturating_sub(asked.since);
            waited >= most || (waited >= AT_LEAST && asked.advice(minimum).is_enough())
        };
        for asked in self.asked.extract_if(.., is_over) {
            let advice = asked.advice(minimum);
            asked.weighing.reply.give(advice);
        }
    }
}

impl Asked {
    fn advice(&self, minimum: u8) -> Advice {
        let Weighing { hash, receivers, .. } = &self.weighing;
        let claims = weigh(receivers, self.claims.iter().cloned());
        Advice { hash: *hash, minimum, total: receivers.len(), claims }
    }
}

/// The place of a block on a chain.
fn place(chain: &Chain, hash: Hash) -> Option<Place> {
    let height = (0..chain.count()).rev().find(|height| chain.hash_at(*height) == Some(hash))?;
    Some(Place { height: height as u64, above: (chain.height() - height) as u64 })
}

/// The accounts that received the last blocks' rewards; the genesis block has none.
fn receivers(chain: &Chain) -> Vec<u16> {
    let blocks = &chain.blocks()[1..];
    let last = &blocks[blocks.len().saturating_sub(WEIGHING_BLOCKS)..];
    last.iter().map(|block| Block::from_bytes(block).reward.receiver).collect()
}
