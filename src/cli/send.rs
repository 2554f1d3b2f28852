//! `cairn send`: any bytes to a node.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context, Result};
use cairn::udp::bind_socket;
use cairn::wire::MAX_DATAGRAM_LEN;

use super::address::resolve;
use super::exit::Exit;
use super::{input, print};

/// The end of its help.
const EXAMPLES: &str = "\
Examples:
  cairn send 7000.chain --to 8000                a chain, to the node on port 8000
  cairn send 1b5805 --to 7000                    three bytes, as a basic node sends them";

/// Send any bytes to a node, as one datagram
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Hexadecimal digits, a file, or - for standard input
    #[arg(value_name = "HEX|FILE")]
    input: Option<String>,
    /// The node, as HOST:PORT, or a port of 127.0.0.1
    #[arg(long, value_name = "ADDR")]
    to: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let to = match args.to.parse::<u16>() {
        Ok(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        Err(_) => resolve("--to", &args.to, None)?,
    };
    let bytes = input::bytes(args.input.as_deref())?;
    if bytes.len() > MAX_DATAGRAM_LEN {
        let len = bytes.len();
        return Err(Exit::usage(format!(
            "{len} bytes do not fit in a datagram, which holds {MAX_DATAGRAM_LEN}"
        )));
    }
    let any: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = bind_socket(any, 0).context("cannot open a socket")?;
    socket.send_to(&bytes, to).with_context(|| format!("cannot send to {to}"))?;
    let plural = if bytes.len() == 1 { "" } else { "s" };
    print::line(format_args!("sent {} byte{plural} to {to}", bytes.len()))
}
