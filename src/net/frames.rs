//! Frames in a stream: two bytes of length, one byte of kind, and the content.

use iroh::endpoint::{RecvStream, SendStream};

use super::batch::MAX_BATCH_LEN;
use super::hello::MAX_HELLO_LEN;
use crate::block::BLOCK_LEN;
use crate::contacts::ID_DIGITS;
use crate::wire::MAX_BLOCKS;

/// The longest datagram in a stream: a frame of blocks has a head of 19 bytes.
pub(super) const MAX_DATAGRAM_LEN: usize = 19 + MAX_BLOCKS * BLOCK_LEN;

/// The longest message: its text may consist of JSON escapes only, six bytes per character.
pub(super) const MAX_MESSAGE_LEN: usize = 8 * 1024;

/// The longest record, with eight groups whose names consist of escapes only.
pub(super) const MAX_RECORD_LEN: usize = 3 * 1024;

/// The content of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hello,
    Datagram,
    /// The number of hops left, and a message signed by its sender, for others.
    Message,
    /// A node's record of itself, which it has signed.
    Record,
    /// A request for the record of this identity.
    Who,
    /// Statements about blocks.
    Metadata,
}

/// All kinds.
const KINDS: [Kind; 6] =
    [Kind::Hello, Kind::Datagram, Kind::Message, Kind::Record, Kind::Who, Kind::Metadata];

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Kind::Hello => 1,
            Kind::Datagram => 2,
            Kind::Message => 3,
            Kind::Record => 4,
            Kind::Who => 5,
            Kind::Metadata => 16,
        }
    }

    fn of(byte: u8) -> Option<Kind> {
        KINDS.into_iter().find(|kind| kind.byte() == byte)
    }

    fn max_len(self) -> usize {
        match self {
            Kind::Hello => MAX_HELLO_LEN,
            Kind::Datagram => MAX_DATAGRAM_LEN,
            Kind::Message => MAX_MESSAGE_LEN,
            Kind::Record => MAX_RECORD_LEN,
            Kind::Who => ID_DIGITS,
            Kind::Metadata => MAX_BATCH_LEN,
        }
    }
}

/// Why no more frames come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoFrame {
    /// The stream or its connection has ended.
    Ended,
    /// The other side does not read what is sent.
    Unread,
    /// The bytes are not a frame.
    Wrong(&'static str),
}

/// Encodes a frame. Its content must be shorter than 64 KiB.
pub(super) fn encode(kind: Kind, held: &[u8]) -> Vec<u8> {
    let len = u16::try_from(held.len() + 1).expect("no datagram is so long");
    [&len.to_be_bytes()[..], &[kind.byte()], held].concat()
}

/// Reads the next frame.
pub(super) async fn read(stream: &mut RecvStream) -> Result<(Kind, Vec<u8>), NoFrame> {
    let mut head = [0; 3];
    stream.read_exact(&mut head).await.map_err(|_| NoFrame::Ended)?;
    let (kind, len) = head_of(head)?;
    let mut held = vec![0; len];
    stream.read_exact(&mut held).await.map_err(|_| NoFrame::Ended)?;
    Ok((kind, held))
}

fn head_of([high, low, kind]: [u8; 3]) -> Result<(Kind, usize), NoFrame> {
    let kind = Kind::of(kind).ok_or(NoFrame::Wrong("a frame of an unknown kind"))?;
    let len = usize::from(u16::from_be_bytes([high, low]));
    match len.checked_sub(1) {
        Some(len) if len <= kind.max_len() => Ok((kind, len)),
        _ => Err(NoFrame::Wrong("a frame of a wrong length")),
    }
}

/// Writes a whole frame, as `encode` makes it. This fails if the connection has ended.
pub(super) async fn write(stream: &mut SendStream, frame: &[u8]) -> Result<(), NoFrame> {
    stream.write_all(frame).await.map_err(|_| NoFrame::Ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_its_length_its_kind_and_what_it_holds() {
        assert_eq!(encode(Kind::Hello, b"{}"), [0, 3, 1, b'{', b'}']);
        assert_eq!(encode(Kind::Datagram, &[7]), [0, 2, 2, 7]);
        assert_eq!(head_of([0, 3, 1]), Ok((Kind::Hello, 2)));
    }

    #[test]
    fn a_frame_that_is_too_long_or_of_no_kind_is_told_by_its_head() {
        let [high, low] = (9_170_u16).to_be_bytes();
        assert_eq!(head_of([high, low, 2]), Ok((Kind::Datagram, 9_169)));
        let [high, low] = (9_171_u16).to_be_bytes();
        assert!(matches!(head_of([high, low, 2]), Err(NoFrame::Wrong(_))));
        assert!(matches!(head_of([0, 0, 2]), Err(NoFrame::Wrong(_))));
        assert!(matches!(head_of([0, 1, 6]), Err(NoFrame::Wrong(_))));
        assert!(matches!(head_of([0, 66, 5]), Err(NoFrame::Wrong(_))));
    }
}
