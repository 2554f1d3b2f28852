//! Where the nodes' lines go: each behind its node's name, and on a terminal
//! all searches in one line at the bottom.

use std::env;
use std::io;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use cairn::event::Event;

use super::board::Board;
use super::look;
use super::opening::Opening;
use super::story::News;
use super::summary::{status, summary};
use crate::cli::audience::Show;
use crate::cli::columns::columns;
use crate::cli::json::{self, NamedPrinter};
use crate::cli::lines::{self, Told};
use crate::cli::output::Output;

/// Takes the status line away.
const ERASE: &str = "\r\x1b[K";

/// The `^C` that a terminal writes behind the status line needs this room, or it
/// would stay on a line of its own.
const ROOM_FOR_CTRL_C: usize = 3;

/// What is shown of a network.
#[derive(clap::Args)]
pub(super) struct Style {
    /// Show whole hashes, not their first 8 digits
    #[arg(long)]
    full: bool,
    /// Show only blocks, forks and the end
    #[arg(long, conflicts_with_all = ["full", "json"])]
    quiet: bool,
    /// Print each event as a line of JSON, with the name of its node
    #[arg(long, conflicts_with = "full")]
    json: bool,
}

/// Standard output, and how it likes its lines.
pub(super) struct Screen {
    output: Output,
    is_full: bool,
    is_quiet: bool,
    /// Prints JSON instead of lines for people.
    json: Option<NamedPrinter>,
    is_terminal: bool,
    is_coloured: bool,
    has_status: bool,
    opening: Opening,
    /// Where the page is.
    page: Option<String>,
}

impl Screen {
    /// # Errors
    /// This program was built without JSON, and it is wanted.
    pub(super) fn new(style: &Style, page: Option<String>) -> Result<Screen> {
        let json = if style.json { Some(json::named_printer()?) } else { None };
        let is_terminal = lines::is_terminal() && json.is_none();
        let is_coloured =
            is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Ok(Screen {
            output: Output::standard().context("cannot start a thread to print on")?,
            is_full: style.full,
            is_quiet: style.quiet,
            json,
            is_terminal,
            is_coloured,
            has_status: false,
            opening: Opening::default(),
            page,
        })
    }

    /// Shows what stands above all else: where the page is, where an audience looks, and
    /// this text.
    pub(super) fn head(&mut self, text: String, audience: Option<&Show>) -> io::Result<()> {
        let page = self.page.iter().map(|url| format!("PAGE {url}\n")).collect::<String>();
        let audience = audience.map(|show| show.text(self.is_terminal)).unwrap_or_default();
        self.aside(page + &audience + &text)
    }

    /// Shows what the node at this address tells.
    pub(super) fn told(&mut self, node: SocketAddr, told: &Told, board: &Board) -> io::Result<()> {
        if let Some(json) = &self.json {
            return self.output.print(json(&node.to_string(), told));
        }
        let text = self.text(node.port(), told, board);
        self.show(text, board)
    }

    /// Shows a sentence about the network.
    pub(super) fn news(&mut self, news: &News, board: &Board) -> io::Result<()> {
        match self.json {
            Some(_) => Ok(()),
            None => self.show(look::headed(news.kind, &news.sentence, self.is_coloured), board),
        }
    }

    /// Shows on standard error what became of a node.
    pub(super) fn note(&mut self, port: u16, note: &str, board: &Board) -> io::Result<()> {
        self.close()?;
        self.output.note(self.named(port, note, board))?;
        self.show(String::new(), board)
    }

    /// Shows what came of it all, and waits until it is printed.
    pub(super) fn finish(mut self, board: &Board) -> io::Result<()> {
        self.close()?;
        let page = self.page.iter().map(|url| {
            format!("The page was at {url}: open it while a network runs, and press Demo: fork.\n")
        });
        let page = page.collect::<String>();
        let summary = summary(board);
        let lines = summary.lines().map(|line| look::line(line, self.is_full, self.is_coloured));
        self.aside(lines.collect::<String>() + &page)?;
        self.output.finish()
    }

    /// What is to be printed of what a node tells; it may be nothing.
    fn text(&mut self, port: u16, told: &Told, board: &Board) -> String {
        let is_wanted = match told.event {
            // They are in the status line; in a pipe they would flood all else.
            Event::Tried { .. } => false,
            // All nodes tell the same, and it is told once for all.
            Event::Links { .. } | Event::Paced { .. } => false,
            Event::Created { .. } => true,
            _ => !self.is_quiet,
        };
        if !is_wanted || self.opening.takes(told) {
            return String::new();
        }
        let before = self.opening.line_before(told);
        let before = before.map(|line| look::headed_line("all", &line, self.is_coloured));
        let line = told.line();
        // The settings are the same for all and stand at the top already.
        let first = line.lines().next().unwrap_or_default();
        before.unwrap_or_default() + &self.named(port, first, board)
    }

    /// A line of a node, behind its name.
    fn named(&self, port: u16, line: &str, board: &Board) -> String {
        let name = look::named(port, board.place(port), self.is_coloured);
        name + &look::line(line, self.is_full, self.is_coloured)
    }

    /// Prints what is not an event: to standard output, unless that is for programs.
    fn aside(&mut self, text: String) -> io::Result<()> {
        match self.json {
            Some(_) => self.output.note(text),
            None => self.output.print(text),
        }
    }

    /// Takes the status line away, with what a terminal has written behind it.
    fn close(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.has_status) {
            true => self.output.print(ERASE.to_owned()),
            false => Ok(()),
        }
    }

    /// Prints a text above the status line.
    fn show(&mut self, mut text: String, board: &Board) -> io::Result<()> {
        if self.has_status {
            text.insert_str(0, ERASE);
        }
        if self.is_terminal {
            let room = columns().saturating_sub(ROOM_FOR_CTRL_C);
            // Not wrapped at the margin, as the terminal may have become narrower.
            text += &format!("\x1b[?7l{}\x1b[?7h", status(board, room));
            self.has_status = true;
        }
        self.output.print(text)
    }
}
