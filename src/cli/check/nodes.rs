//! Exercise 1.3: a node, tested over UDP.
//!
//! Only a node's next block shows what it did with a message. So the checker first offers it
//! a longer chain on which its next block is found soon; then everything that it must ignore,
//! one after the other; then another longer chain. The block that comes back shows which of
//! these it builds on. `judge.rs` reads it; `trial.rs` sends, waits and keeps the time.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use cairn::block::BLOCK_LEN;

use super::ground::{is_bound, is_free};
use super::judge::Mined;
use super::lessons::PORT;
use super::offers::{Kind, Offer, Order, make};
use super::pace;
use super::report::{Lesson, Report};
use super::tasks::{
    BLOCK, BROADCAST, CUT, EMPTY, INVALID, LISTENS, LIVES, LONGER, NOT_LONGER, PACE,
};
use super::terms::Terms;
use super::tips::{BUDGET, SOON};
use super::trial::{Halt, POLL, Trial, named, unix_now};

/// The placeholder for the port in the command.
pub(super) const PLACEHOLDER: &str = "{port}";

/// How long a program may take until it listens: some are compiled first.
const START: Duration = Duration::from_secs(30);

/// How many longer chains the checker offers before it waits for any block.
const OFFERS: usize = 3;

/// Blocks in the first offered chain.
const FIRST_COUNT: usize = 5;

/// The most blocks in an offer that must be longer than the program's own chain: the
/// tutorial's nodes read datagrams of at most 122 blocks.
const MAX_COUNT: usize = 110;

/// How late an offer may be, in seconds: a program that gets it within the same second
/// begins its search on time.
const LATE: f64 = 0.5;

/// How much later than predicted a block may come.
const SLACK: Duration = Duration::from_millis(2_500);

/// How long the program is watched after each message that may end it.
const WATCH: Duration = Duration::from_millis(250);

/// Tests a node.
pub(super) fn check(terms: &Terms) -> Result<Report> {
    let terms = &Terms { command: &with_port(terms.command), ..*terms };
    let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
    let may_fall_back = terms.ip.is_none() && is_free(loopback);
    let mut trial = Trial::new(terms)?;
    let fallback = may_fall_back.then_some(loopback);
    match trial.run(fallback) {
        Err(Halt::Stopped) => bail!("stopped; the checked program has been ended"),
        Ok(()) | Err(Halt::Failed) => Ok(trial.finish()),
    }
}

