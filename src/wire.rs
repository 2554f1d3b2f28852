//! What a datagram may hold.
//!
//! The tutorial's nodes send whole chains, block after block from genesis, with
//! nothing before or after; its basic nodes, the stage before mining, send three
//! bytes. A datagram has no header of ours: what it is shows in its bytes.

use byteorder::{BigEndian, ByteOrder};

/// The most bytes that a UDP datagram over IPv4 can carry: 65,535 less the
/// headers of IP (20) and UDP (8).
pub const MAX_DATAGRAM_LEN: usize = 65_507;

/// A datagram, by its form alone: what it claims is still to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Any other bytes: a chain, or so they must prove.
    Chain(&'a [u8]),
    /// Three bytes: a basic node goes to sleep.
    SleepNotice(SleepNotice),
}

impl Message<'_> {
    /// Sorts a datagram by its form.
    pub fn decode(datagram: &[u8]) -> Message<'_> {
        match datagram {
            &[high, low, seconds] => {
                let port = u16::from_be_bytes([high, low]);
                Message::SleepNotice(SleepNotice { port, seconds })
            }
            bytes => Message::Chain(bytes),
        }
    }
}

/// What the tutorial's basic nodes tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SleepNotice {
    /// Who is about to sleep.
    pub port: u16,
    /// For how long.
    pub seconds: u8,
}

impl SleepNotice {
    /// The three bytes: port, big-endian, then seconds.
    pub fn encode(self) -> [u8; 3] {
        let mut bytes = [0, 0, self.seconds];
        BigEndian::write_u16(&mut bytes, self.port);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_notice_is_these_three_bytes() {
        let notice = SleepNotice { port: 7000, seconds: 5 };
        assert_eq!(notice.encode(), [0x1b, 0x58, 0x05]);
        assert_eq!(Message::decode(&[0x1b, 0x58, 0x05]), Message::SleepNotice(notice));
    }

    #[test]
    fn everything_else_has_to_prove_that_it_is_a_chain() {
        for bytes in [&[][..], &[75], &[0; 75], &[0xff; 9216]] {
            assert_eq!(Message::decode(bytes), Message::Chain(bytes));
        }
    }
}
