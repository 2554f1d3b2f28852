//! Orders to a network whose nodes all run in one process: to add a node, to stop one as if
//! it had been killed, and to start it again; to set how its links delay and lose
//! datagrams; and to set how fast its nodes search.
//!
//! `cairn up` is such a network. It takes orders from its nodes' HTTP APIs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::faulty_link::LinkFaults;

/// A change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new node joins, on a port that the network chooses.
    Add,
    /// The node of this port stops between two steps, as if killed.
    Stop(u16),
    /// The node of this port, which was stopped, starts again.
    Start(u16),
    /// The links of all nodes get this delay and loss.
    Links(LinkFaults),
    /// All nodes get this pace.
    Pace(Pace),
}

/// How fast each node searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Nonces in a turn of mining.
    pub nonces: u64,
    /// How long a turn of listening lasts.
    pub listen: Duration,
}

impl Pace {
    /// The named paces. `slow` is the tutorial's own, at which a node finds a block in
    /// about a minute; `lesson` is five times as fast, and `fast` fifty times.
    pub const NAMED: [(&str, Pace); 3] = [
        ("slow", Pace { nonces: 1_000, listen: Duration::from_secs(1) }),
        ("lesson", Pace { nonces: 1_000, listen: Duration::from_millis(200) }),
        ("fast", Pace { nonces: 10_000, listen: Duration::from_millis(200) }),
    ];

    /// The pace of this name.
    pub fn of_name(name: &str) -> Option<Pace> {
        Pace::NAMED.into_iter().find(|(other, _)| *other == name).map(|(_, pace)| pace)
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&'static str> {
        Pace::NAMED.into_iter().find(|(_, pace)| pace == self).map(|(name, _)| name)
    }
}

/// The page for an audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Its address.
    pub url: String,
    /// Its QR code: rows of `1` for dark and `0` for light.
    pub code: Vec<String>,
}

/// A node of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its UDP port, which is its name.
    pub port: u16,
    /// Whether it runs or was stopped.
    pub is_running: bool,
}

/// Why an order is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No node has this port.
    Unknown(u16),
    /// The node runs already.
    Running(u16),
    /// The node is stopped already.
    Stopped(u16),
    /// The node is the last one that runs.
    Last(u16),
    /// The network has as many nodes as it can have.
    Full(usize),
    /// The node cannot be started, for this reason.
    Failed(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Refusal::Unknown(port) => write!(f, "no node of this network has port {port}"),
            Refusal::Running(port) => write!(f, "node {port} runs already"),
            Refusal::Stopped(port) => write!(f, "node {port} is stopped already"),
            Refusal::Last(port) => {
                write!(f, "node {port} is the last one that runs: stop the network with Ctrl-C")
            }
            Refusal::Full(most) => write!(f, "the network has {most} nodes, its most"),
            Refusal::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Refusal {}

/// A network after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// All nodes, in the order in which they joined.
    pub members: Vec<Member>,
    /// The delay and the loss on the links of all nodes.
    pub links: LinkFaults,
    /// The pace of all nodes.
    pub pace: Pace,
    /// The page for an audience, if there is one.
    pub audience: Option<Audience>,
}

/// The network after a change, or why there was none.
pub type Answer = Result<State, Refusal>;

/// An order, and the receiver of its answer.
pub struct Order {
    /// The change; `None` only asks for the state of the network.
    pub change: Option<Change>,
    reply: Box<dyn FnOnce(Answer) + Send>,
}

impl Order {
    /// An order whose answer is given to `reply`, which must not wait.
    pub fn new(change: Option<Change>, reply: impl FnOnce(Answer) + Send + 'static) -> Order {
        Order { change, reply: Box::new(reply) }
    }

    /// Answers the order.
    pub fn reply(self, answer: Answer) {
        (self.reply)(answer);
    }
}

/// The access to the network: each order goes through this function, which must not wait.
#[derive(Clone)]
pub struct Orders(Arc<dyn Fn(Order) + Send + Sync>);

impl Orders {
    /// Orders that are given to a function.
    pub fn new(send: impl Fn(Order) + Send + Sync + 'static) -> Orders {
        Orders(Arc::new(send))
    }

    /// Gives an order. If the network has ended, the reply is dropped.
    pub fn give(&self, order: Order) {
        (self.0)(order);
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Orders")
    }
}
