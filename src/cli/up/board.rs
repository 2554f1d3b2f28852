//! The state of the network, from the events of its nodes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cairn::block::GENESIS_HASH;
use cairn::event::Event;
use cairn::hash::Hash;
use cairn::peer::PeerName;

/// The nodes' tips, and the tree of all blocks that were made.
pub(super) struct Board {
    nodes: Vec<Standing>,
    /// Every block after genesis that was seen when it was made.
    made: HashMap<Hash, Made>,
}

/// One node, as far as its events tell.
pub(super) struct Standing {
    pub(super) port: u16,
    is_living: bool,
    pub(super) height: usize,
    /// Its tip; `None` until it has reported its start.
    pub(super) tip: Option<Hash>,
    /// The counter that its search has reached.
    pub(super) tried: u64,
    /// The nodes that it refuses.
    pub(super) refused: BTreeSet<u16>,
}

/// A block that was seen when it was made.
pub(super) struct Made {
    pub(super) by: u16,
    pub(super) previous: Hash,
}

impl Board {
    /// Nodes on these ports, of which nothing is known yet.
    pub(super) fn new(ports: &[u16]) -> Board {
        let mut board = Board { nodes: Vec::new(), made: HashMap::new() };
        ports.iter().for_each(|&port| board.join(port));
        board
    }

    /// The node of this port starts, for the first time or again.
    pub(super) fn join(&mut self, port: u16) {
        let new = Standing {
            port,
            is_living: true,
            height: 0,
            tip: None,
            tried: 0,
            refused: BTreeSet::new(),
        };
        match self.nodes.iter_mut().find(|node| node.port == port) {
            Some(node) => *node = new,
            None => self.nodes.push(new),
        }
    }

    /// Takes an event of the node of this port.
    pub(super) fn hear(&mut self, port: u16, event: &Event) {
        let Some(node) = self.nodes.iter_mut().find(|node| node.port == port) else { return };
        match *event {
            Event::Tried { counter } => node.tried = counter,
            Event::Created { height, hash } => {
                let previous = node.tip.unwrap_or(GENESIS_HASH);
                self.made.insert(hash, Made { by: port, previous });
                node.stand(height, hash);
            }
            Event::Copied { height, hash, .. } => node.stand(height, hash),
            Event::Connected { ref peer } => {
                port_of(peer).map(|peer| node.refused.remove(&peer));
            }
            Event::Disconnected { ref peer } => node.refused.extend(port_of(peer)),
            Event::Started(ref started) => node.stand(started.height, started.hash),
            _ => {}
        }
    }

    /// The node of this port has ended.
    pub(super) fn leave(&mut self, port: u16) {
        let ended = self.nodes.iter_mut().filter(|node| node.port == port);
        ended.for_each(|node| node.is_living = false);
    }

    /// The index of a node among all, from 0 on.
    pub(super) fn place(&self, port: u16) -> usize {
        self.nodes.iter().position(|node| node.port == port).unwrap_or(0)
    }

    /// How many nodes still run.
    pub(super) fn living(&self) -> usize {
        self.living_nodes().count()
    }

    /// The height of the tip of all living nodes, if they have the same tip.
    pub(super) fn agreed_height(&self) -> Option<usize> {
        let best = self.best()?;
        best.tip?;
        self.living_nodes().all(|node| node.tip == best.tip).then_some(best.height)
    }

    /// The nodes that run, and all that ever did.
    pub(super) fn nodes(&self) -> &[Standing] {
        &self.nodes
    }

    /// The running nodes with the greatest height, by their tips; not those that have not
    /// yet reported their start.
    pub(super) fn leaders(&self) -> BTreeMap<Hash, Vec<u16>> {
        let mut leaders = BTreeMap::<_, Vec<_>>::new();
        let height = self.best().map(|best| best.height);
        for node in self.living_nodes().filter(|node| Some(node.height) == height) {
            if let Some(tip) = node.tip {
                leaders.entry(tip).or_default().push(node.port);
            }
        }
        leaders
    }

    /// A block that was seen when it was made.
    pub(super) fn made(&self, hash: Hash) -> Option<&Made> {
        self.made.get(&hash)
    }

