//! Where the nodes' lines go: each behind its node's name, and on a terminal
//! all searches in one line at the bottom.

use std::env;
use std::io::{self, Write};

use cairn::event::Line;

use super::board::Board;
use super::children::Sent;
use crate::cli::lines;

/// Colours of names, in turn: cyan, yellow, magenta, green, blue, red.
const COLOURS: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// Standard output, and how it likes its lines.
pub(super) struct Screen {
    names: Vec<String>,
    is_terminal: bool,
    has_status: bool,
}

impl Screen {
    /// A screen for the nodes on these ports.
    pub(super) fn new(ports: &[u16]) -> Screen {
        let is_terminal = lines::is_terminal();
        let is_coloured =
            is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colours = COLOURS.iter().cycle();
        let names = ports.iter().zip(colours).map(|(port, colour)| match is_coloured {
            true => format!("\x1b[{colour}m{port:>5}\x1b[0m"),
            false => format!("{port:>5}"),
        });
        Screen { names: names.collect(), is_terminal, has_status: false }
    }

    /// Shows a line, an error's on standard error.
    pub(super) fn line(&mut self, sent: &Sent, board: &Board) -> io::Result<()> {
        let is_shown = match Line::parse(&sent.line) {
            Some(Line::Tried(_)) => !self.is_terminal,
            // The settings are the same for all and stand at the top already.
            _ => !sent.line.starts_with(' '),
        };
        if is_shown {
            self.close()?;
            let text = format!("{}  {}\n", self.names[sent.index], sent.line);
            match sent.is_error {
                true => io::stderr().write_all(text.as_bytes())?,
                false => io::stdout().write_all(text.as_bytes())?,
            }
        }
        if self.is_terminal {
            // Not wrapped at the margin, or the next one could not replace it.
            write!(io::stdout(), "\r\x1b[?7l{}\x1b[K\x1b[?7h", board.status())?;
            self.has_status = true;
        }
        io::stdout().flush()
    }

    /// Takes the status line away.
    pub(super) fn close(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.has_status) {
            true => io::stdout().write_all(b"\r\x1b[K"),
            false => Ok(()),
        }
    }
}
