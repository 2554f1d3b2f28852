//! A download of a longer chain, and the question that brings its next blocks.

use std::time::Duration;

use super::{MAX_ANSWER_FRAMES, MAX_FETCH, MIN_PACE, PACE_TIME};
use crate::block;
use crate::chain::{Branch, Chain, Fit};
use crate::peer::PeerName;
use crate::rules::Invalid;
use crate::wire::{Blocks, MAX_BLOCKS, Place, to_u32};

/// Entries at the start of a locator that follow each other without a gap.
const DENSE_PLACES: usize = 10;

/// A download of a longer chain.
#[derive(Clone, Debug)]
pub(super) struct Download {
    pub(super) from: PeerName,
    /// The number of the question that is open.
    pub(super) number: u64,
    /// When to ask again.
    pub(super) deadline: Duration,
    /// Questions since the last block that was the next one.
    pub(super) tries: u32,
    /// Until when it keeps its turn if another peer waits for one.
    pub(super) turn_ends: Duration,
    /// When it began, or last brought a longer chain.
    pub(super) since: Duration,
    /// Whether the blocks were handed over, and the question is done.
    pub(super) is_handed_over: bool,
    /// Where the open question's answer will end; known from its first frame.
    pub(super) end: Option<usize>,
    /// The blocks that have arrived and are not handed over yet.
    pub(super) branch: Option<Branch>,
    /// While there is no branch: the highest of our blocks that an answer also had.
    pub(super) shared: Option<Place>,
    pub(super) want: Want,
}

/// What a download is to do next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Want {
    /// Wait for blocks on their way.
    #[default]
    Nothing,
    /// Ask from its current end.
    Question,
    /// Hand over the blocks if they are longer than our chain, else ask.
    More,
}

/// What the blocks of an answer were for a download.
pub(super) enum Taken {
    /// They were the next ones.
    Next,
    Repeated,
    Gap,
}

impl Download {
    /// A download that has yet to ask its first question, with this number.
    pub(super) fn begin(now: Duration, from: PeerName, number: u64) -> Download {
        Download {
            from,
            number,
            deadline: now,
            tries: 0,
            turn_ends: now + PACE_TIME,
            since: now,
            is_handed_over: false,
            end: None,
            branch: None,
            shared: None,
            want: Want::Question,
        }
    }

    /// The number of blocks from genesis to the last that has arrived.
    pub(super) fn count(&self) -> Option<usize> {
        let shared = || self.shared.map(|place| place.height as usize + 1);
        self.branch.as_ref().map(Branch::count).or_else(shared)
    }

    /// Whether it has taken too long to bring a chain longer than ours.
    pub(super) fn is_slow(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) > MAX_FETCH
    }

    /// Whether its blocks are longer than our chain.
    pub(super) fn is_longer(&self, chain: &Chain) -> bool {
        self.branch.as_ref().is_some_and(|branch| branch.count() > chain.count())
    }

    /// Whether it has brought a block that is not on our chain.
    pub(super) fn is_ahead(&self, chain: &Chain) -> bool {
        let is_ours =
            |branch: &Branch| chain.hash_at(branch.count() - 1) == Some(branch.tip_hash());
        self.branch.as_ref().is_some_and(|branch| !is_ours(branch))
    }

    /// Our chain has changed: blocks on top of blocks that are no longer ours are dropped,
    /// and asked for again.
    pub(super) fn stand_on(&mut self, chain: &Chain) {
        let is_gone = |place: &mut Place| chain.hash_at(place.height as usize) != Some(place.hash);
        self.shared.take_if(is_gone);
        let has_fallen = self.branch.take_if(|branch| !branch.stands_on(chain)).is_some();
        // Otherwise blocks on their way are still useful.
        if has_fallen || self.is_handed_over {
            self.want = Want::Question;
        }
    }

    /// Checks blocks and adds them to the branch, if they are the next ones. New blocks
    /// prolong the download's turn.
    pub(super) fn take_in(
        &mut self,
        now: Duration,
        chain: &Chain,
        answer: &Blocks,
    ) -> Result<Taken, Invalid> {
        let had = self.branch.as_ref().map_or(0, Branch::count);
        let taken = self.fit(chain, answer)?;
        if let Some(branch) = &self.branch {
            let new = (had.max(branch.fork())..branch.count())
                .filter(|&height| branch.hash_at(height) != chain.hash_at(height));
            let earned = Duration::from_secs(1) * new.count() as u32 / MIN_PACE;
            self.turn_ends = (self.turn_ends + earned).min(now + PACE_TIME);
        }
        Ok(taken)
    }

    fn fit(&mut self, chain: &Chain, answer: &Blocks) -> Result<Taken, Invalid> {
        let height = answer.height as usize;
        let is_first = self.end.is_none();
        if is_first {
            let most = height.saturating_add(MAX_ANSWER_FRAMES * MAX_BLOCKS);
            self.end = Some(most.min(answer.count as usize));
            // If the peer's chain has changed, its answer starts below our branch.
            self.branch.take_if(|branch| height < branch.count());
        }
        match &mut self.branch {
            Some(branch) if height < branch.count() => Ok(Taken::Repeated),
            Some(branch) if height > branch.count() => Ok(Taken::Gap),
            // Its chain has changed between this answer and one to the same question.
            Some(branch) if block::previous(&answer.blocks[0]) != branch.tip_hash() => {
                Ok(Taken::Gap)
            }
            Some(branch) => branch.extend(answer.blocks.as_flattened()).map(|()| Taken::Next),
            None => match chain.fit(height, answer.blocks) {
                Fit::Apart => Ok(Taken::Gap),
                Fit::Known => Ok(self.share(chain, height + answer.blocks.len() - 1)),
                Fit::Branch(branch) => {
                    self.branch = Some(branch);
                    Ok(Taken::Next)
                }
                Fit::Invalid(invalid) => Err(invalid),
            },
        }
    }

    /// All blocks that arrived are ours, up to this height: the fork is above it, so the
    /// next question starts from there.
    fn share(&mut self, chain: &Chain, height: usize) -> Taken {
        let is_known = |place: Place| {
            let at = place.height as usize;
            at >= height && chain.hash_at(at) == Some(place.hash)
        };
        if self.shared.is_some_and(is_known) {
            return Taken::Repeated;
        }
        let hash = chain.hash_at(height).expect("a height of ours");
        self.shared = Some(Place { height: to_u32(height), hash });
        Taken::Next
    }
}

// ANCHOR: locator
/// The entries of a locator, from the end of what we have down to genesis: dense at first,
/// then each twice as far below the one before.
pub(super) fn locator(chain: &Chain, branch: Option<&Branch>, shared: Option<Place>) -> Vec<Place> {
    let end_of_branch =
        branch.map(|branch| Place { height: to_u32(branch.count() - 1), hash: branch.tip_hash() });
    let mut below = branch.map_or(chain.height(), |branch| branch.fork().saturating_sub(1));
    let mut heights = vec![below];
    let mut step = 1;
    while below > 0 {
        if heights.len() >= DENSE_PLACES {
            step *= 2;
        }
        below = below.saturating_sub(step);
        heights.push(below);
    }
    let place = |height| {
        let hash = chain.hash_at(height).expect("a height of ours");
        Place { height: to_u32(height), hash }
    };
    end_of_branch.or(shared).into_iter().chain(heights.into_iter().map(place)).collect()
}
// ANCHOR_END: locator
