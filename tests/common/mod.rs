//! Real processes of the built program, on ports that the system chooses.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod loopback;
pub(crate) mod lossy;
#[cfg(feature = "web")]
pub(crate) mod http;
pub(crate) mod lines;

use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that any test waits for anything.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// How often to look at something that cannot be waited for.
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// The exit code of a node whose port is taken.
pub(crate) const PORT_TAKEN: i32 = 75;

/// Ports that were free a moment ago. Another program may take one before we do: a test
/// that uses them tries again with others.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let bind = |_| UdpSocket::bind("127.0.0.1:0").expect("the system has a free port");
    let sockets: Vec<_> = (0..count).map(bind).collect();
    let port = |socket: &UdpSocket| socket.local_addr().expect("it is bound").port();
    sockets.iter().map(port).collect()
}

/// Whether nobody has the port.
pub(crate) fn is_free(port: u16) -> bool {
    UdpSocket::bind(("127.0.0.1", port)).is_ok()
}

/// Waits until `is_so`, or fails.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(POLL);
    }
}

/// A `cairn` command, without this process's settings.
pub(crate) fn cairn() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.env_remove("NODE_IP").current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

/// A running program, killed when the test is done with it.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: Receiver<String>,
    pub(crate) seen: Vec<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let (sender, lines) = mpsc::channel();
        let out: Box<dyn Read + Send> = Box::new(child.stdout.take().expect("piped"));
        let err: Box<dyn Read + Send> = Box::new(child.stderr.take().expect("piped"));
        for stream in [out, err] {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Running { child, lines, seen: Vec::new() }
    }

    /// Reads until a line for which `is_it` holds; `None` if the program ends without one.
    pub(crate) fn find(&mut self, is_it: impl Fn(&str) -> bool) -> Option<String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if is_it(&line) {
                        return Some(line);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no such line in {DEADLINE:?}; the lines were\n{}", self.text())
                }
            }
        }
    }

    /// Waits for the end and reads all that is left.
    pub(crate) fn end(&mut self) -> ExitStatus {
        assert_eq!(self.find(|_| false), None);
        self.child.wait().expect("it was started")
    }

    /// Closes our ends of the program's pipes, and waits for its end.
    pub(crate) fn stop_reading(&mut self) -> ExitStatus {
        // The reading threads end at their next line, and close the pipes.
        self.lines = mpsc::channel().1;
        wait_until("the program has ended", || matches!(self.child.try_wait(), Ok(Some(_))));
        self.child.wait().expect("it was started")
    }

    /// Everything read so far.
    pub(crate) fn text(&self) -> String {
        self.seen.join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
