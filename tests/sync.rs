//! Long chains: frames, and catching up by question and answer.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;

use cairn::block::BLOCK_LEN;
use cairn::chain::Chain;
use cairn::driver::give;
use cairn::event::{Event, Reason};
use cairn::node::{ANNOUNCED_BLOCKS, Command, Input, MAX_ANSWERS, Node, Now, Output, Settings};
use cairn::peer::PeerName;
use cairn::rules::Rule;
use cairn::sync::{
    ANSWER_TIMEOUT, FIRST_SHUN, MAX_ANSWER_FRAMES, MAX_FETCH, MAX_TRIES, PACE_TIME, answer,
};
use cairn::target::Target;
use cairn::wire::{Blocks, MAX_BLOCKS, Message, Place, Question};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Any hash meets this target: the work is not tested here.
const TARGET: Target = Target::from_zero_bits(0);

fn now(milliseconds: u64) -> Now {
    Now { monotonic: Duration::from_millis(milliseconds), wall: 1_700_000_000 }
}

/// A chain of `count` blocks; other seeds give other blocks.
fn chain(count: usize, seed: u64) -> Chain {
    longer(Chain::genesis(TARGET), count, seed)
}

/// `chain` with new blocks on top, up to `count`.
fn longer(mut chain: Chain, count: usize, seed: u64) -> Chain {
    while chain.count() < count {
        let block = chain.next_block(0, seed, 7000).expect("any hash will do");
        chain.push(&block).expect("valid");
    }
    chain
}

fn node(name: &str, peers: &[&str], chain: Chain) -> Node {
    let peers = peers.iter().map(PeerName::new).collect();
    let settings = Settings {
        nonces: 1,
        seed: name.bytes().map(u64::from).sum(),
        ..Settings::tutorial(PeerName::new(name), 7000, peers)
    };
    let mut node = Node::new(settings, chain);
    node.step(now(0), Input::Start);
    node
}

fn hear(node: &mut Node, at: u64, from: &str, bytes: &[u8]) -> Vec<Output> {
    node.step(now(at), Input::Datagram { from: PeerName::new(from), bytes })
}

/// The announcement of a chain.
fn announcement(chain: &Chain) -> Vec<u8> {
    let mut node = node("announcer", &["anyone"], chain.clone());
    let outputs = node.step(now(0), Input::Command(Command::Sync));
    match &outputs[..] {
        [Output::Send { bytes, .. }] => bytes.clone(),
        other => panic!("{other:?}"),
    }
}

/// The datagrams among outputs that go to one peer.
fn sent_to<'a>(outputs: &'a [Output], name: &str) -> Vec<&'a [u8]> {
    let to_name = |output: &'a Output| match output {
        Output::Send { to, bytes } if to.contains(&PeerName::new(name)) => Some(&bytes[..]),
        _ => None,
    };
    outputs.iter().filter_map(to_name).collect()
}

/// The height from which an output saves blocks.
fn saved_from(output: &Output) -> Option<usize> {
    match output {
        Output::Save(save) => Some(save.from),
        _ => None,
    }
}

fn question(outputs: &[Output], name: &str) -> Question {
    match sent_to(outputs, name)[..] {
        [bytes] => match Message::decode(bytes) {
            Ok(Message::Question(question)) => question,
            other => panic!("{other:?}"),
        },
        ref other => panic!("one question, not {other:?}"),
    }
}

fn reason(outputs: &[Output]) -> &Reason {
    let reason = |output| match output {
        &Output::Event(Event::Ignored { ref reason, .. }) => Some(reason),
        _ => None,
    };
    outputs.iter().find_map(reason).unwrap_or_else(|| panic!("{outputs:?}"))
}

/// Two nodes and the datagrams between them, delivered one after the other.
struct Pair {
    alice: Node,
    bob: Node,
    in_flight: VecDeque<(bool, Vec<u8>)>,
    time: u64,
    loss: f64,
    random: ChaCha8Rng,
}

impl Pair {
    fn new(alice: Chain, bob: Chain, loss: f64) -> Pair {
        Pair {
            alice: node("alice", &["bob"], alice),
            bob: node("bob", &["alice"], bob),
            in_flight: VecDeque::new(),
            time: 0,
            loss,
            random: ChaCha8Rng::seed_from_u64(1),
        }
    }

    /// Gives an input to one of them and collects what it sends, less the loss.
    fn step(&mut self, to_bob: bool, input: Input) {
        let node = if to_bob { &mut self.bob } else { &mut self.alice };
        let (random, in_flight) = (&mut self.random, &mut self.in_flight);
        let ControlFlow::Continue(()) = give(
            node,
            || now(self.time),
            input,
            |_, output| {
                if let Output::Send { bytes, .. } = output
                    && !random.random_bool(self.loss)
                {
                    in_flight.push_back((!to_bob, bytes));
                }
                ControlFlow::<Infallible, _>::Continue(None)
            },
        );
    }

    /// Delivers everything in flight and everything that follows from it.
    fn deliver(&mut self) {
        while let Some((to_bob, bytes)) = self.in_flight.pop_front() {
            let from = PeerName::new(if to_bob { "alice" } else { "bob" });
            self.step(to_bob, Input::Datagram { from, bytes: &bytes });
        }
    }

