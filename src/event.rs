//! What happened to a node, and the line that says so.
//!
//! The first words of each line are exactly the tutorial's; the rest gives the reason.

use std::fmt;
use std::time::Duration;

use crate::hash::Hash;
use crate::peer::PeerName;
use crate::rules::Invalid;
use crate::target::Target;
use crate::wire::{BadFrame, SleepNotice};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The node has started and is about to announce its chain.
    Started(Started),
    /// It tries the nonces from `counter` on.
    Tried {
        /// The first counter of the turn.
        counter: u64,
    },
    /// It found a block, which is stored and is now sent to the peers.
    Created {
        /// Height of the block.
        height: usize,
        /// Hash of the block.
        hash: Hash,
    },
    /// It adopted a longer chain.
    Copied {
        /// Height of the new tip.
        height: usize,
        /// Hash of the new tip.
        hash: Hash,
        /// Who sent it.
        from: PeerName,
        /// Whether the sender is one of our peers; we never send to others.
        listed: bool,
        /// The number of our own blocks that were abandoned: if more than none, this is a
        /// reorganisation.
        abandoned: usize,
    },
    /// It does not mine for a while, but goes on listening.
    Rested {
        /// How long it rests.
        duration: Duration,
    },
    /// It ignored a datagram.
    Ignored {
        /// Who sent it.
        from: PeerName,
        /// Why.
        reason: Reason,
    },
    /// It was told to stop mining; it goes on listening.
    Paused,
    /// It was told to resume mining.
    Resumed,
    /// It was told to take this peer among its own, or to stop refusing it.
    Connected {
        /// The peer.
        peer: PeerName,
    },
    /// It was told to refuse this peer.
    Disconnected {
        /// The peer.
        peer: PeerName,
    },
    /// The delay and the loss on its link changed, as on all links of its network.
    Links {
        /// How much later each datagram arrives.
        delay: Duration,
        /// The percentage of datagrams that is lost.
        loss: u8,
    },
    /// It was told to search at this pace, like all nodes of its network.
    Paced {
        /// Nonces in a turn of mining.
        nonces: u64,
        /// How long a turn of listening lasts.
        listen: Duration,
    },
    /// It was told to end.
    Stopped {
        /// Height of its tip.
        height: usize,
        /// Hash of its tip.
        hash: Hash,
    },
    /// It was told to send a message to others, and has sent it.
    MessageSent {
        /// To whom: `all`, `group:NAME`, or an identity.
        to: String,
        /// Unix milliseconds, greater than that of each earlier message.
        number: u64,
        /// The text.
        text: String,
    },
    /// It received a message that its sender has signed.
    MessageReceived {
        /// The identity that signed it.
        from: PeerName,
        /// What the sender calls itself.
        name: Option<String>,
        /// To whom: `all`, `group:NAME`, or our identity.
        to: String,
        /// The sender's number, in Unix milliseconds.
        number: u64,
        /// The text.
        text: String,
    },
    /// It received a message and neither shows it nor passes it on.
    MessageRefused {
        /// The claimed sender.
        from: PeerName,
        /// The neighbour that sent it to us.
        via: PeerName,
        /// A name for the reason, for programs.
        reason: &'static str,
        /// The reason, for people.
        detail: String,
    },
    /// A datagram could not be sent.
    Unsent {
        /// To whom.
        to: PeerName,
        /// The system's error.
        error: String,
    },
}

/// The settings that a node started with.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    /// This node's name in the transport.
    pub name: PeerName,
    /// Its port, which is also the receiver of its rewards.
    pub port: u16,
    /// The peers that it sends to.
    pub peers: Vec<PeerName>,
    /// Nonces in a turn of mining.
    pub nonces: u64,
    /// How long a turn of listening lasts.
    pub listen: Duration,
    /// The target that each hash must meet.
    pub target: Target,
    /// The seed of its random numbers.
    pub seed: u64,
    /// The lane of its search.
    pub lane: u64,
    /// Height of its chain's tip.
    pub height: usize,
    /// Hash of its chain's tip.
    pub hash: Hash,
}

