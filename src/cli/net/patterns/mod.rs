//! `cairn net patterns`: measures how messages and blocks spread among strangers.

mod row;
mod cluster;
mod messages;
mod blocks;

use anyhow::Result;

use self::cluster::{Cluster, Shape};
use self::row::Row;
use crate::cli::print;

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn net patterns                     thirty nodes on this machine, a table
  cairn net patterns --nodes 10 --json   ten, a line of JSON for each pattern";

/// Measure how messages and blocks spread in a network of strangers on this machine
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// How many nodes: each has two threads
    #[arg(long, value_name = "COUNT", default_value_t = 30,
          value_parser = clap::value_parser!(u16).range(4..=100))]
    nodes: u16,
    /// The seed of all random choices
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Print each pattern as a line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let count = usize::from(args.nodes);
    let tell = |row: Row| print::line(if args.json { row.json() } else { row.text() });
    if !args.json {
        print::text(format!("{count} nodes on this machine, blocks without work\n"))?;
        print::line(row::HEAD)?;
    }
    let mut line = Cluster::start(count, Shape::Line, args.seed)?;
    tell(messages::chain(&mut line)?)?;
    let blocks_on_line = blocks::one_by_one(&mut line, "line")?;
    line.end();
    let mut mesh = Cluster::start(count, Shape::Mesh, args.seed)?;
    tell(messages::broadcast(&mut mesh)?)?;
    tell(messages::pairs(&mut mesh)?)?;
    tell(messages::groups(&mut mesh)?)?;
    tell(blocks_on_line)?;
    tell(blocks::one_by_one(&mut mesh, "flood")?)?;
    tell(blocks::load(&mut mesh)?)?;
    tell(blocks::parted(&mut mesh)?)?;
    mesh.end();
    Ok(())
}