    /// Continues until both have the same tip; returns how long that took.
    fn agree(&mut self) -> Duration {
        for _ in 0..10_000 {
            self.step(false, Input::Command(Command::Sync));
            self.deliver();
            if self.alice.chain().tip_hash() == self.bob.chain().tip_hash() {
                return Duration::from_millis(self.time);
            }
            // Bob wakes for his open question; nobody mines.
            self.time += ANSWER_TIMEOUT.as_millis() as u64;
            self.step(true, Input::Command(Command::Pause));
            self.step(true, Input::Wake);
            self.deliver();
        }
        panic!("alice {} and bob {}", self.alice.chain().height(), self.bob.chain().height());
    }
}

#[test]
fn a_chain_of_122_blocks_is_announced_whole_and_one_of_123_by_its_last_blocks() {
    let whole = chain(122, 0);
    assert_eq!(announcement(&whole), whole.as_bytes());
    let long = longer(whole, 123, 0);
    let first = 123 - ANNOUNCED_BLOCKS;
    let expected =
        Blocks { number: 0, count: 123, height: first as u32, blocks: &long.blocks()[first..] };
    assert_eq!(Message::decode(&announcement(&long)), Ok(Message::Blocks(expected)));
}

#[test]
fn a_peer_that_missed_a_few_blocks_copies_them_from_the_announcement_alone() {
    let long = chain(300, 0);
    let mut bob = node("bob", &["alice"], chain(300 - ANNOUNCED_BLOCKS, 0));
    let outputs = hear(&mut bob, 1, "alice", &announcement(&long));
    assert_eq!(saved_from(&outputs[0]), Some(300 - ANNOUNCED_BLOCKS));
    assert_eq!(bob.chain(), &long);
    assert!(sent_to(&outputs, "alice").is_empty());
}

#[test]
fn a_short_fork_that_the_announcement_spans_is_a_reorganisation_without_a_question() {
    let shared = chain(298, 0);
    let long = longer(shared.clone(), 300, 1);
    let mut bob = node("bob", &["alice"], longer(shared, 299, 2));
    let outputs = hear(&mut bob, 1, "alice", &announcement(&long));
    assert_eq!(saved_from(&outputs[0]), Some(298));
    assert_eq!(bob.chain(), &long);
}

#[test]
fn who_cannot_connect_an_announcement_asks_with_a_locator_from_tip_to_genesis() {
    let long = chain(5_000, 0);
    let mut bob = node("bob", &["alice"], chain(1_000, 0));
    let outputs = hear(&mut bob, 1, "alice", &announcement(&long));
    assert_eq!(reason(&outputs), &Reason::Unconnected { theirs: 5_000, listed: true, asked: true });
    let question = question(&outputs, "alice");
    assert_eq!(question.count, 1_000);
    let heights: Vec<_> = question.places.iter().map(|place| place.height).collect();
    let expected =
        [999, 998, 997, 996, 995, 994, 993, 992, 991, 990, 988, 984, 976, 960, 928, 864, 736, 480];
    assert_eq!(heights, [&expected[..], &[0]].concat());
}

#[test]
fn an_answer_starts_at_the_fork_and_has_at_most_eight_frames() {
    let long = chain(5_000, 0);
    let mut alice = node("alice", &["bob"], long.clone());
    let place =
        |height: usize| Place { height: height as u32, hash: long.hash_at(height).unwrap() };
    let other = Place { height: 900, hash: chain(1, 0).tip_hash() };
    let question = Question { number: 77, count: 1_000, places: vec![other, place(700), place(3)] };
    let outputs = hear(&mut alice, 1, "bob", &question.encode());
    let frames = sent_to(&outputs, "bob");
    assert_eq!(frames.len(), MAX_ANSWER_FRAMES);
    for (index, frame) in frames.into_iter().enumerate() {
        let height = 701 + index * MAX_BLOCKS;
        let blocks = &long.blocks()[height..height + MAX_BLOCKS];
        let expected = Blocks { number: 77, count: 5_000, height: height as u32, blocks };
        assert_eq!(Message::decode(frame), Ok(Message::Blocks(expected)));
    }
}

#[test]
fn a_fresh_node_catches_up_with_a_long_chain() {
    let long = chain(20_000, 0);
    let mut pair = Pair::new(long.clone(), Chain::genesis(TARGET), 0.0);
    assert_eq!(pair.agree(), Duration::ZERO, "progress asks again at once");
    assert_eq!(pair.bob.chain(), &long);
}

#[test]
fn a_fresh_node_catches_up_although_datagrams_are_lost() {
    for loss in [0.1, 0.3] {
        let mut pair = Pair::new(chain(20_000, 0), Chain::genesis(TARGET), loss);
        let time = pair.agree();
        assert!(time < Duration::from_secs(30), "{time:?} at a loss of {loss}");
    }
}

#[test]
fn a_reorganisation_deeper_than_an_answer_is_held_until_it_is_longer() {
    let shared = chain(500, 0);
    let alices = longer(shared.clone(), 4_000, 1);
    let mut pair = Pair::new(alices.clone(), longer(shared, 3_000, 2), 0.1);
    pair.agree();
    assert_eq!(pair.bob.chain(), &alices);
}

#[test]
fn chains_that_parted_long_ago_come_together_again() {
    // Forks deeper than an answer is long, far from genesis: the first answers bring only
    // blocks that both have.
    for (shared, bobs, alices) in [(2_000, 3_040, 4_000), (3_000, 5_200, 6_000)] {
        let shared = chain(shared, 0);
        let alices = longer(shared.clone(), alices, 1);
        let mut pair = Pair::new(alices.clone(), longer(shared, bobs, 2), 0.1);
        pair.agree();
        assert_eq!(pair.bob.chain(), &alices);
    }
}