    /// All blocks that were seen when they were made.
    pub(super) fn all_made(&self) -> impl Iterator<Item = &Made> {
        self.made.values()
    }

    /// How many of the running nodes have the best tip.
    pub(super) fn agreeing(&self) -> usize {
        let tip = self.best().and_then(|best| best.tip);
        self.living_nodes().filter(|node| tip.is_some() && node.tip == tip).count()
    }

    /// The nodes that run.
    pub(super) fn living_nodes(&self) -> impl Iterator<Item = &Standing> {
        self.nodes.iter().filter(|node| node.is_living)
    }

    /// A living node with the greatest height, preferably one whose tip other nodes have
    /// too.
    pub(super) fn best(&self) -> Option<&Standing> {
        let company =
            |tip: Option<Hash>| self.living_nodes().filter(|node| node.tip == tip).count();
        self.living_nodes().max_by_key(|node| (node.height, company(node.tip)))
    }
}

/// The port of a peer over UDP. Nodes elsewhere may have the same port as one here, but no
/// node is told to disconnect from those.
fn port_of(peer: &PeerName) -> Option<u16> {
    cairn::udp::address(peer).map(|address| address.port())
}

impl Standing {
    fn stand(&mut self, height: usize, tip: Hash) {
        self.height = height;
        self.tip = Some(tip);
        self.tried = 0;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use cairn::chain::Chain;
    use cairn::event::Started;
    use cairn::node::{Input, Node, Now, Output, Settings};
    use cairn::target::Target;

    use super::*;

    pub(in super::super) fn hash(name: &str) -> Hash {
        Hash::of(name.as_bytes())
    }

    pub(in super::super) fn created(height: usize, name: &str) -> Event {
        Event::Created { height, hash: hash(name) }
    }

    pub(in super::super) fn copied(height: usize, name: &str) -> Event {
        let from = PeerName::new("127.0.0.1:7000");
        Event::Copied { height, hash: hash(name), from, listed: true, abandoned: 0 }
    }

    fn started(port: u16, height: usize, hash: Hash) -> Event {
        let settings = Settings::tutorial(PeerName::new("alice"), port, Vec::new());
        let mut node = Node::new(settings, Chain::genesis(Target::NETWORK));
        let now = Now { monotonic: Duration::ZERO, wall: 0 };
        match node.step(now, Input::Start).swap_remove(0) {
            Output::Event(Event::Started(started)) => {
                Event::Started(Started { height, hash, ..started })
            }
            other => panic!("{other:?}"),
        }
    }

    /// Nodes that have reported that they start with genesis.
    pub(in super::super) fn board(ports: &[u16]) -> Board {
        let mut board = Board::new(ports);
        ports.iter().for_each(|&port| board.hear(port, &started(port, 0, GENESIS_HASH)));
        board
    }

    #[test]
    fn agreement_is_the_same_tip_at_every_living_node() {
        let mut board = board(&[7000, 8000, 9000]);
        assert_eq!(board.agreed_height(), Some(0));
        board.hear(7000, &created(1, "a"));
        assert_eq!(board.agreed_height(), None);
        board.hear(8000, &copied(1, "a"));
        assert_eq!(board.agreed_height(), None);
        board.leave(9000);
        assert_eq!(board.agreed_height(), Some(1));
    }

    #[test]
    fn a_node_that_has_not_told_of_its_start_agrees_with_nobody() {
        let mut board = Board::new(&[7000, 8000]);
        assert_eq!(board.agreed_height(), None);
        board.hear(7000, &started(7000, 3, hash("c")));
        assert_eq!(board.agreed_height(), None);
        board.hear(8000, &started(8000, 3, hash("c")));
        assert_eq!(board.agreed_height(), Some(3));
    }

    #[test]
    fn a_node_that_joins_or_starts_again_is_counted_once() {
        let mut board = board(&[7000, 8000]);
        board.hear(7000, &created(1, "a"));
        board.hear(8000, &copied(1, "a"));
        board.leave(8000);
        board.join(8000);
        board.join(9000);
        assert_eq!((board.living(), board.agreed_height()), (3, None));
        board.hear(8000, &copied(1, "a"));
        board.hear(9000, &copied(1, "a"));
        assert_eq!(board.agreed_height(), Some(1));
    }
}
