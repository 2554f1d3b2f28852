//! What a node makes of a datagram.
//!
//! A valid chain that is longer than ours is adopted, whoever sent it. Whatever
//! else it says, only our own peers get an answer, and only so often, so that
//! nobody can be flooded through us.

use std::time::Duration;

use super::{Node, Now, Output};
use crate::block::{self, BLOCK_LEN};
use crate::chain::Branch;
use crate::event::{Event, Reason};
use crate::peer::PeerName;
use crate::sync::{self, Next, Refusal, to_u32};
use crate::wire::{Blocks, MAX_BLOCKS, Message, Question};

/// How far ahead of our clock a new block from a peer may be dated, in seconds.
/// Bitcoin's two hours.
pub const MAX_AHEAD_SECONDS: u32 = 2 * 60 * 60;

/// How many blocks announce a chain that is too long to be sent whole: whoever
/// has missed no more of the last ones need not ask.
pub const ANNOUNCED_BLOCKS: usize = 8;

/// How many of a peer's questions are answered in [`ANSWERS_TIME`]: 31,232 blocks,
/// or 2.3 MB, a second, whatever the pace of our turns.
pub const MAX_ANSWERS: u32 = 32;

/// The time over which a peer's questions are counted.
pub const ANSWERS_TIME: Duration = Duration::from_secs(1);

/// A peer of ours, and what we have had to do with it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) name: PeerName,
    /// Whether we were told to have nothing to do with it.
    pub(super) is_refused: bool,
    pub(super) is_heard: bool,
    /// When we last answered its shorter chain with ours.
    shorter: Option<Duration>,
    /// Since when its questions are counted, and how many were answered.
    questions: (Duration, u32),
}

impl Peer {
    pub(super) fn new(name: PeerName) -> Peer {
        let questions = (Duration::ZERO, 0);
        Peer { name, is_refused: false, is_heard: false, shorter: None, questions }
    }

    /// Whether its shorter chain may be answered now: once a turn.
    fn may_be_told(&mut self, now: Duration, turn: Duration) -> bool {
        let is_due = self.shorter.is_none_or(|last| now.saturating_sub(last) >= turn);
        if is_due {
            self.shorter = Some(now);
        }
        is_due
    }

    /// Whether its question may be answered now: so many in a time.
    fn may_ask(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.questions.0) >= ANSWERS_TIME {
            self.questions = (now, 0);
        }
        self.questions.1 = self.questions.1.saturating_add(1);
        self.questions.1 <= MAX_ANSWERS
    }
}

impl Node {
    pub(super) fn hear(&mut self, now: Now, from: PeerName, bytes: &[u8]) -> Vec<Output> {
        let peer = self.peers.iter_mut().find(|peer| peer.name == from);
        if peer.as_ref().is_some_and(|peer| peer.is_refused) {
            return ignored(from, Reason::Refused);
        }
        let is_new = peer.is_some_and(|peer| !std::mem::replace(&mut peer.is_heard, true));
        match Message::decode(bytes) {
            Ok(Message::Chain(bytes)) => self.hear_chain(now, from, bytes, is_new),
            Ok(Message::Blocks(blocks)) => self.hear_blocks(now, from, &blocks, is_new),
            Ok(Message::Question(question)) => self.hear_question(now, from, &question),
            Ok(Message::SleepNotice(notice)) => ignored(from, Reason::SleepNotice(notice)),
            Err(bad) => ignored(from, Reason::BadFrame(bad)),
        }
    }

    fn hear_chain(&mut self, now: Now, from: PeerName, bytes: &[u8], is_new: bool) -> Vec<Output> {
        let fork = self.chain.common_prefix(bytes);
        if fork > 0 && fork * BLOCK_LEN == bytes.len() {
            return self.not_longer(now, from, fork, fork == self.chain.count(), is_new);
        }
        match Branch::check(&self.chain, fork, &bytes[fork * BLOCK_LEN..]) {
            Ok(branch) => self.weigh(now, from, branch, is_new),
            Err(invalid) => ignored(from, Reason::Invalid(invalid)),
        }
    }

    fn hear_blocks(
        &mut self,
        now: Now,
        from: PeerName,
        blocks: &Blocks,
        is_new: bool,
    ) -> Vec<Output> {
        if blocks.number != 0 {
            match self.sync.hear(now.monotonic, &self.chain, &from, blocks) {
                Ok(next) => return self.follow(now, next),
                Err(Refusal::Wrong(invalid, shunned)) => {
                    let reason = Reason::WrongAnswer { invalid, shunned };
                    let mut outputs = ignored(from, reason);
                    let next = self.sync.resume(now.monotonic, &self.chain);
                    outputs.extend(self.follow(now, next));
                    return outputs;
                }
                // Who asked for them or not, they may be of use.
                Err(Refusal::Stale) => {}
            }
        }
        self.hear_announcement(now, from, blocks, is_new)
    }

    fn hear_announcement(
        &mut self,
        now: Now,
        from: PeerName,
        blocks: &Blocks,
        is_new: bool,
    ) -> Vec<Output> {
        let (theirs, ours) = (blocks.count as usize, self.chain.count());
        if theirs <= ours {
            let end = (blocks.height as usize).saturating_add(blocks.blocks.len());
            let same = end == ours && self.chain.blocks().ends_with(blocks.blocks);
            return self.not_longer(now, from, theirs, theirs == ours && same, is_new);
        }
        match self.chain.branch(blocks.height as usize, blocks.blocks) {
            Some(Ok(Some(branch))) if branch.count() > ours => {
                self.weigh(now, from, branch, is_new)
            }
            Some(Err(invalid)) => ignored(from, Reason::Invalid(invalid)),
            // They do not reach from a block of ours to beyond our tip.
            _ => self.hear_claim(now, from, theirs),
        }
    }

