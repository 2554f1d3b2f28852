//! The target: is this hash low enough?
//!
//! Proof of work is nothing but this comparison. A hash looks random, so it takes 2^n tries
//! on average to find one that begins with `n` zero bits, and one try to check it.

use std::fmt;

use crate::hash::Hash;

/// A threshold for hashes, given as the number of bits that must be zero at
/// the front.
///
/// Bitcoin's target is any 256-bit number, packed into four bytes; ours is
/// always a power of two, and the same for all blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    zero_bits: u8,
}

impl Target {
    /// The network's target, from the tutorial: sixteen zero bits, which is 65,536 tries a
    /// block on average.
    pub const NETWORK: Target = Target::from_zero_bits(16);

    /// The target that hashes with at least this many leading zero bits meet.
    pub const fn from_zero_bits(zero_bits: u8) -> Target {
        Target { zero_bits }
    }

    /// How many leading bits must be zero: 0 (any hash will do) to 255.
    pub const fn zero_bits(self) -> u8 {
        self.zero_bits
    }

    /// Whether `hash` is proof of work.
    pub fn is_met_by(self, hash: &Hash) -> bool {
        hash.leading_zero_bits() >= u32::from(self.zero_bits)
    }

    /// How many hashes it takes on average to meet this target.
    pub fn expected_tries(self) -> f64 {
        f64::from(self.zero_bits).exp2()
    }
}

impl Default for Target {
    fn default() -> Target {
        Target::NETWORK
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} zero bits", self.zero_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_with_zero_bits(count: usize) -> Hash {
        let mut bytes = [0xff; Hash::LEN];
        bytes[..count / 8].fill(0);
        bytes[count / 8] = 0xff >> (count % 8);
        Hash::from_bytes(bytes)
    }

    #[test]
    fn is_met_at_the_border_and_not_a_bit_before() {
        for zero_bits in 1..=255_u8 {
            let target = Target::from_zero_bits(zero_bits);
            let count = usize::from(zero_bits);
            assert!(target.is_met_by(&hash_with_zero_bits(count)), "{zero_bits}");
            assert!(!target.is_met_by(&hash_with_zero_bits(count - 1)), "{zero_bits}");
        }
    }

    #[test]
    fn the_lowest_hash_meets_every_target_and_any_hash_meets_none() {
        assert!(Target::from_zero_bits(255).is_met_by(&Hash::ZERO));
        assert!(Target::from_zero_bits(0).is_met_by(&Hash::from_bytes([0xff; 32])));
    }

    #[test]
    fn a_bit_more_doubles_the_work() {
        assert_eq!(Target::NETWORK.expected_tries(), 65_536.0);
        assert_eq!(Target::from_zero_bits(17).expected_tries(), 131_072.0);
    }
}
