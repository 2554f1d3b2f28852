//! Catching up with a longer chain.
//!
//! If a peer announces blocks that do not connect to ours, we ask it for the blocks in
//! between. Each answer brings the next few hundred, in order; if one is missing, we ask
//! again from there. We check blocks as they arrive, so we hold only blocks with proof of
//! work. Before we ask again, a branch that is longer than our chain is handed over to be
//! adopted, so we hold at most one answer more than the length of our chain. (Our own
//! blocks with other receivers cost no work, because no hash covers the receiver. They do
//! not count as new, and a peer that brings nothing new loses its turn, see [`MIN_PACE`].)
//!
//! We ask one peer at a time, unless the link is reliable. There silence does not mean a
//! lost datagram, so while the asked peers bring too little, we ask one more peer beside
//! them, and peers that stall cannot hold up the one that answers.
//!
//! This file decides whom to ask, and for what; it sends nothing itself. The node reports
//! to it what happens, and once a step asks it what to do next, by [`Sync::next`].

mod download;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use rand::Rng;
use rand::rngs::ChaCha8Rng;

use self::download::{Download, Taken, Want, locator};
use crate::chain::{Branch, Chain};
use crate::peer::PeerName;
use crate::rules::Invalid;
use crate::wire::{Blocks, MAX_BLOCKS, Place, Question, to_u32};

/// Frames in an answer. A socket's default buffer on Linux, 208 KiB with its
/// bookkeeping, holds twelve of our longest; some room is left for others.
pub const MAX_ANSWER_FRAMES: usize = 8;

/// How long to wait for more of an answer before we ask again: a round trip over the
/// longest cables, and a peer's mining turn.
pub const ANSWER_TIMEOUT: Duration = Duration::from_millis(250);

/// Questions in a row that bring no new block before we give up on a peer. If 30 % of all
/// datagrams are lost, half of all questions fail, and we give up on a good peer about once
/// in 200 times.
pub const MAX_TRIES: u32 = 8;

/// How long we do not ask a peer that stalled, or one whose answer was wrong for the first
/// time; after each further wrong answer, twice as long.
pub const FIRST_SHUN: Duration = Duration::from_secs(10);

/// The longest time for which we do not ask a peer.
pub const LAST_SHUN: Duration = Duration::from_secs(60 * 60);

/// New blocks a second that a peer must bring to keep its turn while another peer also
/// claims a longer chain. A block is new if its hash is not in our chain: no hash covers
/// the receiver, so our own blocks with other receivers cost nothing.
pub const MIN_PACE: u32 = 100;

/// The period over which that pace is measured: a peer that brings nothing keeps its turn
/// that long. A liar gets no more than this before we ask the next peer.
pub const PACE_TIME: Duration = Duration::from_secs(2);

/// How long a peer may take until its blocks make a chain longer than ours. Blocks that
/// others have abandoned are new to us and may have cost the peer nothing, so it could hold
/// us up with them.
pub const MAX_FETCH: Duration = Duration::from_secs(60);

/// The longer chains that our peers claim, and the downloads from them.
#[derive(Debug)]
pub struct Sync {
    random: ChaCha8Rng,
    ask_more_after: Option<Duration>,
    /// The downloads under way, in the order in which they began; never two from one peer.
    downloads: Vec<Download>,
    /// When one more download is to begin, if there is a peer for it.
    more_at: Option<Duration>,
    /// One entry for each of our peers that has claimed a longer chain. (Ordered, so that
    /// the same events always lead to the same choice.)
    records: BTreeMap<PeerName, Record>,
}

/// What a peer has claimed, and how it has behaved.
#[derive(Clone, Debug, Default)]
struct Record {
    /// Blocks in its chain, as it says.
    count: usize,
    wrong_answers: u32,
    /// When a download from it last began.
    last_asked: Option<Duration>,
    /// Whether it is not asked for a time, and until when.
    is_shunned: bool,
    shunned_until: Duration,
}