impl Trial<'_> {
    fn run(&mut self, fallback: Option<IpAddr>) -> Result<(), Halt> {
        self.start(fallback)?;
        let (first, at) =
            self.next_block_upon_longer(FIRST_COUNT, self.terms.nonces.saturating_mul(3))?;
        self.report.pass(LONGER);
        self.report.pass(BLOCK);
        self.heard_by_both()?;
        let known = first.upon.map_or(at, |place| self.sent[place].at);
        let took = at.saturating_duration_since(known);
        self.report.set(PACE, pace::of_block(&first, self.terms.nonces, took));
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

    /// Moves to the address where the program listens despite `NODE_IP`.
    fn move_to(&mut self, ip: IpAddr) -> Result<(), Halt> {
        // The program's port is taken there, so `Ground::take` would fail.
        match self.ground.follow(ip) {
            Ok(()) => {
                let note = format!(
                    "it listens at {ip}, not at the address in NODE_IP, so only one such program \
                     can be checked at a time"
                );
                self.report.notes.push(note);
                Ok(())
            }
            Err(error) => {
                let wrong = format!(
                    "It listens at {ip}, not at the address in NODE_IP, and there the checker \
                     cannot open the ports 8000 and 9000: {error}."
                );
                let look = "where the socket is bound: read the address from NODE_IP";
                self.fail(LISTENS, Lesson::new(wrong, look))
            }
        }
    }

    /// Offers longer chains until a block comes that builds on one of them.
    fn next_block_upon_longer(
        &mut self,
        mut count: usize,
        first_nonce: u64,
    ) -> Result<(Mined, Instant), Halt> {
        let first_nonce = if first_nonce < SOON - 1_000 { first_nonce } else { 0 };
        for _ in 0..OFFERS {
            // The offer must still be longer than the program's chain when it is sent. A program
            // that has mined many blocks so far mines many until then.
            count = restful(count.max((2 * self.tallest).min(MAX_COUNT)));
            let due = self.offer_longer(count, first_nonce)?;
            if let Some(found) = self.wait_for_block(due)? {
                return Ok(found);
            }
            count += 1;
        }
        let patience = self.terms.patience;
        self.tell(format_args!(
            "no block came at the predicted time, so the program searches in another way; \
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
            "It sent no block of its own within {} s. It got a valid chain of {blocks} blocks; {}.",
            patience.as_secs(),
            solved.join(", "),
        );
        let look = "whether it searches at all after it adopted a chain (its output should show \
                    COPY and TRY), and whether it sends to the ports 8000 and 9000 of NODE_IP";
        self.fail(BLOCK, Lesson::new(wrong, look))
    }

    /// Offers a longer chain. Returns when the block on it is due.
    fn offer_longer(&mut self, count: usize, first_nonce: u64) -> Result<Instant, Halt> {
        self.tell(format_args!("offering a valid chain of {count} blocks"));
        let offer = self.in_time(2, |trial, second| {
            let order = Order {
                kind: Kind::Longer,
                count,
                second,
                rest: rest(count),
                first_nonce,
                lane: trial.lane(),
            };
            trial.make(order, Instant::now() + BUDGET)
        })?;
        let due = self.due(&offer, rest(count));
        self.send(offer)?;
        Ok(due)
    }

    /// Makes what is sent at the beginning of a second, `lead` seconds from now, and waits for
    /// that second. If a busy machine is too late, tries again for a later second.
    fn in_time<T>(
        &mut self,
        mut lead: u32,
        make: impl Fn(&mut Self, u32) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        loop {
            let second = unix_now() as u32 + lead;
            let made = make(self, second)?;
            self.sleep_until(second)?;
            if unix_now() < f64::from(second) + LATE {
                return Ok(made);
            }
            lead *= 2;
        }
    }

    /// When the block on an offer should come, if the program begins on time.
    fn due(&self, offer: &Offer, rest: u32) -> Instant {
        let nonce = offer.solved.iter().map(|(_, nonce)| *nonce).max().unwrap_or(0);
        let turns = nonce / self.terms.nonces + 1;
        Instant::now() + Duration::from_secs(u64::from(rest) + turns) + SLACK
    }

    /// Sends everything that a node must ignore, and waits for a block that shows that it did.
    fn try_what_is_wrong(&mut self, first: Mined) -> Result<(), Halt> {
        self.tell(format_args!("sending what must be ignored"));
        let longer = restful(first.count + 3);
        // Longer than all later offers: a program that adopts it keeps it.
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
        let offers = self.in_time(3, |trial, second| {
            let orders = (0..).zip(kinds).map(|(place, (kind, count))| {
                let rest = match kind {
                    // A program that also adopts the tie reads this offer after its rest.
                    Kind::Shorter => rest(first.count) + rest(count),
                    Kind::Cut => rest(count - 1),
                    _ => rest(count),
                };
                let second = second + (WATCH * place).as_secs() as u32;
                Order { kind, count, second, rest, first_nonce: 0, lane: trial.lane() }
            });
            let orders: Vec<_> = orders.collect();
            let make =
                |order: Order| Ok((trial.make(order, Instant::now() + BUDGET / 5)?, order.rest));
            orders.into_iter().map(make).collect::<Result<Vec<_>, _>>()
        })?;
        let mut due = Instant::now();
        for (offer, rest) in offers {
            due = due.max(self.due(&offer, rest));
            let what = named(offer.kind);
            self.send(offer)?;
            self.watch(Instant::now() + WATCH)?;
            self.alive(LIVES, format_args!("after {what}"))?;
        }
        if !first.is_foretold {
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

    /// Waits until the last chain arrives at the other port, too.
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
        let wrong = format!("Its new chain came to port {first}, but not to port {other}.");
        let look = "where you broadcast: to each of 7000, 8000 and 9000 except your own port";
        self.report.fail(BROADCAST, Lesson::new(wrong, look));
        Ok(())
    }
}

/// The command with the port in it.
fn with_port(command: &[String]) -> Vec<String> {
    command.iter().map(|word| word.replace(PLACEHOLDER, &PORT.to_string())).collect()
}

/// How many seconds the program rests after it adopted a chain of `count` blocks.
fn rest(count: usize) -> u32 {
    ((usize::from(PORT) + count) % 3) as u32 + 1
}

/// The first number of blocks from `count` on after which the rest is one second.
fn restful(count: usize) -> usize {
    (count..).find(|count| rest(*count) == 1).expect("every third is")
}
