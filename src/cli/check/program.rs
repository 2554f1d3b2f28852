//! The checked program: whether it runs, how it ended, and what it printed.

use std::env;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Shutdown};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use cairn::config::NODE_IP;

use super::guardian::News;

/// The flag that makes `cairn check` a guardian.
pub(super) const GUARDIAN: &str = "--guardian";

/// How many bytes of a program's output are kept: the last ones.
const KEPT: usize = 64 * 1024;

/// More output than this many bytes is a flood.
const FLOOD: u64 = 10_000_000;

/// How long to wait for the last output of a program that has ended.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A program that runs, or that has ended. Dropping this value ends the program.
pub(super) struct Program {
    guardian: Child,
    line: UnixStream,
    news: Receiver<News>,
    ended: Option<News>,
    out: Heard,
    err: Heard,
}

/// The output on one stream.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Printed>>);

#[derive(Default)]
struct Printed {
    last: Vec<u8>,
    total: u64,
    is_over: bool,
}

impl Program {
    /// Starts a program, with this address in its environment if one is given.
    pub(super) fn start(command: &[String], ip: Option<IpAddr>) -> Result<Program> {
        let (line, theirs) = UnixStream::pair().context("cannot open a socket")?;
        let this = env::current_exe().context("cannot find this program's own file")?;
        let mut guardian = Command::new(this);
        guardian.args(["check", GUARDIAN, "--"]).args(command);
        if let Some(ip) = ip {
            guardian.env(NODE_IP, ip.to_string());
        }
        // Not in our group, so that Ctrl-C reaches only us: the guardian ends with us.
        guardian.stdin(OwnedFd::from(theirs)).process_group(0);
        guardian.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = guardian.spawn().context("cannot start a process")?;
        drop(guardian);
        let out = Heard::follow(child.stdout.take().expect("it is piped"));
        let err = Heard::follow(child.stderr.take().expect("it is piped"));
        let news = news(line.try_clone().context("cannot open a socket")?);
        Ok(Program { guardian: child, line, news, ended: None, out, err })
    }

    /// How the program ended, if it has ended.
    pub(super) fn ended(&mut self) -> Option<&News> {
        if self.ended.is_none() {
            self.ended = self.news.try_recv().ok();
        }
        self.ended.as_ref()
    }

    /// Ends the program if it still runs, and waits for its end.
    pub(super) fn stop(&mut self) -> Option<&News> {
        let _ = self.line.shutdown(Shutdown::Write);
        let _ = self.guardian.wait();
        if self.ended.is_none() {
            self.ended = self.news.recv().ok();
        }
        self.ended.as_ref()
    }

    /// Its standard output, up to its end.
    pub(super) fn printed(&self) -> String {
        self.out.wait();
        self.out.text()
    }

    /// Its last lines: from standard error if there are any, else from standard output.
    pub(super) fn last_words(&self) -> LastWords {
        self.err.wait();
        let text = Some(self.err.text()).filter(|text| !text.trim().is_empty());
        LastWords(text.unwrap_or_else(|| self.out.text()))
    }

    /// How many bytes it printed, if that is a flood.
    pub(super) fn flood(&self) -> Option<u64> {
        Some(self.out.total() + self.err.total()).filter(|total| *total > FLOOD)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Reads the guardian's lines in a separate thread.
fn news(line: UnixStream) -> Receiver<News> {
    let (sender, news) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(line).lines().map_while(Result::ok) {
            let Some(news) = News::parse(&line) else { return };
            if sender.send(news).is_err() {
                return;
            }
        }
    });
    news
}

impl Heard {
    /// Reads a stream to its end in a separate thread, and keeps the last bytes.
    fn follow(mut stream: impl Read + Send + 'static) -> Heard {
        let heard = Heard::default();
        let kept = heard.clone();
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(len @ 1..) = stream.read(&mut buffer) {
                kept.with(|printed| {
                    printed.total += len as u64;
                    printed.last.extend_from_slice(&buffer[..len]);
                    let surplus = printed.last.len().saturating_sub(KEPT);
                    printed.last.drain(..surplus);
                });
            }
            kept.with(|printed| printed.is_over = true);
        });
        heard
    }

    fn with<T>(&self, look: impl FnOnce(&mut Printed) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the end of the stream, for a short time.
    fn wait(&self) {
        for _ in 0..LAST_WORDS.as_millis() / 5 {
            if self.with(|printed| printed.is_over) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn text(&self) -> String {
        self.with(|printed| String::from_utf8_lossy(&printed.last).into_owned())
    }

    fn total(&self) -> u64 {
        self.with(|printed| printed.total)
    }
}

/// The last lines that a program printed, safe to show on a terminal.
pub(super) struct LastWords(String);

impl fmt::Display for LastWords {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let lines = self.0.lines().rev().filter(|line| !line.trim().is_empty()).take(3);
        let mut lines: Vec<String> = lines.map(in_print).collect();
        lines.reverse();
        match lines.is_empty() {
            true => write!(f, "It printed nothing."),
            false => write!(f, "Its last lines: {}", lines.join(" / ")),
        }
    }
}

/// The first 200 characters of a line, without control characters.
fn in_print(line: &str) -> String {
    line.trim().chars().filter(|character| !character.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_the_last_lines_without_what_steers_a_terminal() {
        let words = LastWords("a\nb\n\x1b[31mred\x1b[0m\n\n  c\x07\n".to_owned());
        assert_eq!(words.to_string(), "Its last lines: b / [31mred[0m / c");
        assert_eq!(LastWords("\n \n".to_owned()).to_string(), "It printed nothing.");
    }

    #[test]
    fn of_a_flood_the_end_is_kept_and_all_is_counted() {
        let flood = vec![b'x'; 3 * KEPT];
        let heard = Heard::follow(std::io::Cursor::new([&flood[..], b"end"].concat()));
        heard.wait();
        assert_eq!(heard.total(), 3 * KEPT as u64 + 3);
        assert!(heard.text().len() == KEPT && heard.text().ends_with("end"));
    }
}
