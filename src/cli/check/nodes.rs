//! Exercise 1.3: a node, tried over UDP.
//!
//! What a node has made of a message shows only in its next block. So first it is offered
//! a longer chain upon which its next block is found soon; then all that it must ignore,
//! in a row; then another longer chain. The block that comes back stands on one of these,
//! and tells which. `judge.rs` reads it; this file sends, waits and keeps the time.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use cairn::block::BLOCK_LEN;

use super::ground::{Ground, is_bound, is_free};
use super::guardian::News;
use super::judge::{
    self, BLOCK, BROADCAST, CUT, EMPTY, GENESIS, INVALID, LISTENS, LIVES, LONGER, Mined,
    NOT_LONGER, PACE, PORT, TASKS, Tale,
};
use super::offers::{Kind, Offer, Order, make};
use super::program::Program;
use super::report::{Lesson, Outcome, Report, Task};
use super::terms::Terms;
use super::tips::{BUDGET, SOON};

/// What stands for the port in the command.
pub(super) const PLACEHOLDER: &str = "{port}";

/// How long a program may take to listen: some are compiled first.
const START: Duration = Duration::from_secs(30);

/// How often the checker looks at its sockets.
const POLL: Duration = Duration::from_millis(5);

/// How many longer chains are offered before the checker waits for what else may come.
const OFFERS: usize = 3;

/// Blocks in the first chain that is offered.
const FIRST_COUNT: usize = 5;

/// A block may have been on its way when a chain was offered.
const ON_ITS_WAY: Duration = Duration::from_secs(3);

/// How much later than it should a block may come.
const SLACK: Duration = Duration::from_millis(2_500);

/// How long the program is watched after each message that may end it.
const WATCH: Duration = Duration::from_millis(250);

/// More messages than these are a flood.
const MANY: u64 = 500;

/// Why a check does not go on.
enum Halt {
    /// The report says it.
    Failed,
    /// The user has stopped it.
    Stopped,
}

/// A check that is going on.
struct Trial<'a> {
    terms: &'a Terms<'a>,
    ground: Ground,
    program: Program,
    report: Report,
    offers: Vec<Offer>,
    /// When each was sent.
    sent: Vec<Instant>,
    /// Drawn by no other offer: it makes the next one's blocks its own.
    lane: u64,
    /// Chains that were heard of, and where.
    seen: Vec<(u16, Vec<u8>)>,
    messages: u64,
    /// How many blocks the program has made, and since when.
    blocks: usize,
    begun: Instant,
}

/// Tries a node.
pub(super) fn check(terms: &Terms) -> Result<Report> {
    let terms = &Terms { command: &with_port(terms.command), ..*terms };
    let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
    let may_fall_back = terms.ip.is_none() && is_free(loopback);
    let ground = Ground::take(terms.ip)?;
    let program = Program::start(terms.command, Some(ground.ip))?;
    let report = Report::new("1.3", &TASKS);
    let mut trial = Trial {
        terms,
        ground,
        program,
        report,
        offers: Vec::new(),
        sent: Vec::new(),
        lane: 1 << 32,
        seen: Vec::new(),
        messages: 0,
        blocks: 0,
        begun: Instant::now(),
    };
    let fallback = may_fall_back.then_some(loopback);
    match trial.run(fallback) {
        Err(Halt::Stopped) => bail!("stopped; the program that was checked is ended"),
        Ok(()) | Err(Halt::Failed) => Ok(trial.finish()),
    }
}