    /// A longer chain, of which we have not seen enough.
    fn hear_claim(&mut self, now: Now, from: PeerName, theirs: usize) -> Vec<Output> {
        let listed = self.is_listed(&from);
        let next = match listed {
            true => self.sync.claim(now.monotonic, &self.chain, &from, theirs),
            false => Next::Wait,
        };
        let asked = matches!(next, Next::Ask(..));
        let mut outputs = ignored(from, Reason::Unconnected { theirs, listed, asked });
        outputs.extend(self.follow(now, next));
        outputs
    }

    fn hear_question(&mut self, now: Now, from: PeerName, question: &Question) -> Vec<Output> {
        let peer = self.peers.iter_mut().find(|peer| peer.name == from);
        let Some(peer) = peer else { return ignored(from, Reason::StrangersQuestion) };
        if !peer.may_ask(now.monotonic) {
            return ignored(from, Reason::TooManyQuestions);
        }
        let frames = sync::answer(&self.chain, question).into_iter();
        frames.map(|bytes| Output::Send { to: from.clone(), bytes }).collect()
    }

    /// A valid branch: longer than our chain, or not.
    fn weigh(&mut self, now: Now, from: PeerName, branch: Branch, is_new: bool) -> Vec<Output> {
        // All blocks have the same target, so the longest chain has the most work.
        if branch.count() <= self.chain.count() {
            return self.not_longer(now, from, branch.count(), false, is_new);
        }
        match too_far_ahead(now, &branch) {
            Some(reason) => ignored(from, reason),
            None => self.copy(now, from, branch),
        }
    }

    fn copy(&mut self, now: Now, from: PeerName, branch: Branch) -> Vec<Output> {
        let fork = branch.fork();
        let abandoned = self.chain.count() - fork;
        self.chain.adopt(branch);
        self.reset_search(now);
        // Rest for a while, not all for the same, so that clocks and turns drift
        // apart; the tutorial's rule.
        let turns = (usize::from(self.settings.port) + self.chain.count()) % 3 + 1;
        let duration = self.listen(now, turns as u32);
        let listed = self.is_listed(&from);
        let (height, hash) = (self.chain.height(), self.chain.tip_hash());
        let mut outputs = vec![
            Output::Save { from: fork },
            Output::Event(Event::Copied { height, hash, from, listed, abandoned }),
            Output::Event(Event::Rested { duration }),
        ];
        let next = self.sync.chain_changed(now.monotonic, &self.chain);
        outputs.extend(self.follow(now, next));
        outputs
    }

    /// Does what the download wants next.
    pub(super) fn follow(&mut self, now: Now, next: Next) -> Vec<Output> {
        match next {
            Next::Wait => Vec::new(),
            Next::Ask(to, question) => vec![Output::Send { to, bytes: question.encode() }],
            Next::Adopt(from, branch) => match too_far_ahead(now, &branch) {
                None => self.copy(now, from, branch),
                Some(reason) => {
                    let mut outputs = ignored(from, reason);
                    let next = self.sync.give_up(now.monotonic, &self.chain);
                    outputs.extend(self.follow(now, next));
                    outputs
                }
            },
        }
    }

    /// A chain that is not longer than ours. A peer's shorter one is a question,
    /// and ours is the answer.
    fn not_longer(
        &mut self,
        now: Now,
        from: PeerName,
        theirs: usize,
        same: bool,
        is_new: bool,
    ) -> Vec<Output> {
        let ours = self.chain.count();
        if theirs == ours {
            let mut outputs = ignored(from.clone(), Reason::Tie { count: ours, same });
            if same && is_new {
                // It says for the first time what we could have said: it has
                // started after us, and missed our announcement. It would repeat
                // its own up to six times, were it not to hear from us once.
                outputs.insert(0, Output::Send { to: from, bytes: self.announcement() });
            }
            return outputs;
        }
        let turn = self.settings.listen;
        let peer = self.peers.iter_mut().find(|peer| peer.name == from);
        let answered = peer.is_some_and(|peer| peer.may_be_told(now.monotonic, turn));
        let mut outputs = Vec::new();
        if answered {
            outputs.push(Output::Send { to: from.clone(), bytes: self.announcement() });
        }
        outputs.extend(ignored(from, Reason::Shorter { theirs, ours, answered }));
        outputs
    }

    /// What tells others of our chain: all of it, or where that does not fit into
    /// a datagram, its last blocks.
    pub(super) fn announcement(&self) -> Vec<u8> {
        let count = self.chain.count();
        if count <= MAX_BLOCKS {
            return self.chain.as_bytes().to_vec();
        }
        let first = count - ANNOUNCED_BLOCKS;
        let blocks = &self.chain.blocks()[first..];
        Blocks { number: 0, count: to_u32(count), height: to_u32(first), blocks }.encode()
    }

    /// Whether this is a peer of ours, to whom we may write.
    fn is_listed(&self, name: &PeerName) -> bool {
        self.peers().any(|peer| peer == name)
    }
}

fn ignored(from: PeerName, reason: Reason) -> Vec<Output> {
    vec![Output::Event(Event::Ignored { from, reason })]
}

/// The rule of admission: a new block may not be dated far ahead of our clock.
/// It is about our clock as much as about the block, so it is not a rule of
/// validity: it judges neither our own blocks nor those we once took.
fn too_far_ahead(now: Now, branch: &Branch) -> Option<Reason> {
    let latest = now.wall.saturating_add(MAX_AHEAD_SECONDS);
    let late = branch.blocks().iter().position(|block| block::timestamp(block) > latest)?;
    let seconds = block::timestamp(&branch.blocks()[late]) - now.wall;
    Some(Reason::Future { height: branch.fork() + late, seconds })
}
