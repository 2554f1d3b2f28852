//! Liars among the peers: whatever they claim and answer, a longer honest chain is fetched
//! in time, because each peer gets its turn.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;

use cairn::block::BlockBytes;
use cairn::chain::Chain;
use cairn::driver::give;
use cairn::node::{Command, Input, Node, Now, Output, Settings};
use cairn::peer::PeerName;
use cairn::target::Target;
use cairn::wire::{Blocks, MAX_BLOCKS, Message, Question, to_u32};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Any hash meets this target: the work is not tested here.
const TARGET: Target = Target::from_zero_bits(0);

/// Blocks that bob has, and that all peers know.
const COMMON: usize = 1_000;

/// The additional blocks of honest peers.
const MORE: usize = 1_200;

/// The number of blocks that a liar claims.
const CLAIM: u32 = 9_999_999;

/// The delay of a datagram.
const LATENCY: Duration = Duration::from_millis(1);

/// How often a peer announces: a liar often, an honest one as rarely as it must.
const LIARS_PAUSE: Duration = Duration::from_millis(100);
const HONEST_PAUSE: Duration = Duration::from_secs(1);

/// How a liar holds up a node that asks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// It answers nothing.
    Silence,
    /// It answers with the asker's own last blocks, paid to somebody else.
    Receivers,
    /// It answers with one new block, and then with nothing for 50 s.
    OneBlock,
    /// It answers with one block of an old fork after the other.
    Trickle,
}

const LIES: [Lie; 4] = [Lie::Silence, Lie::Receivers, Lie::OneBlock, Lie::Trickle];

/// The next event, and its time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Deliver { to: PeerName, from: PeerName, bytes: Vec<u8> },
    Speak(PeerName),
}

/// Bob, who is behind, his honest peers, and the liars among his peers.
struct World {
    time: Duration,
    plan: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    planned: u64,
    nodes: BTreeMap<PeerName, Node>,
    liars: BTreeMap<PeerName, Lie>,
    /// A fork that is shorter than bob's chain, and bob's blocks paid to a liar.
    old_fork: Chain,
    repaid: Vec<BlockBytes>,
    /// When each liar last gave a new block away, and how many blocks of the old fork.
    gave: BTreeMap<PeerName, (Duration, usize)>,
    loss: f64,
    random: ChaCha8Rng,
}

fn grown(chain: &Chain, count: usize, lane: u64) -> Chain {
    let mut chain = chain.clone();
    while chain.count() < count {
        let block = chain.next_block(0, lane, 7000).expect("any hash will do");
        chain.push(&block).expect("valid");
    }
    chain
}

fn name(text: impl std::fmt::Display) -> PeerName {
    PeerName::new(text)
}

impl World {
    /// One peer has the longer chain, `others` are as far as bob.
    fn new(lies: &[Lie], others: usize, loss: f64) -> World {
        let common = grown(&Chain::genesis(TARGET), COMMON, 0);
        let honest = (0..others).map(|index| (name(format_args!("honest{index}")), common.clone()));
        let alice = (name("alice"), grown(&common, COMMON + MORE, 1));
        let liars = lies.iter().enumerate();
        let liars: BTreeMap<_, _> =
            liars.map(|(index, lie)| (name(format_args!("liar{index}")), *lie)).collect();
        let peers: Vec<_> = honest.chain([alice]).collect();
        let names = peers.iter().map(|(name, _)| name).chain(liars.keys()).cloned().collect();
        let mut repaid = common.blocks().to_vec();
        repaid.iter_mut().for_each(|block| block[74] ^= 1);
        let mut world = World {
            time: Duration::ZERO,
            plan: BinaryHeap::new(),
            planned: 0,
            nodes: BTreeMap::new(),
            old_fork: grown(&grown(&Chain::genesis(TARGET), 10, 0), COMMON - 1, 2),
            repaid,
            gave: BTreeMap::new(),
            liars,
            loss,
            random: ChaCha8Rng::seed_from_u64(1),
        };
        world.start(name("bob"), names, common);
        for (peer, chain) in peers {
            world.start(peer, vec![name("bob")], chain);
        }
        // The first announcements are lost: bob hears the liars first.
        world.plan.clear();
        for liar in world.liars.keys().cloned().collect::<Vec<_>>() {
            world.plan_in(Duration::ZERO, Happening::Speak(liar));
        }
        world.plan_in(LIARS_PAUSE, Happening::Speak(name("alice")));
        world
    }

    fn start(&mut self, peer: PeerName, peers: Vec<PeerName>, chain: Chain) {
        let settings = Settings { nonces: 1, ..Settings::tutorial(peer.clone(), 7000, peers) };
        self.nodes.insert(peer.clone(), Node::new(settings, chain));
        self.give(&peer, Input::Start);
        self.give(&peer, Input::Command(Command::Pause));
    }

    fn plan_in(&mut self, time: Duration, happening: Happening) {
        self.planned += 1;
        self.plan.push(Reverse((self.time + time, self.planned, happening)));
    }