/// Why a datagram changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It breaks a rule of validity.
    Invalid(Invalid),
    /// A valid chain, or the claim of one, with fewer blocks than ours. If the sender is
    /// one of our peers, it is sent ours, at most once a turn.
    Shorter {
        /// Blocks in the sender's chain.
        theirs: usize,
        /// Blocks in ours.
        ours: usize,
        /// Whether ours was sent in answer.
        answered: bool,
    },
    /// A valid chain as long as ours: the chain seen first stays.
    Tie {
        /// Blocks in each chain.
        count: usize,
        /// Whether it is the same chain as ours.
        same: bool,
    },
    /// A block is dated too far ahead of our clock.
    Future {
        /// Height of the block.
        height: usize,
        /// Seconds ahead of our clock.
        seconds: u32,
    },
    /// A basic node, of the stage before mining, goes to sleep.
    SleepNotice(SleepNotice),
    /// We were told to refuse this peer.
    Refused,
    /// It begins like a frame, but is not one.
    BadFrame(BadFrame),
    /// The last blocks of a longer chain, which do not reach back to ours.
    Unconnected {
        /// Blocks in the sender's chain, as it says.
        theirs: usize,
        /// Whether the sender is one of our peers; others are not asked.
        listed: bool,
        /// Whether we have just asked for the blocks in between.
        asked: bool,
    },
    /// One of our peers answered our question with a block that breaks a rule.
    WrongAnswer {
        /// The rule that it breaks.
        invalid: Invalid,
        /// How long we will not ask this peer.
        shunned: Duration,
    },
    /// A question from a sender who is not one of our peers.
    StrangersQuestion,
    /// More questions in a second than we answer.
    TooManyQuestions,
}

impl Reason {
    /// A name for the kind of reason: the broken rule's, or one of `shorter`,
    /// `tie`, `future`, `sleep-notice`, `refused`, `bad-frame`, `unconnected`,
    /// `wrong-answer`, `strangers-question` and `too-many-questions`.
    pub fn name(&self) -> &'static str {
        match self {
            Reason::Invalid(invalid) => invalid.rule().name(),
            Reason::Shorter { .. } => "shorter",
            Reason::Tie { .. } => "tie",
            Reason::Future { .. } => "future",
            Reason::SleepNotice(_) => "sleep-notice",
            Reason::Refused => "refused",
            Reason::BadFrame(_) => "bad-frame",
            Reason::Unconnected { .. } => "unconnected",
            Reason::WrongAnswer { .. } => "wrong-answer",
            Reason::StrangersQuestion => "strangers-question",
            Reason::TooManyQuestions => "too-many-questions",
        }
    }
}

/// The height at which a chain of `count` blocks ends: lines name blocks by height.
fn height_of(count: usize) -> usize {
    count.saturating_sub(1)
}

