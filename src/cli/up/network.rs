//! The loop that shows the network, carries out orders to it, and ends it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use cairn::network::{Answer, Change, Order, Refusal};
use cairn::peer::PeerName;

use super::board::Board;
use super::message::{Message, Run};
use super::nodes::Nodes;
use super::ports::{self, MAX_NODES};
use super::screen::Screen;
use super::story::{News, Story};
use crate::cli::lines::Told;
use crate::cli::record::Record;

/// How long nodes may take to end. They look for commands every 50 ms and need little more
/// than that.
const PATIENCE: Duration = Duration::from_secs(2);

/// When a network ends by itself.
pub(super) struct Until {
    pub(super) deadline: Option<Instant>,
    pub(super) height: Option<usize>,
    /// Whether Ctrl-C, or a signal, has asked for the end.
    pub(super) is_asked: Arc<AtomicBool>,
}

/// Why the network must end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Agreed,
    TimeIsUp,
    Asked,
    AllGone,
}

/// A running network, and its observers.
pub(super) struct Network {
    nodes: Nodes,
    board: Board,
    story: Story,
    screen: Screen,
    record: Record,
    until: Until,
    /// The number of nodes that ended by an error.
    failed: usize,
}

impl Network {
    pub(super) fn new(nodes: Nodes, screen: Screen, record: Record, until: Until) -> Network {
        let ports: Vec<_> = nodes.members().iter().map(|member| member.port).collect();
        let board = Board::new(&ports);
        Network { nodes, board, story: Story::default(), screen, record, until, failed: 0 }
    }

    /// Runs the network to its end and prints the summary.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) -> Result<()> {
        let end = self.take_messages(inbox);
        let record = &mut self.record;
        self.nodes.stop_all(inbox, PATIENCE, |message| {
            if let Message::Recorded(lines) = message {
                record.write(&lines);
            }
        });
        self.record.end();
        let end = end?;
        self.screen.finish(&self.board)?;
        match (end, self.until.height) {
            (End::TimeIsUp, Some(height)) => bail!("the time was up before all agreed at {height}"),
            (End::AllGone, _) => bail!("every node has ended"),
            _ if self.failed == 1 => bail!("a node has ended by itself"),
            _ if self.failed > 1 => bail!("{} nodes have ended by themselves", self.failed),
            _ => Ok(()),
        }
    }

    /// Shows the nodes' events, and carries out orders, until the network must end.
    fn take_messages(&mut self, inbox: &Receiver<Message>) -> io::Result<End> {
        let backlog = self.nodes.backlog();
        loop {
            // This is checked first, because there may always be another message.
            if self.until.is_asked.load(Ordering::Relaxed) {
                return Ok(End::Asked);
            }
            if self.until.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(End::TimeIsUp);
            }
            let message = match self.until.deadline {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => inbox.recv_timeout(deadline - Instant::now().min(deadline)),
            };
            match message {
                Ok(Message::Told(port, told)) => {
                    backlog.take();
                    self.told(port, &told)?;
                }
                Ok(Message::Recorded(lines)) => self.record.write(&lines),
                Ok(Message::Ended(port, run, how)) => self.ended(port, run, how)?,
                Ok(Message::Order(order)) => self.obey(order)?,
                // Its content is in `is_asked`; this only wakes us.
                Ok(Message::Stop) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(End::TimeIsUp),
                Err(RecvTimeoutError::Disconnected) => return Ok(End::AllGone),
            }
            if self.board.living() == 0 {
                return Ok(End::AllGone);
            }
            let is_there = |height| self.board.agreed_height().is_some_and(|all| all >= height);
            if self.until.height.is_some_and(is_there) {
                return Ok(End::Agreed);
            }
        }
    }

    fn told(&mut self, port: u16, told: &Told) -> io::Result<()> {
        self.board.hear(port, &told.event);
        self.screen.told(self.nodes.address(port), told, &self.board)?;
        let news = self.story.tell(&self.board, port, &told.event);
        news.iter().try_for_each(|news| self.screen.news(news, &self.board))
    }

    /// A node has ended: by an error, or by an order, which is done already.
    fn ended(&mut self, port: u16, run: Run, how: Result<()>) -> io::Result<()> {
        self.record.down(&PeerName::new(self.nodes.address(port)));
        let Err(error) = how else { return Ok(()) };
        self.failed += 1;
        // It may have been started again in the meantime.
        if self.nodes.is_running(port, run) {
            self.nodes.stop(port);
            self.board.leave(port);
        }
        self.screen.note(port, &format!("ended by itself: {error:#}"), &self.board)
    }

    fn obey(&mut self, order: Order) -> io::Result<()> {
        match order.change {
            None => order.reply(Ok(self.nodes.state())),
            Some(Change::Links(links)) => {
                self.nodes.set_links(links);
                order.reply(Ok(self.nodes.state()));
                self.screen.news(&News::links(links), &self.board)?;
            }
            Some(Change::Pace(pace)) => {
                self.nodes.set_pace(pace);
                order.reply(Ok(self.nodes.state()));
                self.screen.news(&News::pace(pace), &self.board)?;
            }
            Some(Change::Add) => order.reply(self.add()),
            Some(Change::Start(port)) => order.reply(self.start(port)),
            Some(Change::Stop(port)) => {
                // Answer first: the API of this very node may be asking.
                let rest = self.without(port);
                let may = rest.is_ok();
                order.reply(rest);
                if may {
                    self.nodes.stop(port);
                    self.board.leave(port);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self) -> Answer {
        let members = self.nodes.members();
        if members.len() >= MAX_NODES {
            return Err(Refusal::Full(MAX_NODES));
        }
        let is_new = |port: &u16| members.iter().all(|member| member.port != *port);
        let mut why = "no port is left".to_owned();
        for port in ports::all().filter(is_new) {
            match self.nodes.add(port) {
                Ok(()) => {
                    self.board.join(port);
                    return Ok(self.nodes.state());
                }
                // The port may be taken.
                Err(error) => why = format!("{error:#}"),
            }
        }
        Err(Refusal::Failed(why))
    }

    /// The network as it will be after the node of this port has stopped, if it may stop.
    fn without(&self, port: u16) -> Answer {
        if !self.is_running(port)? {
            return Err(Refusal::Stopped(port));
        }
        let mut state = self.nodes.state();
        let members = &mut state.members;
        if members.iter().filter(|member| member.is_running).count() == 1 {
            return Err(Refusal::Last(port));
        }
        members.iter_mut().filter(|it| it.port == port).for_each(|it| it.is_running = false);
        Ok(state)
    }

    fn start(&mut self, port: u16) -> Answer {
        if self.is_running(port)? {
            return Err(Refusal::Running(port));
        }
        let started = self.nodes.start(port);
        started.map_err(|error| Refusal::Failed(format!("{error:#}")))?;
        self.board.join(port);
        Ok(self.nodes.state())
    }

    fn is_running(&self, port: u16) -> Result<bool, Refusal> {
        let members = self.nodes.members();
        let member = members.iter().find(|member| member.port == port);
        member.map(|member| member.is_running).ok_or(Refusal::Unknown(port))
    }
}
