//! `cairn bench`: how fast this machine mines and checks.

mod report;
mod measure;
#[cfg(feature = "console")]
mod json;
#[cfg(not(feature = "console"))]
#[path = "json_absent.rs"]
mod json;
#[cfg(all(feature = "fast", target_arch = "x86_64"))]
mod processor;
#[cfg(not(all(feature = "fast", target_arch = "x86_64")))]
#[path = "processor_unknown.rs"]
mod processor;

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::Result;
use cairn::target::Target;

use self::measure::{chain, checking_rates, mining_rates};
use self::report::{BLOCKS, Rates, Report};
use super::{print, threads};

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn bench                                    this machine, as it is
  cairn bench --threads 4                        on four threads
  cairn bench --json                             for programs";

/// Measure hash rates and checking on this machine, in about ten seconds
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many threads the last line of each table uses [default: all]
    #[arg(long, value_name = "COUNT", value_parser = threads::parse)]
    threads: Option<usize>,
    /// Print the measurements as a line of JSON
    #[arg(long)]
    json: bool,
}

/// How long all measurements take together.
const MEASURING: Duration = Duration::from_secs(9);

pub(crate) fn run(args: &Args) -> Result<()> {
    let show = if args.json { json::printer()? } else { show };
    if !args.json {
        print::line("Measuring for about ten seconds...")?;
    }
    show(&measure(args.threads.unwrap_or_else(threads::all)))
}

fn measure(threads: usize) -> Report {
    let chain = chain();
    let clock = processor::clock();
    let (mut mining, mut checking) = (Rates::new(), Rates::new());
    // All in turn and the best of each, so that other programs on the machine do not
    // disturb only one of them.
    let start = Instant::now();
    while start.elapsed() < MEASURING {
        keep_best(&mut mining, mining_rates(threads));
        keep_best(&mut checking, checking_rates(&chain, threads));
    }
    let limit = clock.and_then(processor::limit);
    Report { processor: processor::name(), clock, mining, limit, checking }
}

fn keep_best(best: &mut Rates, rates: Rates) {
    if best.is_empty() {
        *best = rates;
        return;
    }
    for ((_, best), (_, rate)) in best.iter_mut().zip(rates) {
        *best = best.max(rate);
    }
}

fn show(report: &Report) -> Result<()> {
    print::text(text(report))
}

fn text(report: &Report) -> String {
    let mut text = format!("\nProcessor: {}", report.processor);
    if let Some(clock) = report.clock {
        write!(text, ", {:.2} GHz as measured", clock / 1e9).expect("a String takes all");
    }
    text += "\n";
    let mut mining = report.mining.clone();
    if let Some(limit) = report.limit {
        mining.push(("the limit of a thread's AVX-512".to_owned(), limit));
    }
    table(&mut text, "Mining: million hashes a second", &mining);
    let title = format!("Checking {BLOCKS} blocks: million blocks a second");
    table(&mut text, &title, &report.checking);
    let rate = report.mining.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    writeln!(text, "\nA block takes on average, at {:.1} million hashes a second", rate / 1e6)
        .expect("a String takes all");
    for zero_bits in [16, 20, 24, 32] {
        let target = Target::from_zero_bits(zero_bits);
        let time = seconds(target.expected_tries() / rate);
        writeln!(text, "  {:<38}{time:>10}", target.to_string()).expect("a String takes all");
    }
    text
}

/// A line for each rate, with its ratio to the first.
fn table(text: &mut String, title: &str, rates: &Rates) {
    writeln!(text, "\n{title}").expect("a String takes all");
    for (name, rate) in rates {
        writeln!(text, "  {name:<38}{:>10.2}{:>7.1}x", rate / 1e6, rate / rates[0].1)
            .expect("a String takes all");
    }
}

/// A time for people: three digits and a suitable unit.
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
    use super::measure::on_threads;
    use super::report::PLAINLY;
    use super::*;

    #[test]
    fn the_report_has_a_line_for_each_measurement() {
        let plainly = |rate| (PLAINLY.to_owned(), rate);
        let text = text(&Report {
            processor: "a processor".to_owned(),
            clock: Some(3.67e9),
            mining: vec![plainly(5e6), ("vectors".to_owned(), 40e6), (on_threads(2), 65.536e6)],
            limit: Some(50e6),
            checking: vec![plainly(10e6), (on_threads(2), 40e6)],
        });
        for line in [
            "  the plain loop                              5.00    1.0x",
            "Processor: a processor, 3.67 GHz as measured",
            "  the same on 2 threads                      65.54   13.1x",
            "  the limit of a thread's AVX-512            50.00   10.0x",
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
