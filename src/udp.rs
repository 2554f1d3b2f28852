//! The loop around a node: one UDP socket, one clock, one thread.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::{ControlFlow, Range};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::chain::Chain;
use crate::event::Event;
use crate::miner;
use crate::node::{self, Input, Node, Now, Output, Search};
use crate::peer::PeerName;

/// The loop looks for commands at least this often.
pub const MAX_WAIT: Duration = Duration::from_millis(50);

/// How many nonces each thread tries between two looks for commands: a few
/// milliseconds, and many times what it takes to start a thread.
const SEARCH_SLICE: u64 = 1 << 16;

/// What can be said to a running loop from outside.
#[derive(Debug)]
pub enum Command {
    /// End the loop. (So does dropping the last sender.)
    Stop,
    /// Something for the node.
    Node(node::Command),
    /// Let somebody look at the node, after the commands that came before and
    /// within 50 ms. Whoever asks chooses what to take away.
    Look(Look),
}

/// A function that looks at a node. The loop waits for it: it must be short,
/// and send what it found by a channel that does not wait.
pub struct Look(Box<dyn FnOnce(&Node) + Send>);

impl Look {
    /// A look with these eyes.
    pub fn new(look: impl FnOnce(&Node) + Send + 'static) -> Look {
        Look(Box::new(look))
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Look")
    }
}

/// Who is shown what a running loop does. The loop waits for it: it must be
/// short. A closure that takes the node and an event is one.
pub trait Observer {
    /// Something happened, and what it tells of is done. Breaks off to end the
    /// loop. The last event is [`Event::Stopped`], unless a block could not be
    /// kept: then the node has a tip of which nobody is to hear.
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()>;

    /// A datagram came; the node has not seen it yet.
    fn received(&mut self, _from: &PeerName, _datagram: &[u8]) {}

    /// A datagram was handed to the system.
    fn sent(&mut self, _to: &PeerName, _datagram: &[u8]) {}

    /// All that an input or a command asked for is done, and no search is under way.
    fn settled(&mut self, _node: &Node) {}
}

impl<F: FnMut(&Node, &Event) -> ControlFlow<()>> Observer for F {
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()> {
        self(node, event)
    }
}

/// Binds a datagram socket to an address of this machine. The tutorial's
/// `bind_socket`; port 0 lets the system choose.
///
/// # Errors
/// What the system says, such as that the port is taken
/// ([`ErrorKind::AddrInUse`]) or that the address is not one of this machine
/// ([`ErrorKind::AddrNotAvailable`]).
pub fn bind_socket(ip: IpAddr, port: u16) -> io::Result<UdpSocket> {
    UdpSocket::bind((ip, port))
}

/// Keeps the blocks of a chain from this height on, in the place of all that were
/// kept from there on; returns when they are safe.
pub type Keep<'a> = dyn FnMut(&Chain, usize) -> Result<()> + 'a;

/// What a loop works with.
pub struct Setup<'a> {
    /// Where datagrams go and come from.
    pub socket: &'a UdpSocket,
    /// Where orders come from.
    pub commands: &'a Receiver<Command>,
    /// Nobody hears of a block before this has returned from it.
    pub keep: &'a mut Keep<'a>,
    /// On how many threads a turn of mining runs; the result does not depend on it.
    pub threads: usize,
}

/// Runs `node` until a command or the observer stops it.
///
/// The observer is shown everything in order. Names of peers are socket addresses.
///
/// # Errors
/// Where the socket itself fails, or [`Setup::keep`] does. What others send is
/// never an error.
pub fn run(node: &mut Node, setup: Setup, observer: &mut dyn Observer) -> Result<()> {
    let started = Instant::now();
    let mut driver = Loop { node, setup, observer, started, pending: None, is_kept: true };
    let ControlFlow::Break(end) = driver.run();
    if !driver.is_kept {
        return end;
    }
    let (height, hash) = (node.chain().height(), node.chain().tip_hash());
    // The loop is over, whatever the observer thinks of it.
    let _ = observer.event(node, &Event::Stopped { height, hash });
    end
}

/// How a loop ends: as it was told to, or by an error.
type End = Result<()>;

struct Loop<'a, 's> {
    node: &'a mut Node,
    setup: Setup<'s>,
    observer: &'a mut dyn Observer,
    started: Instant,
    /// A command that came in the midst of a search.
    pending: Option<node::Command>,
    /// Whether the node's whole chain is safe.
    is_kept: bool,
}

