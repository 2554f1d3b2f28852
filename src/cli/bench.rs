//! `cairn bench`: how fast this machine mines and checks.

use std::fmt::Write;
use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Result;
use cairn::block::{Block, Header, Nonce, Transaction};
use cairn::fast;
use cairn::miner;
use cairn::rules::{self, Invalid, Tip};
use cairn::target::Target;

use super::{print, threads};

/// Measure hash rates and checking on this machine, in about ten seconds
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many threads the last line of each table uses [default: all that there are]
    #[arg(long, value_name = "COUNT", value_parser = threads::parse)]
    threads: Option<usize>,
}

/// How long all measuring takes together.
const MEASURING: Duration = Duration::from_secs(9);

/// How long one measurement of mining takes.
const SPELL: Duration = Duration::from_millis(60);

/// How many tries a spell is made of.
const TRIES: u64 = 1 << 14;

/// Blocks in the chain that is checked.
const BLOCKS: usize = 200_000;

/// How the rates that all others are compared with are named.
const PLAINLY: &str = "the plain loop";

/// No search ends before its range does.
const OUT_OF_REACH: Target = Target::from_zero_bits(255);

/// Any hash will do, so the chain to check need not be mined.
const ANY: Target = Target::from_zero_bits(0);

pub(crate) fn run(args: &Args) -> Result<()> {
    let threads = args.threads.unwrap_or_else(threads::all);
    print::line("Measuring for about ten seconds...")?;
    let chain = chain();
    let mut mining = Rates::new();
    let mut checking = Rates::new();
    // All in turn and the best of each, so that what else the machine does
    // falls on none of them alone.
    let start = Instant::now();
    while start.elapsed() < MEASURING {
        keep_best(&mut mining, mining_rates(threads));
        keep_best(&mut checking, checking_rates(&chain, threads));
    }
    print::text(report(&mining, &checking))
}

/// What was measured, in order, and its rate a second.
type Rates = Vec<(String, f64)>;

fn keep_best(best: &mut Rates, rates: Rates) {
    if best.is_empty() {
        *best = rates;
        return;
    }
    for ((_, best), (_, rate)) in best.iter_mut().zip(rates) {
        *best = best.max(rate);
    }
}

/// Hashes a second: plainly, by each kernel, and on all threads.
fn mining_rates(threads: usize) -> Rates {
    let header = Block::genesis().header;
    let plainly = spell(|counters| {
        black_box(miner::search(&header, counters, OUT_OF_REACH));
    });
    let mut rates = vec![(PLAINLY.to_owned(), plainly)];
    for kernel in fast::kernels() {
        let rate = spell(|counters| {
            black_box(fast::search_by(kernel, &header, counters, OUT_OF_REACH));
        });
        rates.push((kernel.name().to_owned(), rate));
    }
    let going = AtomicBool::new(false);
    let alone = rates.last().map_or(plainly, |(_, rate)| *rate);
    let tries = (alone * threads as f64 * SPELL.as_secs_f64()) as u64;
    let rate = rate(tries as f64, || {
        black_box(fast::search_on_threads(&header, 0..tries, OUT_OF_REACH, threads, &going));
    });
    rates.push((on_threads(threads), rate));
    rates
}

/// Tries a second of a search over ranges of [`TRIES`], repeated for a [`SPELL`].
fn spell(mut search: impl FnMut(Range<u64>)) -> f64 {
    let start = Instant::now();
    let mut tried = 0;
    while start.elapsed() < SPELL {
        search(tried..tried + TRIES);
        tried += TRIES;
    }
    tried as f64 / start.elapsed().as_secs_f64()
}

