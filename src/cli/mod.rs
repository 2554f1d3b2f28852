//! The command line: the shared parts first, then a file for each command.

mod exit;
mod print;
mod input;
mod lines;
mod output;
mod address;
mod keeper;
mod variables;

#[cfg(feature = "console")]
mod columns;
#[cfg(feature = "console")]
mod json;
#[cfg(feature = "console")]
mod progress;
#[cfg(feature = "console")]
mod record;
#[cfg(feature = "console")]
mod signals;
#[cfg(feature = "fast")]
mod threads;
#[cfg(feature = "web")]
mod http;

// Without a feature, the same names report that it is missing, or do without it.
#[cfg(not(feature = "console"))]
#[path = "columns_absent.rs"]
mod columns;
#[cfg(not(feature = "console"))]
#[path = "json_absent.rs"]
mod json;
#[cfg(not(feature = "console"))]
#[path = "progress_absent.rs"]
mod progress;
#[cfg(not(feature = "console"))]
#[path = "record_absent.rs"]
mod record;
#[cfg(not(feature = "console"))]
#[path = "signals_absent.rs"]
mod signals;
#[cfg(not(feature = "fast"))]
#[path = "threads_absent.rs"]
mod threads;
#[cfg(not(feature = "web"))]
#[path = "http_absent.rs"]
mod http;

#[cfg(feature = "web")]
mod audience;
#[cfg(not(feature = "web"))]
#[path = "audience_absent.rs"]
mod audience;
#[cfg(feature = "web")]
mod show;
#[cfg(not(feature = "web"))]
#[path = "show_absent.rs"]
mod show;

#[cfg(any(feature = "net", feature = "top"))]
mod ask;
#[cfg(feature = "client")]
mod health;
#[cfg(not(feature = "client"))]
#[path = "health_absent.rs"]
mod health;
#[cfg(feature = "top")]
mod top;
#[cfg(not(feature = "top"))]
#[path = "top_absent.rs"]
mod top;
#[cfg(feature = "manual")]
mod manual;
#[cfg(not(feature = "manual"))]
#[path = "manual_absent.rs"]
mod manual;

mod pace;
mod drive;
mod node;
mod up;
#[cfg(feature = "net")]
mod net;
#[cfg(not(feature = "net"))]
#[path = "net_absent.rs"]
mod net;
mod mine;
mod block;
mod chain;
mod break_rule;
mod send;
mod sim;
mod bench;
#[cfg(all(unix, feature = "console"))]
mod check;
#[cfg(not(all(unix, feature = "console")))]
#[path = "check_absent.rs"]
mod check;

use std::process::ExitCode;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::exit::Exit;

/// What `cairn` alone prints.
const EXAMPLES: &str = "\
Cairn: a toy proof-of-work blockchain network to run, read, break and measure.

  cairn up                                  three nodes mine, broadcast and agree
  cairn node 7000                           one node; start 8000 and 9000 in other terminals
  cairn mine --timestamp 1634700600         search for the block after genesis
  cairn block                               the genesis block's 75 bytes, field by field
  cairn break proof-of-work | cairn chain   see a rule refuse, with its name

cairn help lists all commands, cairn help COMMAND explains one.
";

/// A toy proof-of-work blockchain network.
#[derive(Parser)]
#[command(name = "cairn", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Args),
    Node(node::Args),
    Net(Box<net::Args>),
    Mine(mine::Args),
    Block(block::Args),
    Chain(chain::Args),
    Break(break_rule::Args),
    Send(send::Args),
    Sim(sim::Args),
    Bench(bench::Args),
    Check(check::Args),
    Health(health::Args),
    Top(top::Args),
    Man(manual::ManArgs),
    Completions(manual::CompletionsArgs),
}

/// Runs the command that the process was started with.
pub(crate) fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

fn run() -> Result<()> {
    let command = match parse() {
        Ok(cli) => cli.command,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => return print::text(&error),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => return print::text(&error),
        Err(error) => return Err(Exit::usage(in_one_line(&error.to_string()))),
    };
    match command {
        None => print::text(EXAMPLES),
        Some(Command::Up(args)) => up::run(args),
        Some(Command::Node(args)) => node::run(args),
        Some(Command::Net(args)) => net::run(*args),
        Some(Command::Mine(args)) => mine::run(&args),
        Some(Command::Block(args)) => block::run(&args),
        Some(Command::Chain(args)) => chain::run(&args),
        Some(Command::Break(args)) => break_rule::run(&args),
        Some(Command::Send(args)) => send::run(&args),
        Some(Command::Sim(args)) => sim::run(&args),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Health(args)) => health::run(&args),
        Some(Command::Top(args)) => top::run(&args),
        Some(Command::Man(args)) => manual::man(&args, Cli::command()),
        Some(Command::Completions(args)) => manual::completions(&args, Cli::command()),
    }
}

/// Reads the command line. A negative number counts as a value, so its flag refuses it, and
/// the error has no tip to write `-- -1`.
fn parse() -> Result<Cli, clap::Error> {
    let negative = |arg: Arg| match arg.get_action().takes_values() {
        true => arg.allow_negative_numbers(true),
        false => arg,
    };
    let command = variables::with_variables(Cli::command());
    let command = command.mut_subcommands(|command| command.mut_args(negative));
    Cli::from_arg_matches(&command.try_get_matches()?)
}

/// Joins a message of several paragraphs into a line.
fn in_one_line(message: &str) -> String {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message = message.split("For more information").next().unwrap_or(message);
    let paragraphs = message.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>());
    let sentences = paragraphs.map(|words| words.join(" ")).filter(|words| !words.is_empty());
    sentences.collect::<Vec<_>>().join("; ")
}