#[test]
fn a_peer_that_brings_new_blocks_but_never_a_longer_chain_is_given_up() {
    let long = chain(1_000, 0);
    let mut bob = node("bob", &["mallory", "alice"], long.clone());
    let mut outputs = hear(&mut bob, 0, "mallory", &announcement(&chain(5_000, 7)));
    hear(&mut bob, 0, "alice", &announcement(&chain(2_000, 8)));
    let (mut time, mut height) = (0, 1);
    while sent_to(&outputs, "alice").is_empty() {
        // Bob's own blocks with another receiver, one at a time: they cost nothing.
        if let [bytes] = sent_to(&outputs, "mallory")[..]
            && let Ok(Message::Question(asked)) = Message::decode(bytes)
        {
            let mut block = long.blocks()[height];
            block[74] ^= 1;
            let count = height as u32 + 1;
            let frame = Blocks { number: asked.number, count, height: count - 1, blocks: &[block] };
            outputs = hear(&mut bob, time, "mallory", &frame.encode());
            height += 1;
        } else {
            outputs = bob.step(now(time), Input::Wake);
        }
        time += 201;
        assert!(time < 2 * PACE_TIME.as_millis() as u64, "mallory is asked and asked");
    }
    assert_eq!(bob.chain(), &long);
}

/// Bob, who is paused, and has got a wrong answer from mallory 5 ms after his start:
/// between two turns, so that no turn begins when her time of exclusion ends.
fn bob_who_shuns_mallory() -> (Node, u64) {
    let (mut bob, number) = bob_who_asks_mallory();
    bob.step(now(0), Input::Command(Command::Pause));
    hear(&mut bob, 5, "mallory", &junk(number));
    (bob, 5 + FIRST_SHUN.as_millis() as u64)
}

/// Wakes a node whenever it is due, up to a time; returns all outputs.
fn wake_up_to(node: &mut Node, end: u64) -> Vec<Output> {
    let mut outputs = Vec::new();
    let mut last = None;
    while let Some(wake) = node.wake().filter(|wake| wake.as_millis() as u64 <= end) {
        assert!(last < Some(wake), "it wakes twice at {wake:?}");
        last = Some(wake);
        outputs.extend(node.step(now(wake.as_millis() as u64), Input::Wake));
    }
    outputs
}

#[test]
fn what_a_peer_claims_while_it_is_shunned_is_asked_for_when_that_is_over() {
    let (mut bob, end) = bob_who_shuns_mallory();
    hear(&mut bob, 6, "mallory", &announcement(&chain(5_000, 7)));
    assert!(sent_to(&wake_up_to(&mut bob, end - 1), "mallory").is_empty());
    question(&wake_up_to(&mut bob, end), "mallory");
}

#[test]
fn the_end_of_a_shun_wakes_nobody_where_nothing_is_claimed() {
    let (mut bob, end) = bob_who_shuns_mallory();
    wake_up_to(&mut bob, end - 1);
    assert!(bob.wake() > Some(Duration::from_millis(end)), "{:?}", bob.wake());
    wake_up_to(&mut bob, 2 * end);
}

#[test]
fn a_claim_that_was_overtaken_during_a_shun_wakes_once_and_asks_nothing() {
    let (mut bob, end) = bob_who_shuns_mallory();
    hear(&mut bob, 6, "mallory", &announcement(&longer(chain(10, 0), 140, 7)));
    let ours = chain(140, 0);
    let frame = Blocks { number: 0, count: 140, height: 18, blocks: &ours.blocks()[18..] };
    hear(&mut bob, 6, "alice", &announcement(&chain(100, 0)));
    hear(&mut bob, 6, "alice", &frame.encode());
    assert_eq!(bob.chain().count(), 140);
    assert!(sent_to(&wake_up_to(&mut bob, 2 * end), "mallory").is_empty());
}

#[test]
fn a_late_datagram_takes_nothing_back_of_what_is_being_fetched() {
    let (mut bob, _) = bob_who_asks_mallory();
    assert_eq!(bob.fetching(), Some(5_000));
    hear(&mut bob, 1, "mallory", &announcement(&chain(4_000, 7)));
    assert_eq!(bob.fetching(), Some(5_000));
    bob.step(now(2), Input::Command(Command::Disconnect(PeerName::new("mallory"))));
    assert_eq!(bob.fetching(), None);
}

#[test]
fn a_new_block_of_ours_costs_nothing_of_a_longer_fork_that_is_being_fetched() {
    let (mut bob, theirs, asked) = bob_who_is_deep_in_a_fork();
    let frames = answer(&theirs, &asked);
    hear(&mut bob, 0, "mallory", &frames[0]);
    let outputs = hear(&mut bob, 0, "alice", &announcement(&chain(401, 0)));
    assert_eq!(bob.chain().count(), 401);
    assert!(sent_to(&outputs, "mallory").is_empty());
    for frame in &frames[1..] {
        hear(&mut bob, 0, "mallory", frame);
    }
    assert_eq!(bob.chain().count(), 800);
}

#[test]
fn a_fork_is_asked_for_again_where_the_blocks_below_it_are_ours_no_more() {
    let mut bob = node("bob", &["mallory", "alice"], chain(100, 0));
    let theirs = longer(chain(90, 0), 400, 7);
    let asked = question(&hear(&mut bob, 0, "mallory", &announcement(&theirs)), "mallory");
    hear(&mut bob, 0, "mallory", &answer(&theirs, &asked)[0]);
    let alices = longer(chain(5, 0), 110, 8);
    let again = question(&hear(&mut bob, 0, "alice", &announcement(&alices)), "mallory");
    assert_eq!(again.places[0].hash, alices.tip_hash());
}

