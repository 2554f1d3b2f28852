//! Which nodes hear each other.

use std::collections::BTreeSet;

use super::board::{Board, Standing};

/// The running nodes, in groups that hear each other, directly or through others.
pub(super) fn sides(board: &Board) -> Vec<BTreeSet<u16>> {
    let mut rest: Vec<_> = board.living_nodes().collect();
    let mut sides = Vec::new();
    while let Some(first) = rest.pop() {
        let mut side = vec![first];
        let mut next = 0;
        while let Some(&member) = side.get(next) {
            let (near, far) = rest.into_iter().partition(|other| are_connected(member, other));
            rest = far;
            side.extend::<Vec<_>>(near);
            next += 1;
        }
        sides.push(side.into_iter().map(|node| node.port).collect());
    }
    sides.sort();
    sides
}

/// Whether two nodes talk: neither refuses the other.
fn are_connected(one: &Standing, other: &Standing) -> bool {
    !one.refused.contains(&other.port) && !other.refused.contains(&one.port)
}
