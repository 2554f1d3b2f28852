//! The loop around a node, over any link.
//!
//! A [`Link`] receives from the network and sends for the node; a UDP socket is one. The
//! loop gives the node its inputs, wakes it when its time has come, and carries out its
//! outputs in order ([`give`]). Commands from outside cut a search short, and an
//! [`Observer`] sees everything that happens.

mod command;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::event::Event;
use crate::fast;
use crate::node::{self, Input, Node, Now, Output, Save, Search};
use crate::peer::PeerName;

pub use self::command::{Command, Hear, Look};

/// The loop looks for commands at least this often.
pub const MAX_WAIT: Duration = Duration::from_millis(50);

/// The length of the buffer that a link gets: one byte more than any UDP datagram has, so
/// that none is cut off unnoticed.
pub const BUFFER_LEN: usize = u16::MAX as usize + 1;

/// How many nonces each thread tries before the loop looks for commands again: a few
/// milliseconds, and many times as long as it takes to start a thread.
const SEARCH_SLICE: u64 = 1 << 16;

/// What connects a node to its peers. Only the link knows what a peer's name means.
pub trait Link {
    /// Waits at most `time`, which is more than zero, for something to arrive. That is
    /// [`Input::Datagram`], whose bytes the link puts into `buffer` (of [`BUFFER_LEN`]
    /// bytes), or [`Input::Joined`], [`Input::Left`] or an [`Input::Command`] about its
    /// peers.
    ///
    /// # Errors
    /// The link itself has failed, which ends the loop. What others send is no error.
    fn wait<'b>(&mut self, time: Duration, buffer: &'b mut [u8]) -> Result<Option<Input<'b>>>;

    /// Sends a datagram to a peer, or hands it to the system that will.
    ///
    /// # Errors
    /// Why it was not sent, for people to read. The loop goes on.
    fn send(&mut self, to: &PeerName, bytes: &[u8]) -> Result<(), String>;
}

/// What sees everything that a running loop does. The loop waits for it, so it must be
/// fast. A closure that takes the node and an event is an observer.
pub trait Observer {
    /// Something happened. A new chain is stored by then, but is sent to peers only after
    /// this returns. Breaks off to end the loop at once, without the outputs after the
    /// event; [`Command::Stop`] ends it after them. The last event is [`Event::Stopped`],
    /// unless a block could not be saved: then the node has a tip that must not be
    /// announced.
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()>;

    /// A datagram arrived; the node has not seen it yet.
    fn received(&mut self, _from: &PeerName, _datagram: &[u8]) {}

    /// A datagram was given to the link.
    fn sent(&mut self, _to: &PeerName, _datagram: &[u8]) {}

    /// All outputs of an input or a command are carried out, and no search is under way.
    fn settled(&mut self, _node: &Node) {}
}

impl<F: FnMut(&Node, &Event) -> ControlFlow<()>> Observer for F {
    fn event(&mut self, node: &Node, event: &Event) -> ControlFlow<()> {
        self(node, event)
    }
}

/// Saves blocks, and returns when they are safe.
pub type Keep<'a> = dyn FnMut(&Save) -> Result<()> + 'a;

/// What a loop works with.
pub struct Setup<'a> {
    /// The link for datagrams.
    pub link: &'a mut dyn Link,
    /// The channel of commands.
    pub commands: &'a Receiver<Command>,
    /// Saves blocks; no block is announced before this has returned.
    pub keep: &'a mut Keep<'a>,
    /// The number of threads of a mining turn; the result does not depend on it.
    pub threads: usize,
}

/// Gives a node an input and carries out all its outputs, in order.
///
/// `carry_out` carries out one output. For a search it returns [`Input::Searched`], which
/// the node gets at once; for all else it returns `None`. If it breaks off, the outputs
/// after that are not carried out.
pub fn give<B>(
    node: &mut Node,
    clock: impl Fn() -> Now,
    input: Input,
    mut carry_out: impl FnMut(&Node, Output) -> ControlFlow<B, Option<Input<'static>>>,
) -> ControlFlow<B> {
    let mut outputs = VecDeque::from(node.step(clock(), input));
    while let Some(output) = outputs.pop_front() {
        if let Some(answer) = carry_out(node, output)? {
            outputs.extend(node.step(clock(), answer));
        }
    }
    ControlFlow::Continue(())
}

/// Runs `node` until a command or the observer stops it. The observer sees everything in
/// order.
///
/// # Errors
/// If the link itself fails, or [`Setup::keep`] does. What others send is never an error.
pub fn run(node: &mut Node, setup: Setup, observer: &mut dyn Observer) -> Result<()> {
    let mut hands = Hands { setup, observer, pending: None, overheard: None, is_kept: true };
    let ControlFlow::Break(end) = hands.run(node);
    if hands.is_kept {
        let (height, hash) = (node.chain().height(), node.chain().tip_hash());
        // The loop is over, whatever the observer says to that.
        let _ = observer.event(node, &Event::Stopped { height, hash });
    }
    end
}

/// How a loop ends: by a command, or by an error.
type End = Result<()>;

/// The part of the loop that carries out a node's outputs.
struct Hands<'a, 's> {
    setup: Setup<'s>,
    observer: &'a mut dyn Observer,
    /// What arrived during a search and is for the node.
    pending: Option<ForNode>,
    /// The events that follow from a datagram, for whoever asked for them.
    overheard: Option<Vec<Event>>,
    /// Whether the node's whole chain is safe.
    is_kept: bool,
}

