//! `cairn sim`: a whole network in one thread, under a virtual clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use cairn::config::parse_duration;
use cairn::event::as_flag;
use cairn::sim::{Failure, Faults, Partition, Scenario};

use super::exit::Exit;
use super::print;
use super::record::{RecordFlag, SimRecord};
use super::show::PageFlag;

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn sim --seed 1                             an hour of seven nodes, in a second
  cairn sim --partition 10m --page               a network split in halves, on the page
  cairn sim --seed 1 --trace | less              every step of it
  cairn sim --seeds 800                          eight hundred hours";

/// Simulate a network with a virtual clock and every kind of fault
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The seed of all random choices: the same seed gives the same steps
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How many honest nodes
    #[arg(long, value_name = "COUNT", default_value_t = 7,
          value_parser = clap::value_parser!(u16).range(2..=1000))]
    nodes: u16,
    /// How long, in virtual time
    #[arg(long, value_name = "HOURS", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    hours: u16,
    /// No faults, except those of other flags
    #[arg(long)]
    calm: bool,
    /// Lose this percentage of the datagrams, and nothing else goes wrong
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=90))]
    loss: Option<u8>,
    /// Split the network in halves for this long, and nothing else goes wrong
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    partition: Option<Duration>,
    /// Print every step
    #[arg(long)]
    trace: bool,
    /// Run this many seeds from --seed on, on all processors, and print the sums
    #[arg(long, value_name = "COUNT", conflicts_with = "trace",
          value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    #[command(flatten)]
    record: RecordFlag,
    #[command(flatten)]
    page: PageFlag,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let longest = scenario(args, args.seed).max_partition();
    if args.partition.is_some_and(|time| time > longest) {
        return Err(Exit::usage(format!(
            "--partition: it begins after a minute and must end before the last quarter of the \
             run; write at most {}, or more --hours",
            as_flag(longest)
        )));
    }
    let is_recorded = args.record.is_given() || args.page.is_given();
    if is_recorded && (args.trace || args.seeds.is_some()) {
        return Err(Exit::usage("--record and --page are for one run, without --trace or --seeds"));
    }
    match args.seeds {
        Some(count) => campaign(args, count),
        None if is_recorded => recorded(args),
        None => traced(args),
    }
}

/// Runs one seed and records it, for a file or for the page.
fn recorded(args: &Args) -> Result<()> {
    let mut record = SimRecord::new();
    let scenario = scenario(args, args.seed);
    let outcome = scenario.run_watched(None, Some(&mut |time, sight| record.see(time, sight)));
    let bytes = record.end(scenario.duration);
    args.record.write_whole(&bytes)?;
    print::line(outcome.map_err(|failure| anyhow!("{}", told(args, &failure)))?)?;
    args.page.serve(bytes)
}

/// Runs one seed, and prints its steps if wanted.
fn traced(args: &Args) -> Result<()> {
    let mut steps = Vec::new();
    let mut printed = Ok(());
    let mut step = |line: &str| {
        steps.push(line.to_owned());
        if steps.len() == STEPS_AT_ONCE && printed.is_ok() {
            printed = print::line(steps.join("\n"));
            steps.clear();
        }
    };
    let outcome = scenario(args, args.seed).run(args.trace.then_some(&mut step));
    printed?;
    if !steps.is_empty() {
        print::line(steps.join("\n"))?;
    }
    print::line(outcome.map_err(|failure| anyhow!("{}", told(args, &failure)))?)
}

/// A failure, and the command that shows its steps.
fn told(args: &Args, failure: &Failure) -> String {
    format!("{failure}; see it with {} --trace", command(args, failure.seed))
}

/// The command that runs one seed with these flags.
fn command(args: &Args, seed: u64) -> String {
    let mut command = format!("cairn sim --seed {seed} --nodes {}", args.nodes);
    let flags = [
        Some(format!(" --hours {}", args.hours)),
        args.calm.then(|| " --calm".to_owned()),
        args.loss.map(|percent| format!(" --loss {percent}")),
        args.partition.map(|time| format!(" --partition {}", as_flag(time))),
    ];
    command.extend(flags.into_iter().flatten());
    command
}

/// Steps that are written at once: there are hundreds of thousands.
const STEPS_AT_ONCE: usize = 1_000;

fn scenario(args: &Args, seed: u64) -> Scenario {
    let mut scenario = Scenario::campaign(seed);
    scenario.nodes = args.nodes.into();
    scenario.duration = Duration::from_secs(60 * 60) * args.hours.into();
    if args.calm || args.loss.is_some() || args.partition.is_some() {
        scenario.faults = Faults {
            loss: u32::from(args.loss.unwrap_or(0)) * 10,
            partition: args.partition.map(Partition::Halves),
            ..Faults::default()
        };
    }
    scenario
}

/// Runs many seeds, a thread for each processor, or fewer if the system gives no more.
fn campaign(args: &Args, count: u64) -> Result<()> {
    if args.seed.checked_add(count - 1).is_none() {
        return Err(Exit::usage(
            "--seeds: write fewer, or a smaller --seed: seeds end at 18446744073709551615",
        ));
    }
    let next = AtomicU64::new(0);
    let work = || {
        let mut outcomes = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return outcomes;
            }
            outcomes.push(scenario(args, args.seed + index).run(None));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let outcomes: Vec<_> = thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads).map_while(start).collect();
        let own = work();
        others.into_iter().flat_map(|other| other.join().expect("no panic")).chain(own).collect()
    });
    let (reports, failures): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    for failure in failures.iter().filter_map(|failure| failure.as_ref().err()) {
        print::line(told(args, failure))?;
    }
    let reports: Vec<_> = reports.into_iter().flatten().collect();
    let sum = |count: fn(&cairn::sim::Report) -> u64| reports.iter().map(count).sum::<u64>();
    print::line(format_args!(
        "{} seeds as they should be, {} not; {} blocks, {} forks, {} reorganisations, {} crashes; \
         the last agreement came {:.1} s after the last fault",
        reports.len(),
        failures.len(),
        sum(|report| report.made as u64),
        sum(|report| report.forks as u64),
        sum(|report| report.counts.reorganisations),
        sum(|report| report.counts.kills + report.counts.power_failures),
        reports.iter().filter_map(|report| report.agreed).max().unwrap_or_default().as_secs_f64(),
    ))?;
    match failures.is_empty() {
        true => Ok(()),
        false => bail!("{} of {count} seeds failed", failures.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Sim {
        #[command(flatten)]
        args: Args,
    }

    fn args(command: &str) -> Args {
        let words = command.strip_prefix("cairn ").expect("a command of ours").split(' ');
        Sim::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).args
    }

    #[test]
    fn a_failing_seed_is_told_with_all_flags_that_it_takes_to_see_it() {
        for command in [
            "cairn sim",
            "cairn sim --nodes 3 --hours 2 --seeds 9",
            "cairn sim --calm",
            "cairn sim --loss 1 --partition 1500ms --seed 4",
        ] {
            let args = args(command);
            let failure = Failure { seed: 7, time: Duration::from_secs(1), what: "why".into() };
            let told = told(&args, &failure);
            let hint = told.strip_prefix("seed 7 at 1 s: why; see it with ").expect("a hint");
            let shown = self::args(hint);
            assert!(shown.trace && shown.seeds.is_none(), "{hint}");
            assert_eq!(scenario(&shown, shown.seed), scenario(&args, 7), "{hint}");
        }
    }
}
