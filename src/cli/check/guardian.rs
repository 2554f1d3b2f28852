//! The guardian: a process between the checker and the program that is checked.
//!
//! The program must end with the checker, however the checker ends: by itself, by Ctrl-C, by
//! a panic, or by a kill that no process can catch. So the checker starts the guardian, and
//! the guardian starts the program. Checker and guardian communicate through a socket, which
//! is the guardian's standard input. When the checker's end of it closes, the guardian ends
//! the program and every process that the program started.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::family;

/// How often the guardian looks at the checker and at the program.
const POLL: Duration = Duration::from_millis(20);

/// How long a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(1);

/// How long the guardian keeps killing processes that killed ones left.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// What the guardian reports to the checker, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The system could not start the program.
    NotStarted(String),
    /// The program ended by itself: its exit code (128 and more for a signal, as in shells),
    /// and how many processes it left running.
    Ended { code: i32, left: usize },
    /// The program got SIGTERM, and ended.
    Stopped,
    /// The program did not end after SIGTERM, and was killed.
    Killed,
}

impl News {
    fn line(&self) -> String {
        match self {
            News::NotStarted(why) => format!("not-started {}\n", why.replace('\n', " ")),
            News::Ended { code, left } => format!("ended {code} {left}\n"),
            News::Stopped => "stopped\n".to_owned(),
            News::Killed => "killed\n".to_owned(),
        }
    }

    /// Reads a line.
    pub(super) fn parse(line: &str) -> Option<News> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("not-started", why) => Some(News::NotStarted(why.to_owned())),
            ("ended", numbers) => {
                let (code, left) = numbers.split_once(' ')?;
                Some(News::Ended { code: code.parse().ok()?, left: left.parse().ok()? })
            }
            ("stopped", "") => Some(News::Stopped),
            ("killed", "") => Some(News::Killed),
            _ => None,
        }
    }
}

/// Starts the program and guards it until it or the checker ends.
pub(super) fn run(command: &[String]) -> Result<()> {
    family::adopt_orphans();
    let line = io::stdin().as_fd().try_clone_to_owned().context("the guardian has no line")?;
    let mut line = UnixStream::from(line);
    line.set_read_timeout(Some(POLL)).context("only the checker starts a guardian")?;
    let news = match start(command) {
        Ok(mut child) => watch(&mut child, &mut line)?,
        Err(error) => News::NotStarted(error.to_string()),
    };
    // This fails if the checker has ended.
    let _ = line.write_all(news.line().as_bytes());
    Ok(())
}

fn start(command: &[String]) -> io::Result<Child> {
    let [program, arguments @ ..] = command else {
        return Err(ErrorKind::InvalidInput.into());
    };
    // A separate group, so that the guardian can end the program with all that it starts.
    Command::new(program).args(arguments).stdin(Stdio::null()).process_group(0).spawn()
}

fn watch(child: &mut Child, line: &mut UnixStream) -> Result<News> {
    loop {
        if let Some(status) = child.try_wait().context("cannot look at the program")? {
            let left = family::count(child.id());
            kill_all(child);
            return Ok(News::Ended { code: code(status), left });
        }
        match line.read(&mut [0]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // The checker never writes, so anything else means that it has ended.
            _ => return Ok(stop(child)),
        }
    }
}

/// Sends SIGTERM to the program, and kills what is left of it after a second.
fn stop(child: &mut Child) -> News {
    signal(child, Signal::TERM);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline {
        if matches!(child.try_wait(), Ok(Some(_))) && family::count(child.id()) == 0 {
            return News::Stopped;
        }
        thread::sleep(POLL);
    }
    kill_all(child);
    News::Killed
}

fn kill_all(child: &mut Child) {
    let deadline = Instant::now() + LAST_WAIT;
    while Instant::now() < deadline {
        signal(child, Signal::KILL);
        if matches!(child.try_wait(), Ok(Some(_))) && family::count(child.id()) == 0 {
            return;
        }
        thread::sleep(POLL);
    }
}

fn signal(child: &Child, signal: Signal) {
    let group = Pid::from_raw(child.id().cast_signed());
    // The system can reuse the number of a group, but only when the group is empty.
    if let Some(group) = group.filter(|group| test_kill_process_group(*group).is_ok()) {
        let _ = kill_process_group(group, signal);
    }
    family::signal(signal);
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_survive_the_line() {
        for news in [
            News::NotStarted("No such file".to_owned()),
            News::Ended { code: 137, left: 2 },
            News::Stopped,
            News::Killed,
        ] {
            assert_eq!(News::parse(news.line().trim_end()), Some(news));
        }
        assert_eq!(News::parse("hello"), None);
    }
}
