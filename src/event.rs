//! What happened to a node, and the line that tells it.
//!
//! The first words of each line are the tutorial's, to the letter; what follows
//! them says why.

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
    /// The node is up and about to announce its chain.
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
    /// It took over a longer chain.
    Copied {
        /// Height of the new tip.
        height: usize,
        /// Hash of the new tip.
        hash: Hash,
        /// Who sent it.
        from: PeerName,
        /// Whether that is one of our peers; we never write to others.
        listed: bool,
        /// How many of our own blocks gave way: more than none is a reorganisation.
        abandoned: usize,
    },
    /// It does not mine for a while, but goes on listening.
    Rested {
        /// The real time.
        duration: Duration,
    },
    /// It let a datagram pass; nothing changed.
    Ignored {
        /// Who sent it.
        from: PeerName,
        /// Why.
        reason: Reason,
    },
    /// It was told to mine no more; it goes on listening.
    Paused,
    /// It was told to mine again.
    Resumed,
    /// It was told to take this peer among its own, or to have to do with it again.
    Connected {
        /// The peer.
        peer: PeerName,
    },
    /// It was told to have nothing to do with this peer.
    Disconnected {
        /// The peer.
        peer: PeerName,
    },
    /// From now on its link does this to each datagram, as all links of its network do.
    Links {
        /// How much later it arrives.
        delay: Duration,
        /// How many of a hundred are lost.
        loss: u8,
    },
    /// It was told to search at this pace, as all nodes of its network are.
    Paced {
        /// Nonces in a turn of mining.
        nonces: u64,
        /// A turn of listening.
        listen: Duration,
    },
    /// It was told to end.
    Stopped {
        /// Height of its tip.
        height: usize,
        /// Hash of its tip.
        hash: Hash,
    },
    /// It was told to send a message to others, and has.
    MessageSent {
        /// To whom: `all`, `group:NAME`, or an identity.
        to: String,
        /// Unix milliseconds, greater than that of each earlier message.
        number: u64,
        /// What it says.
        text: String,
    },
    /// A message came, and its sender has signed it.
    MessageReceived {
        /// Who has proved to have sent it.
        from: PeerName,
        /// What the sender calls itself.
        name: Option<String>,
        /// To whom: `all`, `group:NAME`, or our identity.
        to: String,
        /// Its sender's number, in Unix milliseconds.
        number: u64,
        /// What it says.
        text: String,
    },
    /// A message came that is neither shown nor passed on.
    MessageRefused {
        /// Who is said to have sent it.
        from: PeerName,
        /// The neighbour that brought it.
        via: PeerName,
        /// A name for why, for programs.
        reason: &'static str,
        /// Why, for people.
        detail: String,
    },
    /// A datagram could not be sent.
    Unsent {
        /// To whom.
        to: PeerName,
        /// What the system said.
        error: String,
    },
}

/// The settings that a node started with.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    /// The name that the transport gave this node.
    pub name: PeerName,
    /// Its port, which is also where its rewards go.
    pub port: u16,
    /// Whom it writes to.
    pub peers: Vec<PeerName>,
    /// Nonces in a turn of mining.
    pub nonces: u64,
    /// A turn of listening.
    pub listen: Duration,
    /// What a hash must meet.
    pub target: Target,
    /// What its random numbers were grown from.
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
    /// A rule of validity is broken.
    Invalid(Invalid),
    /// A valid chain, or the claim of one, with fewer blocks than ours; where the peer is one of ours
    /// it has been sent ours, once a turn.
    Shorter {
        /// Blocks in their chain.
        theirs: usize,
        /// Blocks in ours.
        ours: usize,
        /// Whether ours was sent in answer.
        answered: bool,
    },
    /// A valid chain just as long as ours: the one seen first stays.
    Tie {
        /// Blocks in either.
        count: usize,
        /// Whether it is the very chain that we have.
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
    /// We were told to have nothing to do with this peer.
    Refused,
    /// It begins like a frame, and is none.
    BadFrame(BadFrame),
    /// The last blocks of a longer chain, which do not reach back to ours.
    Unconnected {
        /// Blocks in their chain, as they say.
        theirs: usize,
        /// Whether it is a peer of ours; others are not asked.
        listed: bool,
        /// Whether we have just asked for those between.
        asked: bool,
    },
    /// A peer of ours has answered our question with a block that breaks a rule.
    WrongAnswer {
        /// What is wrong.
        invalid: Invalid,
        /// How long it is not asked again.
        shunned: Duration,
    },
    /// A question from somebody who is not a peer of ours.
    StrangersQuestion,
    /// More questions in a second than are answered.
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

/// A duration as a flag of the command line reads it: `1s`, `200ms` or `1500ms`.
pub fn as_flag(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_micros() as f64 / 1000.0),
    }
}