impl Record {
    /// Whether it claims a longer chain and is not shunned.
    fn may_be_asked(&self, now: Duration, chain: &Chain) -> bool {
        self.count > chain.count() && self.shunned_until <= now
    }
}

/// What to do next to catch up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask this peer this question.
    Ask(PeerName, Question),
    /// Adopt this branch, which is longer than our chain, or refuse it with
    /// [`Sync::give_up`].
    Adopt(PeerName, Branch),
}

/// Why blocks with a question's number were not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such question is open.
    Stale,
    /// They break a rule: the peer is not asked again for this long.
    Wrong(Invalid, Duration),
}

impl Sync {
    /// Nothing to fetch yet. The numbers of questions are drawn from `random`. If no
    /// download keeps up [`MIN_PACE`] for as long as `ask_more_after`, another begins
    /// beside them; if that is `None`, there is one at a time.
    pub fn new(random: ChaCha8Rng, ask_more_after: Option<Duration>) -> Sync {
        let (downloads, records) = (Vec::new(), BTreeMap::new());
        Sync { random, ask_more_after, downloads, more_at: None, records }
    }

    /// When [`Sync::time_out`] is due.
    pub fn wake(&self) -> Option<Duration> {
        if self.downloads.is_empty() {
            return self.shunned().map(|record| record.shunned_until).min();
        }
        let due = self.downloads.iter().map(|it| it.deadline.min(it.turn_ends));
        due.chain(self.more_at).min()
    }

    /// Peers with a claim that are not asked for a time.
    fn shunned(&self) -> impl Iterator<Item = &Record> {
        self.records.values().filter(|record| record.count > 0 && record.is_shunned)
    }

    /// The number of blocks in the chain that we fetch, as its peer says; of several, that
    /// of the one of which most has arrived.
    pub fn fetching(&self) -> Option<usize> {
        let download = self.downloads.iter().max_by_key(|download| download.count())?;
        Some(self.records.get(&download.from)?.count)
    }

    /// One of our peers says that its chain has `count` blocks, more than ours, and the
    /// blocks that we have seen of it do not connect. Returns whether a download begins.
    pub fn claim(&mut self, now: Duration, chain: &Chain, from: &PeerName, count: usize) -> bool {
        let is_asked = self.is_asked(from);
        let record = self.records.entry(from.clone()).or_default();
        // While it is asked, a late older datagram does not lower its claim.
        record.count = if is_asked { record.count.max(count) } else { count };
        self.downloads.is_empty() && self.begin(now, chain)
    }

    /// Whether a download from this peer is under way.
    fn is_asked(&self, peer: &PeerName) -> bool {
        self.downloads.iter().any(|download| download.from == *peer)
    }

    /// Our chain has changed: a download may be complete, or may build on blocks that are
    /// no longer ours.
    pub fn chain_changed(&mut self, now: Duration, chain: &Chain) {
        if self.downloads.iter().any(|download| download.is_handed_over) {
            // Downloads that brought only blocks that are ours now would bring the same
            // again.
            self.downloads.retain(|it| it.is_handed_over || it.is_ahead(chain));
        }
        let records = &mut self.records;
        self.downloads.retain_mut(|download| {
            let record = records.entry(download.from.clone()).or_default();
            if download.is_handed_over {
                // Bits flip on the way: a peer that brings a longer chain is not a liar.
                record.wrong_answers = 0;
                download.since = now;
            }
            if record.count <= chain.count() {
                // It has kept its word, or another peer has done so for it.
                record.count = 0;
                return false;
            }
            download.stand_on(chain);
            true
        });
    }

    /// The time that [`Sync::wake`] names has come.
    pub fn time_out(&mut self, now: Duration) {
        for record in self.records.values_mut() {
            record.is_shunned &= record.shunned_until > now;
        }
        for download in self.downloads.iter_mut().filter(|it| it.deadline <= now) {
            download.want = Want::More;
        }
    }