impl Loop<'_, '_> {
    fn run(&mut self) -> ControlFlow<End, std::convert::Infallible> {
        self.give(Input::Start)?;
        // One byte more than any datagram has, so that none is cut unseen.
        let mut buffer = vec![0; usize::from(u16::MAX) + 1];
        loop {
            if let Some(command) = self.next_command()? {
                self.give(Input::Command(command))?;
                continue;
            }
            let now = self.now().monotonic;
            let wake = self.node.wake().expect("a search is over when its turn is");
            if now >= wake {
                self.give(Input::Wake)?;
            } else if let Some((len, from)) = self.receive(&mut buffer, wake - now)? {
                let from = PeerName::new(from);
                self.observer.received(&from, &buffer[..len]);
                self.give(Input::Datagram { from, bytes: &buffer[..len] })?;
            }
        }
    }

    /// Gives the node an input and does all that it asks for in return.
    fn give(&mut self, input: Input) -> ControlFlow<End> {
        let mut outputs = VecDeque::from(self.node.step(self.now(), input));
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Search(search) => {
                    let input = self.search(search)?;
                    outputs.extend(self.node.step(self.now(), input));
                }
                Output::Save { from } => self.keep(from)?,
                Output::Send { to, bytes } => self.send(&to, &bytes)?,
                Output::Broadcast(bytes) => {
                    let peers: Vec<_> = self.node.peers().cloned().collect();
                    for to in peers {
                        self.send(&to, &bytes)?;
                    }
                }
                Output::Event(event) => self.tell(&event)?,
            }
        }
        self.observer.settled(self.node);
        ControlFlow::Continue(())
    }

    /// What the node asked for after this is not done where this fails.
    fn keep(&mut self, from: usize) -> ControlFlow<End> {
        match (self.setup.keep)(self.node.chain(), from) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.is_kept = false;
                ControlFlow::Break(Err(error))
            }
        }
    }

    /// Searches in slices. A command cuts the search short: what was tried
    /// until then is what was searched.
    fn search(&mut self, mut search: Search) -> ControlFlow<End, Input<'static>> {
        let Range { start, end } = search.counters.clone();
        let (target, threads) = (self.node.chain().target(), self.setup.threads.max(1));
        let never = AtomicBool::new(false);
        let mut found = None;
        let mut tried = start;
        while tried < end && found.is_none() && self.pending.is_none() {
            let slice = tried..end.min(tried + SEARCH_SLICE * threads as u64);
            tried = slice.end;
            found = miner::search_threads(&search.header, slice, target, threads, &never);
            self.pending = self.next_command()?;
        }
        search.counters = start..tried;
        ControlFlow::Continue(Input::Searched { search, found })
    }

    fn next_command(&mut self) -> ControlFlow<End, Option<node::Command>> {
        if let Some(command) = self.pending.take() {
            return ControlFlow::Continue(Some(command));
        }
        loop {
            return match self.setup.commands.try_recv() {
                Ok(Command::Node(command)) => ControlFlow::Continue(Some(command)),
                Ok(Command::Look(Look(look))) => {
                    look(self.node);
                    continue;
                }
                Err(TryRecvError::Empty) => ControlFlow::Continue(None),
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => ControlFlow::Break(Ok(())),
            };
        }
    }

    /// Waits for a datagram, but not for long.
    fn receive(
        &self,
        buffer: &mut [u8],
        wait: Duration,
    ) -> ControlFlow<End, Option<(usize, SocketAddr)>> {
        // A timeout of zero would mean to wait for ever.
        let wait = wait.clamp(Duration::from_micros(1), MAX_WAIT);
        let received = self
            .setup
            .socket
            .set_read_timeout(Some(wait))
            .and_then(|()| self.setup.socket.recv_from(buffer));
        match received {
            Ok(received) => ControlFlow::Continue(Some(received)),
            Err(error) if is_passing(error.kind()) => ControlFlow::Continue(None),
            Err(error) => ControlFlow::Break(Err(error).context("cannot receive datagrams")),
        }
    }

    fn send(&mut self, to: &PeerName, bytes: &[u8]) -> ControlFlow<End> {
        let sent = match to.as_str().parse::<SocketAddr>() {
            Ok(address) => {
                self.setup.socket.send_to(bytes, address).map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        match sent {
            Ok(_) => {
                self.observer.sent(to, bytes);
                ControlFlow::Continue(())
            }
            Err(error) => self.tell(&Event::Unsent { to: to.clone(), error }),
        }
    }

    fn tell(&mut self, event: &Event) -> ControlFlow<End> {
        match self.observer.event(self.node, event) {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(()) => ControlFlow::Break(Ok(())),
        }
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            monotonic: self.started.elapsed(),
            wall: u32::try_from(wall.as_secs()).unwrap_or(u32::MAX),
        }
    }
}

/// Whether a failed receive says nothing of the socket: no datagram came in
/// time, a signal came instead, or (on some systems) an earlier datagram of
/// ours found nobody at home.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
    )
}