#[test]
fn a_question_starts_with_no_block_that_is_ours_no_more() {
    let ours = chain(100, 0);
    let mut bob = node("bob", &["mallory", "alice"], ours.clone());
    bob.step(now(0), Input::Command(Command::Pause));
    let outputs = hear(&mut bob, 0, "mallory", &announcement(&longer(chain(90, 0), 400, 7)));
    let number = question(&outputs, "mallory").number;
    let known = Blocks { number, count: 400, height: 50, blocks: &ours.blocks()[50..51] };
    hear(&mut bob, 0, "mallory", &known.encode());
    let alices = longer(chain(5, 0), 110, 8);
    hear(&mut bob, 0, "alice", &announcement(&alices));
    let outputs = bob.step(now(ANSWER_TIMEOUT.as_millis() as u64), Input::Wake);
    assert_eq!(question(&outputs, "mallory").places[0].hash, alices.tip_hash());
}

#[test]
fn a_chain_never_gets_shorter_while_a_longer_one_is_fetched() {
    let mut pair = Pair::new(chain(3_000, 1), chain(2_000, 2), 0.2);
    pair.bob.step(now(0), Input::Command(Command::Pause));
    let mut last = pair.bob.chain().count();
    while last < 3_000 {
        pair.step(false, Input::Command(Command::Sync));
        while let Some((to_bob, bytes)) = pair.in_flight.pop_front() {
            let from = PeerName::new(if to_bob { "alice" } else { "bob" });
            pair.step(to_bob, Input::Datagram { from, bytes: &bytes });
            assert!(pair.bob.chain().count() >= last);
            last = pair.bob.chain().count();
        }
        pair.time += ANSWER_TIMEOUT.as_millis() as u64;
        assert!(pair.time < 60_000, "bob is at {last} after a minute");
        pair.step(true, Input::Wake);
    }
}

#[test]
fn a_stranger_is_neither_asked_nor_answered_but_its_longer_chain_is_adopted() {
    let long = chain(300, 0);
    let mut bob = node("bob", &["alice"], chain(10, 0));
    let outputs = hear(&mut bob, 1, "mallory", &announcement(&long));
    assert_eq!(outputs.len(), 1);
    assert_eq!(reason(&outputs), &Reason::Unconnected { theirs: 300, listed: false, asked: false });

    let question = Question { number: 1, count: 1, places: vec![] }.encode();
    let outputs = hear(&mut bob, 1, "mallory", &question);
    assert_eq!((outputs.len(), reason(&outputs)), (1, &Reason::StrangersQuestion));

    let blocks = &long.blocks()[10..132];
    let frame = Blocks { number: 5, count: 300, height: 10, blocks }.encode();
    hear(&mut bob, 1, "mallory", &frame);
    assert_eq!(bob.chain().count(), 132);
}

#[test]
fn so_many_questions_a_second_are_answered_and_no_more() {
    let long = chain(300, 0);
    let mut alice = node("alice", &["bob"], long.clone());
    let places = vec![Place { height: 0, hash: long.hash_at(0).unwrap() }];
    let question = Question { number: 1, count: 1, places }.encode();
    for _ in 0..MAX_ANSWERS {
        assert!(!sent_to(&hear(&mut alice, 1, "bob", &question), "bob").is_empty());
    }
    let outputs = hear(&mut alice, 1, "bob", &question);
    assert_eq!((outputs.len(), reason(&outputs)), (1, &Reason::TooManyQuestions));
    let a_second_later = 1_001;
    assert!(!sent_to(&hear(&mut alice, a_second_later, "bob", &question), "bob").is_empty());
}

#[test]
fn a_node_whose_link_bounds_what_is_under_way_answers_every_question() {
    let long = chain(300, 0);
    let bob = vec![PeerName::new("bob")];
    let settings = Settings::tutorial(PeerName::new("alice"), 7000, bob);
    let mut alice = Node::new(Settings { answers: u32::MAX, ..settings }, long.clone());
    let places = vec![Place { height: 0, hash: long.hash_at(0).unwrap() }];
    let question = Question { number: 1, count: 1, places }.encode();
    for _ in 0..10 * MAX_ANSWERS {
        assert!(!sent_to(&hear(&mut alice, 1, "bob", &question), "bob").is_empty());
    }
}

/// Bob, who has asked mallory for a chain of 5,000; and the number he gave.
fn bob_who_asks_mallory() -> (Node, u64) {
    let mut bob = node("bob", &["mallory", "alice"], chain(10, 0));
    let outputs = hear(&mut bob, 0, "mallory", &announcement(&chain(5_000, 7)));
    let number = question(&outputs, "mallory").number;
    (bob, number)
}

/// A block that follows the tenth and breaks a rule.
fn junk(number: u64) -> Vec<u8> {
    let mut block = chain(11, 0).blocks()[10];
    block[71] = 1; // the sender
    Blocks { number, count: 5_000, height: 10, blocks: &[block] }.encode()
}