    /// Accepts blocks with a question's number.
    ///
    /// # Errors
    /// If nobody asked for them, or they break a rule.
    pub fn hear(
        &mut self,
        now: Duration,
        chain: &Chain,
        from: &PeerName,
        answer: &Blocks,
    ) -> Result<(), Refusal> {
        let is_open = |it: &&mut Download| it.from == *from && it.number == answer.number;
        let download = self.downloads.iter_mut().find(is_open).ok_or(Refusal::Stale)?;
        match download.take_in(now, chain, answer) {
            Err(invalid) => return Err(Refusal::Wrong(invalid, self.shun(now, from, true))),
            // If a download brought something, it is worth asking again at once. If it
            // brought nothing new, the next blocks may just be late.
            Ok(Taken::Gap) if download.tries == 0 => download.want = Want::More,
            Ok(Taken::Gap | Taken::Repeated) => {}
            Ok(Taken::Next) => {
                download.tries = 0;
                download.deadline = now + ANSWER_TIMEOUT;
                if download.count() >= download.end || download.is_slow(now) {
                    download.want = Want::More;
                }
            }
        }
        Ok(())
    }

    /// The blocks of this peer are not adopted: it is not asked for a while.
    pub fn give_up(&mut self, now: Duration, peer: &PeerName) {
        self.shun(now, peer, false);
    }

    /// We refuse this peer from now on, or it has left.
    pub fn forget(&mut self, peer: &PeerName) {
        self.records.remove(peer);
        self.downloads.retain(|download| download.from != *peer);
    }

    /// What to do now; call again until there is nothing.
    pub fn next(&mut self, now: Duration, chain: &Chain) -> Option<Next> {
        self.pass_turns(now, chain);
        let is_due = |at| at <= now;
        if self.downloads.is_empty() || self.more_at(now, chain).is_some_and(is_due) {
            self.begin(now, chain);
        }
        let next = (0..self.downloads.len()).find_map(|index| {
            // A download that was given up has left the list.
            match std::mem::take(&mut self.downloads.get_mut(index)?.want) {
                Want::Nothing => None,
                Want::Question => Some(self.ask(now, chain, index)),
                Want::More => self.go_on(now, chain, index),
            }
        });
        self.more_at = self.more_at(now, chain);
        next
    }

    /// Ends the downloads whose turn is over, if another peer waits for one. Their branches
    /// are adopted first if they are longer than our chain.
    fn pass_turns(&mut self, now: Duration, chain: &Chain) {
        let is_waited_for = self.waits(now, chain);
        self.downloads.retain_mut(|download| {
            if download.turn_ends > now {
                return true;
            }
            if !is_waited_for {
                download.turn_ends = now + PACE_TIME;
            } else if download.is_longer(chain) {
                download.want = Want::More;
            } else {
                return false;
            }
            true
        });
    }

    /// Whether there is a peer that may be asked and is not being asked.
    fn waits(&self, now: Duration, chain: &Chain) -> bool {
        let mut records = self.records.iter();
        records.any(|(name, record)| record.may_be_asked(now, chain) && !self.is_asked(name))
    }

    /// When to begin another download because none has kept up the pace for long enough, if
    /// there is a peer for it.
    fn more_at(&self, now: Duration, chain: &Chain) -> Option<Duration> {
        let after = self.ask_more_after.filter(|_| self.waits(now, chain))?;
        let turn_ends = self.downloads.iter().map(|download| download.turn_ends).max()?;
        Some((turn_ends + after).saturating_sub(PACE_TIME))
    }

