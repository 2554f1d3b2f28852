//! What a datagram may hold.
//!
//! The tutorial's nodes send whole chains, block after block from genesis, with nothing
//! before or after; its basic nodes, the stage before mining, send three bytes. A chain too
//! long for one datagram is sent in frames. A frame begins with a zero byte; no chain
//! begins with one, and the tutorial's nodes ignore it.
//!
//! ```text
//!  0   1         2   3..11    11..15  15..19   19..
//! ┌───┬─────────┬───┬────────┬───────┬────────┬───────────┐
//! │ 0 │ version │ 1 │ number │ count │ height │ blocks    │  blocks
//! ├───┼─────────┼───┼────────┼───────┼────────┴───────────┤
//! │ 0 │ version │ 2 │ number │ count │ (height, hash) ... │  question
//! └───┴─────────┴───┴────────┴───────┴────────────────────┘
//! ```

use std::fmt;

use byteorder::{BigEndian, ByteOrder};

use crate::block::{BLOCK_LEN, BlockBytes};
use crate::hash::Hash;

/// The most bytes that a UDP datagram over IPv4 can carry: 65,535 less the
/// headers of IP (20) and UDP (8).
pub const MAX_DATAGRAM_LEN: usize = 65_507;

/// The most blocks in a datagram that a node sends: as many as fit into the 9,216 bytes
/// that the tutorial's nodes can receive. A longer chain is sent in frames.
pub const MAX_BLOCKS: usize = 122;

/// The first byte of a frame.
const FRAME: u8 = 0;

/// The version of the frames' layout.
pub const FRAME_VERSION: u8 = 1;

const KIND_BLOCKS: u8 = 1;
const KIND_QUESTION: u8 = 2;

/// Bytes of a blocks frame before its blocks.
const BLOCKS_HEAD_LEN: usize = 19;

/// Bytes of a question before its locator.
const QUESTION_HEAD_LEN: usize = 15;

/// Bytes of an entry in a locator: height and hash.
const PLACE_LEN: usize = 4 + Hash::LEN;

/// The most entries in a locator: the end of the fetched part, ten entries below it, one
/// for each doubling of the distance to a tip whose height has 32 bits, and genesis.
pub const MAX_PLACES: usize = 44;

/// A datagram, sorted by its form; its content is not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Any other bytes: perhaps a chain.
    Chain(&'a [u8]),
    /// Some blocks of a chain.
    Blocks(Blocks<'a>),
    /// Which blocks come after these?
    Question(Question),
    /// Three bytes: a basic node goes to sleep.
    SleepNotice(SleepNotice),
}

// ANCHOR: blocks
/// Some blocks of a chain, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks<'a> {
    /// The number of the question that this answers; 0 if it answers none.
    pub number: u64,
    /// The number of blocks in the sender's chain.
    pub count: u32,
    /// Height of the first block here.
    pub height: u32,
    /// The blocks: at least one.
    pub blocks: &'a [BlockBytes],
}
// ANCHOR_END: blocks

// ANCHOR: question
/// A question for the blocks after the first entry that the other side has too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// A random number that the answer repeats: a node that does not receive our questions
    /// cannot answer them.
    pub number: u64,
    /// The number of blocks in the asker's chain.
    pub count: u32,
    /// The locator: blocks of the asker's chain, from its tip down.
    pub places: Vec<Place>,
}
// ANCHOR_END: question

/// A block's position and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: Hash,
}

/// The message of the tutorial's basic nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SleepNotice {
    /// The node that is about to sleep.
    pub port: u16,
    /// For how long.
    pub seconds: u8,
}

/// Why bytes that begin like a frame are not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadFrame {
    /// The version of the frame is unknown.
    Version(u8),
    /// The kind of frame is unknown.
    Kind(u8),
    /// The frame ends too early, or within a block or an entry, or holds too many.
    Length(usize),
}

impl fmt::Display for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            BadFrame::Version(found) => {
                write!(f, "a frame of version {found}, we know version {FRAME_VERSION}")
            }
            BadFrame::Kind(found) => write!(f, "a frame of the unknown kind {found}"),
            BadFrame::Length(1) => write!(f, "a frame cannot have 1 byte"),
            BadFrame::Length(bytes) => write!(f, "a frame cannot have {bytes} bytes"),
        }
    }
}

impl Message<'_> {
    /// Sorts a datagram by its form.
    ///
    /// # Errors
    /// If it begins like a frame and is not one.
    pub fn decode(datagram: &[u8]) -> Result<Message<'_>, BadFrame> {
        match datagram {
            &[high, low, seconds] => {
                let port = u16::from_be_bytes([high, low]);
                Ok(Message::SleepNotice(SleepNotice { port, seconds }))
            }
            [FRAME, ..] => decode_frame(datagram),
            bytes => Ok(Message::Chain(bytes)),
        }
    }
}

fn decode_frame(frame: &[u8]) -> Result<Message<'_>, BadFrame> {
    let length = BadFrame::Length(frame.len());
    let &[_, version, kind, ..] = frame else { return Err(length) };
    if version != FRAME_VERSION {
        return Err(BadFrame::Version(version));
    }
    match kind {
        KIND_BLOCKS => Blocks::decode(frame).map(Message::Blocks).ok_or(length),
        KIND_QUESTION => Question::decode(frame).map(Message::Question).ok_or(length),
        _ => Err(BadFrame::Kind(kind)),
    }
}

