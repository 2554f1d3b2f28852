//! The tasks of exercise 1.3.

use super::report::Task;

pub(super) const LISTENS: Task = Task { name: "listens", title: "it listens on its port" };
pub(super) const GENESIS: Task =
    Task { name: "genesis", title: "its chain begins with the genesis block" };
pub(super) const LONGER: Task = Task { name: "longer", title: "it adopts a longer chain" };
pub(super) const BLOCK: Task = Task { name: "block", title: "it mines a valid block" };
pub(super) const BROADCAST: Task =
    Task { name: "broadcast", title: "it sends its chain to both other nodes" };
pub(super) const PACE: Task =
    Task { name: "pace", title: "it mines in turns, and listens in between" };
pub(super) const NOT_LONGER: Task =
    Task { name: "not-longer", title: "it ignores a chain that is as long as its own, or shorter" };
pub(super) const INVALID: Task = Task { name: "invalid", title: "it ignores an invalid chain" };
pub(super) const CUT: Task = Task { name: "cut", title: "it ignores a chain that is cut off" };
pub(super) const EMPTY: Task = Task { name: "empty", title: "it ignores an empty message" };
pub(super) const LIVES: Task = Task { name: "lives", title: "it keeps running after each" };

/// The tasks of exercise 1.3, in the order in which they are shown.
pub(super) const TASKS: [Task; 11] =
    [LISTENS, GENESIS, LONGER, BLOCK, BROADCAST, PACE, NOT_LONGER, INVALID, CUT, EMPTY, LIVES];