/// Blocks a second: plainly, by each kernel, and on all threads.
fn checking_rates(chain: &[u8], threads: usize) -> Rates {
    let measure = |check: &dyn Fn() -> Result<Tip, Invalid>| {
        rate(BLOCKS as f64, || {
            black_box(check()).expect("valid");
        })
    };
    let plainly = measure(&|| rules::check(Tip::START, chain, ANY));
    let mut rates = vec![(PLAINLY.to_owned(), plainly)];
    for kernel in fast::kernels() {
        let rate = measure(&|| fast::check_by(kernel, Tip::START, chain, ANY));
        rates.push((kernel.name().to_owned(), rate));
    }
    let rate = measure(&|| fast::check_on_threads(Tip::START, chain, ANY, threads));
    rates.push((on_threads(threads), rate));
    rates
}

/// How the rate on threads is named.
fn on_threads(threads: usize) -> String {
    match threads {
        1 => "the same on 1 thread".to_owned(),
        _ => format!("the same on {threads} threads"),
    }
}

fn rate(items: f64, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    items / start.elapsed().as_secs_f64()
}

/// A chain that nobody mined.
fn chain() -> Vec<u8> {
    let mut bytes = Block::genesis().to_bytes().to_vec();
    let mut previous = Block::genesis().hash();
    for height in 1..BLOCKS as u64 {
        let timestamp = 1_634_700_000 + height as u32 * 20;
        let header = Header { previous, timestamp, nonce: Nonce::in_lane(height, 0) };
        previous = header.hash();
        bytes.extend_from_slice(&Block { header, reward: Transaction::reward(7000) }.to_bytes());
    }
    bytes
}

fn report(mining: &Rates, checking: &Rates) -> String {
    let mut text = String::new();
    table(&mut text, "Mining: million hashes a second", mining);
    table(&mut text, &format!("Checking {BLOCKS} blocks: million blocks a second"), checking);
    let rate = mining.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    writeln!(text, "\nA block takes on average, at {:.1} million hashes a second", rate / 1e6)
        .expect("a String takes all");
    for zero_bits in [16, 20, 24, 32] {
        let target = Target::from_zero_bits(zero_bits);
        let time = seconds(target.expected_tries() / rate);
        writeln!(text, "  {:<38}{time:>10}", target.to_string()).expect("a String takes all");
    }
    text
}

/// A line for each rate, with how many times the first it is.
fn table(text: &mut String, title: &str, rates: &Rates) {
    writeln!(text, "\n{title}").expect("a String takes all");
    for (name, rate) in rates {
        writeln!(text, "  {name:<38}{:>10.2}{:>7.1}x", rate / 1e6, rate / rates[0].1)
            .expect("a String takes all");
    }
}

/// A time for people: three digits and a unit that suits them.
fn seconds(seconds: f64) -> String {
    let (time, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "us"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s if s < 120.0 => (s, "s"),
        s if s < 7200.0 => (s / 60.0, "min"),
        s => (s / 3600.0, "h"),
    };
    let decimals = if time < 10.0 { 2 } else { usize::from(time < 100.0) };
    format!("{time:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_a_line_for_each_measurement() {
        let plainly = |rate| (PLAINLY.to_owned(), rate);
        let text = report(
            &vec![plainly(5e6), ("vectors".to_owned(), 40e6), (on_threads(2), 65.536e6)],
            &vec![plainly(10e6), (on_threads(2), 40e6)],
        );
        for line in [
            "  the plain loop                              5.00    1.0x",
            "  the same on 2 threads                      65.54   13.1x",
            "A block takes on average, at 65.5 million hashes a second",
            "  16 zero bits                             1.00 ms",
            "  32 zero bits                              65.5 s",
        ] {
            assert!(text.lines().any(|found| found == line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn times_have_three_digits_and_a_unit_that_suits_them() {
        let texts = [5e-5, 0.00123, 0.25, 7.5, 71.58, 600.0, 36_000.0].map(seconds);
        assert_eq!(
            texts,
            ["50.0 us", "1.23 ms", "250 ms", "7.50 s", "71.6 s", "10.0 min", "10.0 h"]
        );
    }
}