#[test]
fn a_wrong_answer_shuns_the_liar_for_a_growing_while_of_up_to_an_hour() {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let (mut bob, mut number) = bob_who_asks_mallory();
    let claim = announcement(&chain(5_000, 7));
    let mut time = 0;
    for round in 0..11 {
        let shunned = (FIRST_SHUN * 2_u32.pow(round)).min(HOUR);
        let outputs = hear(&mut bob, time, "mallory", &junk(number));
        assert!(
            matches!(reason(&outputs), Reason::WrongAnswer { shunned: told, .. } if *told == shunned),
            "{outputs:?}"
        );
        time += shunned.as_millis() as u64 - 1;
        let outputs = hear(&mut bob, time, "mallory", &claim);
        assert_eq!(
            reason(&outputs),
            &Reason::Unconnected { theirs: 5_000, listed: true, asked: false }
        );
        time += 1;
        number = question(&hear(&mut bob, time, "mallory", &claim), "mallory").number;
    }
}

#[test]
fn nobody_can_make_us_shun_a_peer_by_writing_its_name_on_a_datagram() {
    let (mut bob, number) = bob_who_asks_mallory();
    for wrong in [number ^ 1, 0, 1] {
        let outputs = hear(&mut bob, 1, "mallory", &junk(wrong));
        assert!(!matches!(reason(&outputs), Reason::WrongAnswer { .. }), "{outputs:?}");
    }
    let outputs = hear(&mut bob, 1, "alice", &junk(number));
    assert!(!matches!(reason(&outputs), Reason::WrongAnswer { .. }), "{outputs:?}");
    // The question is still open.
    let honest = chain(500, 0);
    let frame = Blocks { number, count: 5_000, height: 10, blocks: &honest.blocks()[10..132] };
    hear(&mut bob, 1, "mallory", &frame.encode());
    let rest = Blocks { number, count: 5_000, height: 132, blocks: &honest.blocks()[132..254] };
    hear(&mut bob, 1, "mallory", &rest.encode());
    let outputs = bob.step(now(1 + ANSWER_TIMEOUT.as_millis() as u64), Input::Wake);
    assert_eq!(bob.chain().count(), 254, "{outputs:?}");
}

/// Bob, whose 400 blocks differ from mallory's 800 after the tenth, and his question to
/// her: without the question no frame of the answer is of use to him.
fn bob_who_is_deep_in_a_fork() -> (Node, Chain, Question) {
    let theirs = longer(chain(10, 0), 800, 7);
    let mut bob = node("bob", &["mallory"], chain(400, 0));
    let question = question(&hear(&mut bob, 0, "mallory", &announcement(&theirs)), "mallory");
    (bob, theirs, question)
}

#[test]
fn an_answer_that_comes_after_its_question_was_repeated_is_taken() {
    let (mut bob, theirs, asked) = bob_who_is_deep_in_a_fork();
    let later = ANSWER_TIMEOUT.as_millis() as u64;
    assert_eq!(question(&bob.step(now(later), Input::Wake), "mallory"), asked);
    for frame in answer(&theirs, &asked) {
        hear(&mut bob, later, "mallory", &frame);
    }
    assert_eq!(bob.chain().count(), 800);
}

#[test]
fn a_question_for_the_rest_of_an_answer_has_a_number_of_its_own() {
    let (mut bob, theirs, asked) = bob_who_is_deep_in_a_fork();
    hear(&mut bob, 0, "mallory", &answer(&theirs, &asked)[0]);
    let later = ANSWER_TIMEOUT.as_millis() as u64;
    let rest = question(&bob.step(now(later), Input::Wake), "mallory");
    assert_ne!(rest.places, asked.places);
    assert_ne!(rest.number, asked.number);
}

#[test]
fn what_came_of_a_fork_is_not_adopted_while_it_is_as_long_as_ours() {
    let ours = chain(132, 0);
    let mut bob = node("bob", &["mallory"], ours.clone());
    let theirs = longer(chain(10, 0), 400, 7);
    let asked = question(&hear(&mut bob, 0, "mallory", &announcement(&theirs)), "mallory");
    let blocks = &theirs.blocks()[10..132];
    let frame = Blocks { number: asked.number, count: 400, height: 10, blocks };
    hear(&mut bob, 0, "mallory", &frame.encode());
    let outputs = bob.step(now(ANSWER_TIMEOUT.as_millis() as u64), Input::Wake);
    assert_eq!(question(&outputs, "mallory").places[0].hash, theirs.hash_at(131).expect("it has"));
    assert_eq!(bob.chain(), &ours);
}

#[test]
fn a_fork_far_above_the_place_that_both_know_is_asked_for_without_a_wait() {
    let mut bob = node("bob", &["mallory"], chain(6_000, 0));
    let theirs = longer(chain(3_900, 0), 6_500, 7);
    let asked = question(&hear(&mut bob, 0, "mallory", &announcement(&theirs)), "mallory");
    let frames = answer(&theirs, &asked);
    let outputs: Vec<_> = frames.iter().map(|it| hear(&mut bob, 0, "mallory", it)).collect();
    let (last, before) = outputs.split_last().expect("eight frames");
    assert!(before.concat().is_empty(), "all of it is his already");
    let known = theirs.hash_at(question(last, "mallory").places[0].height as usize);
    assert_eq!(known, Some(question(last, "mallory").places[0].hash));
    assert!(question(last, "mallory").places[0].height > asked.places[20].height);
}

#[test]
fn a_peer_whose_fork_has_changed_is_followed_from_where_it_changed() {
    let (mut bob, theirs, asked) = bob_who_is_deep_in_a_fork();
    hear(&mut bob, 0, "mallory", &answer(&theirs, &asked)[0]);
    let later = ANSWER_TIMEOUT.as_millis() as u64;
    let rest = question(&bob.step(now(later), Input::Wake), "mallory");
    let others = longer(chain(10, 0), 900, 9);
    for frame in answer(&others, &rest) {
        hear(&mut bob, later, "mallory", &frame);
    }
    assert_eq!(bob.chain(), &others);
}