impl Blocks<'_> {
    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = head(KIND_BLOCKS, self.number, self.count);
        bytes.extend(self.height.to_be_bytes());
        bytes.extend_from_slice(self.blocks.as_flattened());
        bytes
    }

    fn decode(frame: &[u8]) -> Option<Blocks<'_>> {
        let (head, blocks) = frame.split_at_checked(BLOCKS_HEAD_LEN)?;
        let (blocks, rest) = blocks.as_chunks::<BLOCK_LEN>();
        (rest.is_empty() && (1..=MAX_BLOCKS).contains(&blocks.len())).then(|| Blocks {
            number: BigEndian::read_u64(&head[3..]),
            count: BigEndian::read_u32(&head[11..]),
            height: BigEndian::read_u32(&head[15..]),
            blocks,
        })
    }
}

impl Question {
    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = head(KIND_QUESTION, self.number, self.count);
        for place in &self.places {
            bytes.extend(place.height.to_be_bytes());
            bytes.extend(place.hash.as_bytes());
        }
        bytes
    }

    fn decode(frame: &[u8]) -> Option<Question> {
        let (head, places) = frame.split_at_checked(QUESTION_HEAD_LEN)?;
        let (places, rest) = places.as_chunks::<PLACE_LEN>();
        (rest.is_empty() && places.len() <= MAX_PLACES).then(|| Question {
            number: BigEndian::read_u64(&head[3..]),
            count: BigEndian::read_u32(&head[11..]),
            places: places.iter().map(Place::decode).collect(),
        })
    }
}

impl Place {
    fn decode(bytes: &[u8; PLACE_LEN]) -> Place {
        let (height, hash) = bytes.split_at(4);
        Place {
            height: BigEndian::read_u32(height),
            hash: Hash::from_bytes(hash.try_into().expect("the rest of a place is its hash")),
        }
    }
}

/// The first bytes of both kinds of frames.
fn head(kind: u8, number: u64, count: u32) -> Vec<u8> {
    let mut bytes = vec![FRAME, FRAME_VERSION, kind];
    bytes.extend(number.to_be_bytes());
    bytes.extend(count.to_be_bytes());
    bytes
}

impl SleepNotice {
    /// The three bytes: port, big-endian, then seconds.
    pub fn encode(self) -> [u8; 3] {
        let mut bytes = [0, 0, self.seconds];
        BigEndian::write_u16(&mut bytes, self.port);
        bytes
    }
}

/// A count or height on the wire. Beyond 2^32 blocks, 300 GiB, it stays at the maximum.
pub fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Block;

    #[test]
    fn a_sleep_notice_is_these_three_bytes() {
        let notice = SleepNotice { port: 7000, seconds: 5 };
        assert_eq!(notice.encode(), [0x1b, 0x58, 0x05]);
        assert_eq!(Message::decode(&[0x1b, 0x58, 0x05]), Ok(Message::SleepNotice(notice)));
    }

    #[test]
    fn everything_else_has_to_prove_that_it_is_a_chain() {
        for bytes in [&[][..], &[75], &[75; 75], &[0xff; 9216]] {
            assert_eq!(Message::decode(bytes), Ok(Message::Chain(bytes)));
        }
    }

    #[test]
    fn a_blocks_frame_is_these_bytes() {
        let block = Block::genesis().to_bytes();
        let blocks = [block];
        let message =
            Blocks { number: 0x0102_0304_0506_0708, count: 9, height: 5, blocks: &blocks };
        let bytes = message.encode();
        let head = [0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 0, 0, 0, 5];
        assert_eq!(bytes, [&head[..], &block].concat());
        assert_eq!(Message::decode(&bytes), Ok(Message::Blocks(message)));
    }

    #[test]
    fn a_question_is_these_bytes() {
        let hash = Hash::of(b"tip");
        let places = vec![Place { height: 8, hash }];
        let question = Question { number: 7, count: 9, places };
        let bytes = question.encode();
        let head = [0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 8];
        assert_eq!(bytes, [&head[..], hash.as_bytes()].concat());
        assert_eq!(Message::decode(&bytes), Ok(Message::Question(question)));
    }

    #[test]
    fn what_begins_like_a_frame_and_is_none_is_told_why() {
        let bad = |bytes: &[u8]| Message::decode(bytes).expect_err("not a frame");
        assert_eq!(bad(&[0]), BadFrame::Length(1));
        assert_eq!(bad(&[0; 75]), BadFrame::Version(0));
        assert_eq!(bad(&[0, 2, 1, 0]), BadFrame::Version(2));
        assert_eq!(bad(&[0, 1, 3, 0]), BadFrame::Kind(3));
        assert_eq!(bad(&[0, 1, 1, 0]), BadFrame::Length(4));
        let too_many = [&[0, 1, 1][..], &vec![0; 16 + 75 * (MAX_BLOCKS + 1)]].concat();
        assert_eq!(bad(&too_many), BadFrame::Length(too_many.len()));
        let too_many = [&[0, 1, 2][..], &vec![0; 12 + 36 * (MAX_PLACES + 1)]].concat();
        assert_eq!(bad(&too_many), BadFrame::Length(too_many.len()));
    }

    #[test]
    fn our_longest_datagrams_fit_where_the_tutorials_nodes_put_them() {
        let blocks = [Block::genesis().to_bytes(); MAX_BLOCKS];
        let frame = Blocks { number: 1, count: 1, height: 0, blocks: &blocks }.encode();
        assert!(frame.len() <= 9216 && MAX_BLOCKS * BLOCK_LEN <= 9216, "{}", frame.len());
    }
}
