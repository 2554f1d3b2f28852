//! A hash: SHA-256 of the SHA-256 of some bytes.
//!
//! Hashing twice is Bitcoin's habit, and the tutorial's. A hash is 32 bytes
//! long and is written as 64 hexadecimal digits, first byte first. (Bitcoin
//! writes its hashes last byte first; we do not.)

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The 32 bytes of a double SHA-256.
///
/// Hashes are ordered as 256-bit big-endian numbers, so one hash can be "lower" than
/// another in proof of work.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash([u8; Hash::LEN]);

impl Hash {
    /// Bytes in a hash.
    pub const LEN: usize = 32;

    /// All zero: what the genesis block names as its previous block.
    pub const ZERO: Hash = Hash([0; Hash::LEN]);

    /// The hash whose bytes these are.
    pub const fn from_bytes(bytes: [u8; Hash::LEN]) -> Hash {
        Hash(bytes)
    }

    /// Hashes `data` twice with SHA-256.
    pub fn of(data: &[u8]) -> Hash {
        Hash(Sha256::digest(Sha256::digest(data)).into())
    }

    /// The bytes, first byte first.
    pub const fn as_bytes(&self) -> &[u8; Hash::LEN] {
        &self.0
    }

    /// How many bits are zero before the first that is one: 0 to 256.
    pub fn leading_zero_bits(&self) -> u32 {
        let zero_bytes = self.0.iter().take_while(|&&byte| byte == 0).count();
        let next_byte = self.0.get(zero_bytes).map_or(0, |byte| byte.leading_zeros());
        zero_bytes as u32 * 8 + next_byte
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Why a text is not a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAHash(String);

impl fmt::Display for NotAHash {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a hash is 64 hexadecimal digits, and this is not: {}", self.0)
    }
}

impl std::error::Error for NotAHash {}

impl FromStr for Hash {
    type Err = NotAHash;

    /// Reads 64 hexadecimal digits, upper or lower case.
    fn from_str(text: &str) -> Result<Hash, NotAHash> {
        let mut bytes = [0; Hash::LEN];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(Hash(bytes)),
            Err(error) => Err(NotAHash(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_twice_with_sha_256() {
        // SHA-256(SHA-256("hello")), as Bitcoin's developer documentation has it.
        let expected = "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50";
        assert_eq!(Hash::of(b"hello").to_string(), expected);
    }

    #[test]
    fn counts_zero_bits_over_byte_borders() {
        let with_bit = |bit: usize| {
            let mut bytes = [0; Hash::LEN];
            bytes[bit / 8] = 0x80 >> (bit % 8);
            Hash(bytes).leading_zero_bits()
        };
        assert_eq!((0..256).map(with_bit).collect::<Vec<_>>(), (0..256).collect::<Vec<_>>());
        assert_eq!(Hash::ZERO.leading_zero_bits(), 256);
    }

    #[test]
    fn text_and_back() {
        let hash = Hash::of(b"cairn");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
        for wrong in ["", "00001ff5", &"g".repeat(64), &"0".repeat(66)] {
            let error = wrong.parse::<Hash>().expect_err(wrong).to_string();
            assert!(error.starts_with("a hash is 64 hexadecimal digits, and this is not: "));
        }
    }

    #[test]
    fn a_failed_assertion_shows_its_digits() {
        assert_eq!(format!("{:?}", Hash::ZERO), format!("Hash({})", "0".repeat(64)));
    }
}
