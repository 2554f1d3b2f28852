//! Forks, races and reorganisations as sentences, as on the page.

use std::collections::BTreeSet;

use cairn::block::GENESIS_HASH;
use cairn::event::{Event, as_flag};
use cairn::faulty_link::LinkFaults;
use cairn::hash::Hash;
use cairn::network::Pace;

use super::board::Board;
use super::sides::sides;

/// An event of the network, and not of a single node.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    /// In a word: `fork`, `race`, `reorg`, `split`, `whole`, `links` or `pace`.
    pub(super) kind: &'static str,
    pub(super) sentence: String,
}

impl News {
    /// Somebody has changed the links.
    pub(super) fn links(LinkFaults { delay, loss }: LinkFaults) -> News {
        let delay = as_flag(delay);
        let sentence =
            format!("From now on each datagram takes {delay}, and {loss} of 100 are lost.");
        News { kind: "links", sentence }
    }

    /// Somebody has changed the pace.
    pub(super) fn pace(Pace { nonces, listen }: Pace) -> News {
        let listen = as_flag(listen);
        let sentence =
            format!("From now on each node tries {nonces} nonces, then listens {listen}.");
        News { kind: "pace", sentence }
    }
}

/// A reorganisation that is under way.
struct Turning {
    height: usize,
    hash: Hash,
    /// The nodes that have abandoned blocks of their own for it.
    nodes: BTreeSet<u16>,
    /// The most blocks that one node abandoned.
    depth: usize,
}

/// The sentences still to come.
#[derive(Default)]
pub(super) struct Story {
    turning: Option<Turning>,
    /// The number of parts of the network, if it is split.
    parts: usize,
}

impl Story {
    /// The sentences to print after an event of the node of this port, which the board
    /// already has.
    pub(super) fn tell(&mut self, board: &Board, port: u16, event: &Event) -> Vec<News> {
        let mut news = Vec::new();
        match *event {
            Event::Created { height, hash } => {
                news.extend(self.turned(board));
                news.extend(race(board, height).or_else(|| fork(board, port, height, hash)));
            }
            Event::Copied { height, hash, abandoned, .. } if abandoned > 0 => {
                self.turn(port, height, hash, abandoned);
            }
            Event::Connected { .. } | Event::Disconnected { .. } => news.extend(self.split(board)),
            _ => {}
        }
        if board.agreed_height().is_some() {
            news.extend(self.turned(board));
        }
        news
    }

    /// The network was split, or is whole again.
    fn split(&mut self, board: &Board) -> Option<News> {
        let sides = sides(board);
        let before = std::mem::replace(&mut self.parts, sides.len());
        let kind = if sides.len() > before.max(1) { "split" } else { "whole" };
        let sentence = match (kind, &sides[..]) {
            ("split", [one, other]) => {
                let (one, other) = (list(one), list(other));
                format!("The network is split: {one} on one side, {other} on the other.")
            }
            ("split", _) => {
                let parts: Vec<_> = sides.iter().map(list).collect();
                format!("The network is split in {}: {}.", sides.len(), parts.join(" | "))
            }
            (_, [_]) if before > 1 => "The split is healed: all hear each other again.".to_owned(),
            _ => return None,
        };
        Some(News { kind, sentence })
    }

    fn turn(&mut self, port: u16, height: usize, hash: Hash, abandoned: usize) {
        let new = || Turning { height, hash, nodes: BTreeSet::new(), depth: 0 };
        let turning = self.turning.get_or_insert_with(new);
        (turning.height, turning.hash) = (height, hash);
        turning.nodes.insert(port);
        turning.depth = turning.depth.max(abandoned);
    }

    /// The current reorganisation is over, or a new block comes first.
    fn turned(&mut self, board: &Board) -> Option<News> {
        let Turning { height, hash, nodes, depth } = self.turning.take()?;
        let who = list(&nodes);
        let plural = if depth == 1 { "" } else { "s" };
        let won = match board.made(hash) {
            Some(made) => format!("{} found block {height}", made.by),
            None => format!("block {height} came from elsewhere"),
        };
        let sentence = format!(
            "The race is over: {won}, and {who} gave up {depth} block{plural} for the longer chain."
        );
        Some(News { kind: "reorg", sentence })
    }
}

/// Two or more chains have the greatest length.
fn race(board: &Board, height: usize) -> Option<News> {
    let leaders = board.leaders();
    let makers: Vec<_> = leaders.keys().filter_map(|tip| board.made(*tip)).collect();
    let is_here = leaders.values().flatten().count() > 0
        && board.best().is_some_and(|best| best.height == height);
    if makers.len() < 2 || !is_here {
        return None;
    }
    let who = list(&makers.iter().map(|made| made.by).collect());
    let is_short = makers.iter().all(|made| made.previous == makers[0].previous);
    let sentence = match is_short {
        true => format!("{who} each found block {height}; the next block decides."),
        false => {
            format!(
                "{} chains of the same length, by {who}; the next block decides.",
                leaders.len()
            )
        }
    };
    Some(News { kind: "race", sentence })
}

