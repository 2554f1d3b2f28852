//! The messages to the screen from the threads around it.

use anyhow::Result;
use cairn::network::Order;

use crate::cli::lines::Told;
use crate::cli::record::Recorded;

/// A number for each start of a node, because a node may be stopped and started again.
pub(super) type Run = u64;

/// A message to the thread that shows the network and manages it.
pub(super) enum Message {
    /// An event of the node of this port, with its time since the Unix epoch.
    Told(u16, Told),
    /// Lines for the recording.
    Recorded(Vec<Recorded>),
    /// This run of the node of this port has ended, by an order or by an error.
    Ended(u16, Run, Result<()>),
    /// An order to change the network.
    Order(Order),
    /// Ctrl-C, or a signal that asks the program to end.
    Stop,
}