    fn send(&mut self, from: &PeerName, to: &PeerName, bytes: Vec<u8>) {
        if !self.random.random_bool(self.loss) {
            let (to, from) = (to.clone(), from.clone());
            self.plan_in(LATENCY, Happening::Deliver { to, from, bytes });
        }
    }

    fn give(&mut self, to: &PeerName, input: Input) {
        let mut node = self.nodes.remove(to).expect("it is a node");
        let now = Now { monotonic: self.time, wall: 1_700_000_000 };
        let ControlFlow::Continue(()) = give(
            &mut node,
            || now,
            input,
            |_, output| {
                if let Output::Send { to: peers, bytes } = output {
                    peers.iter().for_each(|peer| self.send(to, peer, bytes.clone()));
                }
                ControlFlow::<Infallible, _>::Continue(None)
            },
        );
        self.nodes.insert(to.clone(), node);
    }

    /// How long it takes until bob has the honest chain.
    fn time_to_agree(&mut self) -> Duration {
        while self.bob().count() < COMMON + MORE {
            assert!(self.time < Duration::from_secs(120), "bob has {} blocks", self.bob().count());
            let wakes = self.nodes.iter().filter_map(|(name, node)| Some((node.wake()?, name)));
            let (wake, sleeper) = wakes.min().expect("all of them listen");
            match self.plan.peek() {
                Some(Reverse((time, ..))) if *time <= wake => {
                    let Reverse((time, _, happening)) = self.plan.pop().expect("it is there");
                    self.time = time;
                    self.happen(happening);
                }
                _ => {
                    let sleeper = sleeper.clone();
                    self.time = self.time.max(wake);
                    self.give(&sleeper, Input::Wake);
                }
            }
        }
        self.time
    }

    fn bob(&self) -> &Chain {
        self.nodes[&name("bob")].chain()
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Speak(speaker) if self.liars.contains_key(&speaker) => {
                let block = self.repaid[COMMON - 1];
                let claim = Blocks { number: 0, count: CLAIM, height: CLAIM - 1, blocks: &[block] };
                self.send(&speaker, &name("bob"), claim.encode());
                self.plan_in(LIARS_PAUSE, Happening::Speak(speaker));
            }
            Happening::Speak(speaker) => {
                self.give(&speaker, Input::Command(Command::Sync));
                self.plan_in(HONEST_PAUSE, Happening::Speak(speaker));
            }
            Happening::Deliver { to, from, bytes } => match self.liars.get(&to).copied() {
                None => self.give(&to, Input::Datagram { from, bytes: &bytes }),
                Some(lie) => {
                    if let Ok(Message::Question(question)) = Message::decode(&bytes) {
                        self.lie(&to, lie, &question);
                    }
                }
            },
        }
    }

    fn lie(&mut self, liar: &PeerName, lie: Lie, question: &Question) {
        let (gave_at, given) = self.gave.get(liar).copied().unwrap_or((Duration::ZERO, 0));
        let (height, blocks) = match lie {
            Lie::Silence => return,
            Lie::Receivers => {
                let height = COMMON - MAX_BLOCKS;
                (height, self.repaid[height..].to_vec())
            }
            Lie::OneBlock if given > 0 && self.time < gave_at + Duration::from_secs(50) => return,
            Lie::OneBlock => {
                let bobs = self.bob();
                let next = grown(bobs, bobs.count() + 1, 3);
                (bobs.count(), vec![next.blocks()[bobs.count()]])
            }
            Lie::Trickle => {
                let height = (10 + given).min(COMMON - 2);
                (height, vec![self.old_fork.blocks()[height]])
            }
        };
        self.gave.insert(liar.clone(), (self.time, given + 1));
        let frame = Blocks {
            number: question.number,
            count: CLAIM,
            height: to_u32(height),
            blocks: &blocks,
        };
        self.send(liar, &name("bob"), frame.encode());
    }
}

/// Checks that 1,200 honest blocks arrive within 3 s for each liar and one more, plus the
/// time that they take without liars.
fn check(lies: &[Lie], others: usize, loss: f64) {
    let transfer = World::new(&[], others, loss).time_to_agree();
    let time = World::new(lies, others, loss).time_to_agree();
    let bound = Duration::from_secs(3) * (lies.len() as u32 + 1) + transfer;
    assert!(time <= bound, "{lies:?}, {loss} lost: {time:?}, and {transfer:?} without");
}

#[test]
fn one_liar_of_any_kind_holds_up_an_honest_peer_for_no_longer_than_its_turn() {
    for lie in LIES {
        check(&[lie], 0, 0.0);
    }
}

#[test]
fn neither_does_it_where_datagrams_are_lost() {
    for lie in LIES {
        for loss in [0.1, 0.3] {
            check(&[lie], 0, loss);
        }
    }
}

#[test]
fn four_liars_among_nine_peers_hold_up_an_honest_one_for_no_longer_than_their_turns() {
    for lie in LIES {
        check(&[lie; 4], 4, 0.0);
        check(&[lie; 4], 4, 0.2);
    }
    check(&LIES, 4, 0.0);
    check(&LIES, 4, 0.2);
}
