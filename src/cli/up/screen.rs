//! Prints the nodes' lines: each after its node's name, and on a terminal all searches in
//! one line at the bottom.

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

/// Erases the status line.
const ERASE: &str = "\r\x1b[K";

/// Room for the `^C` that a terminal writes after the status line. Without it, `^C` would
/// stay on a separate line.
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

/// Standard output, and the form of its lines.
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
    /// The page's address.
    page: Option<String>,
}

impl Screen {
    /// # Errors
    /// If JSON is wanted, but this program was built without it.
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

    /// Prints the head: the addresses of the page and of the audience's page, and this
    /// text.
    pub(super) fn head(&mut self, text: String, audience: Option<&Show>) -> io::Result<()> {
        let page = self.page.iter().map(|url| format!("PAGE {url}\n")).collect::<String>();
        let audience = audience.map(|show| show.text(self.is_terminal)).unwrap_or_default();
        self.aside(page + &audience + &text)
    }

    /// Prints an event of the node at this address.
    pub(super) fn told(&mut self, node: SocketAddr, told: &Told, board: &Board) -> io::Result<()> {
        if let Some(json) = &self.json {
            return self.output.print(json(&node.to_string(), told));
        }
        let text = self.text(node.port(), told, board);
        self.show(text, board)
    }

    /// Prints a sentence about the network.
    pub(super) fn news(&mut self, news: &News, board: &Board) -> io::Result<()> {
        match self.json {
            Some(_) => Ok(()),
            None => self.show(look::headed(news.kind, &news.sentence, self.is_coloured), board),
        }
    }

    /// Prints on standard error how a node ended.
    pub(super) fn note(&mut self, port: u16, note: &str, board: &Board) -> io::Result<()> {
        self.close()?;
        self.output.note(self.named(port, note, board))?;
        self.show(String::new(), board)
    }

    /// Prints the summary, and waits until it is printed.
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

    /// The text to print for an event of a node; it may be empty.
    fn text(&mut self, port: u16, told: &Told, board: &Board) -> String {
        let is_wanted = match told.event {
            // Tries are in the status line; in a pipe they would flood everything else.
            Event::Tried { .. } => false,
            // All nodes report the same, so it is printed once for all.
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
        // The settings are the same for all and are printed at the top.
        let first = line.lines().next().unwrap_or_default();
        before.unwrap_or_default() + &self.named(port, first, board)
    }

    /// A line of a node, after its name.
    fn named(&self, port: u16, line: &str, board: &Board) -> String {
        let name = look::named(port, board.place(port), self.is_coloured);
        name + &look::line(line, self.is_full, self.is_coloured)
    }

    /// Prints a text that is not an event: to standard output, unless that is for programs.
    fn aside(&mut self, text: String) -> io::Result<()> {
        match self.json {
            Some(_) => self.output.note(text),
            None => self.output.print(text),
        }
    }

    /// Erases the status line, with what a terminal has written after it.
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
            // Not wrapped at the margin, because the terminal may have become narrower.
            text += &format!("\x1b[?7l{}\x1b[?7h", status(board, room));
            self.has_status = true;
        }
        self.output.print(text)
    }
}