impl Trial<'_> {
    fn run(&mut self, fallback: Option<IpAddr>) -> Result<(), Halt> {
        self.start(fallback)?;
        let (first, at) = self.next_block_upon_longer(FIRST_COUNT, 3 * self.terms.nonces)?;
        self.report.pass(LONGER);
        self.report.pass(BLOCK);
        self.heard_by_both()?;
        if first.is_counted {
            let known = first.upon.map_or(at, |place| self.sent[place]);
            let took = at.saturating_duration_since(known);
            self.report.set(PACE, judge::pace(first.counter, self.terms.nonces, took));
        } else {
            let why = "its nonces are not counted from 0, so the time of one block tells nothing";
            self.report.set(PACE, Outcome::Untried(why.to_owned()));
        }
        self.try_what_is_wrong(first)?;
        for task in [NOT_LONGER, INVALID, CUT, EMPTY, LIVES] {
            self.report.pass(task);
        }
        Ok(())
    }

    /// Waits until the program listens.
    fn start(&mut self, fallback: Option<IpAddr>) -> Result<(), Halt> {
        self.tell(format_args!("waiting for the program at {}", self.ground.program()));
        let begun = Instant::now();
        let patience = START.min(self.terms.patience);
        loop {
            if is_bound(self.ground.ip) {
                break;
            }
            if let Some(ip) = fallback.filter(|ip| is_bound(*ip)) {
                self.move_to(ip)?;
                break;
            }
            self.alive(LISTENS, format_args!("before it listened on port {PORT}"))?;
            if begun.elapsed() >= patience {
                let wrong = format!(
                    "It runs, but after {} s it does not listen on UDP port {PORT} of {}. {}",
                    patience.as_secs(),
                    self.ground.ip,
                    self.program.last_words(),
                );
                let look = "where the socket is bound: to the address in the environment \
                            variable NODE_IP and to the port on the command line, {port}";
                return self.fail(LISTENS, Lesson::new(wrong, look));
            }
            self.pause(Instant::now() + POLL * 4)?;
        }
        self.report.pass(LISTENS);
        Ok(())
    }

    /// Goes where the program listens, whatever `NODE_IP` says.
    fn move_to(&mut self, ip: IpAddr) -> Result<(), Halt> {
        // The program has its port there, so the ground cannot be taken as usual.
        match self.ground.follow(ip) {
            Ok(()) => {
                let note = format!(
                    "it listens at {ip}, whatever NODE_IP says, so only one such program can be \
                     checked at a time"
                );
                self.report.notes.push(note);
                Ok(())
            }
            Err(error) => {
                let wrong = format!(
                    "It listens at {ip}, whatever NODE_IP says, and there the checker cannot \
                     have the ports 8000 and 9000: {error}."
                );
                let look = "where the socket is bound: read the address from NODE_IP";
                self.fail(LISTENS, Lesson::new(wrong, look))
            }
        }
    }

    /// Offers longer chains until a block comes that stands on one of them.
    fn next_block_upon_longer(
        &mut self,
        mut count: usize,
        first_nonce: u64,
    ) -> Result<(Mined, Instant), Halt> {
        let first_nonce = if first_nonce + 1_000 < SOON { first_nonce } else { 0 };
        for _ in 0..OFFERS {
            count = restful(count);
            let due = self.offer_longer(count, first_nonce)?;
            if let Some(found) = self.wait_for_block(due)? {
                return Ok(found);
            }
            count += 1;
        }
        let patience = self.terms.patience;
        self.tell(format_args!(
            "no block came where one could be found soon, so the program searches otherwise; \
             waiting up to {} s more for one",
            patience.as_secs()
        ));
        if let Some(found) = self.wait_for_block(Instant::now() + patience)? {
            return Ok(found);
        }
        let Some(offer) = self.offers.last() else { return Err(Halt::Failed) };
        let solved = offer
            .solved
            .iter()
            .map(|(date, nonce)| format!("nonce {nonce} solves it for the timestamp {date}"));
        let solved: Vec<_> = solved.collect();
        let blocks = offer.bytes.len() / BLOCK_LEN;
        let wrong = format!(
            "No block of its making came within {} s. It was sent a valid chain of {blocks} blocks; {}.",
            patience.as_secs(),
            solved.join(", "),
        );
        let look = "whether it searches at all after it has taken over a chain (its lines should \
                    say COPY and TRY), and whether it sends to the ports 8000 and 9000 of NODE_IP";
        self.fail(BLOCK, Lesson::new(wrong, look))
    }

    /// Offers a longer chain. Returns when the block upon it is due.
    fn offer_longer(&mut self, count: usize, first_nonce: u64) -> Result<Instant, Halt> {
        self.tell(format_args!("offering a valid chain of {count} blocks"));
        let second = unix_now() as u32 + 2;
        let order = Order {
            kind: Kind::Longer,
            count,
            second,
            rest: rest(count),
            first_nonce,
            lane: self.lane(),
        };
        let offer = self.make(order, Instant::now() + BUDGET)?;
        self.sleep_until(second)?;
        let due = self.due(&offer, rest(count));
        self.send(offer)?;
        Ok(due)
    }

    /// When the block upon an offer is to come, if the program begins on time.
    fn due(&self, offer: &Offer, rest: u32) -> Instant {
        let nonce = offer.solved.iter().map(|(_, nonce)| *nonce).max().unwrap_or(0);
        let turns = nonce / self.terms.nonces + 1;
        Instant::now() + Duration::from_secs(u64::from(rest) + turns) + SLACK
    }

    /// Sends all that a node must ignore, and waits for a block that shows that it did.
    fn try_what_is_wrong(&mut self, first: Mined) -> Result<(), Halt> {
        self.tell(format_args!("sending what must be ignored"));
        let longer = restful(first.count + 3);
        // Longer than all that is offered afterwards: a program that takes it over keeps it.
        let wrong = restful(longer + 3 * OFFERS);
        let kinds = [
            (Kind::Tie, first.count),
            (Kind::Shorter, first.count - 1),
            (Kind::ProofOfWork, wrong),
            (Kind::PreviousHash, wrong),
            (Kind::Genesis, wrong),
            (Kind::Cut, wrong),
            (Kind::Empty, 0),
        ];
        let second = unix_now() as u32 + 3;
        let mut offers = Vec::new();
        for (place, (kind, count)) in (0..).zip(kinds) {
            let rest = match kind {
                // A program that takes over the tie too reads this one after its rest.
                Kind::Shorter => rest(first.count) + rest(count),
                Kind::Cut => rest(count - 1),
                _ => rest(count),
            };
            let second = second + (WATCH * place).as_secs() as u32;
            let order = Order { kind, count, second, rest, first_nonce: 0, lane: self.lane() };
            offers.push((self.make(order, Instant::now() + BUDGET / 5)?, rest));
        }
        self.sleep_until(second)?;
        let mut due = Instant::now();
        for (offer, rest) in offers {
            due = due.max(self.due(&offer, rest));
            let what = named(offer.kind);
            self.send(offer)?;
            self.watch(Instant::now() + WATCH)?;
            self.alive(LIVES, format_args!("after {what}"))?;
        }
        if !first.is_soon {
            due += self.terms.patience;
        }
        if self.wait_for_block(due)?.is_some() {
            return Ok(());
        }
        self.next_block_upon_longer(longer, 0).map(|_| ())
    }

    fn make(&self, order: Order, until: Instant) -> Result<Offer, Halt> {
        make(order, until, self.terms.stop).ok_or(Halt::Stopped)
    }

    fn send(&mut self, offer: Offer) -> Result<(), Halt> {
        // What has come until now was made without it.
        self.watch(Instant::now())?;
        self.ground.send(&offer.bytes);
        self.sent.push(Instant::now());
        self.offers.push(offer);
        Ok(())
    }

    /// Listens for a while; only what is wrong is told.
    fn watch(&mut self, until: Instant) -> Result<(), Halt> {
        loop {
            while self.hear()?.is_some() {}
            if Instant::now() >= until {
                return Ok(());
            }
            self.pause(Instant::now() + POLL)?;
        }
    }

    /// Listens until a block comes that the program has made knowing the last offer.
    fn wait_for_block(&mut self, until: Instant) -> Result<Option<(Mined, Instant)>, Halt> {
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

    /// Whether a block was made upon what the program should have.
    fn counts(&mut self, mined: &Mined) -> Result<bool, Halt> {
        let longest = self.offers.iter().rposition(|offer| offer.kind == Kind::Longer);
        if mined.upon.is_some() {
            return Ok(true);
        }
        let Some(place) = longest else { return Ok(false) };
        let late = self.sent[place].elapsed() > ON_ITS_WAY;
        let offered = self.offers[place].bytes.len() / BLOCK_LEN;
        if !late || mined.count > offered {
            return Ok(false);
        }
        let wrong = format!(
            "It was sent a valid chain of {offered} blocks; its next block stands on a chain of \
             its own of {} blocks.",
            mined.count - 1
        );
        let look = "what you do with a message: where it is a valid chain with more blocks than \
                    yours, it becomes your chain, and the search goes on upon its last block";
        self.fail(LONGER, Lesson::new(wrong, look))
    }

    /// Reads one message, if one has come: the block that it brings, if it brings one.
    fn hear(&mut self) -> Result<Option<Mined>, Halt> {
        // Only messages that bring nothing are read on in a row.
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
            match judge::judge(&datagram, &self.offers, unix_now() as u32) {
                Tale::Nothing => {}
                Tale::Mined(mined) => {
                    self.report.pass(GENESIS);
                    self.tell(format_args!("heard of a chain of {} blocks", mined.count));
                    self.blocks += 1;
                    let haste = judge::haste(self.blocks, self.terms.nonces, self.begun.elapsed());
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

    /// Waits until the last chain has come to the other port, too.
    fn heard_by_both(&mut self) -> Result<(), Halt> {
        let Some((first, chain)) = self.seen.last().cloned() else { return Ok(()) };
        let until = Instant::now() + Duration::from_secs(1);
        let is_at_other =
            |trial: &Self| trial.seen.iter().any(|(port, known)| *port != first && *known == chain);
        while !is_at_other(self) && Instant::now() < until {
            self.watch(Instant::now() + POLL)?;
        }
        if is_at_other(self) {
            self.report.pass(BROADCAST);
            return Ok(());
        }
        let other = if first == 8000 { 9000 } else { 8000 };
        let wrong = format!("Its new chain came to port {first}, and not to port {other}.");
        let look = "where you broadcast: to each of 7000, 8000 and 9000 but your own port";
        self.report.fail(BROADCAST, Lesson::new(wrong, look));
        Ok(())
    }

    /// Fails the task if the program has ended.
    fn alive(&mut self, task: Task, when: std::fmt::Arguments) -> Result<(), Halt> {
        let Some(news) = self.program.ended().cloned() else { return Ok(()) };
        let words = self.program.last_words();
        let lesson = match news {
            News::NotStarted(why) => Lesson::new(
                format!("It could not be started: {why}."),
                "the command after --: the program must be installed, or its path be right",
            ),
            News::Ended { code, left } if left > 0 => Lesson::new(
                format!(
                    "It ended {when}, {}, and left {left} other processes running, which were \
                     ended too. {words}",
                    how(code)
                ),
                "whether the program forks itself into the background: keep it in the foreground",
            ),
            News::Ended { code, .. } => Lesson::new(
                format!("It ended {when}, {}. {words}", how(code)),
                match task {
                    LISTENS => "its last words, and what happens if you run the command yourself",
                    _ => {
                        "what you do with a message before you know that it is a chain: bytes \
                         from outside can have any length, and must never end the program"
                    }
                },
            ),
            News::Stopped | News::Killed => Lesson::new("It was ended.", "who ended it"),
        };
        self.fail(task, lesson)
    }

    fn fail<T>(&mut self, task: Task, lesson: Lesson) -> Result<T, Halt> {
        self.report.fail(task, lesson);
        Err(Halt::Failed)
    }

    /// Waits, unless the user stops it.
    fn pause(&self, until: Instant) -> Result<(), Halt> {
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

    /// Waits until this second begins, and listens meanwhile.
    fn sleep_until(&mut self, second: u32) -> Result<(), Halt> {
        let left = (f64::from(second) - unix_now()).max(0.0);
        self.watch(Instant::now() + Duration::from_secs_f64(left))
    }

    fn lane(&mut self) -> u64 {
        // Apart by more than the threads of a search.
        self.lane += 1 << 8;
        self.lane
    }

    fn last_sent(&self) -> &'static str {
        self.offers.last().map_or("its start", |offer| named(offer.kind))
    }

    fn tell(&self, what: std::fmt::Arguments) {
        if self.terms.is_told {
            // Where nobody reads it, nothing is lost.
            let _ = writeln!(io::stderr(), "  ...   {what}");
        }
    }

    /// Ends the program and adds what is worth knowing.
    fn finish(mut self) -> Report {
        let flood = self.program.flood();
        if self.program.stop() == Some(&News::Killed) {
            self.report.notes.push(
                "it did not end within a second when it was asked to (SIGTERM), and was killed"
                    .to_owned(),
            );
        }
        if let Some(bytes) = flood {
            let megabytes = bytes / 1_000_000;
            self.report.notes.push(format!(
                "it printed {megabytes} MB: printing takes time from mining, a line a turn is enough"
            ));
        }
        if self.messages > MANY {
            self.report.notes.push(format!(
                "it sent {} messages: a chain needs to be sent once, when a block was made",
                self.messages
            ));
        }
        self.report
    }
}

/// The command with the port in it.
fn with_port(command: &[String]) -> Vec<String> {
    command.iter().map(|word| word.replace(PLACEHOLDER, &PORT.to_string())).collect()
}

/// What was sent, in a few words.
fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::Longer => "a longer, valid chain",
        Kind::Tie => "a chain as long as its own",
        Kind::Shorter => "a shorter chain",
        Kind::ProofOfWork => "a chain without proof of work",
        Kind::PreviousHash => "a chain with a wrong previous hash",
        Kind::Genesis => "a chain upon another genesis block",
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

/// How many seconds the program rests after it has taken over a chain of so many blocks.
fn rest(count: usize) -> u32 {
    ((usize::from(PORT) + count) % 3) as u32 + 1
}

/// The first number of blocks from here on after which the rest is one second.
fn restful(count: usize) -> usize {
    (count..).find(|count| rest(*count) == 1).expect("every third is")
}

/// Unix seconds.
fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