#[test]
fn two_answers_to_one_question_may_differ_without_a_lie() {
    let (mut bob, theirs, asked) = bob_who_is_deep_in_a_fork();
    let others = longer(chain(10, 0), 900, 9);
    hear(&mut bob, 0, "mallory", &answer(&theirs, &asked)[0]);
    let outputs = hear(&mut bob, 0, "mallory", &answer(&others, &asked)[1]);
    let again = question(&outputs, "mallory");
    for frame in answer(&others, &again) {
        hear(&mut bob, 0, "mallory", &frame);
    }
    assert_eq!(bob.chain(), &others);
}

#[test]
fn what_a_liar_brings_that_is_not_longer_makes_its_next_shun_no_shorter() {
    let (mut bob, number) = bob_who_asks_mallory();
    hear(&mut bob, 0, "mallory", &junk(number));
    let end = FIRST_SHUN.as_millis() as u64;
    let claim = announcement(&chain(5_000, 7));
    let number = question(&hear(&mut bob, end, "mallory", &claim), "mallory").number;
    let blocks = &chain(10, 0).blocks()[1..2].to_vec();
    let known = Blocks { number, count: 5_000, height: 1, blocks };
    hear(&mut bob, end, "mallory", &known.encode());
    let outputs = hear(&mut bob, end, "mallory", &junk(number));
    assert!(
        matches!(reason(&outputs), Reason::WrongAnswer { shunned, .. } if *shunned == 2 * FIRST_SHUN),
        "{outputs:?}"
    );
}

#[test]
fn one_answer_that_trickles_in_is_given_up_in_time() {
    let long = chain(1_000, 0);
    let mut bob = node("bob", &["mallory", "alice"], long.clone());
    bob.step(now(0), Input::Command(Command::Pause));
    let outputs = hear(&mut bob, 0, "mallory", &announcement(&chain(5_000, 7)));
    let number = question(&outputs, "mallory").number;
    hear(&mut bob, 0, "alice", &announcement(&chain(2_000, 8)));
    let limit = PACE_TIME.as_millis() as u64;
    let mut asked = Vec::new();
    // Bob's own blocks with another receiver, each just before he would ask again.
    for (height, time) in (1..).zip((0..limit + 240).step_by(240)) {
        let mut block = long.blocks()[height as usize];
        block[74] ^= 1;
        let frame = Blocks { number, count: 5_000, height, blocks: &[block] }.encode();
        asked.extend(hear(&mut bob, time, "mallory", &frame));
    }
    assert_eq!(sent_to(&asked, "alice").len(), 1);
}

#[test]
fn a_peer_that_brings_an_abandoned_fork_in_time_but_no_longer_chain_is_given_up_in_the_end() {
    let limit = MAX_FETCH.as_millis() as u64;
    let fork = longer(chain(2, 0), 10_000, 5);
    let mut bob = node("bob", &["mallory", "alice"], chain(10_001, 0));
    bob.step(now(0), Input::Command(Command::Pause));
    let mut asked = hear(&mut bob, 0, "mallory", &announcement(&chain(20_000, 7)));
    hear(&mut bob, 0, "alice", &announcement(&chain(20_000, 8)));
    let (mut number, mut height) = (question(&asked, "mallory").number, 2);
    let mut first_to_alice = None;
    for time in (0..limit + 2_000).step_by(500) {
        if let Some(bytes) = sent_to(&asked, "mallory").last()
            && let Ok(Message::Question(question)) = Message::decode(bytes)
        {
            number = question.number;
        }
        let blocks = &fork.blocks()[height..height + 61];
        let frame = Blocks { number, count: 20_000, height: height as u32, blocks }.encode();
        asked = hear(&mut bob, time, "mallory", &frame);
        height += 61;
        asked.extend(wake_up_to(&mut bob, time + 499));
        if !sent_to(&asked, "alice").is_empty() {
            first_to_alice.get_or_insert(time);
        }
    }
    let first = first_to_alice.expect("she is asked");
    assert!((limit - 500..=limit + 1_000).contains(&first), "{first} ms");
}

#[test]
fn an_answer_that_comes_in_any_order_brings_something() {
    let (mut bob, theirs, asked) = bob_who_is_deep_in_a_fork();
    let (mut asked, mut last) = (asked, 0);
    // Backwards is the worst order: all frames except the first arrive too soon.
    for time in 0..10 {
        let frames = answer(&theirs, &asked);
        let outputs: Vec<_> =
            frames.iter().rev().map(|frame| hear(&mut bob, time, "mallory", frame)).collect();
        if bob.chain().count() == 800 {
            return;
        }
        let later = 1 + bob.wake().expect("he waits for more").as_millis() as u64;
        assert!(outputs.concat().is_empty(), "asked in vain: {outputs:?}");
        asked = question(&bob.step(now(later), Input::Wake), "mallory");
        assert!(asked.places[0].height > last, "nothing came of an answer");
        last = asked.places[0].height;
    }
    panic!("bob is at {} of 800", bob.chain().count());
}