/// A block next to an existing one, on a chain that is not the longest.
fn fork(board: &Board, port: u16, height: usize, hash: Hash) -> Option<News> {
    let previous = board.made(hash).map_or(GENESIS_HASH, |made| made.previous);
    if board.all_made().filter(|made| made.previous == previous).count() < 2 {
        return None;
    }
    let sentence = format!(
        "{port} found a second block {height}: the chain forks after block {}, and the longer \
         side wins.",
        height - 1
    );
    Some(News { kind: "fork", sentence })
}

/// `7000`, `7000 and 8000`, `7000, 8000 and 9000`; more than five are counted.
fn list(ports: &BTreeSet<u16>) -> String {
    let mut names: Vec<_> = ports.iter().map(u16::to_string).collect();
    match names.len() {
        0 => "nobody".to_owned(),
        1 => names.swap_remove(0),
        2..=5 => {
            let last = names.pop().expect("there are some");
            format!("{} and {last}", names.join(", "))
        }
        count => format!("{count} nodes"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::board::tests::{board, copied, created, hash};
    use super::*;
    use cairn::peer::PeerName;

    /// The sentences for these events, each of a node.
    fn told(ports: &[u16], events: &[(u16, Event)]) -> Vec<(&'static str, String)> {
        let (mut board, mut story) = (board(ports), Story::default());
        let mut told = Vec::new();
        for (port, event) in events {
            board.hear(*port, event);
            let news = story.tell(&board, *port, event);
            told.extend(news.into_iter().map(|news| (news.kind, news.sentence)));
        }
        told
    }

    fn turned(height: usize, name: &str, abandoned: usize) -> Event {
        let from = PeerName::new("127.0.0.1:9000");
        Event::Copied { height, hash: hash(name), from, listed: true, abandoned }
    }

    #[test]
    fn blocks_that_all_take_over_are_no_news() {
        let events = [(7000, created(1, "a")), (8000, copied(1, "a")), (8000, created(2, "b"))];
        assert_eq!(told(&[7000, 8000], &events), []);
    }

    #[test]
    fn a_race_and_the_reorganisation_that_ends_it_are_a_sentence_each() {
        let events = [
            (7000, created(1, "a")),
            (8000, created(1, "b")),
            (9000, copied(1, "b")),
            (9000, created(2, "c")),
            (7000, turned(2, "c", 1)),
            (8000, copied(2, "c")),
        ];
        let race = "7000 and 8000 each found block 1; the next block decides.";
        let over =
            "The race is over: 9000 found block 2, and 7000 gave up 1 block for the longer chain.";
        let expected = [("race", race.to_owned()), ("reorg", over.to_owned())];
        assert_eq!(told(&[7000, 8000, 9000], &events), expected);
    }

    #[test]
    fn all_that_give_up_blocks_for_one_chain_are_one_sentence() {
        let mut events = vec![(7000, created(1, "a")), (8000, copied(1, "a"))];
        events.extend([(9000, created(1, "b")), (9000, created(2, "c")), (9000, created(3, "d"))]);
        events.extend([(7000, turned(3, "d", 1)), (8000, turned(3, "d", 1))]);
        let told = told(&[7000, 8000, 9000], &events);
        let kinds: Vec<_> = told.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, ["race", "reorg"]);
        assert!(told[1].1.contains("7000 and 8000 gave up 1 block"), "{told:?}");
    }

    #[test]
    fn a_second_block_below_the_tip_is_a_fork() {
        let events = [(7000, created(1, "a")), (7000, created(2, "b")), (8000, created(1, "c"))];
        let fork = "8000 found a second block 1: the chain forks after block 0, and the longer \
                    side wins.";
        assert_eq!(told(&[7000, 8000], &events), [("fork", fork.to_owned())]);
    }

    #[test]
    fn a_split_and_its_end_are_a_sentence_each() {
        let peer = |port| PeerName::new(format_args!("127.0.0.1:{port}"));
        let apart = |port| Event::Disconnected { peer: peer(port) };
        let together = |port| Event::Connected { peer: peer(port) };
        let mut events = vec![(7000, apart(8000)), (7000, apart(9000)), (8000, apart(7000))];
        events.extend([(8000, together(7000)), (7000, together(9000)), (7000, together(8000))]);
        let split = "The network is split: 7000 on one side, 8000 and 9000 on the other.";
        let whole = "The split is healed: all hear each other again.";
        let expected = [("split", split.to_owned()), ("whole", whole.to_owned())];
        assert_eq!(told(&[7000, 8000, 9000], &events), expected);
    }

    #[test]
    fn long_lists_of_nodes_are_counted() {
        assert_eq!(list(&(1..=3).collect()), "1, 2 and 3");
        assert_eq!(list(&(1..=6).collect()), "6 nodes");
    }
}
