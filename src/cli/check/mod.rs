//! `cairn check`: exercises that check themselves, for programs in any language.

mod family;
mod guardian;
mod program;
mod report;
mod terms;
mod hints;
mod answers;
mod blocks;
mod chains;
mod tips;
mod offers;
mod tasks;
mod lessons;
mod judge;
mod pace;
mod ground;
mod trial;
mod nodes;
mod exercises;
mod json;
#[cfg(feature = "client")]
mod post;
#[cfg(not(feature = "client"))]
#[path = "post_absent.rs"]
mod post;
#[cfg(feature = "web")]
mod board;
#[cfg(not(feature = "web"))]
#[path = "board_absent.rs"]
mod board;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow};
use cairn::config::parse_duration;

use self::exercises::Exercise;
use self::report::Report;
use self::terms::Terms;
use super::exit::Exit;
use super::{print, signals};

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn check                                    the exercises, and what a program must do
  cairn check 1.1 -- python3 blocks.py {block}
  cairn check 1.3 -- python3 node.py {port}      a node, tested over UDP
  cairn check 1.3 -- cargo run --release -- {port}
  cairn check 1.3 --json -- ./node {port}        for programs
  cairn check --board 192.168.1.10:7777          a page for a class: who passes which exercise
  cairn check 1.3 --report http://192.168.1.10:7777 --name Ada -- ./node {port}

The exit code is 0 if no task failed, 1 if one failed, and 2 if the command line is wrong.
When the checker ends, it also ends the program.";

/// Test your own program against an exercise
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The exercise: 1.1, 1.2 or 1.3 [default: list them]
    #[arg(value_name = "EXERCISE")]
    exercise: Option<String>,
    /// The program and its arguments, with {block}, {chain} or {port} in place of the question
    #[arg(value_name = "PROGRAM", last = true)]
    command: Vec<String>,
    /// Print the result as a line of JSON
    #[arg(long)]
    json: bool,
    /// The node's IP address [default: an unused one in 127.0.0.0/8]
    #[arg(long, value_name = "IP")]
    ip: Option<IpAddr>,
    /// How many nonces the node tries in a turn
    #[arg(long, value_name = "COUNT", default_value_t = 1_000,
          value_parser = clap::value_parser!(u64).range(1..))]
    nonces: u64,
    /// The longest to wait for a block or an answer
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_duration)]
    patience: Duration,
    /// Report the result to the board at this URL
    #[arg(long, value_name = "URL", requires = "name")]
    report: Option<String>,
    /// Your name on the board
    #[arg(long, value_name = "NAME", requires = "report")]
    name: Option<String>,
    /// Serve a page that shows who passes which exercise, until Ctrl-C [default: 127.0.0.1:7777]
    #[arg(long, value_name = "PORT|IP:PORT", num_args = 0..=1, default_missing_value = "",
          conflicts_with_all = ["exercise", "command", "report"])]
    board: Option<String>,
    /// The checker starts this; it ends the program with the checker
    #[arg(long, hide = true)]
    guardian: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.guardian {
        return guardian::run(&args.command);
    }
    if let Some(address) = &args.board {
        return board::run(address);
    }
    let Some(name) = &args.exercise else {
        return print::text(exercises::list());
    };
    let exercise = exercises::find(name).ok_or_else(|| {
        Exit::usage(format!("{name:?} is not an exercise: type cairn check to see them"))
    })?;
    demand_placeholder(exercise, &args.command)?;
    // Report before the check, too, so that a wrong name or address is noticed at once.
    tell_board(args, &exercise.untried())?;
    let report = check(exercise, args)?;
    match args.json {
        true => print::line(json::line(&report, &args.command))?,
        false => print::text(&report)?,
    }
    tell_board(args, &report)?;
    verdict(&report, args.json)
}

fn tell_board(args: &Args, report: &Report) -> Result<()> {
    match (&args.report, &args.name) {
        (Some(url), Some(name)) => post::post(url, name, report),
        _ => Ok(()),
    }
}

fn demand_placeholder(exercise: &Exercise, command: &[String]) -> Result<()> {
    let Exercise { name, placeholder, .. } = exercise;
    if command.is_empty() {
        return Err(Exit::usage(format!(
            "no program given: type cairn check {name} -- ./program {placeholder}"
        )));
    }
    if !command.iter().any(|word| word.contains(placeholder)) {
        return Err(Exit::usage(format!(
            "the program must get the question: write {placeholder} in its place, as in \
             cairn check {name} -- {} {placeholder}",
            command.join(" ")
        )));
    }
    Ok(())
}

fn check(exercise: &Exercise, args: &Args) -> Result<Report> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    signals::on_stop(move || stopped.store(true, Ordering::Relaxed))?;
    let terms = Terms {
        command: &args.command,
        ip: args.ip,
        nonces: args.nonces,
        patience: args.patience,
        is_told: !args.json,
        stop: &stop,
    };
    (exercise.check)(&terms)
}

/// The last line, or the error that ends the program with 1.
fn verdict(report: &Report, is_json: bool) -> Result<()> {
    let (passed, count) = (report.passed(), report.tasks.len());
    if !report.is_good() {
        let failed = report.failed();
        return Err(anyhow!("{passed} of {count} tasks passed, {failed} failed"));
    }
    match is_json {
        true => Ok(()),
        false => print::line(format_args!("passed: {passed} of {count} tasks")),
    }
}
