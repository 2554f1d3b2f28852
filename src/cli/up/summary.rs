//! The network in one line while it runs, and in a few when it is over.

use std::collections::HashMap;
use std::fmt::Write;

use super::board::{Board, Standing};

/// A line of at most this many characters: height, agreement, and the state of each node's
/// search, or as much of that as fits.
pub(super) fn status(board: &Board, columns: usize) -> String {
    let Some(best) = board.best() else { return fitting(&["no node runs".to_owned()], columns) };
    let (height, agree, living) = (best.height, board.agreeing(), board.living());
    let tries: u64 = board.living_nodes().map(|node| node.tried).sum();
    let each: String =
        board.living_nodes().map(|node| format!(" {}:{}", node.port, node.tried)).collect();
    let first = format!("height {height}, {agree} of {living} agree");
    fitting(
        &[
            format!("{first}; TRY{each}"),
            format!("{first}; TRY up to {tries} in all"),
            first,
            format!("{height}: {agree}/{living}"),
        ],
        columns,
    )
}

/// The first of these texts, each shorter than the one before, that fits.
fn fitting(texts: &[String], columns: usize) -> String {
    let fits = |text: &&String| text.chars().count() <= columns;
    let last = texts.last().into_iter().flat_map(|text| text.chars()).take(columns).collect();
    texts.iter().find(fits).cloned().unwrap_or(last)
}

/// The result of the run.
pub(super) fn summary(board: &Board) -> String {
    let Some((best, tip)) = board.best().and_then(|best| Some((best, best.tip?))) else {
        return "no node runs any more\n".to_owned();
    };
    let (count, agree, height) = (board.living(), board.agreeing(), best.height);
    let mut text = match agree == count {
        true => format!("height {height}: all {count} nodes agree on {tip}\n"),
        false => format!("height {height}: {agree} of {count} nodes stand on {tip}\n"),
    };
    let mut kept = HashMap::new();
    let mut at = tip;
    while let Some(made) = board.made(at) {
        *kept.entry(made.by).or_insert(0) += 1;
        at = made.previous;
    }
    for node in board.nodes() {
        text += &of_node(board, node, kept.get(&node.port).copied().unwrap_or(0));
    }
    text
}

/// How many blocks of a node are in the chain, and how many are not.
fn of_node(board: &Board, node: &Standing, kept: usize) -> String {
    let port = node.port;
    let made = board.all_made().filter(|made| made.by == port).count();
    let plural = if kept == 1 { "" } else { "s" };
    let mut text = format!("  {port}  {kept} block{plural}");
    if made > kept {
        write!(text, ", {} more abandoned", made - kept).expect("a string takes all");
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::board::tests::{board, copied, created, hash};
    use super::*;
    use cairn::event::Event;

    #[test]
    fn the_summary_counts_kept_and_abandoned_blocks_of_each_node() {
        let mut board = board(&[7000, 8000]);
        board.hear(7000, &created(1, "a"));
        board.hear(8000, &created(1, "b"));
        board.hear(8000, &created(2, "c"));
        board.hear(7000, &copied(2, "c"));
        let expected = format!(
            "height 2: all 2 nodes agree on {}\n  7000  0 blocks, 1 more abandoned\n  8000  2 blocks\n",
            hash("c")
        );
        assert_eq!(summary(&board), expected);
    }

    #[test]
    fn the_status_tells_how_many_agree_and_where_each_searches() {
        let mut board = board(&[7000, 8000]);
        board.hear(8000, &Event::Tried { counter: 4000 });
        assert_eq!(status(&board, 80), "height 0, 2 of 2 agree; TRY 7000:0 8000:4000");
        board.hear(7000, &created(1, "a"));
        assert_eq!(status(&board, 80), "height 1, 1 of 2 agree; TRY 7000:0 8000:4000");
    }

    #[test]
    fn the_status_fits_any_width() {
        let ports: Vec<_> = (7..66).map(|thousand| thousand * 1000).collect();
        let board = board(&ports);
        for columns in 0..=2_000 {
            assert!(status(&board, columns).len() <= columns, "{columns}");
        }
        assert_eq!(status(&board, 60), "height 0, 59 of 59 agree; TRY up to 0 in all");
        assert_eq!(status(&board, 30), "height 0, 59 of 59 agree");
        assert_eq!(status(&board, 12), "0: 59/59");
        assert_eq!(status(&board, 4), "0: 5");
    }
}
