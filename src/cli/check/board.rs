//! `cairn check --board`: a page that shows who passes which exercise.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;

use anyhow::{Context, Result};
use cairn::web::{Board, Pool};

use super::exercises;
use crate::cli::exit::Exit;
use crate::cli::{print, signals};

/// The default port.
const PORT: u16 = 7777;

/// Serves the page until Ctrl-C.
pub(super) fn run(text: &str) -> Result<()> {
    let address = address(text)?;
    let pool = Pool::of_process(0).map_err(Exit::config)?;
    let board =
        Board::open(address, pool, &exercises::NAMES).map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => {
                Exit::in_use(format!("{address} is taken: name another with --board IP:PORT"))
            }
            ErrorKind::AddrNotAvailable => {
                Exit::config(format!("{} is not an address of this machine", address.ip()))
            }
            _ => anyhow::Error::new(error).context(format!("cannot serve a board on {address}")),
        })?;
    let (stop, stopped) = mpsc::channel();
    signals::on_stop(move || {
        // After a second signal there is nothing left to stop.
        let _ = stop.send(());
    })?;
    print::line(format_args!("BOARD http://{}/", board.address()))?;
    if address.ip().is_loopback() {
        print::line(format_args!(
            "  only this machine can see it; for a class give this machine's address in the \
             network, as in --board 192.168.1.10:{PORT}"
        ))?;
    }
    stopped.recv().context("only Ctrl-C can end the board")
}

/// Reads an empty text, `PORT` or `IP:PORT`.
fn address(text: &str) -> Result<SocketAddr> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if text.is_empty() {
        return Ok(at(PORT));
    }
    text.parse().map(at).or_else(|_| text.parse()).map_err(|_| {
        Exit::usage(format!("--board {text}: write PORT or IP:PORT, such as 192.168.1.10:{PORT}"))
    })
}
