//! A node under test, with clocks set by hand, and chains for it to hear.

use std::time::Duration;

use cairn::block::{self, Block, GENESIS_HASH};
use cairn::chain::Chain;
use cairn::event::Event;
use cairn::miner;
use cairn::node::{Input, Node, Now, Output, Save, Search, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;

/// Eight zero bits: some 256 tries a block.
pub(crate) const EASY: Target = Target::from_zero_bits(8);

pub(crate) const GENESIS_TIME: u32 = 1_634_700_000;

/// The wall clock when the nodes here start: long after every block.
pub(crate) const START_TIME: u32 = GENESIS_TIME + 1_000_000;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A node and its clocks.
pub(crate) struct Bench {
    pub(crate) node: Node,
    pub(crate) now: Now,
}

impl Bench {
    /// Alice, who lists bob and carol, just after her start with this chain.
    pub(crate) fn on(chain: &Chain) -> Bench {
        Bench::with(settings("alice", 7000), chain)
    }

    /// A node just after its start.
    pub(crate) fn with(settings: Settings, chain: &Chain) -> Bench {
        let mut bench = Bench::new(settings, chain);
        bench.step(Input::Start);
        bench
    }

    /// A node before its start.
    pub(crate) fn new(settings: Settings, chain: &Chain) -> Bench {
        // The monotonic clock starts anywhere.
        let now = Now { monotonic: 77 * SECOND, wall: START_TIME };
        Bench { node: Node::new(settings, chain.clone()), now }
    }

    pub(crate) fn step(&mut self, input: Input) -> Vec<Output> {
        self.node.step(self.now, input)
    }

    pub(crate) fn hears(&mut self, from: &str, bytes: &[u8]) -> Vec<Output> {
        self.step(Input::Datagram { from: PeerName::new(from), bytes })
    }

    /// Lets time pass on the monotonic clock; the wall clock is set by hand.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now.monotonic += time;
    }

    /// How long it will still listen.
    pub(crate) fn listens_for(&self) -> Option<Duration> {
        self.node.wake().map(|wake| wake - self.now.monotonic)
    }

    /// Waits until the node wakes, and gives it its turn.
    pub(crate) fn turn(&mut self) -> Vec<Output> {
        self.now.monotonic = self.node.wake().expect("it listens");
        self.step(Input::Wake)
    }

    /// Waits until the node wakes, and returns what it wants to search.
    pub(crate) fn search(&mut self) -> Search {
        match self.turn().pop() {
            Some(Output::Search(search)) => search,
            other => panic!("a turn ends in a search, not in {other:?}"),
        }
    }

    /// A turn of mining without luck; returns what was searched.
    pub(crate) fn misses(&mut self) -> Search {
        let search = self.search();
        self.step(Input::Searched { search: search.clone(), found: None });
        search
    }

    /// As many turns of mining as it takes; returns what the last one did.
    pub(crate) fn finds(&mut self) -> Vec<Output> {
        for _ in 0..100 {
            let search = self.search();
            let found = miner::search(&search.header, search.counters.clone(), search.target);
            let outputs = self.step(Input::Searched { search, found });
            if found.is_some() {
                return outputs;
            }
        }
        panic!("a hundred turns and no block at an easy target");
    }
}

/// Settings as at the tutorial's start. The others of the three are its peers.
pub(crate) fn settings(name: &str, port: u16) -> Settings {
    let others = ["alice", "bob", "carol"].into_iter().filter(|other| *other != name);
    Settings::tutorial(PeerName::new(name), port, others.map(PeerName::new).collect())
}

/// The genesis block alone.
pub(crate) fn genesis() -> Chain {
    Chain::genesis(EASY)
}

/// The same chain with more blocks, ten seconds apart. Each miner makes different ones: two
/// who extend the same chain make a fork.
pub(crate) fn grow(chain: &Chain, blocks: usize, miner: u16) -> Chain {
    let last = chain.blocks().last().map_or(0, block::timestamp);
    let dates = (1..=blocks as u32).map(|index| last + 10 * index);
    dates.fold(chain.clone(), |chain, timestamp| grow_at(&chain, timestamp, miner))
}

/// The same chain with one more block, of this date.
pub(crate) fn grow_at(chain: &Chain, timestamp: u32, miner: u16) -> Chain {
    let mut longer = chain.clone();
    let block = chain.next_block(timestamp, miner.into(), miner).expect("an easy nonce");
    assert_eq!(block.header.timestamp, timestamp, "the rules allow this date");
    longer.push(&block).expect("a valid block");
    longer
}

/// Datagrams that no node can want, with the name of the reason.
pub(crate) fn junk() -> Vec<(Vec<u8>, &'static str)> {
    let valid = grow(&genesis(), 1, 8000).as_bytes().to_vec();
    let with = |place: usize, byte| {
        let mut bytes = valid.clone();
        bytes[place] = byte;
        bytes
    };
    vec![
        (vec![], "whole-blocks"),
        (b"hello".to_vec(), "whole-blocks"),
        (valid[..149].to_vec(), "whole-blocks"),
        ([&valid[..], &[0]].concat(), "whole-blocks"),
        (vec![0xff; 65_507], "whole-blocks"),
        (with(75, 74), "size"),
        (with(76, 1), "version"),
        (with(145, 2), "one-transaction"),
        (with(147, 1), "sender"),
        (with(74, 0), "genesis"),
        (with(77, 0xff), "previous-hash"),
        (Block::genesis().to_bytes().repeat(2), "previous-hash"),
        (vec![0x1b, 0x58, 5], "sleep-notice"),
        (vec![0; 75], "bad-frame"),
    ]
}

/// The output that saves a chain's blocks from this height on.
pub(crate) fn saved(chain: &Chain, from: usize) -> Output {
    Output::Save(Save { from, blocks: chain.blocks()[from..].to_vec() })
}

/// The output that announces a chain to bob and carol.
pub(crate) fn to_all(chain: &Chain) -> Output {
    let to = ["bob", "carol"].map(PeerName::new).to_vec();
    Output::Send { to, bytes: chain.as_bytes().to_vec() }
}

/// The events among outputs, as lines.
pub(crate) fn lines(outputs: &[Output]) -> Vec<String> {
    outputs.iter().filter_map(event).map(Event::to_string).collect()
}

/// The name of the reason for which the node ignored a datagram, if it did.
pub(crate) fn ignored(outputs: &[Output]) -> Option<&'static str> {
    outputs.iter().filter_map(event).find_map(|event| match event {
        Event::Ignored { reason, .. } => Some(reason.name()),
        _ => None,
    })
}

/// The receivers of each output's datagram.
pub(crate) fn sent(outputs: &[Output]) -> Vec<(&str, &[u8])> {
    let sends = outputs.iter().filter_map(|output| match output {
        Output::Send { to, bytes } => Some((to, &bytes[..])),
        _ => None,
    });
    sends.flat_map(|(to, bytes)| to.iter().map(move |to| (to.as_str(), bytes))).collect()
}

fn event(output: &Output) -> Option<&Event> {
    match output {
        Output::Event(event) => Some(event),
        _ => None,
    }
}

#[test]
fn chains_for_the_workbench_are_what_they_say() {
    assert_eq!(genesis().tip_hash(), GENESIS_HASH);
    let fork = grow(&genesis(), 2, 8000);
    let other = grow(&genesis(), 2, 9000);
    assert_eq!((fork.count(), fork.common_prefix(other.as_bytes())), (3, 1));
}
