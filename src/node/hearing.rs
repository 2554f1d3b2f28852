//! What a node does with a datagram.
//!
//! A valid chain that is longer than ours is adopted, also from a stranger. Only our own
//! peers get an answer, and not often, so nobody can be flooded through us.

use super::{Node, Now};
use crate::block::{self, BLOCK_LEN};
use crate::chain::{Branch, Fit};
use crate::event::{Event, Reason};
use crate::peer::PeerName;
use crate::sync::{self, Refusal};
use crate::wire::{Blocks, Message, Question};

/// How far ahead of our clock a new block from a peer may be dated, in seconds.
/// Bitcoin's two hours.
pub const MAX_AHEAD_SECONDS: u32 = 2 * 60 * 60;

impl Node {
    pub(super) fn hear(&mut self, now: Now, from: PeerName, bytes: &[u8]) {
        let peer = self.peers.find(&from);
        if peer.as_ref().is_some_and(|peer| peer.is_refused) {
            return self.ignore(from, Reason::Refused);
        }
        let message = Message::decode(bytes);
        let is_new = peer.is_some_and(|peer| {
            peer.knows_frames |= matches!(message, Ok(Message::Blocks(_) | Message::Question(_)));
            !std::mem::replace(&mut peer.is_heard, true)
        });
        match message {
            Ok(Message::Chain(bytes)) => self.hear_chain(now, from, bytes, is_new),
            Ok(Message::Blocks(blocks)) => self.hear_blocks(now, from, &blocks, is_new),
            Ok(Message::Question(question)) => self.hear_question(now, from, &question),
            Ok(Message::SleepNotice(notice)) => self.ignore(from, Reason::SleepNotice(notice)),
            Err(bad) => self.ignore(from, Reason::BadFrame(bad)),
        }
    }

    fn hear_chain(&mut self, now: Now, from: PeerName, bytes: &[u8], is_new: bool) {
        let fork = self.chain.common_prefix(bytes);
        if fork > 0 && fork * BLOCK_LEN == bytes.len() {
            return self.not_longer(now, from, fork, fork == self.chain.count(), is_new);
        }
        match Branch::check(&self.chain, fork, &bytes[fork * BLOCK_LEN..]) {
            Ok(branch) => self.weigh(now, from, branch, is_new),
            Err(invalid) => self.ignore(from, Reason::Invalid(invalid)),
        }
    }

    fn hear_blocks(&mut self, now: Now, from: PeerName, blocks: &Blocks, is_new: bool) {
        if blocks.number != 0 {
            match self.sync.hear(now.monotonic, &self.chain, &from, blocks) {
                Ok(()) => return,
                Err(Refusal::Wrong(invalid, shunned)) => {
                    return self.ignore(from, Reason::WrongAnswer { invalid, shunned });
                }
                // We did not ask for them, but they may be useful.
                Err(Refusal::Stale) => {}
            }
        }
        self.hear_announcement(now, from, blocks, is_new);
    }

    fn hear_announcement(&mut self, now: Now, from: PeerName, blocks: &Blocks, is_new: bool) {
        let (theirs, ours) = (blocks.count as usize, self.chain.count());
        if theirs <= ours {
            let end = (blocks.height as usize).saturating_add(blocks.blocks.len());
            let same =
                end == ours && *self.chain.blocks_from(blocks.height as usize) == *blocks.blocks;
            return self.not_longer(now, from, theirs, theirs == ours && same, is_new);
        }
        match self.chain.fit(blocks.height as usize, blocks.blocks) {
            Fit::Branch(branch) if branch.count() > ours => self.weigh(now, from, branch, is_new),
            Fit::Invalid(invalid) => self.ignore(from, Reason::Invalid(invalid)),
            // They do not reach from a block of ours to beyond our tip.
            Fit::Apart | Fit::Known | Fit::Branch(_) => self.hear_claim(now, from, theirs),
        }
    }

    /// A longer chain of which we have not seen enough.
    fn hear_claim(&mut self, now: Now, from: PeerName, theirs: usize) {
        let listed = self.is_listed(&from);
        let asked = listed && self.sync.claim(now.monotonic, &self.chain, &from, theirs);
        self.ignore(from, Reason::Unconnected { theirs, listed, asked });
    }

    fn hear_question(&mut self, now: Now, from: PeerName, question: &Question) {
        let most = self.settings.answers;
        let Some(peer) = self.peers.find(&from) else {
            return self.ignore(from, Reason::StrangersQuestion);
        };
        if !peer.may_ask(now.monotonic, most) {
            return self.ignore(from, Reason::TooManyQuestions);
        }
        for frame in sync::answer(&self.chain, question) {
            self.send(vec![from.clone()], frame);
        }
    }

    // ANCHOR: weigh
    /// A valid branch, which may be longer than our chain or not.
    fn weigh(&mut self, now: Now, from: PeerName, branch: Branch, is_new: bool) {
        // All blocks have the same target, so the longest chain has the most work.
        if branch.count() <= self.chain.count() {
            return self.not_longer(now, from, branch.count(), false, is_new);
        }
        match too_far_ahead(now, &branch) {
            Some(reason) => self.ignore(from, reason),
            None => self.copy(now, from, branch),
        }
    }
    // ANCHOR_END: weigh

    /// A fetched branch that is longer than our chain.
    pub(super) fn adopt_fetched(&mut self, now: Now, from: PeerName, branch: Branch) {
        match too_far_ahead(now, &branch) {
            None => self.copy(now, from, branch),
            Some(reason) => {
                self.sync.give_up(now.monotonic, &from);
                self.ignore(from, reason);
            }
        }
    }

    fn copy(&mut self, now: Now, from: PeerName, branch: Branch) {
        let fork = branch.fork();
        let abandoned = self.chain.adopt(branch).len();
        self.reset_search(now);
        self.save(fork);
        let listed = self.is_listed(&from);
        let (height, hash) = (self.chain.height(), self.chain.tip_hash());
        self.tell(Event::Copied { height, hash, from: from.clone(), listed, abandoned });
        self.rest(now);
        if self.settings.relay {
            self.relay(&from);
        }
        self.sync.chain_changed(now.monotonic, &self.chain);
    }

    /// A chain that is not longer than ours. If a peer's chain is shorter, we answer with
    /// ours.
    fn not_longer(&mut self, now: Now, from: PeerName, theirs: usize, same: bool, is_new: bool) {
        let ours = self.chain.count();
        if theirs < ours {
            let answered = self.answer_shorter(now, &from, theirs);
            return self.ignore(from, Reason::Shorter { theirs, ours, answered });
        }
        if same && is_new {
            // This peer sends the same chain for the first time: it has started after us,
            // and missed our announcement. It would repeat its own up to six times if it
            // did not hear from us once.
            self.announce_to(from.clone());
        }
        self.ignore(from, Reason::Tie { count: ours, same });
    }

    fn ignore(&mut self, from: PeerName, reason: Reason) {
        self.tell(Event::Ignored { from, reason });
    }
}

/// The rule of admission: a new block may not be dated far ahead of our clock. It depends
/// on our clock as much as on the block, so it is not a rule of validity: it applies
/// neither to our own blocks nor to those we already have.
fn too_far_ahead(now: Now, branch: &Branch) -> Option<Reason> {
    let latest = now.wall.saturating_add(MAX_AHEAD_SECONDS);
    let late = branch.blocks().iter().position(|block| block::timestamp(block) > latest)?;
    let seconds = block::timestamp(&branch.blocks()[late]) - now.wall;
    Some(Reason::Future { height: branch.fork() + late, seconds })
}
