//! Where the nodes' lines go: each behind its node's name, and on a terminal
//! all searches in one line at the bottom.

use std::env;
use std::io;

use cairn::event::Event;

use super::board::Board;
use crate::cli::lines::{self, Told};
use crate::cli::output::Output;

/// Colours of names, in turn: cyan, yellow, magenta, green, blue, red.
const COLOURS: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// Takes the status line away.
const ERASE: &str = "\r\x1b[K";

/// Standard output, and how it likes its lines.
pub(super) struct Screen {
    output: Output,
    is_terminal: bool,
    is_coloured: bool,
    has_status: bool,
}

impl Screen {
    pub(super) fn new() -> Screen {
        let is_terminal = lines::is_terminal();
        let is_coloured =
            is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Screen { output: Output::standard(), is_terminal, is_coloured, has_status: false }
    }

    /// Shows what a node tells.
    pub(super) fn told(&mut self, port: u16, told: &Told, board: &Board) -> io::Result<()> {
        let is_try = matches!(told.event, Event::Tried { .. });
        let line = told.line();
        // The settings are the same for all and stand at the top already.
        let first = line.lines().next().unwrap_or_default();
        let line = (!is_try || !self.is_terminal).then(|| self.named(port, first, board));
        self.show(line.unwrap_or_default(), board)
    }

    /// Shows on standard error what became of a node.
    pub(super) fn note(&mut self, port: u16, note: &str, board: &Board) -> io::Result<()> {
        self.close()?;
        self.output.note(self.named(port, note, board))?;
        self.show(String::new(), board)
    }

    /// Takes the status line away.
    pub(super) fn close(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.has_status) {
            true => self.output.print(ERASE.to_owned()),
            false => Ok(()),
        }
    }

    /// Shows a last text and waits until it is printed.
    pub(super) fn finish(mut self, text: String) -> io::Result<()> {
        self.close()?;
        self.output.print(text)?;
        self.output.finish()
    }

    /// A line of a node, behind its name.
    fn named(&self, port: u16, line: &str, board: &Board) -> String {
        match self.is_coloured {
            true => {
                let colour = COLOURS[board.place(port) % COLOURS.len()];
                format!("\x1b[{colour}m{port:>5}\x1b[0m  {line}\n")
            }
            false => format!("{port:>5}  {line}\n"),
        }
    }

    /// Prints a text above the status line.
    fn show(&mut self, mut text: String, board: &Board) -> io::Result<()> {
        if self.has_status {
            text.insert_str(0, ERASE);
        }
        if self.is_terminal {
            // Not wrapped at the margin, or the next one could not replace it.
            text += &format!("\x1b[?7l{}\x1b[?7h", board.status());
            self.has_status = true;
        }
        self.output.print(text)
    }
}
