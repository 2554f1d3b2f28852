//! A datagram on its way to a node, for observers: its sender, its kind, and whether and
//! when it arrives.

use std::time::Duration;

use crate::peer::PeerName;
use crate::wire::Message;

/// The most passages of one node that are reported in a second. Further ones are only
/// counted, so that a flood costs the node no more than that.
pub const MAX_TOLD: u32 = 20;

/// The period over which passages are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// A datagram on its way to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Who sent it, or claims to have.
    pub from: PeerName,
    /// `chain`, `blocks`, `question`, or `other`.
    pub kind: &'static str,
    /// Its bytes.
    pub len: usize,
    /// How long it takes until the node gets it.
    pub delay: Duration,
    /// Whether it is lost on its way, so that the node never gets it.
    pub is_lost: bool,
    /// The number of datagrams that this one stands for, itself included.
    pub count: u64,
}

/// Chooses which datagrams of one node to report.
#[derive(Debug, Default)]
pub struct Passages {
    /// When the current period of counting began.
    began: Option<Duration>,
    told: u32,
    left_out: u64,
}

impl Passages {
    /// Returns the passages to report for a datagram that is sent now; `delay` is `None` if
    /// it is lost. Times count from any moment, the same for all calls.
    pub fn take(
        &mut self,
        now: Duration,
        from: &PeerName,
        bytes: &[u8],
        delay: Option<Duration>,
    ) -> Option<Passage> {
        if self.began.is_none_or(|began| now.saturating_sub(began) >= WINDOW) {
            (self.began, self.told) = (Some(now), 0);
        }
        if self.told == MAX_TOLD {
            self.left_out += 1;
            return None;
        }
        self.told += 1;
        Some(Passage {
            from: from.clone(),
            kind: kind(bytes),
            len: bytes.len(),
            delay: delay.unwrap_or_default(),
            is_lost: delay.is_none(),
            count: 1 + std::mem::take(&mut self.left_out),
        })
    }
}

/// The kind of a datagram, by its form alone.
fn kind(bytes: &[u8]) -> &'static str {
    match Message::decode(bytes) {
        Ok(Message::Chain(_)) => "chain",
        Ok(Message::Blocks(_)) => "blocks",
        Ok(Message::Question(_)) => "question",
        Ok(Message::SleepNotice(_)) | Err(_) => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_twenty_a_second_are_told_and_the_others_counted() {
        let (mut passages, bob) = (Passages::default(), PeerName::new("bob"));
        let mut take = |millis| {
            let now = Duration::from_millis(millis);
            passages.take(now, &bob, &[75; 75], Some(Duration::ZERO)).map(|told| told.count)
        };
        let told: Vec<_> = (0..1_000).filter_map(&mut take).collect();
        assert_eq!(told, [1; MAX_TOLD as usize]);
        assert_eq!(take(1_000), Some(1 + 1_000 - u64::from(MAX_TOLD)));
        assert_eq!(take(1_001), Some(1));
    }

    #[test]
    fn a_passage_says_what_is_sent_and_whether_it_arrives() {
        let (mut passages, bob) = (Passages::default(), PeerName::new("bob"));
        let mut take = |bytes, delay| passages.take(Duration::ZERO, &bob, bytes, delay);
        let lost = take(&[0, 9, 9], None).expect("the first is told");
        assert_eq!((lost.kind, lost.len, lost.is_lost), ("other", 3, true));
        let late = take(&[75; 75], Some(WINDOW)).expect("so is the second");
        assert_eq!((late.kind, late.delay, late.is_lost), ("chain", WINDOW, false));
    }
}
