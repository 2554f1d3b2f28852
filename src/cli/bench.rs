//! `cairn bench`: how fast this machine mines and checks.

use std::fmt::Write;
use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use cairn::block::{Block, Header, Nonce, Transaction};
use cairn::lanes::{self, LANES};
use cairn::rules::{self, Tip};
use cairn::target::Target;
use cairn::{miner, one_by_one};

use super::print;

/// Measure hash rates and checking on this machine, in about ten seconds
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many threads the last line of each table uses [default: all that there are]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
}

/// How long all measuring takes together.
const MEASURING: Duration = Duration::from_secs(9);

/// How long one measurement of mining takes.
const SPELL: Duration = Duration::from_millis(60);

/// How many tries a spell is made of.
const TRIES: u64 = 1 << 14;

/// Blocks in the chain that is checked.
const BLOCKS: usize = 200_000;

/// No search ends before its range does.
const OUT_OF_REACH: Target = Target::from_zero_bits(255);

/// Any hash will do, so the chain to check need not be mined.
const ANY: Target = Target::from_zero_bits(0);

pub(crate) fn run(args: &Args) -> Result<()> {
    let threads = match args.threads {
        Some(threads) => threads as usize,
        None => thread::available_parallelism().map_or(1, usize::from),
    };
    print::line("Measuring for about ten seconds...")?;
    let chain = chain();
    let mut mining = [0.0; 4];
    let mut checking = [0.0; 3];
    // All in turn and the best of each, so that what else the machine does
    // falls on none of them alone.
    let start = Instant::now();
    while start.elapsed() < MEASURING {
        keep_best(&mut mining, mining_rates(threads));
        keep_best(&mut checking, checking_rates(&chain, threads));
    }
    print::text(report(threads, mining, checking))
}

fn keep_best<const N: usize>(best: &mut [f64; N], rates: [f64; N]) {
    for (best, rate) in best.iter_mut().zip(rates) {
        *best = best.max(rate);
    }
}

/// Hashes a second: plainly, one by one from the midstate, in lanes, and in
/// lanes on all threads.
fn mining_rates(threads: usize) -> [f64; 4] {
    let header = Block::genesis().header;
    let plainly = spell(|counters| {
        black_box(miner::search_plainly(&header, counters, OUT_OF_REACH));
    });
    let midstate = one_by_one::midstate(&header.to_bytes());
    let one_by_one = spell(|counters| {
        let mut words = [0; LANES];
        for batch in counters.step_by(LANES) {
            one_by_one::first_words(&midstate, batch, &mut words);
            black_box(&words);
        }
    });
    let in_lanes = spell(|counters| {
        black_box(miner::search(&header, counters, OUT_OF_REACH));
    });
    let going = AtomicBool::new(false);
    let tries = (in_lanes * threads as f64 * SPELL.as_secs_f64()) as u64;
    let on_threads = rate(tries as f64, || {
        black_box(miner::search_threads(&header, 0..tries, OUT_OF_REACH, threads, &going));
    });
    [plainly, one_by_one, in_lanes, on_threads]
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

/// Blocks a second: plainly, in lanes, and in lanes on all threads.
fn checking_rates(chain: &[u8], threads: usize) -> [f64; 3] {
    let check = |threads| {
        rate(BLOCKS as f64, || {
            black_box(rules::check_on_threads(Tip::START, chain, ANY, threads)).expect("valid");
        })
    };
    let plainly = rate(BLOCKS as f64, || {
        black_box(rules::check_plainly(Tip::START, chain, ANY)).expect("valid");
    });
    [plainly, check(1), check(threads)]
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

fn report(threads: usize, mining: [f64; 4], checking: [f64; 3]) -> String {
    let kernel = lanes::kernel_name();
    let on_threads = match threads {
        1 => "the same on 1 thread".to_owned(),
        _ => format!("the same on {threads} threads"),
    };
    let mut text = String::new();
    let kernels = ["the plain loop", "sha2, one by one, from the midstate", kernel, &on_threads];
    table(&mut text, "Mining: million hashes a second", &kernels, &mining);
    let title = format!("Checking {BLOCKS} blocks: million blocks a second");
    table(&mut text, &title, &["the plain loop", kernel, &on_threads], &checking);
    let rate = mining[3].max(mining[2]);
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
fn table(text: &mut String, title: &str, names: &[&str], rates: &[f64]) {
    writeln!(text, "\n{title}").expect("a String takes all");
    for (name, rate) in names.iter().zip(rates) {
        writeln!(text, "  {name:<38}{:>10.2}{:>7.1}x", rate / 1e6, rate / rates[0])
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
        let text = report(2, [5e6, 10e6, 40e6, 65.536e6], [10e6, 20e6, 40e6]);
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