/// `1 block`, `2 blocks`.
fn blocks(count: usize) -> String {
    format!("{count} block{}", if count == 1 { "" } else { "s" })
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Reason::Invalid(invalid) => invalid.fmt(f),
            Reason::Shorter { theirs, ours, answered } => {
                let (theirs, ours) = (height_of(*theirs), height_of(*ours));
                let sent = if *answered { "; sent ours back" } else { "" };
                write!(f, "not longer, it ends at block {theirs}, ours at block {ours}{sent}")
            }
            Reason::Tie { count, same: true } => {
                write!(f, "not longer, the same as ours, up to block {}", height_of(*count))
            }
            Reason::Tie { count, same: false } => {
                let height = height_of(*count);
                write!(f, "not longer, it ends at block {height} as ours does; first seen stays")
            }
            Reason::Future { height, seconds } => {
                write!(f, "block {height} breaks future: dated {seconds} s ahead of our clock")
            }
            Reason::SleepNotice(SleepNotice { port, seconds }) => {
                write!(f, "a basic node's message: {port} sleeps for {seconds} s")
            }
            Reason::Refused => write!(f, "this peer is disconnected"),
            Reason::BadFrame(bad) => bad.fmt(f),
            Reason::Unconnected { theirs, listed, asked } => {
                let then = match (listed, asked) {
                    (false, _) => "; a stranger is not asked for the rest, name it with --peer",
                    (true, true) => "; asked for those between",
                    (true, false) => "",
                };
                let height = height_of(*theirs);
                write!(f, "the end of a chain up to block {height}, not connected to ours{then}")
            }
            Reason::WrongAnswer { invalid, shunned } => {
                let seconds = shunned.as_secs_f64();
                write!(f, "a wrong answer, not asked again for {seconds} s: {invalid}")
            }
            Reason::StrangersQuestion => write!(f, "a question, but not from a peer of ours"),
            Reason::TooManyQuestions => write!(f, "too many questions in a second"),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Event::Started(started) => started.fmt(f),
            Event::Tried { counter } => write!(f, "TRY up to {counter}..."),
            Event::Created { height, hash } => write!(f, "CREATE block {height}: {hash}!"),
            Event::Copied { height, hash, from, listed, abandoned } => {
                write!(f, "COPY block {height}: {hash}! from {from}")?;
                if *abandoned > 0 {
                    write!(f, ", {} of ours abandoned", blocks(*abandoned))?;
                }
                if !listed {
                    write!(f, ", a stranger: to write to it, start with --peer {from}")?;
                }
                Ok(())
            }
            Event::Rested { duration } => {
                write!(f, "SLEEP for {} seconds...", duration.as_secs_f64())
            }
            Event::Ignored { from, reason } => {
                write!(f, "IGNORE blockchain... from {from}: {reason}")
            }
            Event::Paused => write!(f, "PAUSE mining"),
            Event::Resumed => write!(f, "RESUME mining"),
            Event::Connected { peer } => write!(f, "CONNECT to {peer}"),
            Event::Disconnected { peer } => write!(f, "DISCONNECT from {peer}"),
            Event::Links { delay, loss } => {
                write!(f, "LINKS --delay {} --loss {loss}", as_flag(*delay))
            }
            Event::Paced { nonces, listen } => {
                write!(f, "PACE --nonces {nonces} --listen {}", as_flag(*listen))
            }
            Event::Stopped { height, hash } => write!(f, "STOP at block {height}: {hash}"),
            Event::MessageSent { to, text, .. } => write!(f, "SAY to {to}: {text:?}"),
            Event::MessageReceived { from, name, to, text, .. } => {
                write!(f, "HEAR {from}")?;
                if let Some(name) = name {
                    write!(f, ", who calls itself {name:?},")?;
                }
                write!(f, " say to {to}: {text:?}")
            }
            Event::MessageRefused { from, via, detail, .. } => {
                write!(f, "REFUSE message of {from} by way of {via}: {detail}")
            }
            Event::Unsent { to, error } => write!(f, "UNSENT to {to}: {error}"),
        }
    }
}

impl fmt::Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let peers: Vec<_> = self.peers.iter().map(PeerName::as_str).collect();
        writeln!(f, "START node {} at {}", self.port, self.name)?;
        writeln!(
            f,
            "  peers   {}",
            if peers.is_empty() { "none".into() } else { peers.join(" ") }
        )?;
        writeln!(f, "  pace    --nonces {} --listen {}", self.nonces, as_flag(self.listen))?;
        writeln!(f, "  target  --zero-bits {}", self.target.zero_bits())?;
        writeln!(f, "  seed    --seed {} (lane {:#x})", self.seed, self.lane)?;
        write!(f, "  chain   block {}: {}", self.height, self.hash)
    }
}

/// A duration in the form that a command line flag takes: `1s`, `200ms` or `1500ms`.
pub fn as_flag(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_micros() as f64 / 1000.0),
    }
}