    /// Hands over a branch that is longer than our chain, else asks for more, unless the
    /// peer failed to answer too often: then another peer is asked.
    fn go_on(&mut self, now: Duration, chain: &Chain, index: usize) -> Option<Next> {
        let download = &mut self.downloads[index];
        if let Some(branch) = download.branch.take_if(|branch| branch.count() > chain.count()) {
            download.is_handed_over = true;
            return Some(Next::Adopt(download.from.clone(), branch));
        }
        if download.is_slow(now) || download.tries >= MAX_TRIES {
            let from = download.from.clone();
            self.give_up(now, &from);
            return self.next(now, chain);
        }
        Some(self.ask(now, chain, index))
    }

    /// Starts to fetch a longer chain from a peer that may be asked, and returns whether
    /// there is one. It takes the peer that was tried longest ago, because a claim costs
    /// nothing and every peer is to have a turn; among equals the one with the longest
    /// claim.
    fn begin(&mut self, now: Duration, chain: &Chain) -> bool {
        let downloads = &self.downloads;
        let is_asked = |name: &PeerName| downloads.iter().any(|download| download.from == *name);
        let claims = self.records.iter_mut();
        let claims = claims.filter(|(name, it)| it.may_be_asked(now, chain) && !is_asked(name));
        let turn = |record: &Record| (record.last_asked, Reverse(record.count));
        let Some((from, record)) = claims.min_by_key(|(_, record)| turn(record)) else {
            return false;
        };
        record.last_asked = Some(now);
        let number = nonzero(&mut self.random);
        self.downloads.push(Download::begin(now, from.clone(), number));
        true
    }

    fn ask(&mut self, now: Duration, chain: &Chain, index: usize) -> Next {
        let download = &mut self.downloads[index];
        // While nothing of an answer has arrived, it may be on its way from a peer that was
        // mining: the question keeps its number, so the answer is still useful.
        if download.end.take().is_some() {
            download.number = nonzero(&mut self.random);
        }
        download.deadline = now + ANSWER_TIMEOUT;
        download.tries += 1;
        download.is_handed_over = false;
        let question = Question {
            number: download.number,
            count: to_u32(chain.count()),
            places: locator(chain, download.branch.as_ref(), download.shared),
        };
        Next::Ask(download.from.clone(), question)
    }

    /// Ends the download from a peer and does not ask it for a while; returns for how long.
    fn shun(&mut self, now: Duration, peer: &PeerName, is_wrong: bool) -> Duration {
        self.downloads.retain(|download| download.from != *peer);
        let record = self.records.entry(peer.clone()).or_default();
        record.count = 0;
        record.wrong_answers = record.wrong_answers.saturating_add(is_wrong.into());
        let doublings = if is_wrong { record.wrong_answers - 1 } else { 0 };
        let factor = 2_u32.saturating_pow(doublings);
        let duration = FIRST_SHUN.saturating_mul(factor).min(LAST_SHUN);
        (record.is_shunned, record.shunned_until) = (true, now + duration);
        duration
    }
}

// ANCHOR: answer
/// The frames that answer a question: the blocks after the highest of its entries that is
/// also ours. None if there is no such entry, or no block after it.
pub fn answer(chain: &Chain, question: &Question) -> Vec<Vec<u8>> {
    let is_ours = |place: &&Place| chain.hash_at(place.height as usize) == Some(place.hash);
    let shared = question.places.iter().filter(is_ours).map(|place| place.height).max();
    let Some(shared) = shared else { return Vec::new() };
    let first = shared as usize + 1;
    let end = chain.count().min(first + MAX_ANSWER_FRAMES * MAX_BLOCKS);
    let blocks = chain.range(first..end);
    let frames = blocks.chunks(MAX_BLOCKS).enumerate();
    let encode = |(index, blocks)| {
        let height = to_u32(first + index * MAX_BLOCKS);
        Blocks { number: question.number, count: to_u32(chain.count()), height, blocks }.encode()
    };
    frames.map(encode).collect()
}
// ANCHOR_END: answer

/// A random number other than zero, because zero marks frames that answer no question.
fn nonzero(random: &mut ChaCha8Rng) -> u64 {
    random.next_u64().max(1)
}
