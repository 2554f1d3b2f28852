//! A running check of a node: it sends, listens, keeps the time, and watches whether the
//! program still runs. `nodes.rs` decides what to send and when.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use cairn::block::BLOCK_LEN;

use super::ground::Ground;
use super::guardian::News;
use super::judge::{self, Knew, Mined, Tale};
use super::offers::{Kind, Offer};
use super::pace;
use super::program::Program;
use super::report::{Lesson, Report, Task};
use super::tasks::{GENESIS, LISTENS, LIVES, LONGER, PACE, TASKS};
use super::terms::Terms;

/// How often the checker looks at its sockets.
pub(super) const POLL: Duration = Duration::from_millis(5);

/// More messages than this are a flood.
const MANY: u64 = 500;

/// Why a check ends early.
pub(super) enum Halt {
    /// A task failed; the report says why.
    Failed,
    /// The user stopped it.
    Stopped,
}

/// When an offer was sent.
pub(super) struct Sent {
    pub(super) at: Instant,
    /// The same in Unix seconds.
    clock: u32,
}

/// A running check.
pub(super) struct Trial<'a> {
    pub(super) terms: &'a Terms<'a>,
    pub(super) ground: Ground,
    pub(super) program: Program,
    pub(super) report: Report,
    pub(super) offers: Vec<Offer>,
    /// When each offer was sent.
    pub(super) sent: Vec<Sent>,
    /// The lane of the last offer. Each offer has another one, so that its blocks differ.
    lane: u64,
    /// The received chains, each with the port that received it.
    pub(super) seen: Vec<(u16, Vec<u8>)>,
    /// Blocks in the longest chain that the program made without an offer.
    pub(super) tallest: usize,
    messages: u64,
    /// How many blocks the program mined, and since when.
    blocks: usize,
    begun: Instant,
    /// The same in Unix seconds.
    clock: u32,
}

