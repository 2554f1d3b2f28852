//! The nodes' processes. Each has a pipe on its standard input and stops when
//! that closes; the system closes it when this process ends, however it ends.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Args, Message};
use crate::cli::http;
use crate::cli::node::reachable;

/// How long a child may take to end once its pipe is closed. It looks for
/// commands every 50 ms and needs no more than that.
const PATIENCE: Duration = Duration::from_secs(2);

/// A line that a child printed.
pub(super) struct Sent {
    /// Which child, from 0 on.
    pub(super) index: usize,
    /// The line, without its end.
    pub(super) line: String,
    /// Whether it came on standard error.
    pub(super) is_error: bool,
}

/// The processes, in the order of their ports.
pub(super) struct Children {
    children: Vec<Child>,
}

impl Children {
    /// Starts a node for each port; what they print arrives as messages.
    pub(super) fn start(
        args: &Args,
        ip: IpAddr,
        ports: &[u16],
        seed: u64,
        messages: Sender<Message>,
    ) -> Result<Children> {
        let mut children = Children { children: Vec::new() };
        for (index, &port) in ports.iter().enumerate() {
            let mut child = command(args, ip, ports, seed, port)?
                .spawn()
                .with_context(|| format!("cannot start node {port}"))?;
            let out = child.stdout.take().expect("it is piped");
            let err = child.stderr.take().expect("it is piped");
            children.children.push(child);
            let lines = messages.clone();
            thread::spawn(move || forward(index, err, true, &lines));
            let lines = messages.clone();
            thread::spawn(move || {
                forward(index, out, false, &lines);
                drop(lines.send(Message::Ended(index)));
            });
        }
        Ok(children)
    }

    /// Waits for a child that has closed its output, and says how it ended.
    pub(super) fn how_it_ended(&mut self, index: usize) -> String {
        match self.children[index].wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Closes the pipes and waits for all to end; those that will not are killed.
    pub(super) fn stop(mut self, inbox: &Receiver<Message>) {
        for child in &mut self.children {
            drop(child.stdin.take());
        }
        let deadline = Instant::now() + PATIENCE;
        // What they still have to say is read, so that none waits for its reader.
        while self.children.iter_mut().any(|child| matches!(child.try_wait(), Ok(None))) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            drop(inbox.recv_timeout(left.min(Duration::from_millis(10))));
        }
    }
}

impl Drop for Children {
    /// Nobody stays behind, also where starting the next one failed.
    fn drop(&mut self) {
        for child in &mut self.children {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn command(args: &Args, ip: IpAddr, ports: &[u16], seed: u64, port: u16) -> Result<Command> {
    let program = env::current_exe().context("cannot find this program's own file")?;
    let mut command = Command::new(program);
    command.args(["node", &port.to_string(), "--stop-with-stdin"]);
    command.args(http::ARGS_OF_CHILD);
    command.args(["--ip", &ip.to_string(), "--seed", &seed.to_string()]);
    command.args(["--nonces", &args.pace.nonces.to_string()]);
    command.args(["--zero-bits", &args.pace.zero_bits.to_string()]);
    command.args(["--threads", &args.pace.threads.to_string()]);
    command.args(["--listen", &format!("{}ms", args.listen.as_millis())]);
    if let Some(folder) = &args.data {
        command.arg("--data").arg(folder.join(format!("{port}.chain")));
    }
    for &peer in ports.iter().filter(|&&peer| peer != port) {
        command.args(["--peer", &SocketAddr::from((reachable(ip), peer)).to_string()]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    leave_ctrl_c_to_us(&mut command);
    Ok(command)
}

/// A terminal sends Ctrl-C to a whole process group: the children leave ours, so
/// that it reaches this process alone, which then ends them in good order.
#[cfg(unix)]
fn leave_ctrl_c_to_us(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn leave_ctrl_c_to_us(_command: &mut Command) {}

/// Sends on what a child prints, line by line, to its end.
fn forward(index: usize, from: impl Read, is_error: bool, to: &Sender<Message>) {
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        if to.send(Message::Line(Sent { index, line, is_error })).is_err() {
            return;
        }
    }
}
