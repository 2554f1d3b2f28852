//! The tip of a chain: the little that the next block must know of all blocks before it,
//! and the rules that each block must keep.

use byteorder::{BigEndian, ByteOrder};

use super::{Fault, Invalid};
use crate::block::{self, BLOCK_LEN, Block, BlockBytes, TRANSACTION_COUNT, VERSION, field};
use crate::hash::Hash;
use crate::target::Target;

/// How many blocks the median of past timestamps is taken over, as in Bitcoin.
pub const MEDIAN_BLOCKS: usize = 11;

/// The end of a run of valid blocks: everything that the next block must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    count: usize,
    hash: Hash,
    /// The last timestamps; that of block `i` at `i % MEDIAN_BLOCKS`.
    timestamps: [u32; MEDIAN_BLOCKS],
}

impl Tip {
    /// Before the genesis block, which names the zero hash as its previous.
    pub const START: Tip = Tip { count: 0, hash: Hash::ZERO, timestamps: [0; MEDIAN_BLOCKS] };

    /// After `count` blocks, the last of which has the hash `hash` and of which
    /// `recent` are the last [`MEDIAN_BLOCKS`], or all if there are fewer.
    pub(crate) fn after(count: usize, hash: Hash, recent: &[BlockBytes]) -> Tip {
        let mut tip = Tip { count, hash, ..Tip::START };
        for (height, block) in (count - recent.len()..).zip(recent) {
            tip.timestamps[height % MEDIAN_BLOCKS] = block::timestamp(block);
        }
        tip
    }

    /// How many blocks there are; the next one's height.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The hash of the last block.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    // ANCHOR: earliest
    /// The earliest timestamp that the next block may have: the median of the
    /// last up to 11 (sorted, element n/2), which keeps a miner from dating its
    /// blocks back. Bitcoin's rule asks for one second more.
    pub fn earliest_timestamp(&self) -> u32 {
        let mut recent = self.timestamps;
        let recent = &mut recent[..self.count.min(MEDIAN_BLOCKS)];
        recent.sort_unstable();
        recent.get(recent.len() / 2).copied().unwrap_or(0)
    }
    // ANCHOR_END: earliest

    /// Checks one block, with its hash, against the rules and moves the tip to it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn step(&mut self, block: &BlockBytes, hash: Hash, target: Target) -> Result<(), Invalid> {
        match self.fault(block, hash, target) {
            Some(fault) => Err(Invalid { height: self.count, fault }),
            None => {
                self.timestamps[self.count % MEDIAN_BLOCKS] = block::timestamp(block);
                self.count += 1;
                self.hash = hash;
                Ok(())
            }
        }
    }

    fn fault(&self, block: &BlockBytes, hash: Hash, target: Target) -> Option<Fault> {
        let size = block[field::SIZE];
        if usize::from(size) != BLOCK_LEN {
            return Some(Fault::Size { found: size });
        }
        let version = block[field::VERSION];
        if version != VERSION {
            return Some(Fault::Version { found: version });
        }
        let transactions = block[field::TRANSACTION_COUNTER];
        if transactions != TRANSACTION_COUNT {
            return Some(Fault::OneTransaction { found: transactions });
        }
        let sender = BigEndian::read_u16(&block[field::SENDER]);
        if sender != 0 {
            return Some(Fault::Sender { found: sender });
        }
        if self.count == 0 {
            let is_genesis = *block == Block::genesis().to_bytes();
            return (!is_genesis).then_some(Fault::Genesis { found: hash });
        }
        let previous = block::previous(block);
        if previous != self.hash {
            return Some(Fault::PreviousHash { found: previous, wanted: self.hash });
        }
        if !target.is_met_by(&hash) {
            return Some(Fault::ProofOfWork { found: hash, wanted: target });
        }
        let timestamp = block::timestamp(block);
        self.is_before_median(timestamp)
            .then(|| Fault::Timestamp { found: timestamp, earliest: self.earliest_timestamp() })
    }

    // ANCHOR: before
    /// Whether `timestamp` is before the median, found without sorting: those
    /// that are not after it are then too few to reach the middle.
    fn is_before_median(&self, timestamp: u32) -> bool {
        let recent = &self.timestamps[..self.count.min(MEDIAN_BLOCKS)];
        let not_after = recent.iter().filter(|&&recent| recent <= timestamp).count();
        not_after <= recent.len() / 2
    }
    // ANCHOR_END: before
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn before_the_median_is_before_the_earliest(
            timestamps in prop::array::uniform11(0..9_u32),
            count in 1..30_usize,
            timestamp in 0..9_u32,
        ) {
            let tip = Tip { count, hash: Hash::ZERO, timestamps };
            prop_assert_eq!(tip.is_before_median(timestamp), timestamp < tip.earliest_timestamp());
        }
    }

    #[test]
    fn the_median_is_the_middle_of_the_last_eleven_however_they_are_ordered() {
        let tip_after = |timestamps: &[u32]| {
            let mut tip = Tip::START;
            for &timestamp in timestamps {
                tip.timestamps[tip.count % MEDIAN_BLOCKS] = timestamp;
                tip.count += 1;
            }
            tip.earliest_timestamp()
        };
        assert_eq!(tip_after(&[]), 0);
        assert_eq!(tip_after(&[7]), 7);
        assert_eq!(tip_after(&[7, 9]), 9, "element n/2 of an even number is the later one");
        assert_eq!(tip_after(&[9, 7, 8]), 8);
        // The first two have fallen out of the window.
        assert_eq!(tip_after(&[100, 100, 11, 1, 10, 2, 9, 3, 8, 4, 7, 5, 6]), 6);
    }
}
