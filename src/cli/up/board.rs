//! What is known of the network from the lines of its nodes.

use std::collections::HashMap;
use std::fmt::Write;

use cairn::block::GENESIS_HASH;
use cairn::event::Line;
use cairn::hash::Hash;

/// The nodes' tips, and the tree of all blocks that were made.
pub(super) struct Board {
    nodes: Vec<Standing>,
    /// Every block after genesis that was seen being made.
    made: HashMap<Hash, Made>,
}

/// One node, as far as its lines tell.
struct Standing {
    port: u16,
    is_living: bool,
    height: usize,
    tip: Hash,
    tried: u64,
}

struct Made {
    by: usize,
    previous: Hash,
}

impl Board {
    /// Nodes that stand on genesis, as far as we know.
    pub(super) fn new(ports: &[u16]) -> Board {
        let standing =
            |&port| Standing { port, is_living: true, height: 0, tip: GENESIS_HASH, tried: 0 };
        Board { nodes: ports.iter().map(standing).collect(), made: HashMap::new() }
    }

    /// Takes in a line of the node of this index.
    pub(super) fn hear(&mut self, index: usize, line: &str) {
        let node = &mut self.nodes[index];
        match Line::parse(line) {
            None => {}
            Some(Line::Tried(counter)) => node.tried = counter,
            Some(Line::Created(height, hash)) => {
                self.made.insert(hash, Made { by: index, previous: node.tip });
                node.stand(height, hash);
            }
            Some(Line::Copied(height, hash) | Line::Stands(height, hash)) => {
                node.stand(height, hash);
            }
        }
    }

    /// The node of this index has ended.
    pub(super) fn leave(&mut self, index: usize) {
        self.nodes[index].is_living = false;
    }

    /// How many nodes still run.
    pub(super) fn living(&self) -> usize {
        self.living_nodes().count()
    }

    /// The height of the tip on which all living nodes stand, if it is one.
    pub(super) fn agreed_height(&self) -> Option<usize> {
        let best = self.best()?;
        self.living_nodes().all(|node| node.tip == best.tip).then_some(best.height)
    }

    /// A line for a terminal: height, agreement, and where each searches.
    pub(super) fn status(&self) -> String {
        let Some(best) = self.best() else { return "no node runs".to_owned() };
        let agree = self.living_nodes().filter(|node| node.tip == best.tip).count();
        let mut text = format!("height {}, {agree} of {} agree; TRY", best.height, self.living());
        for node in self.living_nodes() {
            write!(text, " {}:{}", node.port, node.tried).expect("a string takes all");
        }
        text
    }

    /// What came of it all.
    pub(super) fn summary(&self) -> String {
        let Some(best) = self.best() else { return "no node runs any more\n".to_owned() };
        let count = self.living();
        let agree = self.living_nodes().filter(|node| node.tip == best.tip).count();
        let mut text = match agree == count {
            true => format!("height {}: all {count} nodes agree on {}\n", best.height, best.tip),
            false => {
                format!("height {}: {agree} of {count} nodes stand on {}\n", best.height, best.tip)
            }
        };
        let mut kept = vec![0; self.nodes.len()];
        let mut at = best.tip;
        while let Some(made) = self.made.get(&at) {
            kept[made.by] += 1;
            at = made.previous;
        }
        for (index, node) in self.nodes.iter().enumerate() {
            let made = self.made.values().filter(|made| made.by == index).count();
            let (kept, port) = (kept[index], node.port);
            let plural = if kept == 1 { "" } else { "s" };
            write!(text, "  {port}  {kept} block{plural}").expect("a string takes all");
            if made > kept {
                write!(text, ", {} more abandoned", made - kept).expect("a string takes all");
            }
            text.push('\n');
        }
        text
    }

    fn living_nodes(&self) -> impl Iterator<Item = &Standing> {
        self.nodes.iter().filter(|node| node.is_living)
    }

    /// A living node with the greatest height, one with company on its tip
    /// before one that stands alone.
    fn best(&self) -> Option<&Standing> {
        let company = |tip| self.living_nodes().filter(|node| node.tip == tip).count();
        self.living_nodes().max_by_key(|node| (node.height, company(node.tip)))
    }
}

impl Standing {
    fn stand(&mut self, height: usize, tip: Hash) {
        self.height = height;
        self.tip = tip;
        self.tried = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(name: &str) -> Hash {
        Hash::of(name.as_bytes())
    }

    #[test]
    fn agreement_is_the_same_tip_at_every_living_node() {
        let mut board = Board::new(&[7000, 8000, 9000]);
        assert_eq!(board.agreed_height(), Some(0));
        board.hear(0, &format!("CREATE block 1: {}!", hash("a")));
        assert_eq!(board.agreed_height(), None);
        board.hear(1, &format!("COPY block 1: {}! from 127.0.0.1:7000", hash("a")));
        assert_eq!(board.agreed_height(), None);
        board.leave(2);
        assert_eq!(board.agreed_height(), Some(1));
    }

    #[test]
    fn the_summary_counts_kept_and_abandoned_blocks_of_each_node() {
        let mut board = Board::new(&[7000, 8000]);
        board.hear(0, &format!("CREATE block 1: {}!", hash("a")));
        board.hear(1, &format!("CREATE block 1: {}!", hash("b")));
        board.hear(1, &format!("CREATE block 2: {}!", hash("c")));
        board.hear(0, &format!("COPY block 2: {}! from 127.0.0.1:8000", hash("c")));
        let expected = format!(
            "height 2: all 2 nodes agree on {}\n  7000  0 blocks, 1 more abandoned\n  8000  2 blocks\n",
            hash("c")
        );
        assert_eq!(board.summary(), expected);
    }

    #[test]
    fn the_status_tells_how_many_agree_and_where_each_searches() {
        let mut board = Board::new(&[7000, 8000]);
        board.hear(1, "TRY up to 4000...");
        assert_eq!(board.status(), "height 0, 2 of 2 agree; TRY 7000:0 8000:4000");
        board.hear(0, &format!("CREATE block 1: {}!", hash("a")));
        assert_eq!(board.status(), "height 1, 1 of 2 agree; TRY 7000:0 8000:4000");
    }
}