#[test]
fn a_turn_that_begins_while_an_answer_is_awaited_asks_nothing_twice() {
    let mut bob = node("bob", &["mallory"], chain(10, 0));
    let turn = bob.wake().expect("a turn").as_millis() as u64;
    let claim = announcement(&chain(5_000, 7));
    question(&hear(&mut bob, turn - 1, "mallory", &claim), "mallory");
    assert!(sent_to(&bob.step(now(turn), Input::Wake), "mallory").is_empty());
}

#[test]
fn a_peer_that_stalls_is_dropped_for_another() {
    let (mut bob, _) = bob_who_asks_mallory();
    let alices = chain(400, 0);
    let outputs = hear(&mut bob, 0, "alice", &announcement(&alices));
    assert_eq!(reason(&outputs), &Reason::Unconnected { theirs: 400, listed: true, asked: false });
    let mut time = 0;
    for _ in 1..MAX_TRIES {
        time += ANSWER_TIMEOUT.as_millis() as u64;
        bob.step(now(time), Input::Command(Command::Pause));
        question(&bob.step(now(time), Input::Wake), "mallory");
    }
    time += ANSWER_TIMEOUT.as_millis() as u64;
    let outputs = bob.step(now(time), Input::Wake);
    question(&outputs, "alice");
    assert!(sent_to(&outputs, "mallory").is_empty());
}

#[test]
fn claims_of_many_who_stall_take_no_turn_from_one_who_has_a_longer_chain() {
    let liars: Vec<_> = (0..8).map(|liar| format!("liar {liar}")).collect();
    let names: Vec<_> = liars.iter().map(String::as_str).chain(["alice"]).collect();
    let mut bob = node("bob", &names, chain(10, 0));
    bob.step(now(0), Input::Command(Command::Pause));
    let (lie, truth) = (announcement(&chain(5_000, 7)), announcement(&chain(400, 8)));
    let mut time = 0;
    let is_alice_asked = |outputs: &[Output]| !sent_to(outputs, "alice").is_empty();
    loop {
        let mut outputs = bob.step(now(time), Input::Wake);
        for liar in &liars {
            outputs.extend(hear(&mut bob, time, liar, &lie));
        }
        outputs.extend(hear(&mut bob, time, "alice", &truth));
        if is_alice_asked(&outputs) {
            break;
        }
        time += ANSWER_TIMEOUT.as_millis() as u64;
        assert!(time < 30_000, "each stalls for two seconds, and alice waits");
    }
}

/// Bob with alice and carol as peers, who both have a longer chain on top of his 200
/// blocks. He asks alice for hers.
fn bob_who_asks_alice_before_carol() -> (Node, Chain, Question) {
    let common = chain(200, 0);
    let alices = longer(common.clone(), 1_400, 1);
    let carols = longer(common.clone(), 1_500, 2);
    let mut bob = node("bob", &["alice", "carol"], common);
    let asked = question(&hear(&mut bob, 0, "alice", &announcement(&alices)), "alice");
    let outputs = hear(&mut bob, 0, "carol", &announcement(&carols));
    assert!(sent_to(&outputs, "carol").is_empty(), "one download at a time");
    (bob, alices, asked)
}

#[test]
fn what_a_turn_has_brought_is_adopted_before_the_turn_passes_on() {
    let (mut bob, alices, asked) = bob_who_asks_alice_before_carol();
    let end = PACE_TIME.as_millis() as u64;
    let frame = Blocks {
        number: asked.number,
        count: 1_400,
        height: 200,
        blocks: &alices.blocks()[200..201],
    };
    assert_eq!(hear(&mut bob, end - 5, "alice", &frame.encode()), []);
    // A block is worth ten milliseconds.
    let outputs = bob.step(now(end + 10), Input::Wake);
    assert_eq!(outputs.iter().find_map(saved_from), Some(200));
    question(&outputs, "carol");
    assert!(sent_to(&outputs, "alice").is_empty());
}

#[test]
fn a_peer_that_brought_many_blocks_at_once_keeps_its_turn_no_longer_than_another() {
    let (mut bob, alices, asked) = bob_who_asks_alice_before_carol();
    let frames = answer(&alices, &asked);
    let outputs = frames.iter().flat_map(|frame| hear(&mut bob, 10, "alice", frame));
    let outputs: Vec<_> = outputs.collect();
    assert_eq!(outputs.iter().find_map(saved_from), Some(200));
    question(&outputs, "alice");
    let end = 10 + PACE_TIME.as_millis() as u64;
    assert!(sent_to(&bob.step(now(end - 1), Input::Wake), "carol").is_empty());
    question(&bob.step(now(end), Input::Wake), "carol");
}

#[test]
fn blocks_that_reach_no_further_than_our_tip_are_a_claim_like_others() {
    let common = chain(196, 0);
    let (ours, theirs) = (longer(common.clone(), 200, 0), longer(common, 202, 1));
    let mut bob = node("bob", &["alice"], ours);
    let frame = Blocks { number: 0, count: 202, height: 196, blocks: &theirs.blocks()[196..200] };
    let outputs = hear(&mut bob, 1, "alice", &frame.encode());
    assert_eq!(reason(&outputs), &Reason::Unconnected { theirs: 202, listed: true, asked: true });
    question(&outputs, "alice");
}

