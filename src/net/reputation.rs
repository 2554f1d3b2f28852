//! Our opinion of a peer, and the reasons.
//!
//! A lie costs a peer some of its reputation. If too little is left, the peer is banned for
//! a time, and each time after that for twice as long. Lost points come back with time. An
//! honest node passes on only what it has checked, so it loses nothing.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::Reason;
use crate::wire::BadFrame;

/// With this reputation or less, a peer is banned: after three blocks that break a rule.
pub const BANNED_AT: i32 = -100;

/// The best reputation.
pub const BEST: i32 = 100;

/// How long one point takes to come back.
pub const FORGIVEN_AFTER: Duration = Duration::from_secs(60);

/// The default length of the first ban.
pub const FIRST_BAN: Duration = Duration::from_secs(10 * 60);

/// The longest ban.
pub const LAST_BAN: Duration = Duration::from_secs(24 * 60 * 60);

/// How peers are banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bans {
    /// With this reputation or less, from -100 to -1.
    pub at: i32,
    /// How long the first ban lasts; each further ban lasts twice as long ...
    pub first: Duration,
    /// ... up to this.
    pub longest: Duration,
    /// How long one lost point takes to come back.
    pub forgiven_after: Duration,
}

impl Default for Bans {
    fn default() -> Bans {
        Bans { at: BANNED_AT, first: FIRST_BAN, longest: LAST_BAN, forgiven_after: FORGIVEN_AFTER }
    }
}

/// How many reasons are remembered for each peer.
const MAX_REASONS: usize = 8;

/// A deed of a peer that changes its reputation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The change.
    pub points: i32,
    /// The reason, for people to read.
    pub why: String,
}

// ANCHOR: cost
/// What a datagram that changed nothing costs its sender; `None` if honest nodes also send
/// such datagrams.
pub fn cost(reason: &Reason) -> Option<Deed> {
    let points = match reason {
        Reason::Invalid(_) | Reason::WrongAnswer { .. } => -40,
        // A later version of the frames is not a lie.
        Reason::BadFrame(BadFrame::Version(_)) => return None,
        Reason::BadFrame(_) | Reason::SleepNotice(_) => -20,
        Reason::Shorter { .. }
        | Reason::Tie { .. }
        | Reason::Refused
        // Over streams every question is answered, or dropped before the node receives it.
        | Reason::TooManyQuestions
        // Its clock may be wrong, or ours, and then every peer would be banned.
        | Reason::Future { .. }
        | Reason::Unconnected { .. }
        | Reason::StrangersQuestion => return None,
    };
    Some(Deed { points, why: reason.to_string() })
}
// ANCHOR_END: cost

/// The cost of bytes that are not a frame of the stream.
pub fn bad_stream(why: &str) -> Deed {
    Deed { points: -50, why: why.to_owned() }
}

/// The cost of a statement about a block that its writer has not signed: honest nodes check
/// what they pass on.
pub fn forged() -> Deed {
    Deed { points: -40, why: "a statement about a block with a forged signature".to_owned() }
}

/// What a block earns that was adopted.
pub fn useful() -> Deed {
    Deed { points: 1, why: "brought a longer chain".to_owned() }
}

/// The reputation of one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reputation {
    points: i32,
    /// The time up to which returned points are counted.
    counted: Duration,
    bans: u32,
    banned_until: Option<Duration>,
    reasons: VecDeque<Deed>,
}

impl Reputation {
    /// Accepts a deed; returns how long the peer is banned now, if it is. Deeds that were
    /// still on their way when a ban began do not prolong it.
    pub fn judge(&mut self, now: Duration, deed: Deed, bans: &Bans) -> Option<Duration> {
        if self.banned_until(now).is_some() {
            return None;
        }
        self.points = (self.points(now, bans) + deed.points).clamp(bans.at, BEST);
        self.counted = now;
        // Good deeds come often, and all have the same reason.
        if deed.points < 0 {
            self.reasons.push_back(deed);
            self.reasons.drain(..self.reasons.len().saturating_sub(MAX_REASONS));
        }
        if self.points > bans.at {
            return None;
        }
        let ban = bans.first.saturating_mul(2_u32.saturating_pow(self.bans)).min(bans.longest);
        self.bans = self.bans.saturating_add(1);
        self.banned_until = Some(now + ban);
        // When the ban ends, the peer starts again with few points.
        self.points = bans.at / 2;
        self.counted = now + ban;
        Some(ban)
    }

    /// Its points now: lost points come back, and earned points stay.
    pub fn points(&self, now: Duration, bans: &Bans) -> i32 {
        let each = bans.forgiven_after.as_millis().max(1);
        let back = now.saturating_sub(self.counted).as_millis() / each;
        let back = i32::try_from(back).unwrap_or(i32::MAX);
        if self.points < 0 { self.points.saturating_add(back).min(0) } else { self.points }
    }