impl<'a> Trial<'a> {
    /// Starts the program.
    pub(super) fn new(terms: &'a Terms<'a>) -> Result<Trial<'a>> {
        let ground = Ground::take(terms.ip)?;
        let program = Program::start(terms.command, Some(ground.ip))?;
        Ok(Trial {
            terms,
            ground,
            program,
            report: Report::new("1.3", &TASKS),
            offers: Vec::new(),
            sent: Vec::new(),
            lane: 1 << 32,
            seen: Vec::new(),
            tallest: 1,
            messages: 0,
            blocks: 0,
            begun: Instant::now(),
            clock: unix_now() as u32,
        })
    }

    pub(super) fn send(&mut self, offer: Offer) -> Result<(), Halt> {
        // Messages until now were made without this offer.
        self.watch(Instant::now())?;
        self.ground.send(&offer.bytes);
        self.sent.push(Sent { at: Instant::now(), clock: unix_now() as u32 });
        self.offers.push(offer);
        Ok(())
    }

    /// Listens until then, and reports only mistakes.
    pub(super) fn watch(&mut self, until: Instant) -> Result<(), Halt> {
        loop {
            while self.hear()?.is_some() {}
            if Instant::now() >= until {
                return Ok(());
            }
            self.pause(Instant::now() + POLL)?;
        }
    }

    /// Listens until a block comes that the program mined when it knew the last offer.
    pub(super) fn wait_for_block(
        &mut self,
        until: Instant,
    ) -> Result<Option<(Mined, Instant)>, Halt> {
        while Instant::now() < until {
            self.alive(LIVES, format_args!("after {}", self.last_sent()))?;
            match self.hear()? {
                Some(mined) if self.counts(&mined)? => return Ok(Some((mined, Instant::now()))),
                Some(_) => {}
                None => self.pause(Instant::now() + POLL)?,
            }
        }
        Ok(None)
    }

    /// Whether a block builds on the chain that the program should have.
    fn counts(&mut self, mined: &Mined) -> Result<bool, Halt> {
        let last = self.offers.iter().rposition(|offer| offer.kind == Kind::Longer);
        let Some(place) = last else { return Ok(false) };
        let offered = self.offers[place].bytes.len() / BLOCK_LEN;
        match mined.knew(place, offered, self.sent[place].clock) {
            Knew::Yes => return Ok(true),
            Knew::Unsure => return Ok(false),
            Knew::No => {}
        }
        let own = if mined.upon.is_none() { " of its own" } else { "" };
        let wrong = format!(
            "It got a valid chain of {offered} blocks, but its next block builds on a \
             chain{own} of {} blocks.",
            mined.count - 1
        );
        let look = "what you do with a message: if it is a valid chain with more blocks than \
                    yours, it becomes your chain, and the search goes on with its last block";
        self.fail(LONGER, Lesson::new(wrong, look))
    }

    /// Reads messages until one brings a new block; `None` if none does.
    fn hear(&mut self) -> Result<Option<Mined>, Halt> {
        // It returns after at most 64 messages without a block.
        for _ in 0..64 {
            let Some((port, datagram)) = self.ground.hear() else { return Ok(None) };
            self.messages += 1;
            let is_known = self.seen.iter().any(|(_, known)| known == datagram);
            if !is_known || !self.seen.iter().any(|(at, known)| *at == port && known == datagram) {
                self.seen.push((port, datagram.to_vec()));
                let surplus = self.seen.len().saturating_sub(100);
                self.seen.drain(..surplus);
            }
            if is_known {
                continue;
            }
            let datagram = datagram.to_vec();
            match judge::judge(&datagram, &self.offers, &(self.clock..=unix_now() as u32)) {
                Tale::Nothing => {}
                Tale::Mined(mined) => {
                    self.report.pass(GENESIS);
                    self.tell(format_args!("got a chain of {} blocks", mined.count));
                    self.blocks += 1;
                    if mined.upon.is_none() {
                        self.tallest = self.tallest.max(mined.count);
                    }
                    let haste = pace::of_all(self.blocks, self.terms.nonces, self.begun.elapsed());
                    return match haste {
                        Some(lesson) => self.fail(PACE, lesson),
                        None => Ok(Some(mined)),
                    };
                }
                Tale::Wrong(task, lesson) => return self.fail(task, lesson),
            }
        }
        Ok(None)
    }

    /// Fails the task if the program has ended.
    pub(super) fn alive(&mut self, task: Task, when: Arguments) -> Result<(), Halt> {
        let Some(news) = self.program.ended().cloned() else { return Ok(()) };
        let words = self.program.last_words();
        let lesson = match news {
            News::NotStarted(why) => Lesson::new(
                format!("It could not be started: {why}."),
                "the command after --: the program must be installed, or its path must be right",
            ),
            News::Ended { code, left } if left > 0 => Lesson::new(
                format!(
                    "It ended {when}, {}, and left {left} other processes running, which the \
                     checker ended too. {words}",
                    how(code)
                ),
                "whether the program goes into the background: keep it in the foreground",
            ),
            News::Ended { code, .. } => Lesson::new(
                format!("It ended {when}, {}. {words}", how(code)),
                match task {
                    LISTENS => "its last lines, and what happens if you run the command yourself",
                    _ => {
                        "what you do with a message before you know that it is a chain: a message \
                         can have any length, and must never end the program"
                    }
                },
            ),
            News::Stopped | News::Killed => Lesson::new("It was ended.", "what ended it"),
        };
        self.fail(task, lesson)
    }

    pub(super) fn fail<T>(&mut self, task: Task, lesson: Lesson) -> Result<T, Halt> {
        self.report.fail(task, lesson);
        Err(Halt::Failed)
    }

    /// Waits, unless the user stops it.
    pub(super) fn pause(&self, until: Instant) -> Result<(), Halt> {
        loop {
            if self.terms.stop.load(Ordering::Relaxed) {
                return Err(Halt::Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Listens until this second begins.
    pub(super) fn sleep_until(&mut self, second: u32) -> Result<(), Halt> {
        let left = (f64::from(second) - unix_now()).max(0.0);
        self.watch(Instant::now() + Duration::from_secs_f64(left))
    }

    pub(super) fn lane(&mut self) -> u64 {
        // A distance greater than the number of search threads.
        self.lane += 1 << 8;
        self.lane
    }

    fn last_sent(&self) -> &'static str {
        self.offers.last().map_or("its start", |offer| named(offer.kind))
    }

    pub(super) fn tell(&self, what: Arguments) {
        if self.terms.is_told {
            // An error does not matter: the check goes on.
            let _ = writeln!(io::stderr(), "  ...   {what}");
        }
    }

    /// Ends the program, and adds notes to the report.
    pub(super) fn finish(mut self) -> Report {
        let flood = self.program.flood();
        if self.program.stop() == Some(&News::Killed) {
            self.report
                .notes
                .push("it did not end within a second after SIGTERM, and was killed".to_owned());
        }
        if let Some(bytes) = flood {
            let megabytes = bytes / 1_000_000;
            self.report.notes.push(format!(
                "it printed {megabytes} MB: printing takes time from mining; a line a turn is enough"
            ));
        }
        if self.messages > MANY {
            self.report.notes.push(format!(
                "it sent {} messages: it is enough to send the chain once for each new block",
                self.messages
            ));
        }
        self.report
    }
}

/// An offer, in a few words.
pub(super) fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::Longer => "a longer, valid chain",
        Kind::Tie => "a chain as long as its own",
        Kind::Shorter => "a shorter chain",
        Kind::ProofOfWork => "a chain without proof of work",
        Kind::PreviousHash => "a chain with a wrong previous hash",
        Kind::Genesis => "a chain on another genesis block",
        Kind::Cut => "a chain that is cut off",
        Kind::Empty => "an empty message",
    }
}

fn how(code: i32) -> String {
    match code {
        0 => "without an error".to_owned(),
        129.. => format!("killed by signal {}", code - 128),
        _ => format!("with exit code {code}"),
    }
}

/// Unix seconds.
pub(super) fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
