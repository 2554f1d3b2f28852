//! What reaches the screen from the threads around it.

use anyhow::Result;
use cairn::network::Order;

use crate::cli::lines::Told;
use crate::cli::record::Recorded;

/// A number for each start of a node, as a node may be stopped and started again.
pub(super) type Run = u64;

/// A message to the thread that shows the network and keeps it.
pub(super) enum Message {
    /// The node of this port tells of an event, with its time since the Unix epoch.
    Told(u16, Told),
    /// Lines for the recording.
    Recorded(Vec<Recorded>),
    /// This run of the node of this port has ended: when it was told to, or by an error.
    Ended(u16, Run, Result<()>),
    /// Somebody wants the network changed.
    Order(Order),
    /// Ctrl-C, or a signal that asks to end.
    Stop,
}