    /// Until when it is banned, if it is.
    pub fn banned_until(&self, now: Duration) -> Option<Duration> {
        self.banned_until.filter(|until| *until > now)
    }

    /// The reasons for its lost points, oldest first.
    pub fn reasons(&self) -> impl Iterator<Item = &Deed> {
        self.reasons.iter()
    }

    /// Ends a ban before its time.
    pub fn pardon(&mut self) {
        self.banned_until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Invalid, Rule};

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn bans() -> Bans {
        Bans::default()
    }

    fn lie() -> Deed {
        Deed { points: -40, why: "block 1 breaks proof-of-work".to_owned() }
    }

    #[test]
    fn the_third_lie_is_the_last_before_a_ban_that_ends() {
        let mut peer = Reputation::default();
        assert_eq!(peer.judge(seconds(0), lie(), &bans()), None);
        assert_eq!(peer.judge(seconds(1), lie(), &bans()), None);
        assert_eq!(peer.judge(seconds(2), lie(), &bans()), Some(FIRST_BAN));
        assert_eq!(peer.banned_until(seconds(3)), Some(seconds(2) + FIRST_BAN));
        assert_eq!(peer.banned_until(seconds(2) + FIRST_BAN), None);
        assert_eq!(peer.reasons().count(), 3);
    }

    #[test]
    fn lies_that_were_on_their_way_when_a_ban_began_do_not_prolong_it() {
        let mut peer = Reputation::default();
        let bans: Vec<_> = (0..32).filter_map(|_| peer.judge(seconds(1), lie(), &bans())).collect();
        assert_eq!(bans, [FIRST_BAN]);
        assert_eq!(peer.banned_until(seconds(2)), Some(seconds(1) + FIRST_BAN));
    }

    #[test]
    fn each_ban_is_twice_as_long_as_the_one_before_up_to_a_day() {
        let mut peer = Reputation::default();
        let mut lengths = Vec::new();
        let mut now = seconds(0);
        while lengths.len() < 10 {
            lengths.extend(peer.judge(now, lie(), &bans()));
            now = peer.banned_until(now).unwrap_or(now);
        }
        assert_eq!(lengths[..3], [FIRST_BAN, FIRST_BAN * 2, FIRST_BAN * 4]);
        assert_eq!(lengths[9], LAST_BAN);
    }

    #[test]
    fn when_and_for_how_long_peers_are_banned_can_be_set() {
        let (first, longest) = (seconds(1), seconds(3));
        let bans = Bans { at: -50, first, longest, forgiven_after: seconds(2) };
        let mut peer = Reputation::default();
        assert_eq!(peer.judge(seconds(0), lie(), &bans), None);
        assert_eq!(peer.points(seconds(20), &bans), -30);
        let lies = [20, 30, 40, 50].map(|second| peer.judge(seconds(second), lie(), &bans));
        assert_eq!(lies, [Some(first), Some(seconds(2)), Some(longest), Some(longest)]);
    }

    #[test]
    fn what_was_lost_comes_back_and_no_more() {
        let mut peer = Reputation::default();
        peer.judge(seconds(0), lie(), &bans());
        assert_eq!(peer.points(FORGIVEN_AFTER * 10, &bans()), -30);
        assert_eq!(peer.points(DAY, &bans()), 0);
        peer.judge(DAY, useful(), &bans());
        assert_eq!(peer.points(DAY * 2, &bans()), 1);
    }

    #[test]
    fn what_honest_nodes_send_too_costs_nothing() {
        for reason in [
            Reason::Shorter { theirs: 1, ours: 2, answered: true },
            Reason::Tie { count: 2, same: false },
            Reason::Unconnected { theirs: 9, listed: true, asked: true },
            Reason::BadFrame(BadFrame::Version(2)),
            Reason::StrangersQuestion,
            Reason::Future { height: 1, seconds: 8_000 },
        ] {
            assert_eq!(cost(&reason), None, "{reason}");
        }
        assert!(cost(&Reason::BadFrame(BadFrame::Kind(9))).is_some());
    }

    #[test]
    fn a_broken_rule_costs_and_the_reason_names_it() {
        let genesis = crate::block::Block::genesis().to_bytes();
        let bytes = [genesis, genesis].concat();
        let wrong = crate::chain::Chain::from_bytes(bytes, crate::target::Target::NETWORK);
        let invalid: Invalid = wrong.expect_err("a block does not follow itself");
        assert_eq!(invalid.rule(), Rule::PreviousHash);
        let deed = cost(&Reason::Invalid(invalid)).expect("it costs");
        assert_eq!(deed.points, -40);
        assert!(deed.why.contains("previous-hash"), "{}", deed.why);
    }
}