#[test]
fn nothing_is_held_of_a_claim_that_proof_of_work_has_not_paid_for() {
    let (mut bob, number) = bob_who_asks_mallory();
    let far = chain(2_000, 7);
    let frame = |height: usize| {
        let blocks = &far.blocks()[height..height + MAX_BLOCKS];
        Blocks { number, count: 5_000, height: height as u32, blocks }.encode()
    };
    // The frames after the first would connect once the first has arrived.
    for height in (1 + MAX_BLOCKS..1_800).step_by(MAX_BLOCKS) {
        hear(&mut bob, 1, "mallory", &frame(height));
    }
    assert_eq!(bob.chain().count(), 10);
    hear(&mut bob, 2, "mallory", &frame(1));
    let time = 2 + ANSWER_TIMEOUT.as_millis() as u64;
    bob.step(now(time), Input::Command(Command::Pause));
    let asked = question(&bob.step(now(time), Input::Wake), "mallory");
    assert_eq!(bob.chain().count(), 1 + MAX_BLOCKS, "of the others nothing was held");
    assert_eq!(asked.places[0].height as usize, MAX_BLOCKS, "and they are asked for again");
}

#[test]
fn blocks_without_work_end_the_download_and_nothing_of_them_is_held() {
    let target = Target::from_zero_bits(16);
    let mut bob = node("bob", &["mallory"], Chain::genesis(target));
    let far = chain(200, 7);
    // Anybody can announce any 8 blocks that connect to nothing.
    let number = question(&hear(&mut bob, 0, "mallory", &announcement(&far)), "mallory").number;
    let blocks = &far.blocks()[1..1 + MAX_BLOCKS];
    let frame = Blocks { number, count: 200, height: 1, blocks }.encode();
    let outputs = hear(&mut bob, 1, "mallory", &frame);
    let Reason::WrongAnswer { invalid, .. } = reason(&outputs) else { panic!("{outputs:?}") };
    assert_eq!((invalid.height, invalid.rule()), (1, Rule::ProofOfWork));
    assert_eq!((bob.chain().count(), bob.fetching()), (1, None));
    assert!(sent_to(&outputs, "mallory").is_empty(), "{outputs:?}");
}

#[test]
fn a_future_block_ends_the_download_and_its_peer_is_left_alone_for_a_while() {
    let mut bob = node("bob", &["alice"], chain(10, 0));
    let mut long = chain(200, 0);
    let late = long.next_block(now(0).wall + 7_201, 0, 7000).expect("any hash will do");
    long.push(&late).expect("valid");
    let asked = question(&hear(&mut bob, 0, "alice", &announcement(&long)), "alice");
    let mut alice = node("alice", &["bob"], long.clone());
    let mut outputs = Vec::new();
    for frame in sent_to(&hear(&mut alice, 0, "bob", &asked.encode()), "bob") {
        outputs = hear(&mut bob, 0, "alice", frame);
    }
    assert_eq!(reason(&outputs), &Reason::Future { height: 200, seconds: 7_201 });
    assert!(sent_to(&outputs, "alice").is_empty(), "{outputs:?}");
    assert_eq!((bob.chain().count(), bob.fetching()), (10, None));
    bob.step(now(0), Input::Command(Command::Pause));
    let end = FIRST_SHUN.as_millis() as u64;
    let outputs = hear(&mut bob, end - 1, "alice", &announcement(&long));
    assert_eq!(reason(&outputs), &Reason::Unconnected { theirs: 201, listed: true, asked: false });
    assert!(sent_to(&outputs, "alice").is_empty(), "{outputs:?}");
    assert!(sent_to(&bob.step(now(end - 1), Input::Wake), "alice").is_empty());
    question(&bob.step(now(end), Input::Wake), "alice");
}

#[test]
fn a_shorter_long_chain_is_answered_with_the_end_of_ours() {
    let mut alice = node("alice", &["bob"], chain(300, 0));
    let outputs = hear(&mut alice, 1, "bob", &announcement(&chain(200, 0)));
    assert_eq!(sent_to(&outputs, "bob"), [announcement(&chain(300, 0))]);
    assert_eq!(reason(&outputs), &Reason::Shorter { theirs: 200, ours: 300, answered: true });
}

#[test]
fn a_disconnected_peer_is_not_asked_any_more() {
    let (mut bob, number) = bob_who_asks_mallory();
    hear(&mut bob, 0, "alice", &announcement(&chain(400, 0)));
    let mallory = PeerName::new("mallory");
    let outputs = bob.step(now(1), Input::Command(Command::Disconnect(mallory)));
    question(&outputs, "alice");
    let outputs = hear(&mut bob, 2, "mallory", &junk(number));
    assert_eq!(reason(&outputs), &Reason::Refused);
}

#[test]
fn a_frame_is_bounded_so_that_it_passes_through_the_tutorials_buffers() {
    let long = chain(2_000, 0);
    let mut alice = node("alice", &["bob"], long.clone());
    let places = vec![Place { height: 0, hash: long.hash_at(0).unwrap() }];
    let question = Question { number: 1, count: 1, places }.encode();
    for frame in sent_to(&hear(&mut alice, 1, "bob", &question), "bob") {
        assert!(frame.len() <= 9_216 && frame.len() > MAX_BLOCKS * BLOCK_LEN);
    }
}

#[test]
fn an_announcement_as_long_as_our_chain_is_a_tie_and_says_whether_it_is_ours() {
    let ours = chain(300, 0);
    for (theirs, same) in [(ours.clone(), true), (chain(300, 1), false)] {
        let mut bob = node("bob", &["alice"], ours.clone());
        let outputs = hear(&mut bob, 0, "alice", &announcement(&theirs));
        assert_eq!(reason(&outputs), &Reason::Tie { count: 300, same });
        assert_eq!(sent_to(&outputs, "alice").len(), usize::from(same), "it is greeted once");
    }
}
