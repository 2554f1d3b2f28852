//! What a program, or its user, can do to a world that it drives.

use std::fmt;
use std::time::Duration;

use super::mallory::Mallory;
use super::sight::Sight;
use super::{Check, Failure, Happening, World};
use crate::event::Event;
use crate::node::{Command, Input};
use crate::peer::PeerName;
use crate::sim_disk::Loss;

/// The most nodes in a world to which orders add nodes.
pub const MAX_NODES: usize = 1000;

/// The longest delay that an order can give to links.
pub const MAX_DELAY: Duration = Duration::from_secs(60);

/// A change to a world. It happens at once, at the world's time; a node that is down hears
/// no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// One more node joins, and all know it.
    Add,
    /// The machine of this node is switched off, and stays off.
    Stop(PeerName),
    /// The machine of this node is switched on, if it is off.
    Start(PeerName),
    /// The power of this node's machine fails, for up to a minute: its disk may lose
    /// whatever was not yet safe.
    Crash(PeerName),
    /// The disk of this node reports that written bytes are safe before they are. No store
    /// can keep its promise on such a disk.
    LieAboutSync(PeerName),
    /// The machine of this node tries this many times as many nonces in a turn as others.
    Speed(PeerName, u64),
    /// Each datagram takes this much longer, at most [`MAX_DELAY`], and this many of a
    /// thousand are lost.
    Links(Duration, u32),
    /// A hostile peer appears or disappears.
    Liar(bool),
    /// This node gets a command.
    Command(PeerName, Command),
    /// This node gets a datagram that bears the name of the second.
    Hear(PeerName, PeerName, Vec<u8>),
}

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no node of this name.
    Unknown(PeerName),
    /// There are [`MAX_NODES`] nodes.
    Full,
    /// It was carried out, and a check failed.
    Failed(Failure),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Refusal::Unknown(name) => write!(f, "there is no node {name}"),
            Refusal::Full => write!(f, "there are {MAX_NODES} nodes, which is the most"),
            Refusal::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal::Failed(failure)
    }
}

impl World<'_> {
    /// Carries an order out, at the time of the world. The same seed and the same orders
    /// at the same times give the same steps.
    ///
    /// # Errors
    /// If it names no node of this world, or the world is full; then nothing was done. Or
    /// if a check failed.
    pub fn obey(&mut self, order: Order) -> Result<(), Refusal> {
        let done = match order {
            Order::Add => self.add()?,
            Order::Stop(name) => self.stop(self.index_of(name)?),
            Order::Start(name) => self.switch_on(self.index_of(name)?),
            Order::Crash(name) => self.lose_power(self.index_of(name)?),
            Order::LieAboutSync(name) => {
                self.hosts[self.index_of(name)?].disk.lie_about_sync();
                Ok(())
            }
            Order::Speed(name, times) => {
                let index = self.index_of(name)?;
                self.hosts[index].speed = times;
                Ok(())
            }
            Order::Links(delay, loss) => {
                self.network.delay = delay.min(MAX_DELAY);
                self.scenario.faults.loss = loss.min(1000);
                Ok(())
            }
            Order::Liar(is_there) => self.set_liar(is_there),
            Order::Command(name, command) => {
                self.step(self.index_of(name)?, Input::Command(command))
            }
            Order::Hear(name, from, bytes) => {
                self.step(self.index_of(name)?, Input::Datagram { from, bytes: &bytes })
            }
        };
        done.map_err(|what| self.failure(what).into())
    }

    fn index_of(&self, name: PeerName) -> Result<usize, Refusal> {
        let index = self.hosts.iter().position(|host| host.name == name);
        index.ok_or(Refusal::Unknown(name))
    }

    fn add(&mut self) -> Result<Check, Refusal> {
        let index = self.hosts.len();
        if index >= MAX_NODES {
            return Err(Refusal::Full);
        }
        self.add_host();
        let name = self.hosts[index].name.clone();
        Ok(self
            .tell_first(index, || Input::Joined(name.clone()))
            .and_then(|()| self.start_host(index)))
    }

    /// Gives the first `count` nodes an input.
    fn tell_first(&mut self, count: usize, input: impl Fn() -> Input<'static>) -> Check {
        (0..count).try_for_each(|index| self.step(index, input()))
    }

    fn stop(&mut self, index: usize) -> Check {
        let host = &mut self.hosts[index];
        host.is_stopped = true;
        host.wake = None;
        let Some(up) = host.up.take() else { return Ok(()) };
        let (node, store) = *up;
        drop(store);
        host.disk.restart(Loss::Nothing);
        let (height, hash) = (node.chain().height(), node.chain().tip_hash());
        self.tell(index, &node, &Event::Stopped { height, hash });
        let name = self.hosts[index].name.clone();
        self.show(Sight::Down(&name));
        Ok(())
    }

    fn switch_on(&mut self, index: usize) -> Check {
        let host = &mut self.hosts[index];
        host.is_stopped = false;
        if host.up.is_some() { Ok(()) } else { self.start_host(index) }
    }

    fn lose_power(&mut self, index: usize) -> Check {
        let host = &mut self.hosts[index];
        if host.up.is_some() {
            host.disk.power_off_after(0);
            self.crash(index);
        }
        Ok(())
    }

    fn set_liar(&mut self, is_there: bool) -> Check {
        let name = match (&self.mallory, is_there) {
            (None, true) => self.mallory.insert(Mallory::new()).name.clone(),
            (Some(mallory), false) => mallory.name.clone(),
            _ => return Ok(()),
        };
        if !is_there {
            self.mallory = None;
            return self.tell_first(self.hosts.len(), || Input::Left(name.clone()));
        }
        let is_planned = |(_, _, happening): &(_, _, _)| *happening == Happening::MalloryActs;
        if !self.plan.iter().any(|planned| is_planned(&planned.0)) {
            self.plan_in(Duration::from_secs(1), Happening::MalloryActs);
        }
        self.tell_first(self.hosts.len(), || Input::Joined(name.clone()))
    }
}