/// The part of a command that is for the node.
enum ForNode {
    Command(node::Command),
    Hear(Hear),
}

impl Hands<'_, '_> {
    fn run(&mut self, node: &mut Node) -> ControlFlow<End, Infallible> {
        let started = Instant::now();
        let clock = || now(started);
        let mut buffer = vec![0; BUFFER_LEN];
        self.give(node, clock, Input::Start)?;
        loop {
            match self.next_command(node)? {
                Some(ForNode::Command(command)) => {
                    self.give(node, clock, Input::Command(command))?;
                    continue;
                }
                Some(ForNode::Hear(hear)) => {
                    self.hear(node, clock, hear)?;
                    continue;
                }
                None => {}
            }
            let time = clock().monotonic;
            let wake = node.wake().expect("a search is over when its turn is");
            if time >= wake {
                self.give(node, clock, Input::Wake)?;
            } else if let Some(input) = self.wait(wake - time, &mut buffer)? {
                self.give(node, clock, input)?;
            }
        }
    }

    fn give(&mut self, node: &mut Node, clock: impl Fn() -> Now, input: Input) -> ControlFlow<End> {
        if let Input::Datagram { from, bytes } = &input {
            self.observer.received(from, bytes);
        }
        give(node, clock, input, |node, output| self.carry_out(node, output))?;
        self.observer.settled(node);
        ControlFlow::Continue(())
    }

    fn hear(&mut self, node: &mut Node, clock: impl Fn() -> Now, hear: Hear) -> ControlFlow<End> {
        self.overheard = Some(Vec::new());
        let (from, bytes) = (hear.from.clone(), &hear.bytes[..]);
        self.give(node, clock, Input::Datagram { from, bytes })?;
        hear.reply(self.overheard.take().unwrap_or_default());
        ControlFlow::Continue(())
    }

    fn carry_out(
        &mut self,
        node: &Node,
        output: Output,
    ) -> ControlFlow<End, Option<Input<'static>>> {
        match output {
            Output::Search(search) => {
                let answer = self.search(node, search)?;
                return ControlFlow::Continue(Some(answer));
            }
            Output::Save(save) => self.keep(&save)?,
            Output::Send { to, bytes } => {
                to.iter().try_for_each(|to| self.send(node, to, &bytes))?;
            }
            Output::Event(event) => self.tell(node, &event)?,
        }
        ControlFlow::Continue(None)
    }

    fn keep(&mut self, save: &Save) -> ControlFlow<End> {
        match (self.setup.keep)(save) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.is_kept = false;
                ControlFlow::Break(Err(error))
            }
        }
    }

    /// Searches in slices. A command cuts the search short; the result then covers the
    /// nonces tried so far.
    fn search(&mut self, node: &Node, mut search: Search) -> ControlFlow<End, Input<'static>> {
        let Range { start, end } = search.counters.clone();
        let threads = self.setup.threads.max(1);
        let never = AtomicBool::new(false);
        let mut found = None;
        let mut tried = start;
        while tried < end && found.is_none() && self.pending.is_none() {
            let slice = tried..end.min(tried + SEARCH_SLICE * threads as u64);
            tried = slice.end;
            found = fast::search_on_threads(&search.header, slice, search.target, threads, &never);
            self.pending = self.next_command(node)?;
        }
        search.counters = start..tried;
        ControlFlow::Continue(Input::Searched { search, found })
    }

    fn next_command(&mut self, node: &Node) -> ControlFlow<End, Option<ForNode>> {
        if let Some(command) = self.pending.take() {
            return ControlFlow::Continue(Some(command));
        }
        loop {
            return match self.setup.commands.try_recv() {
                Ok(Command::Node(command)) => {
                    ControlFlow::Continue(Some(ForNode::Command(command)))
                }
                Ok(Command::Hear(hear)) => ControlFlow::Continue(Some(ForNode::Hear(hear))),
                Ok(Command::Tell(event)) => {
                    self.tell(node, &event)?;
                    continue;
                }
                Ok(Command::Look(look)) => {
                    look.show(node);
                    continue;
                }
                Err(TryRecvError::Empty) => ControlFlow::Continue(None),
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => ControlFlow::Break(Ok(())),
            };
        }
    }

    /// Waits for the link, but not for long.
    fn wait<'b>(
        &mut self,
        time: Duration,
        buffer: &'b mut [u8],
    ) -> ControlFlow<End, Option<Input<'b>>> {
        match self.setup.link.wait(time.min(MAX_WAIT), buffer) {
            Ok(input) => ControlFlow::Continue(input),
            Err(error) => ControlFlow::Break(Err(error)),
        }
    }

    fn send(&mut self, node: &Node, to: &PeerName, bytes: &[u8]) -> ControlFlow<End> {
        match self.setup.link.send(to, bytes) {
            Ok(()) => {
                self.observer.sent(to, bytes);
                ControlFlow::Continue(())
            }
            Err(error) => self.tell(node, &Event::Unsent { to: to.clone(), error }),
        }
    }

    fn tell(&mut self, node: &Node, event: &Event) -> ControlFlow<End> {
        if let Some(overheard) = &mut self.overheard {
            overheard.push(event.clone());
        }
        self.observer.event(node, event).map_break(Ok)
    }
}

/// The time on both clocks.
fn now(started: Instant) -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let wall = u32::try_from(wall.as_secs()).unwrap_or(u32::MAX);
    Now { monotonic: started.elapsed(), wall }
}
